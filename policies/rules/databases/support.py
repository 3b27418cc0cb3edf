"""Versions of databases and clusters that are in extended support, or soon will be."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.properties import Property
from policies.resources import Resource
from policies.rule import Options, Rule, integer_option, resource_policy
from policies.rules.databases.instances import CLUSTER, INSTANCE
from policies.rules.monthly_prices import monthly_usd
from teei_finops.costing.amounts import Unpriced
from teei_finops.costing.estimators.database_instances import engine_family
from teei_finops.costing.estimators.support_windows import is_older_than_known, window_of
from teei_finops.costing.estimators.vcpus import vcpus
from teei_finops.costing.prices.price_book import support_dates
from teei_finops.policy_report import Remedy

EKS_CLUSTER = "aws:eks/cluster:Cluster"
RDS_DISABLED = "open-source-rds-extended-support-disabled"
LAST_YEAR = 3  # from which the price of RDS Extended Support no longer rises
WITHOUT_EXTENDED_SUPPORT = ("mariadb",)  # RDS User Guide, "Using Amazon RDS Extended Support", 2026-11


class Versioned(NamedTuple):
    """The service and component of `support_dates.csv`, and the version that a resource declares."""

    service: str
    component: str
    version: Property


def version_is_in_standard_support(context: EvaluationContext, today: date) -> Policy:
    """Resources that opt out are left out: AWS upgrades them instead.

    Dates and prices are those of the price book.
    """
    rule = Rule(
        "version-in-extended-support",
        {
            "days_before": integer_option(
                "how many days before the end of standard support the version is reported", 90, minimum=0
            )
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        versioned = _versioned(resource)
        if versioned.version.blank() or not versioned.component or _opted_out(resource):
            return
        text = versioned.version.text()
        version = text.removeprefix(_engine_prefix(text))
        window = window_of(versioned.service, versioned.component, version)
        ended = window.standard_until if window else None
        if ended and today + timedelta(days=int(options["days_before"])) > ended:
            tense = "ended" if today > ended else "ends"
            what, year = f"{tense} on {ended}", _year(ended, today)
        elif is_older_than_known(versioned.service, versioned.component, version):
            what, year = "ended before that of all versions with known dates", LAST_YEAR
        else:
            return
        surcharge = _surcharge(context, resource, year)
        cost = f"; extended support costs ${surcharge:,.2f} a month" if surcharge else ""
        yield Violation(
            versioned.version.path,
            f"standard support of {versioned.component} {what}{cost}",
            versioned.version.data,
            "upgrade to a version with standard support",
            Remedy({versioned.version.path: _newest_version(versioned)}),
        )

    return resource_policy(rule, context, _COMPONENTS.__contains__, check)


# The service, the component (blank where the engine or the version names it), and the property with the
# version. Amazon MSK upgrades a cluster whose version is no longer supported, without a surcharge.
_COMPONENTS: Mapping[str, tuple[str, str, str]] = {
    EKS_CLUSTER: ("AmazonEKS", "kubernetes", "version"),
    INSTANCE: ("AmazonRDS", "", "engineVersion"),
    CLUSTER: ("AmazonRDS", "", "engineVersion"),
    "aws:docdb/cluster:Cluster": ("AmazonDocDB", "documentdb", "engineVersion"),
    "aws:opensearch/domain:Domain": ("AmazonES", "", "engineVersion"),
    "aws:elasticsearch/domain:Domain": ("AmazonES", "elasticsearch", "elasticsearchVersion"),
    "aws:elasticache/cluster:Cluster": ("AmazonElastiCache", "", "engineVersion"),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("AmazonElastiCache", "", "engineVersion"),
}


def _versioned(resource: Resource) -> Versioned:
    service, component, key = _COMPONENTS[resource.type]
    if not component and service == "AmazonES":
        version = resource.inputs[key]
        component = "" if version.unknown else version.text().partition("_")[0].lower()
    elif not component:
        default = "redis" if service == "AmazonElastiCache" else ""
        component = engine_family(resource.inputs["engine"].text(default))
    if component in WITHOUT_EXTENDED_SUPPORT:
        component = ""
    return Versioned(service, component, resource.inputs[key])


def _newest_version(versioned: Versioned) -> str:
    """The newest version with known dates, written as the resource writes its own."""
    versions = [
        version
        for service, component, version in support_dates()
        if (service, component) == (versioned.service, versioned.component)
    ]
    newest = max(versions, key=lambda version: [int(part) for part in version.split(".")])
    return _engine_prefix(versioned.version.text()) + newest


def _engine_prefix(version: str) -> str:
    """The engine with which a version of OpenSearch begins, such as `OpenSearch_`.

    One of Aurora MySQL ends with its own, as in `5.7.mysql_aurora.2.11.2`.
    """
    engine, separator, _ = version.partition("_")
    return engine + separator if engine.isalpha() else ""


def _opted_out(resource: Resource) -> bool:
    """AWS upgrades it at the end of standard support instead of charging for more."""
    if resource.type == EKS_CLUSTER:
        return resource.inputs["upgradePolicy"]["supportType"].text("EXTENDED") == "STANDARD"
    return resource.inputs["engineLifecycleSupport"].text() == RDS_DISABLED


def _year(ended: date, today: date) -> int:
    """The year of extended support, from 1; 0 or less before it begins."""
    return (today - ended).days // 365 + 1


def _surcharge(context: EvaluationContext, resource: Resource, year: int) -> Decimal | None:
    """US dollars a month at list price; None where the resource alone does not tell."""
    if resource.type == EKS_CLUSTER:
        return monthly_usd(context, resource, "AmazonEKS", "cluster", "extended-support-surcharge")
    instance_class = resource.inputs["instanceClass"].data
    if not isinstance(instance_class, str):
        return None
    key = "year-3" if year >= LAST_YEAR else "year-1-2"
    price = monthly_usd(context, resource, "AmazonRDS", "extended-support", key)
    copies = 2 if resource.inputs["multiAz"].boolean() else 1
    try:
        return price * vcpus(instance_class) * copies if price else None
    except Unpriced:
        return None
