"""Cost Explorer: costs of accounts without an export, and forecast and commitments of every account.

A request is a page and costs $0.01: https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/
(2026-11). Each is counted before it is sent.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from functions.cost_data.records import (
    CATEGORIES,
    GLOBAL_REGION,
    CostDataError,
    CostRow,
    month_of,
    next_month,
)
from functions.cost_data.schedule import Span
from functions.cost_data.sources.aws import HOME_REGION, Aws

# Record types of GetDimensionValues that are usage; the discounts lower it:
# https://docs.aws.amazon.com/cost-management/latest/userguide/ce-filtering.html (2026-11).
USAGE_TYPES = (
    "Usage",
    "DiscountedUsage",
    "SavingsPlanCoveredUsage",
    "SavingsPlanNegation",
    "Bundled Discount",
    "Discount",
    "Enterprise Discount Program Discount",
    "Private Rate Discount",
    "Reseller Program Discount",
    "Volume Discount",
)
OTHER_TYPES = {
    "Credit": "credit",
    "Refund": "refund",
    "Tax": "tax",
    "Fee": "purchase",
    "RIFee": "purchase",
    "Recurring reservation fee": "purchase",
    "Upfront reservation fee": "purchase",
    "SavingsPlanRecurringFee": "purchase",
    "SavingsPlanUpfrontFee": "purchase",
}
OTHER_CATEGORIES = tuple(category for category in CATEGORIES if category != "usage")
REGIONS_OF_GLOBAL = ("", "NoRegion", "global")
PREDICTION_INTERVAL = 80
MAX_PAGES = 20


class LimitReached(Exception):
    """The month's Cost Explorer requests are used up."""


