import re
from pathlib import Path

import jsonschema
import pytest
from pulumi_policy import EnforcementLevel

from policies import catalogue, messages
from tests.policies.analyzer import Pack
from tests.policies.bad import ADDED, CHANGED, stack_with
from tests.policies.good import stack

ROOT = Path(__file__).parents[2]
POLICIES = {policy.name: policy for policy in Pack().policies}
# About the stack and about the file of exemptions: shown both ways in test_budgets, test_estimated_cost and
# test_exemptions.
ELSEWHERE = {
    "stack-has-a-budget",
    "estimated-cost-within-budget",
    "exemptions-are-valid",
    messages.IN_FORCE,
    messages.IN_FORCE_IN_STACK,
}
SECTIONS = {
    "Cost Optimization Strategy",
    "Cloud Cost Tracking",
    "Autoscaling Best Practices",
    "Storage Retention Policies",
    "Alerts & Escalation",
}
ADVISORY = {"database-is-current-generation", messages.IN_FORCE, messages.IN_FORCE_IN_STACK}


def test_ids_are_unique_and_the_policies_about_exemptions_come_after_all_others_of_their_kind():
    names = [policy.name for policy in Pack().policies]
    assert len(names) == len(set(names))
    assert names[-2:] == [messages.IN_FORCE, messages.IN_FORCE_IN_STACK]


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_says_what_it_is_and_what_to_do(name):
    policy = POLICIES[name]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", name)
    assert re.fullmatch(r"[A-Z].{20,200}\.", policy.description)
    assert len(policy.remediation_steps) > 15
    assert policy.remediation_steps.endswith(".")
    assert policy.severity is not None
    assert policy.framework.name
    assert policy.framework.version
    assert policy.framework.reference in SECTIONS
    assert policy.url == f"docs/policies.md#{name}"
    assert len(policy.tags) == 1
    level = EnforcementLevel.ADVISORY if name in ADVISORY else EnforcementLevel.MANDATORY
    assert policy.enforcement_level is level


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_has_options_whose_defaults_fit_their_schema(name):
    properties = POLICIES[name].config_schema.properties
    assert properties
    for schema in properties.values():
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(schema["default"], schema)
        assert schema["description"]


def test_the_engine_is_told_all_of_it():
    info = Pack().analyzer.GetAnalyzerInfo(None, None)
    assert {policy.name for policy in info.policies} == POLICIES.keys()
    assert all(policy.severity and policy.remediation_steps and policy.url for policy in info.policies)
    assert all(policy.configSchema.properties.fields for policy in info.policies)
    assert info.supportsConfig


@pytest.mark.parametrize("name", sorted(POLICIES.keys() - ELSEWHERE))
def test_a_policy_passes_the_good_stack_and_reports_a_bad_one(name):
    bad = [stack_with(row) for row in CHANGED if name in row[3].split()]
    bad += [[made] for _, made, policy in ADDED if policy == name]
    assert name not in {report.policy for report in Pack().judge(*stack().values())}
    assert name in {report.policy for report in Pack().judge(*bad[0])}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_can_be_switched_off(name):
    switched_off = {name.replace("-", "_"): {"enforcementLevel": 2}}
    rows = [row for row in CHANGED if name in row[3].split()][:1]
    for row in rows:
        found = Pack().configure(**switched_off).judge(*stack_with(row))
        assert name not in {report.policy for report in found}


OPTIONS = [
    ("required-tags", {"keys": ["team", "owner"]}, ("bucket", "tags.team", "finops")),
    ("allowed-tag-values", {"keys": ["note"]}, ("bucket", "tags.note", "  ")),
    ("log-group-has-retention", {"maximum_days": 29}, ("log_group", "retentionInDays", 30)),
    ("backups-expire", {"maximum_days": 119}, ("backup_plan", "rules.0.lifecycle.deleteAfter", 120)),
    ("snapshots-expire", {"types": ["aws:redshift/clusterSnapshot:ClusterSnapshot"]}, None),
    ("lifecycle-keeps-minimum-days", {"first_day": {"DEEP_ARCHIVE": 151}}, None),
    ("lifecycle-keeps-minimum-days", {"minimum_days": {"STANDARD_IA": 31}}, None),
    ("lifecycle-moves-to-colder-classes", {"classes": ["DEEP_ARCHIVE", "GLACIER_IR"]}, None),
    ("lifecycle-expires-after-transitions", {"days_after": 581}, None),
    ("database-parameters-are-modifiable", {"parameters": {"WAL_keep_size": "no"}}, None),
    (
        "archive-command-keeps-wal",
        {"kubernetes": True},
        ("postgres_config", "data", {"a": "archive_command = 'rm %p'"}),
    ),
    ("replication-slots-are-bounded", {"since": 17}, ("parameter_group", "parameters.1.value", "-1")),
    ("database-keeps-backups", {"minimum_days": 8}, None),
    *(
        (f"database-is-{what}-in-prod", {"environments": ["prod", "live"]}, ("database", key, value))
        for what, key, value in (
            ("multi-az", "multiAz", False),
            ("protected", "deletionProtection", False),
            ("encrypted", "storageEncrypted", False),
            ("private", "publiclyAccessible", True),
        )
    ),
    ("database-is-current-generation", {"classes": ["t4g"]}, None),
    ("database-is-current-generation", {"storage_types": ["gp3"]}, None),
    ("containers-request-resources", {"resources": ["cpu", "ephemeral-storage"]}, None),
    ("hpa-range-is-valid", {"default_minimum": 9}, ("hpa", "spec.minReplicas", None)),
    ("hpa-has-two-replicas-in-prod", {"minimum": 3}, None),
    ("scaler-target-is-sensible", {"lowest": 61}, None),
    ("scaler-target-is-sensible", {"highest": 69}, None),
    ("scaled-object-is-bounded", {"default_minimum": 21}, ("scaled_object", "spec.minReplicaCount", None)),
    ("scaled-object-cools-down", {"minimum_seconds": 301}, None),
    ("nats-trigger-is-complete", {"fields": ["account", "natsServer"]}, None),
    ("trigger-values-are-text", {"types": ["cpu"]}, ("scaled_object", "spec.triggers.1.metadata.value", 60)),
    ("workload-has-one-scaler", {"default_kind": "Rollout"}, None),
    ("workload-is-scaled", {"default_kind": "Rollout"}, None),
]


