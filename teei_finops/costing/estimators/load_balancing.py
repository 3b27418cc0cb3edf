"""Elastic Load Balancing: application, network, gateway and classic load balancers."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.subnets import subnet_count

LISTENER = "aws:lb/listener:Listener"
SERVICE = "ElasticLoadBalancing"

# What one capacity unit holds: new connections a second, active ones a minute, GB an hour, rule evaluations a
# second (0: not a dimension). ELB pricing page, 2026-10.
Unit = tuple[int, int, int, int]
_APPLICATION: Unit = (25, 3_000, 1, 1_000)
_GATEWAY: Unit = (600, 60_000, 1, 0)
_NETWORK: dict[str, Unit] = {
    "TLS": (50, 3_000, 1, 0),
    "UDP": (400, 50_000, 1, 0),
    "TCP": (800, 100_000, 1, 0),
}


@estimates("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
def load_balancer(r: Subject) -> None:
    """Hours and capacity units, at least those that the program reserves (ELB pricing page, 2026-10)."""
    kind = r.text("loadBalancerType", "application")
    hours = r.hours()
    r.charge(f"{kind.title()} load balancer", SERVICE, kind, "hour", hours)
    unit, key = _unit(r, kind)
    least = r.number("minimumLoadBalancerCapacity.capacityUnits", 0)
    units = capacity_units(r, unit).map(lambda used: max(used, least))
    r.charge("Capacity units", SERVICE, kind, key, units * hours)
    if not r.flag("internal") and kind != "gateway":
        addresses = _public_addresses(r)
        r.charge("Public IPv4 addresses", "AmazonVPC", "public-ipv4", "in-use", hours, times=addresses)


@estimates("aws:elb/loadBalancer:LoadBalancer")
def classic_load_balancer(r: Subject) -> None:
    charge_classic(r, r.hours())
    if not r.flag("internal"):
        r.note("the public IPv4 addresses of a classic load balancer are not in this figure")


def charge_classic(r: Subject, hours: Range) -> None:
    r.charge("Classic load balancer", SERVICE, "classic", "hour", hours)
    data = r.usage("monthly_data_processed_gb", 0, 100, 1_000)
    r.charge("Data processed", SERVICE, "classic", "data-processed", data)


def charge_application(r: Subject, hours: Range) -> None:
    """An application load balancer that another service makes."""
    r.charge("Application load balancer", SERVICE, "application", "hour", hours)
    r.charge("Capacity units", SERVICE, "application", "lcu-hour", capacity_units(r, _APPLICATION) * hours)


def charge_network(r: Subject, hours: Range) -> None:
    """A network load balancer that another service makes."""
    r.charge("Network load balancer", SERVICE, "network", "hour", hours)
    r.charge("Capacity units", SERVICE, "network", "nlcu-hour", capacity_units(r, _NETWORK["TCP"]) * hours)


def capacity_units(r: Subject, unit: Unit) -> Range:
    """Average capacity units: the busiest of the dimensions counts."""
    connections, active, gigabytes, rules = unit
    used = [
        r.usage("new_connections_per_second", 0, 1, 10) / connections,
        r.usage("active_connections_per_minute", 0, 100, 1_000) / active,
        r.usage("monthly_data_processed_gb", 0, 100, 1_000) / (HOURS * gigabytes),
    ]
    if rules:
        used.append(r.usage("rule_evaluations_per_second", 0, 0, 0) / rules)
    return Range(
        max(part.low for part in used),
        max(part.expected for part in used),
        max(part.high for part in used),
        any(part.assumed for part in used),
    )


def _unit(r: Subject, kind: str) -> tuple[Unit, str]:
    if kind == "application":
        return _APPLICATION, "lcu-hour"
    if kind == "gateway":
        return _GATEWAY, "glcu-hour"
    protocols = {listener.text("protocol", "TCP") for listener in r.referring(LISTENER, "loadBalancerArn")}
    for protocol in ("TLS", "UDP"):
        if protocol in protocols or (protocol == "UDP" and "TCP_UDP" in protocols):
            return _NETWORK[protocol], "nlcu-hour"
    return _NETWORK["TCP"], "nlcu-hour"


def _public_addresses(r: Subject) -> Range:
    """One per zone; those that the program brings are billed on their Eip."""
    if r.text("ipAddressType", "ipv4") == "dualstack-without-public-ipv4":
        return Range.of(0)
    mappings = r.items("subnetMappings")
    own = sum(mapping.has("allocationId") for mapping in mappings)
    zones = len(mappings) if mappings else subnet_count(r, "subnets")
    if not zones:
        r.note("no subnet is named: two zones assumed, the least that AWS accepts")
        return Range(Decimal(2), Decimal(2), Decimal(3), assumed=True)
    return Range.of(zones - own)
