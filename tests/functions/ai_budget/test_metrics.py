"""The Prometheus page: which budgets it names, that it stays small, and that it has the guide's series."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, cast

from prometheus_client.parser import text_string_to_metric_families

from functions.ai_budget import metrics
from functions.ai_budget.ledger import Ledger, Unavailable

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HALF = Decimal("0.5")
SONNET, OPUS = "claude-3-5-sonnet-20241022", "claude-opus-5"
LABELS = (
    "tenant_id",
    "model",
    "report_type",
    "channel",
    "state",
    "route",
    "status",
    "le",
)
Row = tuple[Any, ...]


class Budget(NamedTuple):
    """The columns of `budgets` that the page uses."""

    tenant_id: str
    model: str
    monthly_limit_usd: Decimal
    spent_usd: Decimal
    reserved_usd: Decimal
    hard_limit_reached: bool


class Figures:
    """What the named queries of the ledger return."""

    def __init__(self, **rows: Sequence[Row]) -> None:
        self.rows = rows
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def fetch(self, name: str, **params: Any) -> Sequence[Row]:
        self.asked.append((name, params))
        return self.rows.get(name, [])


def page(figures: Any, tenant: str | None = None, requests: metrics.RequestMetrics | None = None) -> bytes:
    requests = requests or metrics.RequestMetrics()
    return asyncio.run(metrics.page(cast(Ledger, figures), requests, NOW, HALF, tenant))


def samples(text: bytes) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by metric and label values."""
    read: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = tuple(sample.labels[name] for name in LABELS if name in sample.labels)
            assert labels not in read.setdefault(sample.name, {})
            read[sample.name][labels] = sample.value
    return read


def budget(tenant: str, spent: str, model: str = SONNET, reached: bool = False) -> Budget:
    return Budget(tenant, model, Decimal(100), Decimal(spent), Decimal("1.5"), reached)


def test_budgets_at_or_above_the_share_are_named_and_the_rest_are_sums_by_model() -> None:
    positions = [
        budget("at", "50"), budget("below", "49.9"), budget("low", "0.1"), budget("low", "7", OPUS),
        budget("refused", "3", OPUS, reached=True),
    ]  # fmt: skip
    read = samples(page(Figures(budgets=positions)))
    assert read["ai_budget_spent_usd"] == {
        ("at", SONNET): 50, ("refused", OPUS): 3, ("", SONNET): 50, ("", OPUS): 7,
    }  # fmt: skip
    assert read["ai_budget_monthly_limit_usd"][("", SONNET)] == 200
    assert read["ai_budget_reserved_usd"][("", SONNET)] == 3
    assert read["ai_budget_utilization_percent"] == {("at", SONNET): 50, ("refused", OPUS): 3}
    assert read["ai_budget_hard_limit_reached"] == {("at", SONNET): 0, ("refused", OPUS): 1}


def test_a_limit_of_nothing_is_all_used() -> None:
    figures = Figures(budgets=[Budget("none", SONNET, Decimal(0), Decimal(0), Decimal(0), True)])
    assert samples(page(figures))["ai_budget_utilization_percent"] == {("none", SONNET): 100}


def test_the_page_for_one_tenant_names_what_it_has_whatever_it_spent() -> None:
    figures = Figures(tenant=[budget("acme", "0")], totals=[(SONNET, "weekly", Decimal(2), 3, 4, 5)])
    read = samples(page(figures, tenant="acme"))
    assert read["ai_budget_spent_usd"] == {("acme", SONNET): 0}
    assert read["ai_token_usage_cost_usd"] == {("acme", SONNET, "weekly"): 2}
    assert figures.asked == [("tenant", {"tenant_id": "acme", "now": NOW}), ("totals", {"tenant": "acme"})]


def test_the_page_stays_below_a_megabyte_with_5000_full_budgets_of_the_longest_names() -> None:
    full = [budget(f"{number:04}" + "t" * 124, "100", "m" * 128, reached=True) for number in range(5000)]
    unpriced = [(f"{number}" + "a" * 2045, 1, 10) for number in range(100, 999)]
    totals = [(SONNET, f"report-{number}", Decimal(1), 1, 1, 1) for number in range(100)]
    text = page(Figures(budgets=full, unpriced_counts=unpriced, totals=totals))
    assert len(text) < 1_000_000
    read = samples(text)
    assert len(read["ai_budget_hard_limit_reached"]) > 300
    assert sum(read["ai_budget_spent_usd"].values()) == 500_000
    assert sum(read["ai_budget_unpriced_calls"].values()) == 899


def test_the_page_stays_below_a_megabyte_with_a_model_for_every_budget() -> None:
    text = page(Figures(budgets=[budget("t", "60", f"{number:04}" + "m" * 124) for number in range(5000)]))
    assert len(text) < 1_000_000
    assert sum(samples(text)["ai_budget_spent_usd"].values()) == 300_000


