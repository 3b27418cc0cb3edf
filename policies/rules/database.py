"""RDS databases: backed up, encrypted, protected, private and Multi-AZ where it matters."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from pulumi_policy import Policy, Severity

from policies.effective_tags import aws_tags
from policies.rule import Breach, Context, Finding, Options, Resource, Rule, resource_policy
from policies.stack_context import ENVIRONMENT
from policies.taggable_types import MAP
from policies.values import ABSENT

SECTION = "Storage Retention Policies"
SAFETY = "Cost Optimization Strategy"
INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
BACKUP_DAYS = 7
# Amazon RDS User Guide, "DB instance class types", and the migration AWS announced for m4, r4 and t2 (2024).
PREVIOUS_GENERATION = ("t1", "t2", "m1", "m2", "m3", "m4", "cr1", "r3", "r4")
OLD_STORAGE = ("gp2", "standard")

_PROD = {
    "environments": {
        "type": "array",
        "items": {"type": "string"},
        "description": "the environments that count as production, by the stack's config or else the tag",
        "default": ["prod"],
    }
}


def in_environment(context: Context, resource: Resource, options: Options) -> bool:
    """The stack's config says that the resource is in one of `environments`; without config its tag does."""
    environment = context.facts.environment
    if not environment:
        tag = aws_tags(resource, {resource.type: MAP}).tags.get(ENVIRONMENT, ABSENT)
        environment = "" if tag.unknown else tag.text()
    return environment in options["environments"]


def database_keeps_backups(context: Context) -> Policy:
    """RDS takes no automated backups unless it is told for how many days to keep them."""
    rule = Rule(
        id="database-keeps-backups",
        description="Keep automated backups of every RDS database for the days that the settings ask for.",
        severity=Severity.CRITICAL,
        section=SECTION,
        fix="Set backup_retention_period to database.backup_retention_days of the stack's config, or more.",
        options={
            "minimum_days": {
                "type": "integer",
                "minimum": 0,
                "maximum": 35,
                "description": "days at least; 0 takes database.backup_retention_days of the stack's config,"
                f" else {BACKUP_DAYS}",
                "default": 0,
            }
        },
        tags=("database",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if _is_copy(resource):
            return
        least = options["minimum_days"] or context.facts.backup_days or BACKUP_DAYS
        days = resource.props["backupRetentionPeriod"]
        if days.number() < least:
            yield Breach(
                f"backupRetentionPeriod: keeps backups for less than {least:g} days",
                days.data,
                f"set backup_retention_period to {least:g} or more",
            )

    return resource_policy(rule, context, {INSTANCE, CLUSTER}.__contains__, check)


def database_is_multi_az_in_prod(context: Context) -> Policy:
    """A standby in a second zone takes over when the first fails."""
    rule = Rule(
        id="database-is-multi-az-in-prod",
        description="Run every RDS instance of production in two availability zones.",
        severity=Severity.HIGH,
        section=SAFETY,
        fix="Set multi_az to True.",
        options=_PROD,
        tags=("database",),
    )
    return _flag(rule, context, {INSTANCE}, "multiAz", True, "runs in a single availability zone")


def database_is_protected_in_prod(context: Context) -> Policy:
    """Nobody deletes a production database by deleting a line."""
    rule = Rule(
        id="database-is-protected-in-prod",
        description="Protect every RDS database of production from deletion.",
        severity=Severity.CRITICAL,
        section=SAFETY,
        fix="Set deletion_protection to True.",
        options=_PROD,
        tags=("database",),
    )
    return _flag(
        rule, context, {INSTANCE, CLUSTER}, "deletionProtection", True, "can be deleted", copies_too=True
    )


def database_is_encrypted_in_prod(context: Context) -> Policy:
    """Encryption can only be set when a database is made. A replica takes it from its source."""
    rule = Rule(
        id="database-is-encrypted-in-prod",
        description="Encrypt the storage of every RDS database of production.",
        severity=Severity.CRITICAL,
        section=SAFETY,
        fix="Set storage_encrypted to True; restore an existing database from an encrypted snapshot.",
        options=_PROD,
        tags=("database",),
    )
    return _flag(rule, context, {INSTANCE, CLUSTER}, "storageEncrypted", True, "its storage is not encrypted")


def database_is_private_in_prod(context: Context) -> Policy:
    """A database has no public address."""
    rule = Rule(
        id="database-is-private-in-prod",
        description="Give no RDS database of production a public address.",
        severity=Severity.CRITICAL,
        section=SAFETY,
        fix="Set publicly_accessible to False.",
        options=_PROD,
        tags=("database",),
    )
    return _flag(
        rule,
        context,
        {INSTANCE, CLUSTER_INSTANCE},
        "publiclyAccessible",
        False,
        "has a public address",
        copies_too=True,
    )


def database_is_current_generation(context: Context) -> Policy:
    """Previous-generation classes and gp2 cost more for less."""
    rule = Rule(
        id="database-is-current-generation",
        description="Use current instance classes and gp3 storage for RDS databases.",
        severity=Severity.LOW,
        section="Cost Optimization Strategy",
        fix="Choose a class such as db.m7g or db.t4g, and storage_type gp3.",
        options={
            "classes": {
                "type": "array",
                "items": {"type": "string"},
                "description": "families of instance classes of a previous generation",
                "default": list(PREVIOUS_GENERATION),
            },
            "storage_types": {
                "type": "array",
                "items": {"type": "string"},
                "description": "storage types of a previous generation",
                "default": list(OLD_STORAGE),
            },
        },
        advisory=True,
        tags=("database",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        chosen = resource.props["instanceClass"]
        storage = resource.props["storageType"]
        if resource.type == INSTANCE and not _is_copy(resource):
            # The provider's default is gp2, or io1 where iops are given.
            default = "io1" if resource.props["iops"].data else "gp2"
            storage = replace(storage, data=default) if storage.absent else storage
            if storage.text() in options["storage_types"]:
                yield Breach("storageType: of a previous generation", storage.data, "set storage_type to gp3")
        if chosen.text().removeprefix("db.").partition(".")[0] in options["classes"]:
            yield Breach(
                "instanceClass: of a previous generation",
                chosen.data,
                "choose a current class such as db.m7g or db.t4g",
            )

    return resource_policy(rule, context, {INSTANCE, CLUSTER_INSTANCE}.__contains__, check)


def _flag(
    rule: Rule,
    context: Context,
    types: set[str],
    key: str,
    wanted: bool,
    what: str,
    copies_too: bool = False,
) -> Policy:
    """In production a flag, whose absence means False, has the wanted value."""

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if not in_environment(context, resource, options) or (_is_copy(resource) and not copies_too):
            return
        value = resource.props[key]
        if value.true() is not wanted:
            name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
            yield Breach(f"{key}: {what}", value.data, f"set {name} to {wanted}")

    applies: Callable[[str], bool] = types.__contains__
    return resource_policy(rule, context, applies, check)


def _is_copy(resource: Resource) -> bool:
    """A read replica, which has no backups and takes its encryption from its source."""
    return any(not resource.props[key].absent for key in ("replicateSourceDb", "replicationSourceIdentifier"))
