"""PostgreSQL parameters that lose data, fill the disk, or cannot be modified on RDS."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from pulumi_policy import Policy

from policies import kubernetes_types as kubernetes
from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.properties import Property, Undetermined
from policies.resources import Resource
from policies.rule import Options, Rule, integer_option, resource_policy
from policies.rules.databases.archive_command import deletes_segment
from teei_finops.aws_limits.rds_parameters import major_version

GROUPS = frozenset({
    "aws:rds/parameterGroup:ParameterGroup",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup",
})  # fmt: skip
# Amazon RDS User Guide, "Working with parameters on your RDS for PostgreSQL DB instance", read 2026-11-24.
NOT_MODIFIABLE = {
    "archive_command": "RDS uploads WAL itself every 5 minutes: set backup_retention_period of the database",
    "archive_timeout": "RDS uploads WAL itself every 5 minutes: set backup_retention_period of the database",
    "archive_mode": "RDS archives WAL while backup_retention_period is above 0",
    "archive_library": "RDS archives WAL while backup_retention_period is above 0",
    "restore_command": "restore to a point in time with restore_to_point_in_time",
    "wal_level": "set rds.logical_replication to 1",
    "fsync": "delete it: RDS always syncs",
    "full_page_writes": "delete it: RDS sets it",
    "listen_addresses": "use the security groups of the database",
    "hba_file": "use the security groups of the database",
    "ident_file": "use IAM database authentication",
    "data_directory": "delete it: RDS sets it",
    "config_file": "delete it: RDS sets it",
}
ARCHIVE_COMMAND = "archive_command"
SLOT_LIMIT = "max_slot_wal_keep_size"
# 64 TiB, the most storage of RDS for PostgreSQL: Amazon RDS User Guide, "Storage types", 2026-11.
MOST_STORAGE_MB = 64 * 1024 * 1024
SLOT_LIMIT_SINCE = 13  # the PostgreSQL major version that brought the parameter

_ASSIGNMENT = re.compile(rf"{ARCHIVE_COMMAND}\s*(?:=|:|\bTO\b)\s*(.+)", re.IGNORECASE)


def database_parameters_are_modifiable(context: EvaluationContext) -> Policy:
    """Names are compared case-insensitively."""
    rule = Rule(
        "database-parameters-are-modifiable",
        {
            "parameters": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "parameters that cannot be modified, each with what to do instead",
                "default": NOT_MODIFIABLE,
            }
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if not _may_be_postgres(resource):
            return
        instead = {name.lower(): fix for name, fix in options["parameters"].items()}
        for parameter in parameters_of(resource):
            if isinstance(parameter, Undetermined):
                yield parameter
            elif parameter.name in instead:
                yield Violation(
                    parameter.path,
                    f"{parameter.name} cannot be modified on RDS",
                    parameter.value.data,
                    instead[parameter.name],
                )

    return resource_policy(rule, context, GROUPS.__contains__, check)


def archive_command_keeps_wal(context: EvaluationContext) -> Policy:
    """Checks parameter groups, and Kubernetes objects that configure PostgreSQL."""
    rule = Rule(
        "archive-command-keeps-wal",
        {
            "kubernetes": {
                "type": "boolean",
                "description": "also check the data and commands of Kubernetes objects",
                "default": True,
            }
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for command in _commands(resource, options["kubernetes"]):
            if command.unknown:
                yield Undetermined(command.path)
            elif deletes_segment(command.text()):
                yield Violation(
                    command.path,
                    "archive_command deletes or moves the WAL segment",
                    command.data,
                    "only copy %p; PostgreSQL removes the segment itself",
                )

    return resource_policy(rule, context, lambda token: token in GROUPS or kubernetes.is_object(token), check)


def replication_slots_are_bounded(context: EvaluationContext) -> Policy:
    rule = Rule(
        "replication-slots-are-bounded",
        {"since": integer_option("the first major version of PostgreSQL that is checked", SLOT_LIMIT_SINCE)},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        parameters = list(parameters_of(resource))
        limits = [parameter.value for parameter in parameters if _is_named(parameter, SLOT_LIMIT)]
        if not limits:
            version = major_version(resource.inputs["family"].text())
            if version is None or version < options["since"]:
                return
            undetermined = [parameter for parameter in parameters if isinstance(parameter, Undetermined)]
            yield from undetermined
            limits = [] if undetermined else [Property(None, "parameters")]
        for limit in limits:
            if _keeps_any_size(limit.text("-1")):
                yield Violation(
                    limit.path,
                    f"{SLOT_LIMIT} does not limit the WAL that replication slots keep",
                    limit.data,
                    f"set {SLOT_LIMIT} in MB, for example 10240",
                )

    return resource_policy(rule, context, GROUPS.__contains__, check)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a group, its name in lower case."""

    path: str
    name: str
    value: Property
    apply_method: Property


def parameters_of(group: Resource) -> Iterator[Parameter | Undetermined]:
    """The parameters of a group; `Undetermined` stands for one with an unknown name."""
    for block in group.inputs["parameters"].items():
        name = block["name"]
        if name.unknown:
            yield Undetermined(name.path)
        else:
            yield Parameter(block.path, name.text().strip().lower(), block["value"], block["applyMethod"])


def _is_named(parameter: Parameter | Undetermined, name: str) -> TypeGuard[Parameter]:
    return isinstance(parameter, Parameter) and parameter.name == name


def _may_be_postgres(resource: Resource) -> bool:
    family = resource.inputs["family"]
    return not isinstance(family.data, str) or "postgres" in family.data


def _keeps_any_size(text: str) -> bool:
    """-1 is no limit, and neither are as many MB as the largest database has.

    What is no number is found by `database-parameters-have-valid-values`.
    """
    try:
        return not 0 <= float(text) < MOST_STORAGE_MB
    except ValueError:
        return False


def _commands(resource: Resource, in_kubernetes: bool) -> Iterator[Property]:
    """Every archive_command that a resource sets."""
    if resource.type in GROUPS:
        if _may_be_postgres(resource):
            for parameter in parameters_of(resource):
                if _is_named(parameter, ARCHIVE_COMMAND):
                    yield parameter.value
    elif in_kubernetes:
        for path, text in _texts(resource.inputs.data):
            for match in _ASSIGNMENT.finditer(text):
                yield Property(match[1], path)


def _texts(data: Any, path: str = "", prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every text in an object with its path; one that a key names reads `key = text`."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(value, f"{path}.{key}".lstrip("."), f"{key} = ")
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, f"{path}[{index}]")
    elif isinstance(data, str):
        yield path, prefix + data
