"""The share of the nodes that Kubernetes workloads request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    US,
    D,
    dollars,
    estimate_of,
    estimates_of,
    price,
    resource,
    urn,
)
from tests.teei_finops.costing.estimators.kubernetes_helpers import (
    DEPLOYMENT,
    M6I_LARGE,
    NODE_GROUP,
    deployment,
    hour,
    near,
    pod,
    share,
)


def test_a_deployment_takes_requests_times_replicas_of_the_nodes():
    it = estimate_of(DEPLOYMENT, deployment(replicas=4))
    # 4 pods of 0.5 vCPU and 1 GB: 4 × (4.5 + 1) of 26 parts of a node.
    assert near(share(it), 4 * D("5.5") / M6I_LARGE * 730 * hour())


@pytest.mark.parametrize(
    ("kind", "weight"),
    [("c6i.xlarge", 4 * 11), ("r6g.2xlarge", 8 * 17), ("t3.large", 2 * 9 + 8)],
)
def test_the_rate_is_that_of_the_plans_node_group(kind, weight):
    group = resource(NODE_GROUP, {"instanceTypes": [kind], "region": EU}, name="nodes")
    it = estimate_of(DEPLOYMENT, deployment(replicas=1), group)
    assert near(share(it), D("5.5") / weight * 730 * hour(kind, EU))
    assert any(kind in note for note in it.notes)


@pytest.mark.parametrize("kinds", [["g5.xlarge"], ["m9z.large"], UNKNOWN, None])
def test_the_reference_node_replaces_a_node_group_of_unknown_size_or_price(kinds):
    group = resource(NODE_GROUP, {"instanceTypes": kinds, "region": EU}, name="nodes")
    it = estimate_of(DEPLOYMENT, deployment(replicas=1), group)
    assert near(share(it), D("5.5") / M6I_LARGE * 730 * hour(region=EU))


def test_the_region_is_that_of_the_plans_only_aws_provider_else_the_configs():
    def provider(name: str, region: str) -> dict[str, Any]:
        token = "pulumi:providers:aws"
        state = {"urn": urn(token, name), "custom": True, "type": token, "inputs": {"region": region}}
        return {"op": "same", "urn": state["urn"], "newState": state}

    cluster = f"{urn('pulumi:providers:kubernetes', 'cluster')}::id"
    api = resource(DEPLOYMENT, deployment(replicas=1), provider=cluster)
    one = D("5.5") / M6I_LARGE * 730
    assert near(share(estimates_of(api, provider("main", EU))[0]), one * hour(region=EU))
    claim = {"spec": {"resources": {"requests": {"storage": "10Gi"}}}}
    volume = resource("kubernetes:core/v1:PersistentVolumeClaim", claim, provider=cluster)
    gb = price("AmazonEC2", "ebs", "gp3-storage", EU)
    assert dollars(estimates_of(volume, provider("main", EU))[0]) == 10 * gb
    two = (provider("main", EU), provider("billing", US))
    assert near(share(estimates_of(api, *two, region=EU)[0]), one * hour(region=EU))
    nowhere = estimates_of(api, *two, region="")[0]
    assert nowhere.allocation is None
    assert nowhere.notes == (
        "share of the nodes: no price in this region: "
        "the Region of its cluster is not known; set one with --region",
    )


def test_init_containers_count_only_where_they_need_more_and_sidecars_always():
    spec = pod("500m", "1Gi")["spec"]
    ask = {"resources": {"requests": {"cpu": "2", "memory": "512Mi"}}}
    spec["initContainers"] = [{"name": "migrate", **ask}]
    it = estimate_of("kubernetes:core/v1:Pod", {"metadata": {"name": "p"}, "spec": spec})
    assert near(share(it), (2 * 9 + D(1)) / M6I_LARGE * 730 * hour())
    spec["initContainers"] = [{"name": "proxy", "restartPolicy": "Always", **ask}]
    it = estimate_of("kubernetes:core/v1:Pod", {"metadata": {"name": "p"}, "spec": spec})
    assert near(share(it), (D("2.5") * 9 + D("1.5")) / M6I_LARGE * 730 * hour())


def test_limits_replace_missing_requests_and_without_both_a_range_is_assumed():
    limited = deployment(replicas=1)
    limited["spec"]["template"]["spec"]["containers"][0]["resources"] = {
        "limits": {"cpu": 1, "memory": "2Gi"}
    }
    assert near(share(estimate_of(DEPLOYMENT, limited)), D(11) / M6I_LARGE * 730 * hour())
    silent = deployment(replicas=1)
    del silent["spec"]["template"]["spec"]["containers"][0]["resources"]
    it = estimate_of(DEPLOYMENT, silent)
    low, expected, high = share(it)
    assert low == 0 < expected < high
    assert it.allocation is not None
    assert it.allocation.assumed
    assert "app requests no cpu: a small range is assumed" in it.notes


def test_a_daemon_set_runs_on_each_node():
    groups = [
        resource(
            NODE_GROUP,
            {
                "instanceTypes": ["m6i.large"],
                "scalingConfig": {"minSize": 1, "desiredSize": 2, "maxSize": 6},
            },
            name=f"nodes-{n}",
        )
        for n in range(2)
    ]
    one = D("5.5") / M6I_LARGE * 730 * hour()
    it = estimate_of("kubernetes:apps/v1:DaemonSet", deployment(), *groups)
    assert near(share(it), 2 * one, 4 * one, 12 * one)


def test_a_cron_job_takes_what_its_runs_take():
    spec = {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": pod(), "completions": 2}}}
    minute = 2 * D("5.5") / M6I_LARGE * 730 * hour() / 60
    it = estimate_of("kubernetes:batch/v1:CronJob", {"metadata": {"name": "c"}, "spec": spec})
    assert near(share(it), minute, 5 * minute, 60 * minute)
    spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] = 120
    it = estimate_of("kubernetes:batch/v1:CronJob", {"metadata": {"name": "c"}, "spec": spec})
    assert near(share(it), minute, 2 * minute, 2 * minute)
    suspended = estimate_of("kubernetes:batch/v1:CronJob", {"spec": {**spec, "suspend": True}})
    assert suspended.allocation is None
    once = estimate_of("kubernetes:batch/v1:Job", {"metadata": {"name": "j"}, "spec": {"template": pod()}})
    assert near(share(once), *(D(n) / 60 * D("5.5") / M6I_LARGE * hour() for n in (1, 5, 60)))