@pytest.mark.parametrize(
    ("name", "options", "change"), OPTIONS, ids=[f"{each[0]} {each[1]}" for each in OPTIONS]
)
def test_an_option_changes_what_a_policy_reports(name, options, change):
    assert options.keys() <= POLICIES[name].config_schema.properties.keys()
    resources = stack_with((*change, "")) if change else list(stack().values())
    found = Pack().configure(**{name.replace("-", "_"): dict(options)}).judge(*resources)
    # Another default kind frees one scaler of the rest.
    expected = set() if name == "workload-has-one-scaler" else {name}
    assert {report.policy for report in found} & {name} == expected


LENIENT = [
    ("required-tags", {"keys": []}, ("bucket", "tags.team", None)),
    ("allowed-tag-values", {"keys": ["service"]}, ("bucket", "tags.team", "nobody")),
    (
        "archive-command-keeps-wal",
        {"kubernetes": False},
        ("postgres_config", "data", {"archive_command": "rm %p"}),
    ),
    ("replication-slots-are-bounded", {"since": 18}, ("parameter_group", "parameters.1", None)),
    ("database-keeps-backups", {"minimum_days": 6}, ("database", "backupRetentionPeriod", 6)),
    (
        "trigger-values-are-text",
        {"types": ["cpu"]},
        ("scaled_object", "spec.triggers.0.metadata.lagThreshold", 1),
    ),
    ("hpa-has-two-replicas-in-prod", {"environments": ["live"]}, ("hpa", "spec.minReplicas", 1)),
    ("hpa-has-two-replicas-in-prod", {"minimum": 1}, ("hpa", "spec.minReplicas", None)),
    ("database-is-multi-az-in-prod", {"environments": ["live"]}, ("database", "multiAz", False)),
]


@pytest.mark.parametrize(
    ("name", "options", "change"), LENIENT, ids=[f"{each[0]} {each[1]}" for each in LENIENT]
)
def test_an_option_lets_pass_what_would_be_reported(name, options, change):
    resources = stack_with((*change, ""))
    assert name in {report.policy for report in Pack().judge(*resources)}
    pack = Pack().configure(**{name.replace("-", "_"): dict(options)})
    assert name not in {report.policy for report in pack.judge(*resources)}


def test_the_page_about_the_policies_is_that_of_the_pack():
    assert (ROOT / "docs/policies.md").read_text() == catalogue.page()


def test_options_have_bounds_that_make_sense():
    bounds = {
        (name, option): (schema.get("minimum"), schema.get("maximum"))
        for name, policy in POLICIES.items()
        for option, schema in policy.config_schema.properties.items()
        if schema["type"] in ("integer", "number") and ("minimum" in schema or "maximum" in schema)
    }
    assert bounds == {
        ("budget-notifies-somebody", "notifications"): (1, None),
        ("estimated-cost-within-budget", "monthly_limit_usd"): (0, None),
        ("lifecycle-expires-after-transitions", "days_after"): (1, None),
        ("log-group-has-retention", "maximum_days"): (1, None),
        ("backups-expire", "maximum_days"): (1, None),
        ("database-keeps-backups", "minimum_days"): (0, 35),
        ("hpa-has-two-replicas-in-prod", "minimum"): (1, None),
        ("scaler-target-is-sensible", "lowest"): (1, 100),
        ("scaler-target-is-sensible", "highest"): (1, 100),
        ("scaled-object-cools-down", "minimum_seconds"): (1, None),
    }
