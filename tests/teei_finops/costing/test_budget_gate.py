from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from teei_finops.costing.amounts import Range
from teei_finops.costing.budgets.budgets_file import (
    Budget,
    Budgets,
    Scope,
    Waiver,
    budgets_of_config,
    read_budgets,
)
from teei_finops.costing.budgets.gate import evaluate_budgets
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.prices.price_book import list_prices
from teei_finops.costing.usage.profile import UsageProfile
from teei_finops.costing.yaml_file import SettingError
from teei_finops.review.report import build_report
from tests.teei_finops.costing.preview_builder import QUEUE, VOLUME, create, preview, step

DAY = date(2026, 11, 24)
GB100 = {"size": 100, "type": "gp3"}


def reviewed(steps, *budgets: Budget, waivers=(), usage=None, **more):
    plan = read_plan(preview(*steps), name="p")
    options = CostOptions(
        at=DAY, budgets=Budgets(budgets, tuple(waivers), **more), usage=usage or UsageProfile()
    )
    return build_report([plan], options)


def disk(size: int, **more):
    return create(VOLUME, "disk", {"size": size, "type": "gp3", **more})  # $0.08 a GB


def requests(low: int, expected: int, high: int) -> UsageProfile:
    usage = {"monthly_requests": Range(Decimal(low), Decimal(expected), Decimal(high))}
    return UsageProfile({QUEUE: usage | {"request_size_kb": Range.of(1)}})


LIMIT_8 = Budget("disks", Scope(), monthly_limit=Decimal(8))


@pytest.mark.parametrize(("size", "status", "verdict"), [(100, "within", "pass"), (101, "fail", "fail")])
def test_the_expected_cost_may_reach_the_limit_but_not_pass_it(size, status, verdict):
    document = reviewed([disk(size)], LIMIT_8)
    assert document["budgets"][0]["status"] == status
    assert document["verdict"] == verdict


def test_a_high_end_above_the_limit_is_advisory():
    queue = create(QUEUE, "jobs", {})
    document = reviewed([queue], LIMIT_8, usage=requests(0, 20_000_000, 20_000_001))
    assert (document["budgets"][0]["status"], document["verdict"]) == ("advisory", "advisory")
    assert "high end" in document["budgets"][0]["reason"]


@pytest.mark.parametrize(
    ("cap", "size", "status"),
    [
        ({"max_increase": Decimal(8)}, 200, "within"),
        ({"max_increase": Decimal(8)}, 201, "fail"),
        ({"max_increase_percent": Decimal(100)}, 200, "within"),
        ({"max_increase_percent": Decimal(100)}, 201, "fail"),
        ({"max_increase": Decimal(0)}, 50, "within"),
    ],
)
def test_the_increase_may_reach_its_cap_but_not_pass_it(cap, size, status):
    change = step("update", VOLUME, "disk", old=GB100, new=GB100 | {"size": size})
    assert reviewed([change], Budget("b", Scope(), **cap))["budgets"][0]["status"] == status


def test_any_increase_from_nothing_is_above_a_percentage():
    row = reviewed([disk(1)], Budget("b", Scope(), max_increase_percent=Decimal(1000)))["budgets"][0]
    assert row["status"] == "fail"
    assert "from $0" in row["reason"]


def test_nothing_that_changes_is_within_a_cap_of_zero_percent():
    same = step("same", VOLUME, "disk", old=GB100, new=GB100)
    assert reviewed([same], Budget("b", Scope(), max_increase_percent=Decimal(0)))["verdict"] == "pass"


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), "24.8"),
        (Scope("stack", ("dev",)), "24.8"),
        (Scope("stack", ("prod",)), "0"),
        (Scope("region", ("us-east-1",)), "8.8"),
        (Scope("region", ("eu-central-1", "us-east-1")), "24.8"),
        (Scope("service", ("AmazonEC2",)), "24"),
        (Scope("service", ("AWSQueueService",)), "0.8"),
        (Scope("tag", ("data",), "team"), "16"),
        (Scope("tag", ("web",), "team"), "8.8"),
        (Scope("tag", ("data",), "owner"), "0"),
    ],
)
def test_a_budget_counts_what_its_scope_names(scope, expected):
    config = {"aws:region": "us-east-1", "aws:defaultTags": '{"tags": {"team": "web"}}'}
    eu = {"type": "st1", "size": 16 / 0.054, "region": "eu-central-1", "tags": {"team": "data"}}
    steps = [disk(100), create(VOLUME, "eu", eu), create(QUEUE, "jobs", {})]
    plan = read_plan(preview(*steps, config=config), name="p")
    usage = requests(2_000_000, 2_000_000, 2_000_000)
    document = build_report(
        [plan], CostOptions(at=DAY, budgets=Budgets((Budget("b", scope, Decimal(1)),)), usage=usage)
    )
    assert round(Decimal(document["budgets"][0]["after"]["expected"]), 6) == Decimal(expected)


