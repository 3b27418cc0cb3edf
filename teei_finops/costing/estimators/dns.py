"""Amazon Route 53 zones, records, health checks and resolver endpoints; Cloud Map namespaces."""

from __future__ import annotations

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject

SERVICE = "AmazonRoute53"
QUERIES = (0, 1_000_000, 10_000_000)
AWS_NAMES = (".amazonaws.com", ".cloudfront.net", ".elasticbeanstalk.com", ".awsglobalaccelerator.com")
# Checks that watch no endpoint cost as those of an AWS endpoint do; Route 53 pricing page, 2026-10.
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
def zone(r: Subject) -> None:
    """Its month; queries are billed on the records."""
    r.charge("Hosted zone", SERVICE, "hosted-zone", "zone", 1)


@estimates("aws:route53/record:Record")
def record(r: Subject) -> None:
    """Queries by routing policy; an alias to an AWS resource is free (Route 53 pricing page, 2026-10)."""
    key = next((POLICIES[path] for path in POLICIES if r.raw.get(path)), "standard")
    own_zone = r.raw.get("zoneId")
    aliases = r.items("aliases")
    if aliases and all(alias.raw.get("zoneId") != own_zone for alias in aliases):
        r.note("queries for an alias of an AWS resource are free")
        return
    r.charge(f"Queries, {key}", SERVICE, "queries", key, r.usage("monthly_queries", *QUERIES))


@estimates("aws:route53/healthCheck:HealthCheck")
def health_check(r: Subject) -> None:
    """The check and its optional features: HTTPS, string matching, a fast interval, latency measurement.

    An endpoint that is not visibly an AWS one is billed as one outside AWS, the dearer of the two.
    """
    kind = r.text("type")
    inside = kind in WITHOUT_ENDPOINT or (
        r.has("fqdn") and r.text("fqdn").rstrip(".").lower().endswith(AWS_NAMES)
    )
    where = "aws" if inside else "non-aws"
    if not inside:
        r.note("its endpoint is taken to be outside AWS")
    r.charge(f"Health check, {where}", SERVICE, "health-check", f"basic-{where}", 1)
    features = (
        kind.startswith("HTTPS"),
        kind.endswith("STR_MATCH"),
        kind not in WITHOUT_ENDPOINT and r.number("requestInterval", 30) <= FAST_SECONDS,
        r.flag("measureLatency"),
    )
    r.charge("Optional features", SERVICE, "health-check", f"optional-feature-{where}", sum(features))


@estimates("aws:route53/resolverEndpoint:ResolverEndpoint")
def resolver_endpoint(r: Subject) -> None:
    addresses = r.count("ipAddresses")
    r.charge("Network interfaces", SERVICE, "resolver", "endpoint-eni", r.hours() * addresses)
    r.charge("Queries", SERVICE, "resolver", "queries", r.usage("monthly_queries", *QUERIES))


@estimates("aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace")
def private_namespace(r: Subject) -> None:
    """The hosted zone that it makes, and its queries."""
    r.charge("Hosted zone of the namespace", SERVICE, "hosted-zone", "zone", 1)
    r.charge("Queries", SERVICE, "queries", "standard", r.usage("monthly_queries", *QUERIES))
