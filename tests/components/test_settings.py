"""The stack config: the three files are right, and what a person gets wrong is answered in one clear line."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from components import settings
from components.settings.service import connections_of
from tests.components.stack_config import ABSENT, STACKS, config

LAST = {"percent": 101, "type": "actual", "to": ["executives"]}
# What is wrong, and what the one line says: the key's path, the value, what is allowed.
MISTAKES = [
    ("budgets.cloud-s3.limit", "1,000", ': "1,000"; allowed is a plain number of US dollars, without quotes'),
    ("budgets.cloud-s3.limit", "1000", ': "1000"; allowed is a plain number of US dollars, without quotes'),
    ("budgets.cloud-s3.limit", 0, ": 0; allowed is an amount above 0"),
    ("budgets.cloud-s3.limit", -5, ": -5; allowed is an amount above 0"),
    ("budgets.cloud-s3.limit", 10.005, ": 10.005; allowed are whole cents"),
    ("budgets.cloud-s3.limit", True, ": true; allowed is a plain number"),
    ("budgets.cloud-s3.limit", ABSENT, ": is missing"),
    ("budgets.cloud-s3.limits", 5, ": there is no such key; did you mean limit?"),
    ("budgets.Cloud S3", {"limit": 5}, ': "Cloud S3"; allowed is a name in lower case words'),
    ("regoin", "us-east-1", ": there is no such key; did you mean region?"),
    ("region", "us-west-2", ': "us-west-2"; allowed is a region the project is offered in: one of us-east-1'),
    ("region", ABSENT, ": is missing"),
    ("environment", "production", ': "production"; allowed is an environment: one of prod, staging'),
    ("account_id", "12345", ': "12345"; allowed is an AWS account id of 12 digits'),
    ("owner.team", "the money people", ': "the money people"; allowed is a team: one of finops'),
    ("owner.cost_center", "marketing", ': "marketing"; allowed is a cost centre'),
    ("storage.charge.budget", "cloud-s4", ': "cloud-s4"; allowed is a key of budgets: cloud-total'),
    ("ai_budget.budget", "ai", ': "ai"; allowed is a key of budgets: cloud-total'),
    ("cloud_budget.recipients.cfo", ABSENT, ": is missing"),
    ("cloud_budget.recipients.cfo", "cfo", ': "cfo"; allowed is an e-mail address'),
    ("cloud_budget.recipients.cfo", "", ': ""; allowed is an e-mail address'),
    (
        "cloud_budget.notifications[1].percent",
        0.8,
        ": 0.8; allowed is a whole percent from 1 to 300; for 80%",
    ),
    ("cloud_budget.notifications[1].percent", 80.5, ": 80.5; allowed is a whole number of percent from 1 to"),
    ("cloud_budget.notifications[1].percent", "80%", ': "80%"; allowed is a whole number of percent'),
    (
        "cloud_budget.notifications[1].type",
        "actuall",
        ': "actuall"; allowed is a kind of spend: one of actual',
    ),
    ("cloud_budget.notifications[1].type", ABSENT, ": is missing"),
    ("cloud_budget.notifications[1].to", [], ": []; allowed are at least 1 values"),
    ("cloud_budget.notifications[1].to", ["ceo"], '[0]: "ceo"; allowed is a recipient: one of finops'),
    ("ai_budget.tier", "gold", ': "gold"; allowed is a tier: one of starter, professional'),
    ("ai_budget.default_limit", 2500, ": 2500; allowed is up to 2000 with tier professional"),
    ("autoscaling.services[0].min", 11, ": 11; allowed is up to max (10)"),
    ("autoscaling.services[0].cpu", 0.7, ": 0.7; allowed is a whole percent from 1 to 300; for 70% write 70"),
    ("autoscaling.services[0].minReplicas", 3, ": there is no such key; did you mean min?"),
    ("autoscaling.other_services.min", 7, ": 7; allowed is up to max (6)"),
    (
        "autoscaling.other_services.targets",
        ["teei-reporting"],
        '[0]: "teei-reporting"; allowed is one scaler',
    ),
    ("autoscaling.services[1].target", "teei-api-gateway", ': "teei-api-gateway"; allowed is one scaler'),
    ("autoscaling.reporting.min", 21, ": 21; allowed is up to max (20)"),
    ("autoscaling.reporting.fallback_replicas", 1, ": 1; allowed is min (2) to max (20)"),
    ("autoscaling.reporting.nats.lag", "100", ': "100"; allowed is a whole number of messages'),
    (
        "storage.exports.expire_days",
        20,
        ": 20; allowed is 60 and more, since STANDARD_IA (from day 30) bills",
    ),
    ("storage.exports.expire_days", 30, ": 30; allowed is 60 and more"),
    ("storage.exports.transitions[0].days", 10, ": 10; allowed is 30 and more for STANDARD_IA"),
    (
        "storage.backups.transitions[1].days",
        90,
        ": 90; allowed is 120 and more, since GLACIER_IR (from day 30)",
    ),
    ("storage.backups.transitions[1].days", 20, ": 20; allowed is 120 and more"),
    ("storage.exports.name", "Teei_Exports", ': "Teei_Exports"; allowed is a bucket name'),
    (
        "storage.logs.name",
        "teei-prod-us-east-1-exports",
        ': "teei-prod-us-east-1-exports"; allowed is a name',
    ),
    ("storage.logs.expire_days", 90, ": 90; allowed is more than loki.total_days (90)"),
    ("storage.logs.transitions[0].days", 40, ": 40; allowed is loki.hot_days (30)"),
    ("loki.hot_days", 90, ": 90; allowed is less than total_days (90)"),
    ("clickhouse.recompress_after_days", 90, ": 90; allowed is less than retention_days (90)"),
    ("database.multi_az", "yes", ': "yes"; allowed is true or false'),
    ("database.backup_retention_days", 0, ": 0; allowed is a whole number of days from 1 to 35"),
    ("database.max_storage_gib", 50, ": 50; allowed is storage_gib (100) or more"),
    ("database.max_slot_wal_keep_size_mib", 5, ": 5; allowed is wal_keep_size_mib (10240) or more"),
    ("database.max_slot_wal_keep_size_mib", 200000, ": 200000; allowed is less than storage_gib (100 GiB)"),
    ("database.max_slot_wal_keep_size_mib", -1, ": -1; allowed is a whole number of MiB"),
    ("database", "small", ': "small"; allowed is a section with keys of its own'),
    ("budget_service.reserved_concurrency", 263, ": 263; allowed is up to 262 with the connections of"),
    ("budget_service.queue_concurrency", 200, ": 200; allowed is less than reserved_concurrency (200)"),
    ("budget_service.name", "internal-ai-budget", ': "internal-ai-budget"; allowed is a name of 3 to 32'),
    ("budget_service.timeout_seconds", 900, ": 900; allowed is a whole number of seconds from 10 to 120"),
    ("network.private_subnet_ids", "subnet-0a1b2c3d", ': "subnet-0a1b2c3d"; allowed is a list'),
]


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_file_is_right(stack):
    assert settings.parse(config(stack)).environment == ("staging" if stack == "staging" else "prod")


def refusal(changes):
    with pytest.raises(settings.SettingsError) as caught:
        settings.parse(config("prod", changes))
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("teei-finops:")
    return line


@pytest.mark.parametrize(("key", "value", "expected"), MISTAKES)
def test_a_mistake_gives_one_line_with_the_key_the_value_and_what_is_allowed(key, value, expected):
    line = refusal({key: value})
    assert line.startswith(f"teei-finops:{key}{expected}")
    assert len(line) < 250


def test_a_misspelt_key_stands_for_the_one_it_leaves_missing():
    stack = config(
        "prod", {"network.vpc_id": ABSENT, "network.vcp_id": "vpc-0a1b2c3d", "region": ABSENT, "regoin": "x"}
    )
    with pytest.raises(settings.SettingsError) as caught:
        settings.parse(stack)
    assert str(caught.value) == (
        "teei-finops:network.vcp_id: there is no such key; did you mean vpc_id?;"
        " teei-finops:regoin: there is no such key; did you mean region?"
    )


def test_a_key_like_no_other_is_answered_with_all_that_there_are():
    assert "xyzzy: there is no such key; allowed are limit, regions, services" in refusal(
        {"budgets.cloud-s3.xyzzy": 1}
    )


def test_an_empty_value_is_a_missing_one():
    for empty in ("", {}):
        assert "teei-finops:database: is missing" in refusal({"database": empty})


@pytest.mark.parametrize(
    ("instance_class", "connections"),
    [("db.t4g.micro", 84), ("db.t4g.medium", 337), ("db.m7g.large", 675), ("db.r8g.xlarge", 2703)],
)
def test_an_instance_class_is_given_the_connections_of_three_quarters_of_its_memory(
    instance_class, connections
):
    assert connections_of(instance_class) == connections


def test_more_memory_than_postgresql_can_use_gives_no_more_connections():
    assert connections_of("db.m7g.16xlarge") == 5000


def test_an_unknown_family_or_size_is_taken_for_the_smallest():
    assert connections_of("db.q9.large") < connections_of("db.t4g.large")
    assert connections_of("db.m7g.metal") < connections_of("db.m7g.small")


def test_a_database_too_small_for_any_concurrency_is_refused_by_its_name():
    line = refusal({"database.instance_class": "db.t4g.micro"})
    assert "a larger database.instance_class than db.t4g.micro, or fewer other_connections" in line


def test_the_most_concurrency_that_fits_is_allowed():
    loaded = settings.parse(config("prod", {"budget_service.reserved_concurrency": 262}))
    assert loaded.budget_service.reserved_concurrency == 262


def test_a_service_may_have_a_fixed_number_of_pods():
    loaded = settings.parse(config("prod", {"autoscaling.services[0].min": 10}))
    assert (loaded.autoscaling.services[0].min, loaded.autoscaling.services[0].max) == (10, 10)


def test_two_filters_on_one_budget_are_refused():
    line = refusal({"budgets.cloud-s3.regions": ["us-east-1"]})
    assert "teei-finops:budgets.cloud-s3.services" in line
    assert "allowed is at most one filter, and regions is set" in line


def test_a_lifecycle_that_moves_to_a_warmer_class_is_refused():
    line = refusal({"storage.backups.transitions[1].storage_class": "STANDARD_IA"})
    assert (
        'backups.transitions[1].storage_class: "STANDARD_IA"; allowed is a class colder than GLACIER_IR'
        in line
    )


def test_notifications_without_a_forecast_or_with_one_twice_are_refused():
    assert "at least one of type forecast" in refusal(
        {"cloud_budget.notifications[3]": {**LAST, "percent": 90}}
    )
    assert "one for each type and percent" in refusal({"cloud_budget.notifications[0]": LAST})


@pytest.mark.parametrize(("tier", "allowed"), [("starter", "up to 500"), ("custom", "50000 and more")])
def test_a_default_limit_outside_its_tier_is_refused(tier, allowed):
    assert f"default_limit: 1000; allowed is {allowed} with tier {tier}" in refusal({"ai_budget.tier": tier})


@pytest.mark.parametrize(
    ("tier", "limit"), [("starter", 500), ("professional", 2000), ("enterprise", 10000), ("custom", 50000)]
)
def test_a_default_limit_at_the_bound_of_its_tier_is_allowed(tier, limit):
    loaded = settings.parse(config("prod", {"ai_budget.tier": tier, "ai_budget.default_limit": limit}))
    assert loaded.ai_budget.default_limit == limit


def test_many_mistakes_stay_one_short_line_that_counts_the_rest():
    changes = {f"budgets.{name}.limit": "x" * 500 for name in settings.parse(config("prod")).budgets}
    with pytest.raises(settings.SettingsError, match="and 8 more") as caught:
        settings.parse(config("prod", changes))
    assert len(str(caught.value)) < 700


def test_nothing_configured_at_all_names_what_is_missing():
    with pytest.raises(settings.SettingsError, match="teei-finops:environment: is missing"):
        settings.parse({})


def test_config_of_other_projects_and_providers_is_left_alone():
    foreign = {"aws:region": "eu-west-1", "other:environment": "x"}
    assert settings.parse({**config("staging"), **foreign}) == settings.parse(config("staging"))


def test_a_secret_never_enters_the_model():
    loaded = settings.parse({**config("staging"), "teei-finops:kubeconfig": "hunter2"})
    assert "hunter2" not in repr(loaded)


def test_the_settings_are_frozen():
    loaded = settings.parse(config("staging"))
    with pytest.raises(ValidationError, match="frozen"):
        loaded.region = "eu-central-1"


def test_money_is_exact():
    loaded = settings.parse(config("prod", {"budgets.cloud-s3.limit": 10000.1}))
    assert loaded.budgets["cloud-s3"].limit == Decimal("10000.10")


def test_the_error_is_marked_as_the_users():
    assert settings.SettingsError.user_error is True


def test_account_wide_resources_live_in_prod_only_and_all_stacks_know_the_same_budgets():
    loaded = {stack: settings.parse(config(stack)) for stack in STACKS}
    assert [stack for stack in STACKS if loaded[stack].cloud_budget] == ["prod"]
    assert loaded["prod"].budgets == loaded["prod-eu"].budgets == loaded["staging"].budgets


def test_no_two_stacks_share_a_name_that_must_be_unique():
    loaded = [settings.parse(config(stack)) for stack in STACKS]
    names = [bucket.name for each in loaded for bucket in each.storage.buckets().values()]
    names += [each.database.identifier for each in loaded]
    names += [f"service {each.budget_service.name}" for each in loaded]
    assert len(set(names)) == len(names)
