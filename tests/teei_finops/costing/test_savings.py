"""What fixes save, from the same estimate as the review."""

from datetime import date
from decimal import Decimal, localcontext

import pytest

from teei_finops.costing.budgets.savings import Fix, savings
from teei_finops.costing.costs import EXACT, CostOptions
from teei_finops.costing.preview.reader import read_plan
from teei_finops.policy_report import Remedy
from tests.teei_finops.costing.preview_builder import INSTANCE, UNKNOWN, VOLUME, create, preview, urn

OPTIONS = CostOptions(at=date(2026, 11, 24), region="us-east-1")
GP2 = {"size": 500, "type": "gp2"}
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
DATABASE = "aws:rds/instance:Instance"
CLUSTER, MEMBER = "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance"


def fix(token: str, name: str, remedy: Remedy, policy: str = "rule") -> Fix:
    return Fix(urn(token, name), remedy, policy)


def saved(steps: list, *fixes: Fix) -> dict[int, Decimal]:
    plan = read_plan(preview(*steps), name="dev")
    with localcontext(EXACT):
        amounts = savings(plan, dict(enumerate(fixes)), OPTIONS.pricing())
    return {key: amount.expected for key, amount in amounts.items()}


TO_GP3 = Remedy({"type": "gp3"})


def test_a_fix_saves_the_difference_between_the_resource_as_it_is_and_as_fixed():
    # 500 GB at $0.10 and at $0.08.
    assert saved([create(VOLUME, "disk", GP2)], fix(VOLUME, "disk", TO_GP3)) == {0: 10}


def test_a_fix_that_deletes_the_resource_saves_all_that_it_costs():
    disk = create(VOLUME, "disk", GP2)
    assert saved([disk], fix(VOLUME, "disk", Remedy(deletes=True))) == {0: 50}


def test_resources_whose_use_another_one_takes_over_save_what_they_cost_by_the_hour():
    gateways = [create(NAT_GATEWAY, name, {"subnetId": "subnet-1"}) for name in "abc"]
    others = Remedy(merges=tuple(urn(NAT_GATEWAY, name) for name in ("b", "c", "in-no-plan")))
    # $0.045 an hour each, without the GB that pass them.
    assert saved(gateways, fix(NAT_GATEWAY, "c", others)) == {0: Decimal("65.70")}


def test_resources_that_cost_nothing_by_the_hour_save_nothing():
    gateway = create(NAT_GATEWAY, "a", {"subnetId": "subnet-1", "region": "xx-nowhere-1"})
    assert saved([gateway], fix(NAT_GATEWAY, "a", Remedy(merges=(urn(NAT_GATEWAY, "a"),)))) == {}


def test_two_fixes_of_one_resource_are_priced_one_by_one():
    devices = [{"volumeType": "gp2", "volumeSize": 100}, {"volumeType": "gp2", "volumeSize": 200}]
    machine = create(INSTANCE, "vm", {"instanceType": "m7g.large", "ebsBlockDevices": devices})
    remedies = [Remedy({f"ebsBlockDevices[{index}].volumeType": "gp3"}) for index in range(2)]
    assert saved([machine], *(fix(INSTANCE, "vm", remedy) for remedy in remedies)) == {0: 2, 1: 4}


def test_fixes_of_two_policies_are_each_priced_alone():
    savings = saved(
        [create(VOLUME, "disk", GP2)],
        fix(VOLUME, "disk", TO_GP3, "gp2-volume"),
        fix(VOLUME, "disk", Remedy(deletes=True), "unattached-volume"),
    )
    assert savings == {0: 10, 1: 50}


def test_the_upgrade_of_a_cluster_saves_the_extended_support_of_its_instances():
    cluster = create(CLUSTER, "db", {"engine": "aurora-postgresql", "engineVersion": "12.9"})
    member = create(
        MEMBER,
        "db-0",
        {"clusterIdentifier": UNKNOWN, "instanceClass": "db.r6g.large", "engine": "aurora-postgresql"},
        propertyDependencies={"clusterIdentifier": [urn(CLUSTER, "db")]},
    )
    repeated = create(
        MEMBER,
        "db-1",
        {
            "clusterIdentifier": UNKNOWN,
            "instanceClass": "db.r6g.large",
            "engine": "aurora-postgresql",
            "engineVersion": "12.9",
        },
        propertyDependencies={key: [urn(CLUSTER, "db")] for key in ("clusterIdentifier", "engineVersion")},
    )
    upgrade = fix(CLUSTER, "db", Remedy({"engineVersion": "17"}))
    # Two vCPUs each at $0.10 an hour.
    assert saved([cluster, member, repeated], upgrade) == {0: 292}


@pytest.mark.parametrize(
    ("inputs", "remedy"),
    [
        (GP2, Remedy({"type": "quantum"})),
        ({"size": 500, "type": "gp3"}, Remedy({"type": "gp2"})),
        (GP2, Remedy({"tags.owner": "x"})),
        ({"size": 500, "type": "quantum"}, TO_GP3),
    ],
    ids=["no price as fixed", "costs more", "no such property", "no price"],
)
def test_a_fix_without_a_saving_has_no_amount(inputs, remedy):
    assert saved([create(VOLUME, "disk", inputs)], fix(VOLUME, "disk", remedy)) == {}


def test_a_fix_of_no_resource_of_the_plan_has_no_amount():
    assert saved([create(VOLUME, "disk", GP2)], fix(VOLUME, "other", TO_GP3)) == {}


def test_a_dependent_with_a_fix_of_its_own_is_counted_once():
    inputs = {"engine": "postgres", "engineVersion": "12.9", "instanceClass": "db.r6g.large"}
    primary = create(DATABASE, "db", {**inputs, "storageType": "gp3", "allocatedStorage": 100})
    replica = create(
        DATABASE,
        "replica",
        {**inputs, "replicateSourceDb": UNKNOWN, "storageType": "gp3", "allocatedStorage": 100},
        propertyDependencies={"replicateSourceDb": [urn(DATABASE, "db")]},
    )
    upgrade = Remedy({"engineVersion": "17"})
    fixes = [fix(DATABASE, "db", upgrade), fix(DATABASE, "replica", upgrade)]
    # Two vCPUs each, at $0.10 an hour.
    assert saved([primary, replica], *fixes) == {0: 146, 1: 146}
