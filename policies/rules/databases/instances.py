"""RDS databases: backups everywhere; encryption, protection, Multi-AZ and private addresses in production."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from pulumi_policy import Policy

from policies.effective_tags import aws_tags
from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.properties import ABSENT
from policies.resources import Resource
from policies.rule import Options, Rule, integer_option, resource_policy, text_list_option
from policies.rules.compute.instance_families import to_current_family
from policies.stack_context import ENVIRONMENT
from policies.taggable_types import MAP
from teei_finops.aws_limits.generations import PREVIOUS_DATABASE_FAMILIES
from teei_finops.policy_report import Remedy

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
BACKUP_DAYS = 7
# Amazon RDS User Guide, "DB instance class types", and the end of m4, r4 and t2 that AWS announced in 2024.
PREVIOUS_STORAGE = ("gp2", "standard")

PRODUCTION = ("prod", "production", "prd", "live")

ENVIRONMENTS_OPTION = {
    "environments": text_list_option(
        "the production environments, by the stack's config or else the tag environment", PRODUCTION
    )
}


def environment_of(context: EvaluationContext, resource: Resource) -> str:
    """The environment of a resource by the stack's config, or without it by its tag; blank if not known."""
    if context.stack_context.environment:
        return context.stack_context.environment
    tag = aws_tags(resource, {resource.type: MAP}).tags.get(ENVIRONMENT, ABSENT)
    return "" if tag.unknown else tag.text()


def in_environment(context: EvaluationContext, resource: Resource, options: Options) -> bool:
    """The resource is in one of the `environments`."""
    return environment_of(context, resource) in options["environments"]


def database_keeps_backups(context: EvaluationContext) -> Policy:
    rule = Rule(
        "database-keeps-backups",
        {
            "minimum_days": integer_option(
                "the least number of days; 0 for database.backup_retention_days of the stack's"
                f" config, or {BACKUP_DAYS} without it",
                0,
                minimum=0,
                maximum=35,
            )
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if _is_replica(resource):
            return
        least = options["minimum_days"] or context.stack_context.backup_days or BACKUP_DAYS
        days = resource.inputs["backupRetentionPeriod"]
        if days.number() < least:
            yield Violation(
                days.path,
                f"keeps backups for less than {least:g} days",
                days.data,
                f"set backup_retention_period to {least:g} or more",
            )

    return resource_policy(rule, context, {INSTANCE, CLUSTER}.__contains__, check)


def database_is_multi_az_in_prod(context: EvaluationContext) -> Policy:
    rule = Rule("database-is-multi-az-in-prod", ENVIRONMENTS_OPTION)
    return _flag_policy(rule, context, {INSTANCE}, "multiAz", True, "not deployed in two Availability Zones")


def database_is_protected_in_prod(context: EvaluationContext) -> Policy:
    rule = Rule("database-is-protected-in-prod", ENVIRONMENTS_OPTION)
    return _flag_policy(
        rule,
        context,
        {INSTANCE, CLUSTER},
        "deletionProtection",
        True,
        "the database can be deleted",
        replicas_too=True,
    )


def database_is_encrypted_in_prod(context: EvaluationContext) -> Policy:
    rule = Rule("database-is-encrypted-in-prod", ENVIRONMENTS_OPTION)
    return _flag_policy(
        rule, context, {INSTANCE, CLUSTER}, "storageEncrypted", True, "the storage is not encrypted"
    )


def database_is_private_in_prod(context: EvaluationContext) -> Policy:
    rule = Rule("database-is-private-in-prod", ENVIRONMENTS_OPTION)
    return _flag_policy(
        rule,
        context,
        {INSTANCE, CLUSTER_INSTANCE},
        "publiclyAccessible",
        False,
        "the database has a public address",
        replicas_too=True,
    )


def database_is_current_generation(context: EvaluationContext) -> Policy:
    rule = Rule(
        "database-is-current-generation",
        {
            "classes": text_list_option(
                "families of instance classes of previous generations", PREVIOUS_DATABASE_FAMILIES
            ),
            "storage_types": text_list_option("storage types of previous generations", PREVIOUS_STORAGE),
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        instance_class = resource.inputs["instanceClass"]
        storage = resource.inputs["storageType"]
        if resource.type == INSTANCE and not _is_replica(resource):
            # The provider's default is gp2, or io1 where iops are given.
            default = "io1" if resource.inputs["iops"].data else "gp2"
            storage = replace(storage, data=default) if storage.absent else storage
            if storage.text() in options["storage_types"]:
                yield Violation(
                    storage.path,
                    "is of a previous generation",
                    storage.data,
                    "set storage_type to gp3",
                    Remedy({storage.path: "gp3"}),
                )
        if instance_class.text().removeprefix("db.").partition(".")[0] in options["classes"]:
            yield Violation(
                instance_class.path,
                "is of a previous generation",
                instance_class.data,
                "choose a current class such as db.m7g or db.t4g",
                to_current_family(instance_class),
            )

    return resource_policy(rule, context, {INSTANCE, CLUSTER_INSTANCE}.__contains__, check)


def _flag_policy(
    rule: Rule,
    context: EvaluationContext,
    types: set[str],
    key: str,
    wanted: bool,
    what: str,
    replicas_too: bool = False,
) -> Policy:
    """In production a flag, which is False where it is absent, must have the wanted value."""

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if not in_environment(context, resource, options) or (_is_replica(resource) and not replicas_too):
            return
        value = resource.inputs[key]
        if value.boolean() is not wanted:
            name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
            yield Violation(value.path, what, value.data, f"set {name} to {wanted}")

    applies: Callable[[str], bool] = types.__contains__
    return resource_policy(rule, context, applies, check)


def _is_replica(resource: Resource) -> bool:
    """A read replica, which has no backups and takes its encryption from its source."""
    return any(
        not resource.inputs[key].absent for key in ("replicateSourceDb", "replicationSourceIdentifier")
    )
