"""An invalid stack config gives one line with the key, the value and what it must be."""

import pytest

from components import settings
from tests.components.stack_config import ABSENT, config

LAST = {"percent": 101, "type": "actual", "to": ["executives"]}
# The path of a key, an invalid value, and the error after the path.
MISTAKES = [
    (
        "budgets.cloud-s3.limit",
        "1,000",
        ': "1,000" is invalid: must be a plain number of US dollars, without quotes',
    ),
    (
        "budgets.cloud-s3.limit",
        "1000",
        ': "1000" is invalid: must be a plain number of US dollars, without quotes',
    ),
    ("budgets.cloud-s3.limit", 0, ": 0 is invalid: must be an amount above 0"),
    ("budgets.cloud-s3.limit", -5, ": -5 is invalid: must be an amount above 0"),
    ("budgets.cloud-s3.limit", 10.005, ": 10.005 is invalid: must be in whole cents"),
    ("budgets.cloud-s3.limit", True, ": true is invalid: must be a plain number"),
    ("budgets.cloud-s3.limit", ABSENT, ": is missing"),
    ("budgets.cloud-s3.limits", 5, ": unknown key; did you mean limit?"),
    ("budgets.Cloud S3", {"limit": 5}, ': "Cloud S3" is invalid: must be a name in lower case words'),
    (
        "budgets.cloud-s3.services[0]",
        "Amazon Simple Storage Services",
        ': "Amazon Simple Storage Services" is invalid: must be a service that Cost Explorer has,'
        " did you mean Amazon Simple Storage Service?",
    ),
    (
        "budgets.cloud-s3.services[0]",
        "S3",
        ': "S3" is invalid: must be a service that Cost Explorer has, such as Amazon Simple Storage Service',
    ),
    ("budgets.cloud-s3.services[0]", ["a"], ': ["a"] is invalid: must be a service that Cost Explorer has'),
    (
        "budgets.cloud-data-transfer.usage_type_groups[1]",
        "EC2: Data Transfer - InterAZ",
        ': "EC2: Data Transfer - InterAZ" is invalid: must be a usage type group that Cost Explorer has,'
        " did you mean EC2: Data Transfer - Inter AZ?",
    ),
    (
        "budgets.cloud-total.tag",
        {"key": "Team", "value": "data"},
        '.key: "Team" is invalid: must be a cost allocation tag: one of team, service',
    ),
    (
        "budgets.cloud-total.tag",
        {"key": "team", "value": "nobody"},
        '.value: "nobody" is invalid: must be one of finops, platform',
    ),
    ("regoin", "us-east-1", ": unknown key; did you mean region?"),
    ("region", "us-west-2", ': "us-west-2" is invalid: must be a supported region: one of us-east-1'),
    ("region", ABSENT, ": is missing"),
    ("environment", "production", ': "production" is invalid: must be an environment: one of prod, staging'),
    ("account_id", "12345", ': "12345" is invalid: must be an AWS account id of 12 digits'),
    ("owner.team", "the money people", ': "the money people" is invalid: must be a team: one of finops'),
    ("owner.cost_center", "marketing", ': "marketing" is invalid: must be a cost centre'),
    (
        "storage.cost_allocation.budget",
        "cloud-s4",
        ': "cloud-s4" is invalid: must be a key of budgets: cloud-total',
    ),
    ("ai_budget.budget", "ai", ': "ai" is invalid: must be a key of budgets: cloud-total'),
    ("cloud_budgets.recipients.cfo", ABSENT, ": is missing"),
    ("cloud_budgets.recipients.cfo", "cfo", ': "cfo" is invalid: must be an e-mail address'),
    ("cloud_budgets.recipients.cfo", "", ': "" is invalid: must be an e-mail address'),
    (
        "cloud_budgets.notifications[1].percent",
        0.8,
        ": 0.8 is invalid: must be a whole percent from 1 to 300; for 80%",
    ),
    (
        "cloud_budgets.notifications[1].percent",
        80.5,
        ": 80.5 is invalid: must be a whole number of percent from 1 to",
    ),
    (
        "cloud_budgets.notifications[1].percent",
        "80%",
        ': "80%" is invalid: must be a whole number of percent',
    ),
    (
        "cloud_budgets.notifications[1].type",
        "actuall",
        ': "actuall" is invalid: must be a kind of spend: one of actual',
    ),
    ("cloud_budgets.notifications[1].type", ABSENT, ": is missing"),
    ("cloud_budgets.notifications[1].to", [], ": [] is invalid: must have at least 1 entries"),
    (
        "cloud_budgets.notifications[1].to",
        ["ceo"],
        '[0]: "ceo" is invalid: must be a recipient: one of finops',
    ),
    (
        "ai_budget_service.callers",
        [],
        ": [] is invalid: must be a list of the services that may call in prod",
    ),
    ("ai_budget_service.callers", ABSENT, ": [] is invalid: must be a list of the services that may call"),
    ("ai_budget_service.callers[0].tenants", [], ": [] is invalid: must have at least 1 entries"),
    ("ai_budget_service.callers[0].tenants", ["*-x"], '[0]: "*-x" is invalid: must be a tenant, a prefix'),
    ("ai_budget_service.callers[1].name", "reporting", ': "reporting" is invalid: must be unique'),
    ("ai_budget_service.https", ABSENT, ": null is invalid: must be set in prod: {certificate_arn"),
    (
        "ai_budget_service.https.certificate_arn",
        "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-4e5f-6000-8000-000000000001",
        ': "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c… is invalid: must be in the region',
    ),
    ("ai_budget_service.https.host", "https://x", ': "https://x" is invalid: must be a host name'),
    ("ai_budget.tier", "gold", ': "gold" is invalid: must be a tier: one of starter, professional'),
    ("ai_budget.default_limit", 2500, ": 2500 is invalid: must be at most 2000 with tier professional"),
    ("autoscaling.services[0].min", 11, ": 11 is invalid: must be at most max (10)"),
    (
        "autoscaling.services[0].cpu",
        0.7,
        ": 0.7 is invalid: must be a whole percent from 1 to 300; for 70% write 70",
    ),
    ("autoscaling.services[0].minReplicas", 3, ": unknown key; known keys are cpu, max, min, target"),
    ("autoscaling.other_services.min", 7, ": 7 is invalid: must be at most max (6)"),
    (
        "autoscaling.other_services.targets",
        ["teei-reporting"],
        '[0]: "teei-reporting" is invalid: must be a Deployment without',
    ),
    (
        "autoscaling.services[1].target",
        "teei-api-gateway",
        ': "teei-api-gateway" is invalid: must be a Deployment without',
    ),
    ("autoscaling.reporting.min", 21, ": 21 is invalid: must be at most max (20)"),
    ("autoscaling.reporting.fallback_replicas", 1, ": 1 is invalid: must be from min (2) to max (20)"),
    ("autoscaling.reporting.nats.lag", "100", ': "100" is invalid: must be a whole number of messages'),
    (
        "storage.exports.expiration_days",
        20,
        ": 20 is invalid: must be 60 or more: STANDARD_IA (from day 30) bills",
    ),
    ("storage.exports.expiration_days", 30, ": 30 is invalid: must be 60 or more"),
    ("storage.exports.transitions[0].days", 10, ": 10 is invalid: must be 30 or more for STANDARD_IA"),
    (
        "storage.backups.transitions[1].days",
        90,
        ": 90 is invalid: must be 120 or more: GLACIER_IR (from day 30)",
    ),
    ("storage.backups.transitions[1].days", 20, ": 20 is invalid: must be 120 or more"),
    ("storage.exports.name", "Teei_Exports", ': "Teei_Exports" is invalid: must be a bucket name'),
    (
        "storage.logs.name",
        "teei-prod-us-east-1-exports",
        ': "teei-prod-us-east-1-exports" is invalid: must be another name',
    ),
    ("storage.logs.expiration_days", 90, ": 90 is invalid: must be more than loki.total_days (90)"),
    ("storage.logs.transitions[0].days", 40, ": 40 is invalid: must be loki.hot_days (30)"),
    ("loki.hot_days", 90, ": 90 is invalid: must be less than total_days (90)"),
    ("clickhouse.recompress_after_days", 90, ": 90 is invalid: must be less than retention_days (90)"),
    ("database.multi_az", "yes", ': "yes" is invalid: must be true or false'),
    ("database.backup_retention_days", 0, ": 0 is invalid: must be a whole number of days from 1 to 35"),
    ("database.max_storage_gib", 50, ": 50 is invalid: must be storage_gib (100) or more"),
    ("database.max_slot_wal_keep_size_mib", 5, ": 5 is invalid: must be wal_keep_size_mib (10240) or more"),
    (
        "database.max_slot_wal_keep_size_mib",
        200000,
        ": 200000 is invalid: must be less than storage_gib (100 GiB)",
    ),
    ("database.max_slot_wal_keep_size_mib", -1, ": -1 is invalid: must be a whole number of MiB"),
    ("database", "small", ': "small" is invalid: must be a section with keys of its own'),
    (
        "ai_budget_service.reserved_concurrency",
        263,
        ": 263 is invalid: must be at most 262, the connections of",
    ),
    (
        "ai_budget_service.queue_concurrency",
        200,
        ": 200 is invalid: must be less than reserved_concurrency (200)",
    ),
    (
        "ai_budget_service.name",
        "internal-ai-budget",
        ': "internal-ai-budget" is invalid: must be a name of 3 to 32',
    ),
    (
        "ai_budget_service.timeout_seconds",
        900,
        ": 900 is invalid: must be a whole number of seconds from 10 to 120",
    ),
    ("network.private_subnet_ids", "subnet-0a1b2c3d", ': "subnet-0a1b2c3d" is invalid: must be a list'),
]


