"""What some reports say, word for word: the parts that are put together from options and values."""

import pytest

from tests.policies.analyzer import Pack
from tests.policies.bad import stack_with

TEXTS = [
    (
        ("database", "publiclyAccessible", True),
        "ledger: publiclyAccessible: has a public address\n  value: true\n"
        "  fix: set publicly_accessible to False",
    ),
    (
        ("database", "multiAz", None),
        "ledger: multiAz: runs in a single availability zone\n  value: not set\n  fix: set multi_az to True",
    ),
    (
        ("database", "backupRetentionPeriod", 1),
        "ledger: backupRetentionPeriod: keeps backups for less than 7 days\n  value: 1\n"
        "  fix: set backup_retention_period to 7 or more",
    ),
    (
        ("log_group", "retentionInDays", -1),
        "logs: retentionInDays: keeps log events for ever\n  value: -1\n  fix: set retention_in_days",
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
        "teei-analytics: container app does not request cpu and memory\n  value: not set\n"
        "  fix: set resources.requests.cpu and resources.requests.memory",
    ),
    (
        ("hpa", "spec.minReplicas", 1),
        "analytics: spec.minReplicas is below 2 in prod\n  value: 1\n  fix: set minReplicas to 2 or more",
    ),
    (
        ("hpa", "spec.maxReplicas", 1),
        "analytics: spec.minReplicas is above spec.maxReplicas\n  value: 2 > 1\n"
        "  fix: raise maxReplicas or lower minReplicas",
    ),
    (
        ("scaled_object", "spec.cooldownPeriod", None),
        "reporting: spec.cooldownPeriod is not at least 1 seconds\n  value: not set\n"
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
        "exports-lifecycle: rule whole: objects STANDARD_IA on day 29 begins before day 30\n  value: "
        "STANDARD_IA on day 29, GLACIER_IR on day 60, DEEP_ARCHIVE on day 150, expiry on day 730\n"
        "  fix: move it to day 30",
    ),
    (
        ("parameter_group", "parameters.0.name", "Archive_Timeout"),
        "wal: archive_timeout cannot be modified on RDS\n  value: 10240\n"
        "  fix: RDS uploads WAL itself every 5 minutes: set backup_retention_period of the database",
    ),
]


@pytest.mark.parametrize(("change", "text"), TEXTS, ids=[".".join(map(str, each[0])) for each in TEXTS])
def test_a_report_reads_like_this(change, text):
    (report,) = Pack().judge(*stack_with((*change, "")))
    assert report.message.split("\n", 1)[1] == text


def test_a_bucket_without_rules_is_told_apart_from_one_whose_rules_do_not_count():
    none = Pack().judge(*stack_with(("inline_bucket", "lifecycleRules", None, "")))
    assert "\n  value: not set\n" in none[0].message
    disabled = Pack().judge(
        *stack_with(("inline_bucket", "lifecycleRules", [{"id": "a", "enabled": False}], ""))
    )
    assert '\n  value: [{"enabled": false, "id": "a"}]\n' in disabled[0].message


def test_an_archive_command_is_told_with_its_place_and_nothing_else():
    change = (
        "postgres_config",
        "data",
        {"postgresql.conf": "wal_level = replica\narchive_command = 'rm %p'\n"},
        "",
    )
    (report,) = Pack().judge(*stack_with(change))
    assert report.message.split("\n", 1)[1] == (
        "postgres: data.postgresql.conf: archive_command deletes or moves the WAL segment\n"
        "  value: 'rm %p'\n  fix: only copy %p; PostgreSQL removes the segment itself"
    )


def test_two_scalers_are_told_with_both_names_and_the_workload():
    found = Pack().judge(*stack_with(("hpa", "spec.scaleTargetRef.name", "teei-reporting", "")))
    (report,) = [each for each in found if each.policy == "workload-has-one-scaler"]
    assert report.urn.endswith("::reporting")
    assert report.message.split("\n", 1)[1] == (
        "reporting: Deployment teei-reporting in namespace teei already has the scaler analytics\n"
        "  value: analytics and reporting\n"
        "  fix: delete one of the two; a ScaledObject can have several triggers"
    )
