"""PostgreSQL parameters that lose data or money, or that RDS does not let one set."""

import re
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Policy, Severity

from policies import kubernetes_types as kubernetes
from policies.rule import Breach, Context, Finding, Options, Resource, Rule, resource_policy
from policies.rules.archive_command import deletes_segment
from policies.values import Open, Value

SECTION = "Storage Retention Policies"
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
SLOT_LIMIT_SINCE = 13  # the PostgreSQL major version that brought the parameter

_POSTGRES = re.compile(r"postgres(\d+)")
_ASSIGNMENT = re.compile(rf"{ARCHIVE_COMMAND}\s*(?:=|:|\bTO\b)\s*(.+)", re.IGNORECASE)


def database_parameters_are_modifiable(context: Context) -> Policy:
    """Names are compared without case."""
    rule = Rule(
        id="database-parameters-are-modifiable",
        description="Set only parameters that RDS for PostgreSQL lets one modify.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Delete the parameter from the group and use the RDS setting that does its job.",
        options={
            "parameters": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "parameters that cannot be set, each with what to do instead",
                "default": NOT_MODIFIABLE,
            }
        },
        tags=("database",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        if not _may_be_postgres(resource):
            return
        refused = {name.lower(): instead for name, instead in options["parameters"].items()}
        for name, value in parameters(resource):
            if isinstance(name, Open):
                yield name
            elif name in refused:
                yield Breach(f"{name} cannot be modified on RDS", value.data, refused[name])

    return resource_policy(rule, context, GROUPS.__contains__, check)


def archive_command_keeps_wal(context: Context) -> Policy:
    """In parameter groups and wherever a Kubernetes object configures PostgreSQL.

    PostgreSQL removes a segment itself once it is archived. Deleting or moving `%p` empties pg_wal under the
    server: after a crash it cannot find its checkpoint (tried on PostgreSQL 15.20).
    """
    rule = Rule(
        id="archive-command-keeps-wal",
        description="Copy WAL segments in archive_command; never delete or move %p.",
        severity=Severity.CRITICAL,
        section=SECTION,
        fix="Leave the removal of segments to PostgreSQL: archive_command only copies %p.",
        options={
            "kubernetes": {
                "type": "boolean",
                "description": "also look at the data and commands of Kubernetes objects",
                "default": True,
            }
        },
        tags=("database",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        for command in _commands(resource, options["kubernetes"]):
            if command.unknown:
                yield Open(command.path)
            elif deletes_segment(command.text()):
                yield Breach(
                    f"{command.path}: archive_command deletes or moves the WAL segment",
                    command.data,
                    "only copy %p; PostgreSQL removes the segment itself",
                )

    return resource_policy(rule, context, lambda token: token in GROUPS or kubernetes.is_object(token), check)


def replication_slots_are_bounded(context: Context) -> Policy:
    """The default of max_slot_wal_keep_size is -1: an abandoned slot keeps WAL until the disk is full."""
    rule = Rule(
        id="replication-slots-are-bounded",
        description="Bound the WAL that replication slots keep with max_slot_wal_keep_size.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Set max_slot_wal_keep_size, in MB, to less than the free storage.",
        options={
            "since": {
                "type": "integer",
                "description": "the first major version of PostgreSQL that is looked at",
                "default": SLOT_LIMIT_SINCE,
            }
        },
        tags=("database",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        found = list(parameters(resource))
        limits = [value for name, value in found if name == SLOT_LIMIT]
        if not limits:
            version = _POSTGRES.fullmatch(resource.props["family"].text())
            if version is None or int(version[1]) < options["since"]:
                return
            left_open = [name for name, _ in found if isinstance(name, Open)]
            yield from left_open
            limits = [] if left_open else [Value(None, SLOT_LIMIT)]
        for limit in limits:
            if _negative(limit.text("-1")):
                yield Breach(
                    f"{SLOT_LIMIT}: replication slots keep WAL without limit",
                    limit.data,
                    f"set {SLOT_LIMIT} in MB, for example 10240",
                )

    return resource_policy(rule, context, GROUPS.__contains__, check)


def parameters(resource: Resource) -> Iterator[tuple[str | Open, Value]]:
    """The parameters of a group, names in lower case; an `Open` stands for a name that is unknown."""
    for each in resource.props["parameters"].items():
        name = each["name"]
        yield (Open(name.path) if name.unknown else name.text().strip().lower()), each["value"]


def _may_be_postgres(resource: Resource) -> bool:
    family = resource.props["family"]
    return not isinstance(family.data, str) or "postgres" in family.data


def _negative(text: str) -> bool:
    return text.strip().startswith("-")


def _commands(resource: Resource, in_kubernetes: bool) -> Iterator[Value]:
    """Every archive_command that a resource sets."""
    if resource.type in GROUPS:
        if _may_be_postgres(resource):
            yield from (value for name, value in parameters(resource) if name == ARCHIVE_COMMAND)
    elif in_kubernetes:
        for path, text in _texts(resource.props.data):
            for match in _ASSIGNMENT.finditer(text):
                yield Value(match[1], path)


def _texts(data: Any, path: str = "", before: str = "") -> Iterator[tuple[str, str]]:
    """Every text in an object with its path, in the form `key = text` where a key names it."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(value, f"{path}.{key}".lstrip("."), f"{key} = ")
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, f"{path}[{index}]")
    elif isinstance(data, str):
        yield path, before + data
