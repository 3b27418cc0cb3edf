"""Costs add up over random previews: totals, resources and lines, before, change and after."""

from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teei_finops.costing.budgets.budgets_file import Budgets
from teei_finops.costing.budgets.commitments import Commitment
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.pricing import Discount
from teei_finops.costing.resource_types import known_types
from teei_finops.review.report import build_report
from teei_finops.review.report_rows import decimal_text
from tests.teei_finops.costing.preview_builder import SECRET, UNKNOWN, preview, provider, step, stream

ENDS = ("low", "expected", "high")
KUBERNETES = [
    "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet", "kubernetes:core/v1:Service",
    "kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:karpenter.sh/v1:NodePool",
    "kubernetes:networking.k8s.io/v1:Ingress", "kubernetes:helm.sh/v3:Release",
]  # fmt: skip
TYPES = [*sorted(known_types()), "aws:quantum/thing:Thing", *KUBERNETES]
BUSY = [
    "aws:ec2/instance:Instance", "aws:ebs/volume:Volume", "aws:sqs/queue:Queue", "aws:s3/bucket:Bucket",
    "aws:autoscaling/group:Group", "aws:ec2/launchTemplate:LaunchTemplate", "aws:rds/instance:Instance",
    "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance", "aws:lambda/function:Function",
    "aws:lb/loadBalancer:LoadBalancer", "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup",
    "aws:ecs/service:Service", "aws:ecs/taskDefinition:TaskDefinition", "aws:dynamodb/table:Table",
]  # fmt: skip
CLAIM = {"resources": {"requests": {"storage": "10Gi"}}}
INPUTS = {
    "instanceType": ["m5.large", "t3.micro", "m99.huge"],
    "instanceTypes": [["m5.large"], []],
    "instanceClass": ["db.m5.large", "db.serverless", "db.t4g.medium"],
    "engine": ["postgres", "mysql", "aurora-postgresql", "oracle-ee"],
    "engineVersion": ["15.4", "11", "8.0.35"],
    "allocatedStorage": [20, 100, "400"],
    "storageType": ["gp3", "gp2", "io1", "aurora-iopt1"],
    "iops": [3000, 12000, 40000],
    "throughput": [125, 500],
    "multiAz": [True, False],
    "size": [1, 100, "250", -4, 1e300],
    "type": ["gp3", "io2", "st1", "standard", "application", "EXPRESS"],
    "fifoQueue": [True, False],
    "minSize": [0, 1, 3],
    "maxSize": [3, 10],
    "desiredCapacity": [2],
    "desiredCount": [2],
    "scalingConfig": [{"minSize": 1, "maxSize": 5, "desiredSize": 2}, {}],
    "launchTemplate": [{"id": "lt-1"}, {"id": UNKNOWN}, {"name": "r1"}],
    "taskDefinition": ["r1", UNKNOWN],
    "clusterIdentifier": ["r1", UNKNOWN],
    "launchType": ["FARGATE", "EC2"],
    "cpu": ["256", "1 vCPU"],
    "memory": ["512", 1024],
    "memorySize": [128, 1024],
    "architectures": [["arm64"], ["x86_64"]],
    "loadBalancerType": ["application", "network", "gateway"],
    "internal": [True, False],
    "version": ["1.29", "1.34"],
    "billingMode": ["PROVISIONED", "PAY_PER_REQUEST"],
    "readCapacity": [5],
    "writeCapacity": [5],
    "bucket": ["r1", "r2"],
    "name": ["r1", "r2"],
    "rules": [[{"status": "Enabled", "expiration": {"days": 30}}], [{}], UNKNOWN],
    "rootBlockDevice": [{"volumeSize": 100, "volumeType": "gp3"}, {}],
    "region": ["us-east-1", "eu-central-1", "us-gov-west-1", UNKNOWN],
    "tags": [{"team": "a"}, {"team": UNKNOWN}],
    "spec": [
        {"replicas": 3, "template": {"spec": {"containers": [{"resources": {"requests": {"cpu": "1"}}}]}}},
        {"replicas": UNKNOWN, "volumeClaimTemplates": [{"spec": CLAIM}], "template": {"spec": {}}},
        {"replicas": 2, "volumeClaimTemplates": [{"spec": CLAIM}, {}], "template": {"spec": {}}},
        CLAIM,
        {"type": "LoadBalancer"},
        {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"},
        {"ingressClassName": "alb"},
        {"limits": {"cpu": 8}, "template": {"spec": {"requirements": []}}},
    ],
    "metadata": [{"name": "r1", "namespace": "x"}],
}
ODD = [UNKNOWN, SECRET, None, "", [], {}, 0, -1, "x", [None], [{}], {"a": [UNKNOWN]}, True, 1e300]


@st.composite
def inputs(draw):
    names = draw(st.lists(st.sampled_from(sorted(INPUTS)), max_size=10, unique=True))
    inputs = {}
    for name in names:
        usual = st.sampled_from(INPUTS[name])
        inputs[name] = draw(st.one_of(usual, usual, usual, usual, usual, st.sampled_from(ODD)))
    return inputs


@st.composite
def steps(draw, index: int):
    token = draw(st.one_of(st.sampled_from(BUSY), st.sampled_from(TYPES), st.sampled_from(KUBERNETES)))
    op = draw(
        st.sampled_from(
            ["create", "update", "replace", "delete", "same", "import", "read", "refresh", "discard"]
        )
    )
    old = None if op in ("create", "import") else draw(inputs())
    new = None if op in ("delete", "discard") else old if op == "same" else draw(inputs())
    name = f"r{index}"
    more = {"retainOnDelete": True} if draw(st.booleans()) else {}
    more["id"] = draw(st.sampled_from(["lt-1", name, ""]))
    eu = provider("eu", {"region": "eu-central-1"})["urn"]
    if draw(st.booleans()):
        more["provider"] = f"{eu}::{UNKNOWN}"
    preview_step = step(op, token, name, new=new, old=old, **more)
    if "newState" in preview_step:
        preview_step["newState"]["propertyDependencies"] = {
            "launchTemplate": draw(
                st.lists(st.sampled_from([f"{preview_step['urn'].rpartition('::')[0]}::r0"]), max_size=1)
            )
        }
    return preview_step


@st.composite
def previews(draw):
    count = draw(st.integers(0, 8))
    plan_steps = [provider("eu", {"region": "eu-central-1"}), *(draw(steps(index)) for index in range(count))]
    return draw(st.sampled_from([preview, stream]))(*plan_steps)


def add(amounts):
    amounts = list(amounts)
    return {end: decimal_text(sum((Decimal(amount[end]) for amount in amounts), Decimal(0))) for end in ENDS}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=previews(), free_tier=st.booleans())
