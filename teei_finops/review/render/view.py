"""The review document, arranged as people read it; shared by the Markdown and the HTML renderer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Document = Mapping[str, Any]

SERVICES = {
    "alb": "Load balancers", "lb": "Load balancers", "elb": "Load balancers",
    "apigateway": "API Gateway", "apigatewayv2": "API Gateway", "autoscaling": "EC2", "budgets": "Budgets",
    "cfg": "Config", "cloudwatch": "CloudWatch", "costexplorer": "Cost Explorer", "dynamodb": "DynamoDB",
    "ebs": "EBS", "ec2": "EC2 and VPC", "ecr": "ECR", "ecs": "ECS", "efs": "EFS", "eks": "EKS",
    "elasticache": "ElastiCache", "iam": "IAM", "kms": "KMS", "lambda": "Lambda", "msk": "MSK",
    "opensearch": "OpenSearch", "rds": "RDS", "route53": "Route 53", "s3": "S3", "scheduler": "EventBridge",
    "secretsmanager": "Secrets Manager", "sfn": "Step Functions", "sns": "SNS", "sqs": "SQS", "wafv2": "WAF",
}  # fmt: skip
KINDS = {
    "aws:ec2/natGateway:NatGateway": "NAT gateways",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "VPC endpoints",
    "aws:ec2/eip:Eip": "Public IPv4",
    "aws:ec2/instance:Instance": "EC2",
    "aws:eks/nodeGroup:NodeGroup": "EKS nodes",
}
OPERATIONS = ("create", "update", "replace", "delete", "import", "read", "refresh", "discard", "same")
ENDS = ("low", "expected", "high")
SEVERITIES = ("critical", "high", "medium", "low", "")


@dataclass(frozen=True)
class Row:
    """One resource: what the plan does to it and what it costs (`cost` is its row of `resources`)."""

    urn: str
    name: str
    type: str
    stack: str
    op: str
    component: str
    source: str
    cost: Mapping[str, Any] | None
    properties: tuple[Mapping[str, Any], ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def change(self) -> Decimal:
        """The expected monthly change in dollars; 0 where the resource has no price."""
        return Decimal(self.cost["change"]["expected"]) if self.cost and self.cost["change"] else Decimal(0)

    @property
    def weight(self) -> Decimal:
        """How far the change moves any end of the range; what rows are ordered by."""
        if not self.cost or not self.cost["change"]:
            return Decimal(0)
        return max(abs(Decimal(self.cost["change"][end])) for end in ENDS)

    @property
    def state(self) -> str:
        return self.cost["state"] if self.cost else ""


@dataclass
class Group:
    """The changed resources of one component of one stack."""

    component: str
    rows: list[Row] = field(default_factory=list)

    @property
    def change(self) -> dict[str, str]:
        """The monthly change of its priced resources, end by end."""
        priced = [row.cost["change"] for row in self.rows if row.cost and row.cost["change"]]
        return {end: str(sum((Decimal(change[end]) for change in priced), Decimal(0))) for end in ENDS}

    @property
    def weight(self) -> Decimal:
        return max(abs(Decimal(amount)) for amount in self.change.values())


def service_of(token: str) -> str:
    """The service people know a resource type by: `aws:rds/instance:Instance` is `RDS`."""
    if token in KINDS:
        return KINDS[token]
    package, _, rest = token.partition(":")
    if package == "kubernetes":
        return "Kubernetes"
    module = rest.split("/", 1)[0].split(":", 1)[0]
    return SERVICES.get(module, module or package)


def place(source: Mapping[str, Any] | None) -> str:
    return f"{source['file']}:{source['line']}" if source else ""


def component_of(parent: str | None) -> str:
    """The component that holds a resource: its name, or nothing for the stack itself."""
    if not parent or "pulumi:pulumi:Stack" in parent:
        return ""
    return parent.rsplit("::", 1)[-1]


def rows(document: Document) -> list[Row]:
    """Every changed resource, the largest change first; components and unchanged ones are left out."""
    costs = {row["urn"]: row for row in document["resources"]}
    found: dict[str, Row] = {}
    for plan in document.get("plan", ()):
        for item in plan["changes"]:
            if item["urn"] not in costs and not item["type"].startswith("pulumi:providers:"):
                continue  # a component: the group its resources stand in
            found[item["urn"]] = Row(
                item["urn"], item["name"], item["type"], plan["stack"], item["op"],
                component_of(item.get("parent")), place(item.get("source")), costs.get(item["urn"]),
                tuple(item.get("properties", ())), tuple(item.get("unknown", ())),
            )  # fmt: skip
    for urn, cost in costs.items():
        if urn not in found and cost["op"] != "same":
            found[urn] = Row(urn, cost["name"], cost["type"], cost["stack"], cost["op"], "", "", cost)
    return sorted(
        found.values(), key=lambda row: (-abs(row.change), -row.weight, row.stack, row.type, row.name)
    )


def groups(changed: Iterable[Row]) -> list[Group]:
    found: dict[str, Group] = {}
    for row in changed:
        found.setdefault(row.component, Group(row.component)).rows.append(row)
    return sorted(found.values(), key=lambda group: (-group.weight, group.component))


def totals_by(document: Document, key) -> list[tuple[str, Decimal, Decimal]]:
    """(name, expected before, expected after) of priced resources by `key(resource row)`, largest first."""
    sums: dict[str, list[Decimal]] = {}
    for row in document["resources"]:
        if row["after"] is None:
            continue
        total = sums.setdefault(key(row), [Decimal(0), Decimal(0)])
        total[0] += Decimal(row["before"]["expected"])
        total[1] += Decimal(row["after"]["expected"])
    found = [(name, before, after) for name, (before, after) in sums.items() if before or after]
    return sorted(found, key=lambda entry: (-max(entry[1], entry[2]), entry[0]))


def unpriced(document: Document) -> list[Mapping[str, Any]]:
    return [row for row in document["resources"] if row["state"] == "unpriced"]


def violations(document: Document) -> list[Mapping[str, Any]]:
    """Policy violations, those that block first, then by severity."""

    def order(item: Mapping[str, Any]):
        severity = (item.get("severity") or "").lower()
        rank = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
        return (item["enforcement"] != "mandatory", rank, item["policy"], item["urn"])

    return sorted(document.get("policy", {}).get("violations", ()), key=order)


def operations(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(op, counts[op]) for op in OPERATIONS if counts.get(op)]


def is_judged(document: Document) -> bool:
    """Whether a policy pack judged the plan: only then does an empty list of violations say something."""
    policy = document.get("policy") or {}
    return any(policy.get(part) for part in ("packs", "violations", "exemptions", "not_applicable"))