@pytest.mark.parametrize(
    ("expires", "status", "verdict"),
    [(date(2026, 11, 24), "waived", "advisory"), (date(2026, 11, 23), "fail", "fail")],
)
def test_a_waiver_lets_a_breach_pass_through_its_last_day(expires, status, verdict):
    waiver = Waiver("disks", "cto@example.com", "migration", expires)
    document = reviewed([disk(200)], LIMIT_8, waivers=[waiver])
    assert (document["budgets"][0]["status"], document["verdict"]) == (status, verdict)
    assert "cto@example.com" in document["budgets"][0]["reason"]


@pytest.mark.parametrize(
    ("percent", "enforcement", "verdict"),
    [(50, "mandatory", "advisory"), (51, "mandatory", "fail"), (51, "advisory", "advisory")],
)
def test_coverage_below_the_minimum_has_the_configured_enforcement(percent, enforcement, verdict):
    steps = [disk(100), create("aws:quantum/thing:Thing", "odd", {})]
    document = reviewed(steps, min_percent=Decimal(percent), coverage=enforcement)
    assert document["verdict"] == verdict


ODD = create("aws:quantum/thing:Thing", "odd", {})
FREE = create("aws:iam/role:Role", "role", {})


def test_anything_unpriced_is_at_best_advisory_also_without_budgets():
    assert reviewed([ODD, disk(1)])["verdict"] == "advisory"


@pytest.mark.parametrize(
    ("steps", "allowed", "verdict"),
    [
        ([ODD], False, "unpriced"),
        ([ODD, FREE], False, "unpriced"),
        ([ODD], True, "advisory"),
        ([ODD, disk(1)], False, "advisory"),
        ([FREE], False, "pass"),
        ([], False, "pass"),
    ],
)
def test_a_change_of_which_nothing_that_can_bill_has_a_price_is_unpriced_unless_it_is_allowed(
    steps, allowed, verdict
):
    assert reviewed(steps, allow_unpriced=allowed)["verdict"] == verdict


def test_coverage_does_not_count_free_resources():
    document = reviewed([disk(1), ODD, *(create("aws:iam/role:Role", f"r{n}", {}) for n in range(98))])
    assert document["coverage"]["percent"] == "50.0"


def test_a_cap_in_percent_of_a_total_that_misses_something_is_not_within():
    same = step("same", VOLUME, "disk", old=GB100, new=GB100)
    (row,) = reviewed([same, ODD], Budget("b", Scope(), max_increase_percent=Decimal(10)))["budgets"]
    assert (row["status"], row["reason"]) == (
        "advisory",
        "the cap of 10 % cannot be checked: 1 without a price",
    )
    change = step("update", VOLUME, "disk", old=GB100, new=GB100 | {"size": 200})
    (row,) = reviewed([change, ODD], Budget("b", Scope(), max_increase_percent=Decimal(10)))["budgets"]
    assert (row["status"], row["reason"]) == ("fail", "expected increase $8.00 is above the cap of 10 %")


def test_a_budget_of_a_service_counts_resources_that_may_belong_to_it():
    (row,) = reviewed([disk(1), ODD], Budget("b", Scope("service", ("AmazonEC2",)), Decimal(9)))["budgets"]
    assert row["unpriced"] == 1


def test_no_resource_is_within_every_budget():
    (row,) = evaluate_budgets([], Budgets((LIMIT_8,)), DAY)
    assert row.status == "within"


