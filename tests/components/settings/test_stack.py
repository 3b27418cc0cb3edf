"""The stack config: every stack file is valid, and valid values are kept as they are."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from components import settings
from tests.components.stack_config import STACKS, config


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_file_is_valid(stack):
    assert settings.parse(config(stack)).environment == ("staging" if stack == "staging" else "prod")


def test_the_most_concurrency_that_fits_is_allowed():
    loaded = settings.parse(config("prod", {"ai_budget_service.reserved_concurrency": 262}))
    assert loaded.ai_budget_service.reserved_concurrency == 262


def test_a_service_may_have_a_fixed_number_of_pods():
    loaded = settings.parse(config("prod", {"autoscaling.services[0].min": 10}))
    assert (loaded.autoscaling.services[0].min, loaded.autoscaling.services[0].max) == (10, 10)


@pytest.mark.parametrize(
    ("tier", "limit"), [("starter", 500), ("professional", 2000), ("enterprise", 10000), ("custom", 50000)]
)
def test_a_default_limit_at_the_bound_of_its_tier_is_allowed(tier, limit):
    loaded = settings.parse(config("prod", {"ai_budget.tier": tier, "ai_budget.default_limit": limit}))
    assert loaded.ai_budget.default_limit == limit


def test_config_of_other_projects_and_providers_is_ignored():
    foreign = {"aws:region": "eu-west-1", "other:environment": "x"}
    assert settings.parse({**config("staging"), **foreign}) == settings.parse(config("staging"))


def test_the_settings_are_frozen():
    loaded = settings.parse(config("staging"))
    with pytest.raises(ValidationError, match="frozen"):
        loaded.region = "eu-central-1"


def test_money_is_exact():
    loaded = settings.parse(config("prod", {"budgets.cloud-s3.limit": 10000.1}))
    assert loaded.budgets["cloud-s3"].limit == Decimal("10000.10")


def test_only_prod_has_account_wide_resources_and_all_stacks_have_the_same_budgets():
    loaded = {stack: settings.parse(config(stack)) for stack in STACKS}
    assert [stack for stack in STACKS if loaded[stack].cloud_budgets] == ["prod"]
    assert loaded["prod"].budgets == loaded["prod-eu"].budgets == loaded["staging"].budgets


def test_no_two_stacks_share_a_name_that_must_be_unique():
    loaded = [settings.parse(config(stack)) for stack in STACKS]
    names = [bucket.name for stack in loaded for bucket in stack.storage.buckets().values()]
    names += [stack.database.identifier for stack in loaded]
    names += [f"service {stack.ai_budget_service.name}" for stack in loaded]
    assert len(set(names)) == len(names)