class CostExplorer:
    """Cost Explorer of one account. Raises AwsError, LimitReached, and CostDataError on another currency."""

    def __init__(self, aws: Aws, count_request: Callable[[], bool]) -> None:
        """`count_request` counts a request and returns whether it may be sent."""
        self._aws = aws
        self._count_request = count_request

    def usage(self, span: Span) -> Iterator[CostRow]:
        """Usage by day, service and Region."""
        is_usage = {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(USAGE_TYPES)}}
        for day, (service, region), billed, effective in self._costs(span, is_usage, "SERVICE", "REGION"):
            yield self._row(day, service, region, "usage", billed, effective)

    def other_charges(self, span: Span) -> Iterator[CostRow]:
        """All that `usage` leaves out, by day, service and charge category."""
        no_usage = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(USAGE_TYPES)}}}
        costs = self._costs(span, no_usage, "SERVICE", "RECORD_TYPE")
        for day, (service, record_type), billed, effective in costs:
            category = OTHER_TYPES.get(record_type, "adjustment")
            yield self._row(day, service, "", category, billed, effective)

    def forecast(self, now: datetime, month_to_date: Decimal) -> tuple[date, Decimal, Decimal, Decimal]:
        """(month, mean, low, high) of the billed cost of the whole current month.

        AWS forecasts the days from today on; `month_to_date` is what the days before cost. An answer that
        begins on the first day of the month is taken as it is.
        """
        today = now.date()
        answer = self._request(
            "get_cost_forecast",
            TimePeriod={"Start": today.isoformat(), "End": next_month(today).isoformat()},
            Metric="UNBLENDED_COST",
            Granularity="MONTHLY",
            PredictionIntervalLevel=PREDICTION_INTERVAL,
        )
        _require_usd(answer["Total"])
        result = answer["ForecastResultsByTime"][0]
        whole = date.fromisoformat(result["TimePeriod"]["Start"][:10]) < today
        spent = Decimal(0) if whole else month_to_date
        mean, low, high = (
            spent + Decimal(result[name])
            for name in ("MeanValue", "PredictionIntervalLowerBound", "PredictionIntervalUpperBound")
        )
        return month_of(today), mean, low, high

    def savings_plans_usage(self, span: Span) -> tuple[Decimal, Decimal]:
        """(coverage, utilization) of Savings Plans over days, in percent."""
        period = _period(span)
        coverages = [
            item["Coverage"]
            for page in self._pages("get_savings_plans_coverage", "SavingsPlansCoverages", TimePeriod=period)
            for item in page
        ]
        covered = sum((Decimal(item["SpendCoveredBySavingsPlans"]) for item in coverages), Decimal())
        total = sum((Decimal(item["TotalCost"]) for item in coverages), Decimal())
        used = self._request("get_savings_plans_utilization", TimePeriod=period)
        utilization = Decimal(used["Total"]["Utilization"]["UtilizationPercentage"])
        return (covered * 100 / total if total else Decimal(0)), utilization

    def reservations_usage(self, span: Span) -> tuple[Decimal, Decimal]:
        """(coverage, utilization) of reservations over days, in percent."""
        period = _period(span)
        covered = self._request("get_reservation_coverage", TimePeriod=period)
        used = self._request("get_reservation_utilization", TimePeriod=period)
        return (
            Decimal(covered["Total"]["CoverageHours"]["CoverageHoursPercentage"]),
            Decimal(used["Total"]["UtilizationPercentage"]),
        )

    def _row(
        self, day: date, service: str, region: str, category: str, billed: Decimal, effective: Decimal
    ) -> CostRow:
        return CostRow(
            day=day,
            billing_period=month_of(day),
            provider="AWS",
            billing_account=self._aws.account,
            account=self._aws.account,
            region=GLOBAL_REGION if region in REGIONS_OF_GLOBAL else region,
            service=service,
            usage_type_group="",
            charge_category=category,
            tag_team="",
            tag_service="",
            tag_environment="",
            tag_cost_center="",
            billed=billed,
            effective=effective,
            charges=1,
        )

    def _costs(
        self, span: Span, matching: dict[str, Any], *dimensions: str
    ) -> Iterator[tuple[date, list[str], Decimal, Decimal]]:
        pages = self._pages(
            "get_cost_and_usage",
            "ResultsByTime",
            TimePeriod=_period(span),
            Granularity="DAILY",
            Metrics=["UnblendedCost", "AmortizedCost"],
            Filter=matching,
            GroupBy=[{"Type": "DIMENSION", "Key": key} for key in dimensions],
        )
        for results in pages:
            for result in results:
                day = date.fromisoformat(result["TimePeriod"]["Start"][:10])
                for group in result["Groups"]:
                    billed, effective = (
                        _require_usd(group["Metrics"][name]) for name in ("UnblendedCost", "AmortizedCost")
                    )
                    if billed or effective:
                        yield day, group["Keys"], billed, effective

    def _pages(self, operation: str, items: str, **parameters: Any) -> Iterator[list[dict[str, Any]]]:
        token_name = "NextPageToken" if operation == "get_cost_and_usage" else "NextToken"
        for _ in range(MAX_PAGES):
            answer = self._request(operation, **parameters)
            yield answer.get(items, [])
            if not answer.get(token_name):
                return
            parameters[token_name] = answer[token_name]
        raise LimitReached(f"{operation} has more than {MAX_PAGES} pages; use a data export")

    def _request(self, operation: str, **parameters: Any) -> dict[str, Any]:
        if not self._count_request():
            raise LimitReached(
                "the Cost Explorer requests of this month are used up; raise "
                "COST_DATA_REQUEST_LIMIT or use a data export"
            )
        return self._aws.call("ce", operation, HOME_REGION, **parameters)


def last_days(now: datetime, count: int) -> Span:
    """The last complete days."""
    return Span(now.date() - timedelta(days=count), now.date() - timedelta(days=1))


def _period(span: Span) -> dict[str, str]:
    """As Cost Explorer writes it: the end is the day after the last."""
    return {"Start": span.first.isoformat(), "End": (span.last + timedelta(days=1)).isoformat()}


def _require_usd(amount: dict[str, str]) -> Decimal:
    if amount.get("Unit", "USD") != "USD":
        raise CostDataError(f"Cost Explorer answers in {amount['Unit']}; only USD can be stored")
    return Decimal(amount["Amount"])
