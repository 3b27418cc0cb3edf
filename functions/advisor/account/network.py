"""Load balancers without traffic, and NAT gateways with little."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from functions.advisor.account.context import Account, Metric, tags_of
from functions.advisor.findings import BillLine, Confidence, Finding

# The metrics that count traffic, by type of load balancer:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
# (2026-11)
_TRAFFIC = {
    "application": ("AWS/ApplicationELB", "RequestCount"),
    "network": ("AWS/NetworkELB", "ProcessedBytes"),
    "gateway": ("AWS/GatewayELB", "ProcessedBytes"),
}
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html, 2026-11
TAGS_A_REQUEST = 20
GIB = 1024**3


def idle_load_balancers(account: Account) -> Iterator[Finding]:
    """Load balancers that received nothing in the window, or since they were created."""
    balancers = [
        balancer
        for balancer in account.items("elbv2", "describe_load_balancers", "LoadBalancers")
        if balancer["Type"] in _TRAFFIC
    ]
    metrics = [
        Metric(
            *_TRAFFIC[b["Type"]], "Sum", {"LoadBalancer": b["LoadBalancerArn"].partition("loadbalancer/")[2]}
        )
        for b in balancers
    ]
    idle = [b for b, values in zip(balancers, account.values(metrics), strict=True) if not sum(values)]
    tags = _tags(account, [balancer["LoadBalancerArn"] for balancer in idle])
    for balancer in idle:
        arn = balancer["LoadBalancerArn"]
        family = balancer["Type"]
        saving = account.prices.hourly_month(account.region, "ElasticLoadBalancing", family, "hour")
        addresses = _addresses(balancer)
        if saving is not None and addresses:
            address = account.prices.hourly_month(account.region, "AmazonVPC", "public-ipv4", "in-use")
            saving = None if address is None else saving + address * addresses
        yield _idle(account, arn, family, balancer, addresses, saving, tags.get(arn, {}))
    yield from _idle_classic(account)


def _idle_classic(account: Account) -> Iterator[Finding]:
    balancers = list(account.items("elb", "describe_load_balancers", "LoadBalancerDescriptions"))
    metrics = [
        Metric("AWS/ELB", name, "Sum", {"LoadBalancerName": balancer["LoadBalancerName"]})
        for balancer in balancers
        for name in ("RequestCount", "EstimatedProcessedBytes")
    ]
    values = account.values(metrics)
    saving = account.prices.hourly_month(account.region, "ElasticLoadBalancing", "classic", "hour")
    for number, balancer in enumerate(balancers):
        if not sum(values[2 * number]) + sum(values[2 * number + 1]):
            name = balancer["LoadBalancerName"]
            answer = account.items("elb", "describe_tags", "TagDescriptions", LoadBalancerNames=[name])
            tags = {key: value for item in answer for key, value in tags_of(item["Tags"]).items()}
            arn = account.arn("elasticloadbalancing", f"loadbalancer/{name}")
            yield _idle(account, arn, "classic", balancer, 0, saving, tags)


def _idle(
    account: Account,
    arn: str,
    family: str,
    balancer: dict[str, Any],
    addresses: int,
    saving: Decimal | None,
    tags: dict[str, str],
) -> Finding:
    name = balancer["LoadBalancerName"]
    service = tags.get("kubernetes.io/service-name") or tags.get("ingress.k8s.aws/stack")
    command = (
        f"aws elb delete-load-balancer --region {account.region} --load-balancer-name {name}"
        if family == "classic"
        else f"aws elbv2 delete-load-balancer --region {account.region} --load-balancer-arn {arn}"
    )
    if service:
        command = f"delete the Service or Ingress {service}, which owns it"
    what = f"{family} load balancer" + (f", public addresses: {addresses}" if addresses else "")
    return account.finding(
        "idle-load-balancer",
        arn,
        evidence=f"{what}; no traffic in {account.days_of(balancer['CreatedTime'])}",
        change=f"verify before deleting: {command}",
        saving=saving,
        confidence=account.confidence(balancer["CreatedTime"], Confidence.HIGH),
        tags=tags,
        bill=BillLine("", "LoadBalancerUsage"),
    )


def _addresses(balancer: dict[str, Any]) -> int:
    """Public IPv4 addresses: one in each zone of one that faces the internet."""
    return len(balancer.get("AvailabilityZones", [])) if balancer.get("Scheme") == "internet-facing" else 0


def _tags(account: Account, arns: list[str]) -> dict[str, dict[str, str]]:
    tags = {}
    for start in range(0, len(arns), TAGS_A_REQUEST):
        batch = arns[start : start + TAGS_A_REQUEST]
        for item in account.items("elbv2", "describe_tags", "TagDescriptions", ResourceArns=batch):
            tags[item["ResourceArn"]] = tags_of(item["Tags"])
    return tags


def idle_nat_gateways(account: Account) -> Iterator[Finding]:
    """NAT gateways that sent less than the setting in the window, or since they were created."""
    gateways = [
        gateway
        for gateway in account.items("ec2", "describe_nat_gateways", "NatGateways")
        if gateway["State"] == "available"
    ]
    metrics = [
        Metric("AWS/NATGateway", "BytesOutToDestination", "Sum", {"NatGatewayId": gateway["NatGatewayId"]})
        for gateway in gateways
    ]
    price = account.prices.hourly_month(account.region, "AmazonEC2", "nat-gateway", "hour")
    address = account.prices.hourly_month(account.region, "AmazonVPC", "public-ipv4", "in-use")
    for gateway, values in zip(gateways, account.values(metrics), strict=True):
        days = account.days_measured(gateway["CreateTime"])
        month = Decimal(str(sum(values))) / days * 365 / 12 / GIB
        if month >= account.settings.idle_nat_gib:
            continue
        public = sum("PublicIp" in item for item in gateway.get("NatGatewayAddresses", []))
        saving = None if price is None or (public and address is None) else price + (address or 0) * public
        yield account.finding(
            "idle-nat-gateway",
            account.arn("ec2", f"natgateway/{gateway['NatGatewayId']}"),
            evidence=f"sends {month:.2f} GiB a month, measured over "
            f"{account.days_of(gateway['CreateTime'])}; public addresses: {public}",
            change=f"verify before deleting: aws ec2 delete-nat-gateway --region {account.region} "
            f"--nat-gateway-id {gateway['NatGatewayId']}",
            saving=saving,
            confidence=account.confidence(gateway["CreateTime"], Confidence.MEDIUM),
            tags=tags_of(gateway.get("Tags")),
            bill=BillLine("", "NatGateway-Hours"),
            ids=(gateway["NatGatewayId"],),
        )
