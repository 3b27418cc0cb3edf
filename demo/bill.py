"""The bill of the sample account: FOCUS 1.2 files of about $100,000 a month, the same at every run.

It has two Regions, tags with some of them missing, a spike, one Savings Plan that is paid in advance, and one
correction that AWS delivers late. Amounts are US dollars, days are UTC.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from functions.cost_data.records import FINAL_AFTER_DAYS, month_of, next_month, previous_month

ACCOUNT = "111122223333"
MONTHS = 13
MONTHLY = Decimal(91_000)  # of the first month
GROWTH = Decimal("1.017")  # a month
REGIONS = {"us-east-1": Decimal("0.64"), "eu-central-1": Decimal("0.36")}
TEAMS = {
    "platform": Decimal("0.34"),
    "reporting": Decimal("0.22"),
    "data": Decimal("0.19"),
    "web": Decimal("0.12"),
    "identity": Decimal("0.06"),
    "": Decimal("0.07"),
}
COST_CENTERS = {"platform": "cc-100", "reporting": "cc-210", "data": "cc-220", "identity": "cc-100"}


@dataclass(frozen=True)
class Service:
    """A service, its share of the bill and how much of it pauses at weekends."""

    name: str
    usage_type: str
    share: Decimal
    weekend: Decimal = Decimal(1)
    price: Decimal = Decimal(1)  # of a unit of the usage type in us-east-1


# The guide, Cost Breakdown.
SERVICES = (
    Service(
        "Amazon Elastic Compute Cloud",
        "BoxUsage:m6i.2xlarge",
        Decimal("0.41"),
        Decimal("0.82"),
        Decimal("0.384"),
    ),
    Service(
        "Amazon Elastic Kubernetes Service",
        "AmazonEKS-Hours:perCluster",
        Decimal("0.04"),
        price=Decimal("0.10"),
    ),
    Service(
        "Amazon Relational Database Service",
        "Multi-AZUsage:db.r7g.2xl",
        Decimal("0.20"),
        price=Decimal("1.912"),
    ),
    Service("Amazon Simple Storage Service", "TimedStorage-ByteHrs", Decimal("0.10"), price=Decimal("0.023")),
    Service("AWS Data Transfer", "DataTransfer-Out-Bytes", Decimal("0.10"), Decimal("0.7"), Decimal("0.09")),
    Service("Elastic Load Balancing", "LCUUsage", Decimal("0.08"), Decimal("0.9"), Decimal("0.008")),
    Service("Amazon CloudWatch", "DataProcessing-Bytes", Decimal("0.05"), Decimal("0.9"), Decimal("0.50")),
    Service("AWS Key Management Service", "KMS-Requests", Decimal("0.02"), price=Decimal("0.000003")),
)
COMPUTE, TRANSFER, STORAGE = SERVICES[0].name, SERVICES[4].name, SERVICES[3].name
# Usage types of a team that has several of a service: the share of the cost, and the price of a unit.
PARTS = {
    (COMPUTE, "platform"): (
        ("BoxUsage:m6i.2xlarge", Decimal("0.80"), Decimal("0.384")),
        ("SpotUsage:m6i.2xlarge", Decimal("0.20"), Decimal("0.141")),
    ),
    (COMPUTE, "reporting"): (
        ("BoxUsage:m6i.2xlarge", Decimal("0.80"), Decimal("0.384")),
        ("BoxUsage:m6i.4xlarge", Decimal("0.20"), Decimal("0.768")),
    ),
    (STORAGE, "data"): (
        ("TimedStorage-ByteHrs", Decimal("0.62"), Decimal("0.023")),
        ("TimedStorage-SIA-ByteHrs", Decimal("0.26"), Decimal("0.0125")),
        ("TimedStorage-GIR-ByteHrs", Decimal("0.07"), Decimal("0.004")),
        ("TimedStorage-GDA-ByteHrs", Decimal("0.05"), Decimal("0.00099")),
    ),
}
# The usage types of a team from the last complete month on.
NEW_PARTS = {
    (COMPUTE, "reporting"): (
        ("BoxUsage:m6i.2xlarge", Decimal("0.55"), Decimal("0.384")),
        ("BoxUsage:m6i.4xlarge", Decimal("0.45"), Decimal("0.768")),
    ),
}
PRICES_OF_EU = Decimal("1.12")  # times those of us-east-1
NEW_PRICE_OF_TRANSFER = Decimal("0.94")  # times the old one, from the last complete month on
SPIKE = Decimal("3.4")  # times the usual data transfer of a day
# A Compute Savings Plan: it covers a part of compute, and its fee for a year is paid on the first day.
PLAN_COVERS, PLAN_PRICE, PLAN_DAYS = Decimal("0.15"), Decimal("0.72"), 365
CORRECTED_ON = 9  # the day of the next month on which AWS corrects the month
MICRO_USD = Decimal("0.000001")


@dataclass(frozen=True)
class Bill:
    """The bill as it looks on `today`, the day of the newest charge."""

    today: date
    month_count: int = MONTHS

    @property
    def months(self) -> list[date]:
        """The months of the bill, oldest first."""
        months = [month_of(self.today)]
        while len(months) < self.month_count:
            months.append(previous_month(months[-1]))
        return months[::-1]

    @property
    def spike_day(self) -> date:
        """The last complete day."""
        return self.today - timedelta(days=FINAL_AFTER_DAYS)

    @property
    def plan_bought(self) -> date:
        """The day on which the Savings Plan was bought: the 10th, four months before."""
        return self.months[-5] + timedelta(days=9)

    @property
    def corrected_month(self) -> date:
        """The last complete month that was corrected."""
        return self.months[-2 if self.today.day >= CORRECTED_ON else -3]

    def total(self, day: date, service: Service) -> Decimal:
        """What a service costs on a day at list price, in all Regions and for all teams."""
        age = (self.today.year - day.year) * 12 + self.today.month - day.month
        month = MONTHLY * GROWTH ** (MONTHS - 1 - age)
        amount = month * service.share / 30
        if day.weekday() >= 5:
            amount *= service.weekend
        if day == self.spike_day and service.name == TRANSFER:
            amount *= SPIKE
        return amount * _noise(f"{day} {service.name}")

    def plan_fee(self) -> Decimal:
        """The fee of the Savings Plan for its whole term."""
        compute = self.total(self.plan_bought, SERVICES[0])
        return (compute * PLAN_COVERS * PLAN_PRICE * PLAN_DAYS).quantize(MICRO_USD)

    def charges(self, day: date, share: Decimal = Decimal(1)) -> Iterator[dict[str, str]]:
        """The charges of a day, or of the first `share` of it."""
        for service in SERVICES:
            total = self.total(day, service)
            for region, region_share in REGIONS.items():
                for team, team_share in TEAMS.items():
                    amount = total * region_share * team_share * share
                    billed = effective = amount
                    if service.name == COMPUTE and day >= self.plan_bought:
                        covered = amount * PLAN_COVERS
                        billed, effective = amount - covered, amount - covered + covered * PLAN_PRICE
                    for usage_type, part, price in self._parts(day, service, region, team):
                        yield _charge(
                            day, region, service.name, usage_type, billed * part, effective * part, team,
                            quantity=amount * part / price,
                        )  # fmt: skip
        if day.day == 1:
            yield from self._of_the_first(day)
        if day == self.plan_bought:
            fee = self.plan_fee()
            yield _charge(day, "", COMPUTE, "ComputeSP:1yrAllUpfront", fee, Decimal(0), "", "Purchase")

    def _parts(
        self, day: date, service: Service, region: str, team: str
    ) -> Iterator[tuple[str, Decimal, Decimal]]:
        """Usage type, share of the cost and price of a unit, for each usage type of a team."""
        factor = PRICES_OF_EU if region == "eu-central-1" else Decimal(1)
        key, is_new = (service.name, team), day >= self.months[-2]
        if service.name == TRANSFER and is_new:
            factor *= NEW_PRICE_OF_TRANSFER
        parts = PARTS.get(key, ((service.usage_type, Decimal(1), service.price),))
        for usage_type, share, price in NEW_PARTS.get(key, parts) if is_new else parts:
            yield usage_type, share, price * factor

    def _of_the_first(self, day: date) -> Iterator[dict[str, str]]:
        support = sum((self.total(day, service) for service in SERVICES), Decimal(0)) * 30 * Decimal("0.03")
        yield _charge(day, "", "AWS Support (Business)", "Dollar", support, support, "")
        credit = Decimal(-1200)
        yield _charge(day, "us-east-1", STORAGE, "Credit:MigrationProgram", credit, credit, "data", "Credit")

    def correction(self, month: date) -> dict[str, str]:
        """Storage requests of a month that were billed twice."""
        last = next_month(month) - timedelta(days=1)
        amount = Decimal("-2140.37")
        charge = _charge(last, "eu-central-1", STORAGE, "Requests-Tier1", amount, amount, "data")
        return {**charge, "ChargeClass": "Correction"}

    def file(self, folder: Path, month: date, until: datetime, corrected: bool) -> Path:
        """Writes the bill of a month as AWS delivers it at `until`; returns the file."""
        path = folder / f"{ACCOUNT}-{month:%Y-%m}.csv"
        day = month
        charges: list[dict[str, str]] = []
        while day < next_month(month) and datetime.combine(day, time(), UTC) < until:
            passed = (until - datetime.combine(day, time(), UTC)) / timedelta(days=1)
            charges += self.charges(day, min(Decimal(1), Decimal(str(passed))))
            day += timedelta(days=1)
        if corrected and month == self.corrected_month:
            charges.append(self.correction(month))
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(charges[0]))
            writer.writeheader()
            writer.writerows(charges)
        return path


def _noise(name: str) -> Decimal:
    """A factor from 0.96 to 1.04 that is always the same for a name."""
    return Decimal(str(round(Random(name).uniform(0.96, 1.04), 4)))


def _charge(
    day: date,
    region: str,
    service: str,
    usage_type: str,
    billed: Decimal,
    effective: Decimal,
    team: str,
    category: str = "Usage",
    quantity: Decimal | None = None,
) -> dict[str, str]:
    tags = {"team": team, "environment": "production", "service": service.split()[-1].lower()} if team else {}
    if team in COST_CENTERS:
        tags["cost-center"] = COST_CENTERS[team]
    return {
        "BilledCost": format(billed.quantize(MICRO_USD), "f"),
        "EffectiveCost": format(effective.quantize(MICRO_USD), "f"),
        "BillingAccountId": ACCOUNT,
        "BillingCurrency": "USD",
        "BillingPeriodStart": f"{month_of(day)}T00:00:00Z",
        "BillingPeriodEnd": f"{next_month(day)}T00:00:00Z",
        "ChargeCategory": category,
        "ChargeClass": "",
        "ConsumedQuantity": "" if quantity is None else format(quantity.quantize(MICRO_USD), "f"),
        "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
        "ProviderName": "AWS",
        "ServiceName": service,
        "SubAccountId": ACCOUNT,
        "RegionId": region,
        "x_UsageType": usage_type,
        "Tags": json.dumps(tags),
    }
