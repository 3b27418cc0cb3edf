"""Elastic Load Balancing: application, network, gateway and classic load balancers."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import HOURS, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
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
def load_balancer(ctx: EstimationContext) -> None:
    """Hours and capacity units, at least those that the program reserves (ELB pricing page, 2026-10)."""
    kind = ctx.text("loadBalancerType", "application")
    hours = ctx.hours()
    ctx.charge(f"{kind.title()} load balancer", SERVICE, kind, "hour", hours)
    unit, key = _unit(ctx, kind)
    least = ctx.number("minimumLoadBalancerCapacity.capacityUnits", 0)
    units = capacity_units(ctx, unit).map(lambda used: max(used, least))
    ctx.charge("Capacity units", SERVICE, kind, key, units * hours)
    if not ctx.flag("internal") and kind != "gateway":
        addresses = _public_addresses(ctx)
        ctx.charge("Public IPv4 addresses", "AmazonVPC", "public-ipv4", "in-use", hours, times=addresses)


@estimates("aws:elb/loadBalancer:LoadBalancer")
def classic_load_balancer(ctx: EstimationContext) -> None:
    charge_classic(ctx, ctx.hours())
    if not ctx.flag("internal"):
        ctx.note("the public IPv4 addresses of a classic load balancer are not in this figure")


def charge_classic(ctx: EstimationContext, hours: Range) -> None:
    ctx.charge("Classic load balancer", SERVICE, "classic", "hour", hours)
    data = ctx.usage("monthly_data_processed_gb", 0, 100, 1_000)
    ctx.charge("Data processed", SERVICE, "classic", "data-processed", data)


def charge_application(ctx: EstimationContext, hours: Range) -> None:
    """An application load balancer that another service makes."""
    ctx.charge("Application load balancer", SERVICE, "application", "hour", hours)
    ctx.charge(
        "Capacity units", SERVICE, "application", "lcu-hour", capacity_units(ctx, _APPLICATION) * hours
    )


def charge_network(ctx: EstimationContext, hours: Range) -> None:
    """A network load balancer that another service makes."""
    ctx.charge("Network load balancer", SERVICE, "network", "hour", hours)
    ctx.charge(
        "Capacity units", SERVICE, "network", "nlcu-hour", capacity_units(ctx, _NETWORK["TCP"]) * hours
    )


def capacity_units(ctx: EstimationContext, unit: Unit) -> Range:
    """Average capacity units: the busiest of the dimensions counts."""
    connections, active, gigabytes, rules = unit
    used = [
        ctx.usage("new_connections_per_second", 0, 1, 10) / connections,
        ctx.usage("active_connections_per_minute", 0, 100, 1_000) / active,
        ctx.usage("monthly_data_processed_gb", 0, 100, 1_000) / (HOURS * gigabytes),
    ]
    if rules:
        used.append(ctx.usage("rule_evaluations_per_second", 0, 0, 0) / rules)
    return Range(
        max(part.low for part in used),
        max(part.expected for part in used),
        max(part.high for part in used),
        any(part.assumed for part in used),
    )


def _unit(ctx: EstimationContext, kind: str) -> tuple[Unit, str]:
    if kind == "application":
        return _APPLICATION, "lcu-hour"
    if kind == "gateway":
        return _GATEWAY, "glcu-hour"
    protocols = {listener.text("protocol", "TCP") for listener in ctx.referring(LISTENER, "loadBalancerArn")}
    for protocol in ("TLS", "UDP"):
        if protocol in protocols or (protocol == "UDP" and "TCP_UDP" in protocols):
            return _NETWORK[protocol], "nlcu-hour"
    return _NETWORK["TCP"], "nlcu-hour"


def _public_addresses(ctx: EstimationContext) -> Range:
    """One per zone; those that the program brings are billed on their Eip."""
    if ctx.text("ipAddressType", "ipv4") == "dualstack-without-public-ipv4":
        return Range.of(0)
    mappings = ctx.items("subnetMappings")
    own = sum(mapping.has("allocationId") for mapping in mappings)
    zones = len(mappings) if mappings else subnet_count(ctx, "subnets")
    if not zones:
        ctx.note("no subnet is named: two zones assumed, the least that AWS accepts")
        return Range(Decimal(2), Decimal(2), Decimal(3), assumed=True)
    return Range.of(zones - own)
