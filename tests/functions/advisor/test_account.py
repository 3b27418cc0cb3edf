"""The rules on an AWS account, on moto. Amounts are worked out by hand from list prices in us-east-1."""

import re
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import botocore.session
import pytest
from botocore import xform_name
from moto import mock_aws

from functions.advisor.account.context import Account
from functions.advisor.account.examine import RULES
from functions.advisor.catalogue import rules
from functions.advisor.findings import Finding
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import Prices
from functions.advisor.settings import Settings
from functions.cost_data.sources.aws import Aws
from tests.functions.advisor.moto_account import (
    NOW,
    REGION,
    create_databases,
    create_network,
    create_storage,
    create_volumes,
)

SETTINGS = Settings(regions=(REGION,))


class Recorded(Aws):
    """Notes the IAM actions of the calls by the rule that is evaluated."""

    def __init__(self):
        super().__init__((REGION,))
        self.called: set[tuple[str, str]] = set()

    def call(self, service, operation, region="", **parameters):
        self.called.add((service, operation))
        return super().call(service, operation, region, **parameters)

    def pages(self, service, operation, region="", **parameters):
        self.called.add((service, operation))
        return super().pages(service, operation, region, **parameters)


@pytest.fixture(scope="module")
def account():
    """(the recorded calls by rule, the evaluated)."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # each has a snapshot
        subnets = create_network()
        create_volumes()
        create_databases(subnets)
        create_storage()
        yield


S3_ACTIONS = {
    "ListBuckets": "ListAllMyBuckets",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "ListObjectVersions": "ListBucketVersions",
}
SERVICES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}


@cache
def model_of(service):
    return botocore.session.get_session().get_service_model(service)


def iam_action(service, operation):
    """The IAM action of a boto3 method."""
    model = model_of(service)
    name = next(name for name in model.operation_names if xform_name(name) == operation)
    return f"{SERVICES.get(service, service)}:{S3_ACTIONS.get(name, name) if service == 's3' else name}"


class Evaluated(NamedTuple):
    """What one rule found, and the IAM actions that it needed."""

    findings: list[Finding]
    actions: set[str]


@pytest.fixture(scope="module")
def evaluated(account):  # noqa: ARG001
    """Every rule by its id."""
    prices, ownership = Prices(NOW.date()), Ownership(SETTINGS.owner_keys, {})
    results = {}
    aws = Recorded()
    for rule, find in RULES.items():
        aws.called = set()
        findings = list(find(Account(aws, SETTINGS, prices, ownership, NOW, REGION)))
        results[rule] = Evaluated(findings, {iam_action(*call) for call in aws.called})
    return results


def summary(evaluated, rule):
    """(the end of the resource's name, its saving, the owner) of each finding of a rule.

    The volumes and snapshots of moto's own images are left out.
    """
    return sorted(
        (finding.resource.rpartition(":")[2].rpartition("/")[2], finding.saving_list, finding.owner)
        for finding in evaluated[rule].findings
        if not re.search(r"^8 GiB|at most (8|15) GiB", finding.evidence)
    )


def savings(evaluated, rule):
    return [saving for _, saving, _ in summary(evaluated, rule)]


def test_volumes_are_priced_with_their_iops_and_throughput(evaluated):
    # 500 GiB x 0.08 + 3,000 of the 6,000 IOPS x 0.005 + 175 of the 300 MiB/s x 0.04
    assert savings(evaluated, "unattached-volume") == [Decimal("62")]


def test_gp3_must_perform_as_the_volume_that_it_replaces(evaluated):
    # gp2: 500 GiB x 0.10 - (500 x 0.08 + 125 MiB/s x 0.04)
    assert savings(evaluated, "gp2-volume") == [Decimal("5")]
    # io1: 100 x 0.125 + 4,000 x 0.065 - (100 x 0.08 + 1,000 x 0.005 + 375 x 0.04); io2 with 20,000 IOPS stays
    assert savings(evaluated, "provisioned-iops-volume") == [Decimal("244.5")]


def test_old_snapshots_addresses_and_secrets(evaluated):
    assert savings(evaluated, "snapshots-expire") == [Decimal("10")]  # 200 GiB x 0.05
    assert savings(evaluated, "unassociated-address") == [Decimal("3.65")]
    assert [(saving, owner) for _, saving, owner in summary(evaluated, "unused-secret")] == [
        (Decimal("0.4"), "data")
    ]


def test_a_load_balancer_without_traffic_costs_its_hours_and_addresses(evaluated):
    (finding,) = evaluated["idle-load-balancer"].findings
    assert "/idle/" in finding.resource
    assert finding.saving_list == Decimal("23.725")  # 730 x (0.0225 + 2 x 0.005)
    assert finding.change.startswith("verify before deleting: ")
    assert finding.owner == "data"


def test_a_nat_gateway_that_sends_little_costs_its_hours_and_address(evaluated):
    assert savings(evaluated, "idle-nat-gateway") == [Decimal("36.5")]  # 730 x (0.045 + 0.005)


def test_databases_that_are_idle_oversized_old_or_out_of_support(evaluated):
    assert summary(evaluated, "idle-database") == [
        ("idle", Decimal("134.14"), "data")
    ]  # 730 x 0.168 + 100 x 0.115
    # 730 x (0.674 - 0.337)
    assert summary(evaluated, "oversized-database") == [
        ("large", Decimal("246.01"), "data"), ("unseen", Decimal("246.01"), "data"),
    ]  # fmt: skip
    assert summary(evaluated, "database-is-current-generation") == [("old", None, "data")]
    # 2 vCPUs x 0.20 x 730 in the third year; EKS 0.50 x 730
    assert summary(evaluated, "version-in-extended-support") == [
        ("aged", Decimal("365"), ""), ("ancient", Decimal("292"), "data"),
    ]  # fmt: skip


def test_a_database_is_oversized_only_if_its_memory_and_connections_fit_the_smaller_class(evaluated):
    evidence = {f.resource.rpartition(":")[2]: f for f in evaluated["oversized-database"].findings}
    # 32 GiB less 22 free ones are 10 of the 16 of db.m7g.xlarge; 16 GiB / 9,531,392 are 1,802 connections.
    assert (
        "at most 10.0 GiB of memory in use, 62 % of db.m7g.xlarge's; at most 40 connections of the 1802"
        in evidence["large"].evidence
    )
    # "full" uses 17 GiB, and "crowded" has 1,600 connections, more than 80 % of the smaller class's.
    assert set(evidence) == {"large", "unseen"}
    assert (evidence["large"].confidence, evidence["unseen"].confidence) == ("medium", "low")
    assert "look at FreeableMemory" in evidence["unseen"].evidence


def test_caches_that_are_idle_or_oversized(evaluated):
    assert summary(evaluated, "idle-cache") == [("unread", Decimal("229.95"), "data")]  # 730 x 0.315
    assert ("roomy", Decimal("114.61"), "data") in summary(
        evaluated, "oversized-cache"
    )  # 730 x (0.315 - 0.158)
    assert "right" not in [name for name, *_ in summary(evaluated, "oversized-cache")]


def test_an_instance_of_a_previous_generation_is_compared_with_the_same_architecture(evaluated):
    assert savings(evaluated, "previous-generation-instance") == [Decimal("9.928")]  # 730 x (0.1 - 0.0864)


def test_buckets_and_log_groups_that_keep_everything(evaluated):
    # 1,000 x (0.023 - 0.0125), and the 100 noncurrent bytes of the second
    neglected, plain = summary(evaluated, "bucket-has-a-lifecycle")
    assert plain == ("plain", Decimal("10.5"), "")
    assert (neglected[0], round(neglected[1], 6)) == ("neglected", Decimal("10.5"))
    (versioned,) = evaluated["bucket-expires-old-versions"].findings
    assert versioned.resource == "arn:aws:s3:::versioned"
    assert "25 % of the bytes" in versioned.evidence
    (group,) = evaluated["log-group-has-retention"].findings
    assert group.resource.endswith("log-group:/forever")
    assert group.owner == "data"


def test_each_rule_calls_what_its_permissions_allow_and_nothing_else(evaluated):
    for rule, (_, actions) in evaluated.items():
        assert actions - {"sts:GetCallerIdentity"} == set(rules()[rule].permissions), rule
