"""A small account with known figures, and its reviews."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from functions.cost_data.records import Kind, Read
from functions.cost_data.store import Store as CostStore
from functions.reports.monthly import Inputs
from functions.reports.records import Review
from functions.reports.render.document import document
from functions.reports.reviews import make_review
from functions.reports.store import Store
from tests.functions.ai_budget.support import HAIKU, SONNET, fresh_database, sql
from tests.functions.cost_data.support import cost_row

EC2, RDS, S3 = (
    "Amazon Elastic Compute Cloud",
    "Amazon Relational Database Service",
    "Amazon Simple Storage Service",
)
FIRST, LAST = date(2026, 3, 1), date(2026, 11, 16)
OCTOBER = date(2026, 10, 1)
DRAFT, FINAL = datetime(2026, 11, 2, 18, tzinfo=UTC), datetime(2026, 11, 16, 18, tzinfo=UTC)
BUDGET = 6000
_reads = itertools.count()


def usage(day: date, service: str, region: str, usage_type: str, billed: str, quantity: str) -> Any:
    """A day's usage."""
    group = usage_type.partition(":")[0]
    return cost_row(
        day, billed, service=service, region=region, usage_type_group=group, usage_type=usage_type,
        quantity=Decimal(quantity),
    )  # fmt: skip


def charges(day: date) -> Iterator[Any]:
    """A day of the account: $150, from October on $160, since an instance hour costs 44 cents, not 40."""
    price = Decimal("0.44") if day >= OCTOBER else Decimal("0.40")
    yield usage(day, EC2, "us-east-1", "BoxUsage:m6i.large", str(250 * price), "250")
    yield usage(day, RDS, "eu-central-1", "InstanceUsage:db.r7g.large", "50", "24")
    if day == date(2026, 10, 10):
        yield cost_row(day, "1000", service=EC2, charge_category="purchase", effective=Decimal(0))
    if day == date(2026, 10, 31):
        yield cost_row(day, "-30", service=S3, charge_category="credit")


def store_costs(url: str, rows: list[Any], at: datetime) -> None:
    """Stores rows as one delivery that was read at an instant."""
    store = CostStore(url)
    store.create_schema()
    store.store_costs(Read(Kind.BILL, "file", f"bill-{next(_reads)}", at), rows)


def store_account(url: str, at: datetime) -> None:
    """Stores the costs of every month until the day before `at`, the budget and the sizes of buckets."""
    days = [FIRST + timedelta(days=n) for n in range((min(LAST, at.date()) - FIRST).days)]
    store_costs(url, [row for day in days for row in charges(day)], at)
    store = CostStore(url)
    store.store_answer(
        Read(Kind.BUDGETS, "budgets", "", at),
        {"budgets": [("total", BUDGET, None, None, False, 1), ("compute", 9000, None, None, True, 1)]},
    )
    store.store_answer(
        Read(Kind.BUCKET_SIZES, "cloudwatch", "", at),
        {
            "bucket_sizes": [
                ("logs", "StandardStorage", 3 * 10**12, at),
                ("old", "GlacierStorage", 10**12, at),
            ]
        },
    )


def store_calls(url: str, tenant: str, days: list[date], cost: str, model: str = SONNET) -> None:
    """One call a day at noon."""
    for day in days:
        sql(
            url,
            "INSERT INTO ai_token_usage (tenant_id, model, prompt_tokens, completion_tokens, cost_usd,"
            " timestamp) VALUES (%s, %s, 900, 100, %s, %s)",
            tenant, model, cost, datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        )  # fmt: skip


def store_budget(url: str, tenant: str, limit: int, model: str = SONNET, tier: str | None = None) -> None:
    """A budget, set by SQL as in the guide."""
    sql(
        url,
        "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, tier) VALUES (%s, %s, %s, %s)",
        tenant, model, limit, tier,
    )  # fmt: skip


def days_of(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


@pytest.fixture(scope="module")
def account(server: str) -> str:
    """The URL of a database with the account, read on 16 November, and the usage of two tenants."""
    url = fresh_database(server)
    store_account(url, FINAL)
    store_budget(url, "acme", 100)
    store_budget(url, "<b>bold</b>", 5000, model="*", tier="enterprise")
    store_calls(url, "acme", days_of(date(2026, 9, 1), 76), "4")
    store_calls(url, "<b>bold</b>", days_of(date(2026, 10, 1), 46), "1.5", model=HAIKU)
    return url


def review_of(url: str, at: datetime, period: date = OCTOBER, kind: str = "monthly", **inputs: Any) -> Review:
    """A review, whose figures are stored."""
    return make_review(Store(url), kind, period, at, Inputs(**inputs))


def figures(review: Review, item: str) -> dict[str, Any]:
    """The values of an item of the agenda as they are in the JSON file."""
    return {key: figure["value"] for key, figure in document(review)["agenda"][item]["figures"].items()}