def test_names_of_an_ordinary_length_fit_more_than_a_thousand_budgets() -> None:
    full = [budget(f"7f1c0f5e-4b0f-4e4f-9d2e-8a8ee7a1{number:04}", "90") for number in range(5000)]
    text = page(Figures(budgets=full))
    assert len(text) < 1_000_000
    assert len(samples(text)["ai_budget_hard_limit_reached"]) > 1000


def test_the_fullest_budgets_are_named_where_not_all_fit() -> None:
    positions = [budget(f"t{number:04}" + "x" * 120, f"{60 + number / 100}") for number in range(2000)]
    named = [
        tenant for tenant, _ in samples(page(Figures(budgets=positions)))["ai_budget_utilization_percent"]
    ]
    assert named == [f"t{number:04}" + "x" * 120 for number in range(1999, 1999 - len(named), -1)]


def test_the_guides_queries_find_their_series_under_the_printed_names() -> None:
    totals = [(SONNET, "weekly", Decimal("2.5"), 3, 4, 5), (OPUS, "", Decimal(4), 1, 1, 1)]
    read = samples(page(Figures(budgets=[budget("a", "100", reached=True), budget("b", "1")], totals=totals)))
    assert sum(read["ai_token_usage_cost_usd"].values()) == 6.5
    assert [value for value in read["ai_budget_hard_limit_reached"].values() if value == 1] == [1]
    assert {labels[1] for labels in read["ai_token_usage_cost_usd"] if labels[1]} == {"weekly"}


def test_a_counter_of_spend_stays_the_same_series_when_a_tenant_crosses_the_share() -> None:
    totals = [(SONNET, "weekly", Decimal("2.5"), 3, 4, 5)]
    pages = [samples(page(Figures(budgets=[budget("a", spent)], totals=totals))) for spent in ("1", "99")]
    assert (
        pages[0]["ai_token_usage_cost_usd"]
        == pages[1]["ai_token_usage_cost_usd"]
        == {(SONNET, "weekly"): 2.5}
    )


def test_notices_and_calls_without_a_price_are_counted() -> None:
    figures = Figures(
        notice_counts=[
            ("email", "sent", 5),
            ("webhook", "pending", 2),
            ("webhook", "failed", 1),
            (None, "pending", 3),
        ],
        unpriced_counts=[("gpt-5.4", 2, 900)],
    )
    read = samples(page(figures))
    assert read["ai_budget_notices"] == {
        ("email", "sent"): 5,
        ("webhook", "pending"): 2,
        ("webhook", "failed"): 1,
    }
    assert read["ai_budget_outbox_unsent"] == {(): 5}
    assert read["ai_budget_unpriced_calls"] == {("gpt-5.4",): 2}
    assert read["ai_budget_unpriced_tokens"] == {("gpt-5.4",): 900}


def test_without_the_database_the_page_has_its_absence_and_the_answer_times_but_no_money() -> None:
    class Away:
        async def fetch(self, name: str, **_: Any) -> list[Row]:
            if name == "budgets":
                return [budget("acme", "99")]
            raise Unavailable("the database does not answer")

    requests = metrics.RequestMetrics()
    requests.observe("check", 503, 2.5)
    read = samples(page(Away(), requests=requests))
    assert read["ai_budget_database_up"] == {(): 0}
    assert read["ai_budget_request_duration_seconds_count"] == {("check", "5xx"): 1}
    assert not [name for name in read if "usd" in name]


def test_label_values_are_escaped() -> None:
    tenant = 'quote " backslash \\ line\nend'
    assert (tenant, SONNET) in samples(page(Figures(budgets=[budget(tenant, "80")])))["ai_budget_spent_usd"]


def test_answer_times_of_all_workers_are_added_up_after_a_worker_has_ended(tmp_path: Path) -> None:
    worker = (
        "import sys; from functions.ai_budget.metrics import RequestMetrics\n"
        "requests = RequestMetrics(sys.argv[1])\n"
        "requests.observe('check', 200, 0.002); requests.observe('check', 429, 0.2)\n"
    )
    for _ in range(2):
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        command = [sys.executable, "-c", worker, str(tmp_path)]
        subprocess.run(command, check=True, env=environment, cwd=Path(__file__).parents[3])
    read = samples(page(Figures(), requests=metrics.RequestMetrics(str(tmp_path))))
    assert read["ai_budget_request_duration_seconds_count"] == {("check", "2xx"): 2, ("check", "4xx"): 2}
    assert read["ai_budget_request_duration_seconds_sum"][("check", "4xx")] == 0.4
