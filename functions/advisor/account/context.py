"""What a rule on the account has: one Region, its metrics, and how a finding is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from functions.advisor.catalogue import risk_of
from functions.advisor.findings import BillLine, Commitment, Confidence, Finding
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import Prices
from functions.advisor.settings import Settings
from functions.cost_data.sources.aws import METRICS_A_REQUEST, Aws

DAY_SECONDS = 86_400


class Metric(NamedTuple):
    """A CloudWatch metric of one resource; `statistic` is Sum, Maximum or Average, of each day."""

    namespace: str
    name: str
    statistic: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True)
class Account:
    """One Region of an account at an instant."""

    aws: Aws
    settings: Settings
    prices: Prices
    ownership: Ownership
    now: datetime
    region: str

    def pages(self, service: str, operation: str, **parameters: Any) -> Iterable[dict[str, Any]]:
        """All pages of a boto3 method. Raises AwsError."""
        return self.aws.pages(service, operation, self.region, **parameters)

    def items(self, service: str, operation: str, key: str, **parameters: Any) -> Iterable[dict[str, Any]]:
        """The items of all pages. Raises AwsError."""
        for page in self.pages(service, operation, **parameters):
            yield from page.get(key, [])

    def arn(self, service: str, resource: str) -> str:
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        return f"arn:{partition}:{service}:{self.region}:{self.aws.account}:{resource}"

    def is_older(self, created: datetime | None, days: int | None = None) -> bool:
        """Whether something has existed for some days, by default for the whole window."""
        span = timedelta(days=days) if days else self.settings.window
        return created is not None and created <= self.now - span

    def confidence(self, created: datetime, confidence: Confidence) -> Confidence:
        """Low for what was created within the window: it may be about to be used."""
        return confidence if self.is_older(created) else Confidence.LOW

    def days_of(self, created: datetime) -> str:
        """How long something was measured, in words: the window, or since it was created."""
        age, window = self.days_measured(created), self.settings.window_days
        return f"{window} days" if age >= window else f"{age:.0f} days (since it was created)"

    def days_measured(self, created: datetime) -> Decimal:
        """The days of the window in which something existed, an hour at least."""
        age = Decimal((self.now - created).total_seconds()) / DAY_SECONDS
        return min(max(age, Decimal(1) / 24), Decimal(self.settings.window_days))

    def values(self, metrics: Sequence[Metric], days: int | None = None) -> list[list[float]]:
        """The daily values of each metric in the window, in no order; none without data. Raises AwsError."""
        results: list[list[float]] = [[] for _ in metrics]
        for start in range(0, len(metrics), METRICS_A_REQUEST):
            queries = [
                {
                    "Id": f"m{number}",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": metric.namespace,
                            "MetricName": metric.name,
                            "Dimensions": [
                                {"Name": name, "Value": value} for name, value in metric.dimensions.items()
                            ],
                        },
                        "Period": DAY_SECONDS,
                        "Stat": metric.statistic,
                    },
                }
                for number, metric in enumerate(metrics[start : start + METRICS_A_REQUEST], start)
            ]
            for page in self.pages(
                "cloudwatch",
                "get_metric_data",
                MetricDataQueries=queries,
                StartTime=self.now - timedelta(days=days or self.settings.window_days),
                EndTime=self.now,
            ):
                for result in page["MetricDataResults"]:
                    results[int(result["Id"][1:])] += result["Values"]
        return results

    def finding(
        self,
        rule: str,
        arn: str,
        *,
        evidence: str,
        change: str,
        saving: Decimal | None,
        confidence: Confidence,
        tags: Mapping[str, str],
        bill: BillLine,
        commitment: Commitment | None = None,
        ids: Sequence[str] = (),
        inputs: str = "",
    ) -> Finding:
        """A finding on a resource; `ids` are those that AWS generated for it."""
        return Finding(
            rule=rule,
            resource=arn,
            evidence=evidence,
            change=change,
            saving_list=saving,
            confidence=confidence,
            risk=risk_of(rule),
            owner=self.ownership.owner(tags),
            managed_by=self.ownership.managed_by([arn, *ids], tags),
            link=f"https://console.aws.amazon.com/go/view?arn={quote(arn, safe='')}",
            bill=BillLine(bill.service, bill.usage_type, self.region),
            commitment=commitment,
            merge_keys=tuple(ids),
            inputs=inputs,
        )


def tags_of(items: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags as a mapping, from the list of Key and Value that most services answer with."""
    return {item["Key"]: item.get("Value", "") for item in items or ()}