def error_of(changes):
    """The error of the config of prod with these changes."""
    with pytest.raises(settings.SettingsError) as caught:
        settings.parse(config("prod", changes))
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("teei-finops:")
    return line


@pytest.mark.parametrize(("key", "value", "expected"), MISTAKES)
def test_a_mistake_gives_one_line_with_the_key_the_value_and_the_requirement(key, value, expected):
    line = error_of({key: value})
    assert line.startswith(f"teei-finops:{key}{expected}")
    assert len(line) < 300


def test_a_misspelt_key_is_reported_once_with_the_key_that_was_meant():
    stack = config(
        "prod", {"network.vpc_id": ABSENT, "network.vcp_id": "vpc-0a1b2c3d", "region": ABSENT, "regoin": "x"}
    )
    with pytest.raises(settings.SettingsError) as caught:
        settings.parse(stack)
    assert str(caught.value) == (
        "teei-finops:network.vcp_id: unknown key; did you mean vpc_id?;"
        " teei-finops:regoin: unknown key; did you mean region?"
    )


def test_a_key_similar_to_no_other_is_reported_with_all_known_keys():
    assert "xyzzy: unknown key; known keys are limit, regions, services" in error_of(
        {"budgets.cloud-s3.xyzzy": 1}
    )


def test_an_empty_section_counts_as_missing():
    for empty in ("", {}):
        assert "teei-finops:database: is missing" in error_of({"database": empty})