def test_totals_are_the_sum_of_resources_and_resources_the_sum_of_lines(text, free_tier):
    document = build_report(
        [read_plan(text, name="p")], CostOptions(at=date(2026, 11, 24), free_tier=free_tier)
    )
    rows = document["resources"]
    priced = [row for row in rows if row["state"] != "unpriced"]
    for side in ("before", "after", "change"):
        assert document[side] == add(row[side] for row in priced)
        assert document[side] == add(stack[side] for stack in document["stacks"])
    for row in [document, *priced]:
        assert row["after"] == add([row["before"], row["change"]])
    for row in priced:
        kept = row["op"] != "delete" or row["after"] != add([]) or row["before"] == add([])
        assert row["after" if kept else "before"] == add(line["amount"] for line in row["lines"]), row
        assert all(Decimal(row[side]["low"]) >= 0 for side in ("before", "after"))
        for side in ("before", "after"):
            low, expected, high = (Decimal(row[side][end]) for end in ENDS)
            assert low <= expected <= high, row
        for line in row["lines"]:
            assert Decimal(line["amount"]["expected"]) == Decimal(line["quantity"]) * Decimal(line["rate"])
    for row in rows:
        assert row["state"] in ("priced", "usage", "free", "unpriced")
        if row["state"] == "unpriced":
            assert row["reason"]
            assert row["after"] is None
    coverage = document["coverage"]
    assert sum(coverage[state] for state in ("priced", "usage", "free", "unpriced")) == len(rows)
    assert len({row["urn"] for row in rows}) == len(rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=previews(), percent=st.sampled_from([0, 12, 100]), hours=st.sampled_from(["0", "0.07", "5"]))
def test_list_and_effective_amounts_add_up(text, percent, hours):
    plan = Commitment("compute-savings-plan", "1-year", "no-upfront", Decimal(hours), Decimal(30))
    discount = Discount("AmazonEC2", Decimal(percent))
    at = date(2026, 11, 24)
    budgets = Budgets(commitments=(plan,), discounts=(discount,))
    document = build_report([read_plan(text, name="p")], CostOptions(at=at, budgets=budgets))
    listed = build_report([read_plan(text, name="p")], CostOptions(at=at))
    for side in ("before", "after", "change"):
        assert document["at_list_prices"][side] == listed[side]
    effective = document["effective"]
    assert effective["after"] == add([effective["before"], effective["change"]])
    (row,) = document["commitments"]
    cost = plan.monthly_cost
    for end in ENDS:
        after = Decimal(document["after"][end]) - Decimal(row["covered"][end]) + cost
        assert Decimal(effective["after"][end]) == after
        assert 0 <= Decimal(row["covered"][end]) <= Decimal(document["after"][end])
        assert 0 <= Decimal(row["unused"][end]) <= cost
    for amount in (effective["before"], effective["after"], row["covered"], row["unused"]):
        low, expected, high = (Decimal(amount[end]) for end in ENDS)
        assert low <= expected <= high
