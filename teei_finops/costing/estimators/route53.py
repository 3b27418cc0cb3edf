"""Amazon Route 53 zones, records, health checks and resolver endpoints; Cloud Map namespaces."""

from __future__ import annotations

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext

SERVICE = "AmazonRoute53"
QUERIES = (0, 1_000_000, 10_000_000)
AWS_NAMES = (".amazonaws.com", ".cloudfront.net", ".elasticbeanstalk.com", ".awsglobalaccelerator.com")
# Checks without an endpoint cost the same as those of an AWS endpoint; Route 53 pricing page, 2026-10.
WITHOUT_ENDPOINT = ("CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")
FAST_SECONDS = 10
# Routing policy of a record → price key of its queries.
POLICIES = {
    "latencyRoutingPolicies": "latency",
    "geolocationRoutingPolicies": "geo",
    "geoproximityRoutingPolicy": "geoproximity",
    "cidrRoutingPolicy": "ip-based",
}


@estimates("aws:route53/zone:Zone")
def zone(ctx: EstimationContext) -> None:
    """The zone by the month; queries are billed on its records."""
    ctx.charge("Hosted zone", SERVICE, "hosted-zone", "zone", 1)


@estimates("aws:route53/record:Record")
def record(ctx: EstimationContext) -> None:
    """Queries by routing policy; an alias to an AWS resource is free (Route 53 pricing page, 2026-10)."""
    key = next((POLICIES[path] for path in POLICIES if ctx.raw.get(path)), "standard")
    own_zone = ctx.raw.get("zoneId")
    aliases = ctx.items("aliases")
    if aliases and all(alias.raw.get("zoneId") != own_zone for alias in aliases):
        ctx.note("queries for an alias of an AWS resource are free")
        return
    ctx.charge(f"Queries, {key}", SERVICE, "queries", key, ctx.usage("monthly_queries", *QUERIES))


@estimates("aws:route53/healthCheck:HealthCheck")
def health_check(ctx: EstimationContext) -> None:
    """The check and its optional features: HTTPS, string matching, a fast interval, latency measurement.

    An endpoint whose name is not one of AWS's is billed as one outside AWS, at the higher price.
    """
    kind = ctx.text("type")
    inside = kind in WITHOUT_ENDPOINT or (
        ctx.has("fqdn") and ctx.text("fqdn").rstrip(".").lower().endswith(AWS_NAMES)
    )
    where = "aws" if inside else "non-aws"
    if not inside:
        ctx.note("its endpoint is assumed to be outside AWS")
    ctx.charge(f"Health check, {where}", SERVICE, "health-check", f"basic-{where}", 1)
    features = (
        kind.startswith("HTTPS"),
        kind.endswith("STR_MATCH"),
        kind not in WITHOUT_ENDPOINT and ctx.number("requestInterval", 30) <= FAST_SECONDS,
        ctx.flag("measureLatency"),
    )
    ctx.charge("Optional features", SERVICE, "health-check", f"optional-feature-{where}", sum(features))


@estimates("aws:route53/resolverEndpoint:ResolverEndpoint")
def resolver_endpoint(ctx: EstimationContext) -> None:
    addresses = ctx.count("ipAddresses")
    ctx.charge("Network interfaces", SERVICE, "resolver", "endpoint-eni", ctx.hours() * addresses)
    ctx.charge("Queries", SERVICE, "resolver", "queries", ctx.usage("monthly_queries", *QUERIES))


@estimates("aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList")
def firewall_domains(ctx: EstimationContext) -> None:
    """Each domain of a list of one's own by the month; queries are billed on the rule group's association."""
    domains = ctx.count("domains")
    ctx.charge("Domains of the firewall", SERVICE, "dns-firewall", "custom-domain", domains)


@estimates(
    "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace",
    "aws:servicediscovery/publicDnsNamespace:PublicDnsNamespace",
)
def private_namespace(ctx: EstimationContext) -> None:
    """The hosted zone that it creates, and its queries."""
    ctx.charge("Hosted zone of the namespace", SERVICE, "hosted-zone", "zone", 1)
    ctx.charge("Queries", SERVICE, "queries", "standard", ctx.usage("monthly_queries", *QUERIES))