def test_many_mistakes_give_one_short_line_with_the_number_of_the_others():
    changes = {f"budgets.{name}.limit": "x" * 500 for name in settings.parse(config("prod")).budgets}
    with pytest.raises(settings.SettingsError, match="and 8 more") as caught:
        settings.parse(config("prod", changes))
    assert len(str(caught.value)) < 700


def test_an_empty_config_reports_the_missing_keys():
    with pytest.raises(settings.SettingsError, match="teei-finops:environment: is missing"):
        settings.parse({})


def test_the_error_is_marked_as_a_user_error():
    assert settings.SettingsError.user_error is True


def test_two_filters_on_one_budget_are_rejected():
    line = error_of({"budgets.cloud-s3.regions": ["us-east-1"]})
    assert "teei-finops:budgets.cloud-s3.services" in line
    assert "must be the only filter, but regions is set, too" in line


def test_a_budget_by_a_tag_is_rejected_until_the_tags_are_active():
    line = error_of(
        {
            "budgets.cloud-total.tag": {"key": "team", "value": "data"},
            "cloud_budgets.activate_cost_allocation_tags": False,
        }
    )
    assert "teei-finops:budgets.cloud-total.tag" in line
    assert "must be left out until cloud_budgets.activate_cost_allocation_tags is true" in line


def test_a_lifecycle_that_moves_to_a_warmer_class_is_rejected():
    line = error_of({"storage.backups.transitions[1].storage_class": "STANDARD_IA"})
    assert 'storage_class: "STANDARD_IA" is invalid: must be a class colder than GLACIER_IR' in line


def test_notifications_without_a_forecast_or_with_duplicates_are_rejected():
    assert "at least one of type forecast" in error_of(
        {"cloud_budgets.notifications[3]": {**LAST, "percent": 90}}
    )
    assert "one for each type and percent" in error_of({"cloud_budgets.notifications[0]": LAST})


@pytest.mark.parametrize(("tier", "allowed"), [("starter", "at most 500"), ("custom", "50000 or more")])
def test_a_default_limit_outside_its_tier_is_rejected(tier, allowed):
    assert f"default_limit: 1000 is invalid: must be {allowed} with tier {tier}" in error_of(
        {"ai_budget.tier": tier}
    )


def test_a_database_too_small_for_any_concurrency_is_rejected_by_name():
    line = error_of({"database.instance_class": "db.t4g.micro"})
    assert "db.t4g.micro has too few connections: choose a larger database.instance_class" in line