def test_budgets_in_the_config_of_a_stack_are_judged():
    budgets = '{"total": {"limit": 7}, "eu": {"limit": 1, "regions": ["eu-central-1"]}, ' + (
        '"db": {"limit": 1, "services": ["Amazon Relational Database Service"]}, '
        '"web": {"limit": 9, "tag": {"key": "team", "value": "web"}}}'
    )
    plan = read_plan(
        preview(disk(100), config={"aws:region": "us-east-1", "shop:budgets": budgets}), name="p"
    )
    assert [(b.name, b.scope.as_json()) for b in budgets_of_config(plan)] == [
        ("total", {}),
        ("eu", {"region": "eu-central-1"}),
        ("db", {"service": "AmazonRDS"}),
        ("web", {"tag": {"key": "team", "value": "web"}}),
    ]
    assert build_report([plan], CostOptions(at=DAY))["verdict"] == "fail"


@pytest.mark.parametrize("value", ["{", "[1]", '{"a": 7}', '{"a": {"limit": "x"}}', "7"])
def test_a_config_whose_budgets_have_another_form_is_ignored(value):
    plan = read_plan(preview(disk(100), config={"shop:budgets": value}), name="p")
    assert budgets_of_config(plan) == ()


# The file

WHOLE = """
version: 1
coverage: {min_percent: 90, enforcement: mandatory, allow_unpriced: true}
budgets:
  - {name: all, scope: {}, monthly_limit_usd: 100.50}
  - {name: eu, scope: {region: eu-central-1}, max_increase_usd: 5}
  - {name: web, scope: {tag: {key: team, value: web}}, max_increase_percent: 10}
waivers:
  - {budget: all, owner: cto, reason: launch, expires: 2026-12-31}
discounts:
  - {service: AmazonEC2, percent: 12.5, until: 2027-01-01}
"""


def read(tmp_path: Path, text: str) -> Budgets:
    path = tmp_path / "budgets.yaml"
    path.write_text(text)
    return read_budgets(path, list_prices())


def test_a_whole_file_is_read(tmp_path):
    budgets = read(tmp_path, WHOLE)
    assert [budget.monthly_limit for budget in budgets.budgets] == [Decimal("100.5"), None, None]
    assert budgets.budgets[2].scope == Scope("tag", ("web",), "team")
    assert budgets.waivers[0].expires == date(2026, 12, 31)
    assert budgets.discounts[0].percent == Decimal("12.5")
    assert (budgets.min_percent, budgets.coverage, budgets.allow_unpriced) == (90, "mandatory", True)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("version: 1", "version: 2", "version must be 1"),
        ("budgets:", "budgtes:", "unknown key 'budgtes'; did you mean 'budgets'?"),
        ("monthly_limit_usd", "monthly_limt_usd", "did you mean 'monthly_limit_usd'?"),
        ("{region: eu-central-1}", "{regoin: eu-central-1}", "did you mean 'region'?"),
        ("{region: eu-central-1}", "{service: AmazonEC22}", "did you mean 'AmazonEC2'?"),
        ("{region: eu-central-1}", "{service: AmazonEC2, stack: a}", "one of stack"),
        ("100.50", '"100"', "must be a number of 0 or more, not '100'"),
        ("100.50", "-1", "must be a number"),
        ("100.50", ".nan", "must be a number"),
        ("100.50", "true", "must be a number"),
        (", monthly_limit_usd: 100.50", "", "needs one of monthly_limit_usd"),
        ("name: eu", "name: all", "two budgets are named 'all'"),
        ("2026-12-31", "soon", "must be a date"),
        ("owner: cto, ", "", "owner: must be text"),
        ("owner: cto", "owner: ' '", "owner: must be text"),
        ("mandatory", "strict", "must be one of advisory, mandatory"),
        ("min_percent: 90", "min_percent: 101", "a number of 0 to 100"),
        ("allow_unpriced: true", "allow_unpriced: 1", "must be true or false, not 1"),
        ("percent: 12.5", "percent: 120", "a number of 0 to 100"),
        ("service: AmazonEC2", "service: amazonec2", "did you mean 'AmazonEC2'?"),
        ("version: 1", "version: 1\nversion: 1", "is duplicated"),
        ("version: 1", "version: [", "not YAML"),
    ],
)
def test_a_mistake_in_the_file_is_named_in_one_line(tmp_path, old, new, problem):
    assert old in WHOLE
    with pytest.raises(SettingError) as caught:
        read(tmp_path, WHOLE.replace(old, new, 1))
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_waiver_of_a_budget_that_is_not_there_is_refused():
    with pytest.raises(SettingError, match="did you mean 'disks'"):
        reviewed([disk(1)], LIMIT_8, waivers=[Waiver("disk", "cto", "why", DAY)])
