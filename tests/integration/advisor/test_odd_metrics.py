"""Metrics as clusters have them beyond the plain case: what is missing, doubled or no number.

A real Prometheus has the samples of 15 days; each pod uses 0.1 cores and 100 MiB of its core and GiB, unless
its name says otherwise.
"""

import itertools
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from functions.advisor.__main__ import main
from functions.advisor.kubernetes.clusters import examine_clusters
from functions.advisor.kubernetes.prometheus import Prometheus
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import Prices
from functions.advisor.settings import Settings
from tests.functions.advisor.samples import COUNT, GIB, MIB, Samples
from tests.functions.advisor.served import serving, write_samples
from tests.functions.cost_data.recorded_aws import RecordedAws

NOW = datetime(2026, 11, 30, tzinfo=UTC)
SETTINGS = Settings()
HALF = COUNT // 2
HASHED = "7c6d5b9f8c"


def pod(name, number=0):
    return f"{name}-{HASHED}-{'bcdf'[number]}2x4z"


def replica_set(name, hashed=HASHED):
    return "ReplicaSet", f"{name}-{hashed}"


def one_cluster():
    samples = Samples(NOW)
    # A rollout in the middle of the window.
    for hashed, at in (("6d9f8b7c5d", range(HALF)), (HASHED, range(HALF, COUNT))):
        samples.container(f"web-{hashed}-b2x4z", 0.1, 100, owner=replica_set("web", hashed), at=at)
        owned = {"replicaset": f"web-{hashed}", "owner_kind": "Deployment", "owner_name": "web"}
        samples.add("kube_replicaset_owner", {"namespace": "shop", **owned})
    # A ReplicaSet of its own, and one of which kube-state-metrics does not say who owns it.
    samples.container(pod("bare"), 0.1, 100, owner=replica_set("bare"))
    bare = {"replicaset": f"bare-{HASHED}", "owner_kind": "<none>", "owner_name": "<none>"}
    samples.add("kube_replicaset_owner", {"namespace": "shop", **bare})
    samples.container(pod("api"), 0.1, 100, owner=replica_set("api"))
    samples.add("kube_pod_labels", {"namespace": "shop", "pod": pod("api"), "label_owner": 'data, "core"'})
    managed = {"label_app_kubernetes_io_managed_by": "Terraform"}
    samples.add("kube_namespace_labels", {"namespace": "shop", "label_team": "retail", **managed})
    # A container that was started again has a new id, and its counter begins anew.
    for new_id, at in (("first", range(HALF)), ("second", range(HALF, COUNT))):
        samples.container(pod("again"), 0.3, 300, owner=replica_set("again"), at=at, id=new_id)
    for replica in "ab":  # of Prometheus
        samples.container(pod("doubled"), 0.3, 300, owner=replica_set("doubled"), id="one", replica=replica)
    # This one crashes again and again; and of this one kube-state-metrics alone has samples.
    for start in range(6):
        crashing = range(start * COUNT // 6, (start + 1) * COUNT // 6)
        samples.container(
            pod("crashing"), 0.1, 100, owner=replica_set("crashing"), at=crashing, id=f"{start}"
        )
    unseen = {"namespace": "shop", "pod": pod("unseen"), "container": "app", "resource": "cpu"}
    samples.add("kube_pod_container_resource_requests", unseen)
    # An autoscaler names the Deployment of pods with any suffix.
    for suffix in ("a1", "b2"):
        samples.container(f"named-{suffix}", 0.5, 100)
    named = {"namespace": "shop", "horizontalpodautoscaler": "named"}
    samples.add("kube_horizontalpodautoscaler_spec_min_replicas", named, 2)
    samples.add("kube_horizontalpodautoscaler_spec_max_replicas", named, 9)
    target = {"metric_name": "cpu", "metric_target_type": "utilization"}
    samples.add("kube_horizontalpodautoscaler_spec_target_metric", {**named, **target}, 60)
    sidecar = {"namespace": "shop", "pod": pod("proxied"), "container": "proxy"}
    samples.container(pod("proxied"), 0.1, 100, owner=replica_set("proxied"))
    samples.container(pod("proxied"), 0.01, 20, name="proxy", requests=(0, 0), at=range(COUNT))
    samples.add("kube_pod_init_container_info", {**sidecar, "restart_policy": "Always"})
    samples.add("kube_pod_init_container_resource_requests", {**sidecar, "resource": "cpu"}, 0.5)
    # The memory of this one was no number once, and then there is no mean.
    samples.container(
        pod("broken"), 0.1, lambda n: math.nan if n == COUNT - 20 else 100, owner=replica_set("broken")
    )
    # An init container reserves four cores, but an autoscaler counts the requests of the others.
    for number in range(3):
        samples.container(
            pod("migrated", number), 0.3, 900, requests=(0.5, 1024), owner=replica_set("migrated")
        )
        init = {
            "namespace": "shop",
            "pod": pod("migrated", number),
            "container": "migrate",
            "resource": "cpu",
        }
        samples.add("kube_pod_init_container_resource_requests", init, 4)
    scaler = {"namespace": "shop", "horizontalpodautoscaler": "migrated"}
    samples.add("kube_horizontalpodautoscaler_spec_min_replicas", scaler, 3)
    samples.add("kube_horizontalpodautoscaler_spec_max_replicas", scaler, 9)
    target = {"metric_name": "cpu", "metric_target_type": "utilization"}
    samples.add("kube_horizontalpodautoscaler_spec_target_metric", {**scaler, **target}, 60)
    for name in ("pay", "pay-api"):
        for number in (0, 1):
            samples.container(pod(name, number), 0.9, 900, owner=replica_set(name))
    budget = {"namespace": "shop", "poddisruptionbudget": "pay-api-pdb"}
    samples.add("kube_poddisruptionbudget_status_expected_pods", budget, 2)
    samples.container("a.b-0", 0.1, 100, owner=("StatefulSet", "a.b"))
    return samples


def two_clusters():
    samples = Samples(NOW)
    for cluster, cores in (("eu", 0.1), ("us", 0.9)):
        samples.container("db-0", cores, 900, owner=("StatefulSet", "db"), cluster=cluster)
    return samples


def claims_alone():
    samples = Samples(NOW)
    for name, phase in (("old", "Bound"), ("pending", "Pending")):
        claim = {"namespace": "shop", "persistentvolumeclaim": name}
        samples.add(
            "kube_persistentvolumeclaim_info", {**claim, "storageclass": "gp3", "volumename": f"pvc-{name}"}
        )
        samples.add("kube_persistentvolumeclaim_resource_requests_storage_bytes", claim, 100 * GIB)
        for each in ("Bound", "Pending", "Lost"):
            samples.add(
                "kube_persistentvolumeclaim_status_phase", {**claim, "phase": each}, int(each == phase)
            )
    return samples


def rolled_out_daily():
    """A Deployment that is rolled out every day, the last time three hours ago."""
    samples = Samples(NOW)
    for day, start in enumerate(range(COUNT - 6, 0, -48)):
        hashed, at = f"6d9f8b7c5{'bcdfghjklmnpqrstvwxz'[day]}", range(start, min(start + 48, COUNT))
        samples.container(f"web-{hashed}-b2x4z", 0.6, 600, owner=replica_set("web", hashed), at=at)
    return samples


def bursts():
    """OpenMetrics of four days by the minute: a pod that uses its core for five minutes each hour."""
    start, minutes = int(NOW.timestamp()) - 4 * 86_400, range(4 * 1440 + 1)
    labels = f'namespace="shop",pod="{pod("bursts")}",container="app"'
    used = itertools.accumulate(57.0 if minute % 60 < 5 else 1.2 for minute in minutes)
    for metric, values in (
        ("container_cpu_usage_seconds_total", used),
        ("container_memory_working_set_bytes", itertools.repeat(900.0 * MIB)),
    ):
        yield f"# TYPE {metric.removesuffix('_total')} {'counter' if 'cpu' in metric else 'gauge'}\n"
        for minute, value in zip(minutes, values, strict=False):
            yield f"{metric}{{{labels}}} {value} {start + minute * 60}\n"
    yield "# TYPE kube_pod_container_resource_requests gauge\n"
    for minute in minutes:
        at = start + minute * 60
        yield f'kube_pod_container_resource_requests{{{labels},resource="cpu"}} 2 {at}\n'
    yield "# EOF\n"


@pytest.fixture(scope="module")
def examine(tmp_path_factory):
    """Examines the clusters of samples."""

    def examined(samples, now=NOW, aws=None):
        directory = tmp_path_factory.mktemp("prometheus") / "data"
        write_samples(directory, samples.lines() if isinstance(samples, Samples) else samples)
        prices, ownership = Prices(NOW.date()), Ownership(SETTINGS.owner_keys, {})
        with serving(directory) as url:
            return examine_clusters(Prometheus(url), aws, SETTINGS, prices, ownership, now)

    return examined


@pytest.fixture(scope="module")
def examination(examine):
    return examine(one_cluster())


@pytest.fixture(scope="module")
def requests(examination):
    return {f.resource: f for f in examination.findings if f.rule == "overprovisioned-requests"}


def test_the_pods_of_two_replica_sets_are_one_deployment_and_only_those_of_now_save(requests):
    assert "14 of 14 days measured" in requests["shop/Deployment/web"].evidence
    assert "pods: 1;" in requests["shop/Deployment/web"].evidence
    assert not [resource for resource in requests if "6d9f8b7c5d" in resource]


def test_a_replica_set_is_of_the_deployment_of_its_name_unless_it_has_no_owner(requests):
    assert "shop/Deployment/api" in requests
    assert f"shop/ReplicaSet/bare-{HASHED}" in requests


def test_the_owner_is_on_the_pod_or_else_on_the_namespace(requests):
    assert requests["shop/Deployment/api"].owner == 'data, "core"'
    web = requests["shop/Deployment/web"]
    assert (web.owner, web.managed_by) == ("retail", "")  # what manages the namespace need not manage it


def test_a_container_that_was_started_again_used_what_both_its_series_show(requests):
    assert "cpu used 30 % of the requests" in requests["shop/Deployment/again"].evidence


def test_a_workload_whose_container_was_started_five_times_again_is_not_judged(requests, examination):
    assert "shop/Deployment/crashing" not in requests
    reason = "restarted 5 times in the window; find out why first"
    assert f"shop/Deployment/crashing is not judged: {reason}" in examination.notes


def test_a_workload_without_samples_of_its_use_is_named(requests, examination):
    assert "shop/Deployment/unseen" not in requests
    reason = "days on which its use was measured: 0 of at least 3"
    assert f"shop/Deployment/unseen is not judged: {reason}" in examination.notes


def test_pods_without_an_owner_are_of_what_an_autoscaler_scales(requests):
    assert "pods: 2 under shop/HorizontalPodAutoscaler/named" in requests["shop/Deployment/named"].evidence


def test_what_two_replicas_of_prometheus_scraped_was_used_once(requests):
    assert "cpu used 30 % of the requests" in requests["shop/Deployment/doubled"].evidence


def test_a_sidecar_is_patched_as_an_init_container(requests):
    change = requests["shop/Deployment/proxied"].change
    assert '"initContainers":[{"name":"proxy","resources":{"requests":{"cpu":"20m"' in change


def test_a_use_that_is_no_number_is_named_and_not_judged(requests, examination):
    assert '"requests":{"cpu":"120m"}' in requests["shop/Deployment/broken"].change
    assert "shop/Deployment/broken: no use measured of app memory" in examination.notes


def test_an_autoscaler_compares_with_the_requests_of_what_keeps_running(examination):
    # 0.3 of 0.5 cores are the target of 60 %; of the four cores of the init container they would be 7 %, and
    # the minimum of three replicas would seem too high.
    assert not [f for f in examination.findings if "migrated" in f.resource]


def test_a_disruption_budget_is_of_the_deployment_with_the_longest_name_in_its_name(examination):
    spot = [f.resource for f in examination.findings if f.rule == "spot-candidate"]
    assert spot == ["shop/Deployment/pay-api"]


def test_a_name_with_a_dot_is_a_name(requests):
    assert "shop/StatefulSet/a.b" in requests


def test_the_clusters_of_one_prometheus_are_told_apart(examine):
    (found,) = examine(two_clusters()).findings
    assert found.resource == "eu/shop/StatefulSet/db"
    assert "cluster%3D%22eu%22" in found.link


def test_bound_claims_are_judged_without_the_metrics_of_cadvisor(examine):
    examination = examine(claims_alone())
    (claim,) = examination.findings
    assert (claim.resource, claim.confidence) == ("shop/PersistentVolumeClaim/old", "low")
    assert examination.rules == {"unmounted-volume-claim", "idle-node"}


def test_the_volume_of_a_claim_is_found_by_the_name_that_its_tags_keep(examine):
    volume = {
        "VolumeId": "vol-0123abcd", "VolumeType": "io2", "Size": 500, "Iops": 4000,
        "Tags": [{"Key": "CSIVolumeName", "Value": "pvc-old"}],
    }  # fmt: skip
    aws = RecordedAws(ec2__describe_volumes={"Volumes": [volume]})
    (claim,) = examine(claims_alone(), aws=aws).findings
    assert claim.merge_keys == ("vol-0123abcd",)
    assert claim.saving_list == Decimal("322.5")  # 500 GiB × $0.125 + 4,000 IOPS × $0.065
    filters = [parameters["Filters"] for _, parameters in aws.requests]
    assert {"Name": "tag:CSIVolumeName", "Values": ["pvc-old"]} in itertools.chain(*filters)


def test_an_empty_prometheus_is_a_report_without_findings_that_says_so(tmp_path, capsys):
    data = tmp_path / "data"
    data.mkdir()
    with serving(data) as url:
        output = tmp_path / "reports"
        assert main(["report", "--no-aws", "--prometheus-url", url, "--output", str(output)]) == 0
    assert "no rule on the cluster was evaluated" in capsys.readouterr().err
    (report,) = output.glob("*.csv")
    assert len(report.read_text().splitlines()) == 1


def test_samples_that_ended_hours_ago_are_judged_until_they_end(examine):
    examination = examine(claims_alone(), NOW + timedelta(hours=5))
    assert (
        "Prometheus: the newest sample is of 2026-11-30 00:00 UTC; the window ends there" in examination.notes
    )


def test_how_often_samples_come_is_right_after_all_pods_were_replaced(examine):
    # It uses 60 % of its requests; six samples in the last six hours are no interval of an hour.
    assert examine(rolled_out_daily()).findings == []


def test_a_request_is_never_below_what_five_minutes_needed(examine):
    (found,) = examine(bursts()).findings
    assert '"requests":{"cpu":"950m"}' in found.change
