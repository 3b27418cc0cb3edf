"""The exact text of messages that are assembled from options and values."""

import pytest

from tests.policies.pack_client import Pack
from tests.policies.violations.stack import stack_with_change

TEXTS = [
    (
        ("database", "publiclyAccessible", True),
        "ledger: publiclyAccessible: the database has a public address\n  value: true\n"
        "  fix: set publicly_accessible to False",
    ),
    (
        ("database", "multiAz", None),
        "ledger: multiAz: not deployed in two Availability Zones\n  value: not set\n"
        "  fix: set multi_az to True",
    ),
    (
        ("database", "backupRetentionPeriod", 1),
        "ledger: backupRetentionPeriod: keeps backups for less than 7 days\n  value: 1\n"
        "  fix: set backup_retention_period to 7 or more",
    ),
    (
        ("log_group", "retentionInDays", -1),
        "logs: retentionInDays: keeps log events forever\n  value: -1\n  fix: set retention_in_days",
    ),
    (
        ("log_group", "retentionInDays", 3654),
        "logs: retentionInDays: keeps log events for more than 3653 days\n  value: 3654\n"
        "  fix: set retention_in_days",
    ),
    (
        ("backup_plan", "rules.0.lifecycle.deleteAfter", 36501),
        "nightly: rules[0].lifecycle.deleteAfter: keeps backups for more than 36500 days\n  value: 36501\n"
        "  fix: set delete_after",
    ),
    (
        ("deployment", "spec.template.spec.containers.0.resources.requests", None),
        "teei-analytics: spec.template.spec.containers[0].resources.requests: "
        "container app does not request cpu and memory\n  value: not set\n"
        "  fix: set resources.requests.cpu and resources.requests.memory",
    ),
    (
        ("hpa", "spec.minReplicas", 1),
        "analytics: spec.minReplicas: is below 2 in prod\n  value: 1\n  fix: set minReplicas to 2 or more",
    ),
    (
        ("hpa", "spec.maxReplicas", 1),
        "analytics: spec.minReplicas: is above spec.maxReplicas\n  value: 2 > 1\n"
        "  fix: raise maxReplicas or lower minReplicas",
    ),
    (
        ("scaled_to_zero", "spec.cooldownPeriod", 0),
        "batch-jobs: spec.cooldownPeriod: is less than 1 s\n  value: 0\n"
        "  fix: set cooldownPeriod, for example to 300",
    ),
    (
        ("bucket", "tags.data-class", None),
        "exports: tags: missing data-class\n  value: "
        '{"budget": "cloud-s3", "cost-center": "CC-1200", "environment": "prod", "service": "storage", '
        '"team": "finops"}\n'
        "  fix: add data-class: one of public, internal, confidential, restricted",
    ),
    (
        ("lifecycle", "rules.0.transitions.0.days", 29),
        "exports-lifecycle: rules[0]: "
        "rule whole: objects transition to STANDARD_IA on day 29, before day 30\n"
        "  value: "
        "STANDARD_IA on day 29, GLACIER_IR on day 60, DEEP_ARCHIVE on day 150, expiration on day 730\n"
        "  fix: move the transition to day 30",
    ),
    (
        ("parameter_group", "parameters.0.name", "Archive_Timeout"),
        "wal: parameters[0]: archive_timeout cannot be modified on RDS\n  value: 10240\n"
        "  fix: RDS uploads WAL itself every 5 minutes: set backup_retention_period of the database",
    ),
]


@pytest.mark.parametrize(("change", "text"), TEXTS, ids=[".".join(map(str, change)) for change, _ in TEXTS])
def test_the_message_of_a_violation(change, text):
    (diagnostic,) = Pack().evaluate(*stack_with_change((*change, "")))
    assert diagnostic.message.split("\n", 1)[1] == text


def test_the_message_shows_the_rules_of_a_bucket_or_that_it_has_none():
    none = Pack().evaluate(*stack_with_change(("inline_bucket", "lifecycleRules", None, "")))
    assert "\n  value: not set\n" in none[0].message
    disabled = Pack().evaluate(
        *stack_with_change(("inline_bucket", "lifecycleRules", [{"id": "a", "enabled": False}], ""))
    )
    assert '\n  value: [{"enabled": false, "id": "a"}]\n' in disabled[0].message


def test_the_message_of_an_archive_command_shows_its_path_and_only_the_command():
    change = (
        "postgres_config",
        "data",
        {"postgresql.conf": "wal_level = replica\narchive_command = 'rm %p'\n"},
        "",
    )
    (diagnostic,) = Pack().evaluate(*stack_with_change(change))
    assert diagnostic.message.split("\n", 1)[1] == (
        "postgres: data.postgresql.conf: archive_command deletes or moves the WAL segment\n"
        "  value: 'rm %p'\n  fix: only copy %p; PostgreSQL removes the segment itself"
    )


def test_the_message_of_two_scalers_names_both_and_the_workload():
    diagnostics = Pack().evaluate(
        *stack_with_change(("hpa", "spec.scaleTargetRef.name", "teei-reporting", ""))
    )
    (diagnostic,) = [item for item in diagnostics if item.policy == "workload-has-one-scaler"]
    assert diagnostic.urn.endswith("::reporting")
    assert diagnostic.message.split("\n", 1)[1] == (
        "reporting: spec.scaleTargetRef: "
        "Deployment teei-reporting in namespace teei already has the scaler analytics\n"
        "  value: analytics and reporting\n"
        "  fix: delete one of the two; a ScaledObject can have several triggers"
    )
