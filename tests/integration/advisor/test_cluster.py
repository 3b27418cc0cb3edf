"""The advice on a simulated cluster, from a real Prometheus; and what a week with that advice shows.

Amounts are worked out by hand. An m6i.large costs $0.096 an hour, $70.08 a month, and weighs 2 x 9 + 8 = 26:
a GiB is $2.6953846 and a core $24.2584615 a month.
"""

import csv
import io
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from functions.advisor.__main__ import main
from functions.advisor.kubernetes import claims
from functions.advisor.kubernetes.clusters import examine_clusters
from functions.advisor.kubernetes.prometheus import Prometheus
from functions.advisor.kubernetes.usage import sampling
from functions.advisor.ownership import Ownership
from functions.advisor.pricing import Prices
from functions.advisor.settings import Settings
from tests.functions.advisor.clusters import CLUSTER, START
from tests.functions.advisor.served import serving, write_blocks
from tests.functions.advisor.simulation import MIB, Simulated
from tests.functions.cost_data.recorded_aws import RecordedAws

ROOT = Path(__file__).parents[3]
WEEKS = 28
CORE, GIB = Decimal("24.2584615"), Decimal("2.6953846")
SETTINGS = Settings()


def examine(url, day):
    now = START + timedelta(days=day)
    prices, ownership = Prices(now.date()), Ownership(SETTINGS.owner_keys, {})
    return examine_clusters(Prometheus(url), None, SETTINGS, prices, ownership, now)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The directory of four weeks of samples."""
    directory = tmp_path_factory.mktemp("prometheus") / "data"
    write_blocks(directory, CLUSTER, START, 0, WEEKS)
    return directory


@pytest.fixture(scope="module")
def url(data):
    with serving(data) as url:
        yield url


@pytest.fixture(scope="module")
def examination(url):
    return examine(url, WEEKS)


@pytest.fixture(scope="module")
def findings(examination):
    return {finding.key: finding for finding in examination.findings}


def requests(findings, name, kind="Deployment"):
    return findings["overprovisioned-requests", f"shop/{kind}/{name}"]


def saves(finding, amount):
    """Whether the saving is the amount, to a cent."""
    return abs(finding.saving_list - amount) < Decimal("0.01")


def patched(finding):
    """The requests that a finding's command sets, by container."""
    pod = json.loads(re.search(r"--patch '(.*)'", finding.change)[1])["spec"]
    pod = pod.get("jobTemplate", {"spec": pod})["spec"]["template"]["spec"]
    return {container["name"]: container["resources"]["requests"] for container in pod["containers"]}


def test_a_steady_workload_gets_its_use_plus_headroom(findings):
    finding = requests(findings, "steady")
    # 0.2 cores + 15 % = 0.23; 512 MiB + 15 % = 588.8, in steps of 16 MiB 592; three pods
    assert patched(finding) == {"app": {"cpu": "230m", "memory": "592Mi"}}
    assert saves(finding, 3 * (Decimal("0.77") * CORE + Decimal(2048 - 592) / 1024 * GIB))
    assert finding.owner == "platform"


def test_a_workload_that_needs_its_requests_for_ten_minutes_a_day_keeps_them(findings):
    assert ("overprovisioned-requests", "shop/Deployment/spiky") not in findings


def test_a_workload_that_needs_its_requests_at_night_keeps_them(findings):
    assert ("overprovisioned-requests", "shop/Deployment/nightly") not in findings


def test_a_nightly_job_saves_for_the_hour_that_it_runs(findings):
    finding = requests(findings, "batch", "CronJob")
    assert patched(finding) == {"app": {"cpu": "1150m"}}
    assert saves(finding, Decimal("2.85") * CORE / 24)


def test_a_job_that_no_longer_runs_saves_nothing(findings):
    assert ("overprovisioned-requests", "shop/CronJob/retired") not in findings


def test_a_growing_workload_keeps_what_it_needs_two_weeks_later(findings):
    finding = requests(findings, "growing")
    # 0.76 cores on the last day, and 14 days with 0.02 more each: 1.04
    assert patched(finding) == {"app": {"cpu": "1040m"}}
    assert saves(finding, Decimal("0.96") * CORE)


def test_an_autoscaler_that_follows_the_load_leaves_nothing_to_save(findings):
    assert [key for key in findings if key[1].endswith("/scaled")] == []


def test_a_minimum_above_the_load_is_lowered_to_what_the_load_needs(findings):
    finding = findings["hpa-minimum-binds", "shop/HorizontalPodAutoscaler/minimum"]
    assert '{"spec":{"minReplicas":2}}' in finding.change
    # Six pods of a core and a GiB; 1 core at 70 % needs 2 for 18 hours, 2 cores need 3 for 6: 2.25 on average
    assert saves(finding, Decimal("3.75") * (CORE + GIB))
    assert ("overprovisioned-requests", "shop/Deployment/minimum") not in findings


def test_under_an_autoscaler_at_its_floor_the_request_still_keeps_the_replicas_at_their_target(findings):
    finding = requests(findings, "floor")
    # 0.1 cores a pod at the target of 70 % are 0.143, in steps of 10m 150m; two pods
    assert patched(finding) == {"app": {"cpu": "150m"}}
    assert saves(finding, 2 * Decimal("0.85") * CORE)


def test_the_memory_of_a_jvm_follows_its_limit(findings):
    finding = requests(findings, "orders")
    assert patched(finding) == {"app": {"cpu": "230m"}}
    assert "its heap follows the limit of 4096Mi" in finding.evidence


def test_a_crash_looping_workload_is_not_judged(findings, examination):
    assert [key for key in findings if "crashing" in key[1]] == []
    assert "shop/Deployment/crashing" in examination.not_judged
    assert any("crashing is not judged: restarted 2" in note for note in examination.notes)


def test_a_request_that_an_init_container_needs_anyway_stays(findings):
    assert ("overprovisioned-requests", "shop/Deployment/with-init") not in findings


def test_only_a_claim_that_nothing_mounted_for_a_week_is_reported_and_never_deleted_unseen(findings):
    claims = [finding for finding in findings.values() if finding.rule == "unmounted-volume-claim"]
    assert [finding.resource for finding in claims] == ["shop/PersistentVolumeClaim/forgotten"]
    assert claims[0].saving_list == Decimal("8.00")  # 100 GiB of gp3 at $0.08
    assert claims[0].change.startswith("verify before deleting: ")


def test_a_claim_costs_what_its_volume_costs_where_the_account_can_be_read(url):
    volume = {"VolumeId": "vol-0123", "VolumeType": "gp3", "Size": 100, "Iops": 4000, "Throughput": 225}
    aws = RecordedAws(ec2__describe_volumes={"Volumes": [volume]})
    prometheus, now = Prometheus(url), START + timedelta(days=WEEKS)
    (finding,) = claims.findings(
        prometheus,
        aws,
        sampling(prometheus, now),
        SETTINGS,
        Prices(now.date()),
        Ownership((), {}),
        "us-east-1",
    )
    assert finding.saving_list == Decimal(17)  # 100 GiB x 0.08 + 1,000 IOPS x 0.005 + 100 MiB/s x 0.04
    assert (finding.confidence, finding.merge_keys) == ("high", ("vol-0123",))


def test_a_node_with_nothing_but_daemon_sets_is_idle(findings):
    idle = [finding for finding in findings.values() if finding.rule == "idle-node"]
    assert [finding.resource for finding in idle] == ["Node/lonely"]
    assert saves(idle[0], Decimal("70.08"))


def test_only_a_workload_with_a_disruption_budget_is_a_spot_candidate(findings):
    candidates = [finding for finding in findings.values() if finding.rule == "spot-candidate"]
    assert [finding.resource for finding in candidates] == ["shop/Deployment/orders"]
    # two pods with the recommended 0.23 cores and 4 GiB, 60 % less
    assert saves(candidates[0], 2 * (Decimal("0.23") * CORE + 4 * GIB) * Decimal("0.6"))


def test_services_of_a_namespace_with_hardly_any_traffic_could_be_merged(findings):
    merged = [finding for finding in findings.values() if finding.rule == "low-traffic-services"]
    assert [finding.resource for finding in merged] == ["tools/Namespace/tools"]
    assert saves(merged[0], Decimal("0.02") * CORE + GIB)


def test_the_advice_converges_and_the_load_is_still_met(data, findings, tmp_path):
    changed = replace(
        CLUSTER,
        workloads=tuple(_carried_out(workload, findings) for workload in CLUSTER.workloads),
        claims=tuple(claim for claim in CLUSTER.claims if claim.name != "forgotten"),
        nodes={"busy": CLUSTER.nodes["busy"]},
    )
    assert changed.workloads != CLUSTER.workloads
    later = shutil.copytree(
        data, tmp_path / "data", ignore=shutil.ignore_patterns("wal", "lock", "queries.active")
    )
    write_blocks(later, changed, START, WEEKS, WEEKS + 7)
    with serving(later) as url:
        next_week = examine(url, WEEKS + 7)
    asked_again = {finding.key for finding in next_week.findings} & findings.keys()
    # What was carried out is not asked for again; the rest was left as it was.
    assert {rule for rule, _ in asked_again} == {"spot-candidate", "low-traffic-services"}
    new = {finding.key for finding in next_week.findings} - findings.keys()
    assert new == {("unmounted-volume-claim", "shop/PersistentVolumeClaim/young")}  # ten days old by now
    for workload in changed.workloads:
        for step in range(WEEKS * 144, (WEEKS + 7) * 144):
            day = step / 144
            if pods := workload.running(day):
                assert workload.cores(day) / pods <= workload.cpu + 1e-9, workload.name
                assert workload.memory(day) <= workload.memory_request, workload.name


def recommend(*arguments, **environment):
    """Runs the command of the guide from another directory."""
    script = ROOT / "scripts" / "finops" / "cost-recommendations.sh"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [script, *map(str, arguments)], cwd="/", capture_output=True, text=True, check=False,
        env={**kept, **environment},
    )  # fmt: skip


def test_the_command_writes_the_report_and_remembers_what_was_decided(url, tmp_path, capsys):
    report = ["--prometheus-url", url, "--no-aws", "--output", str(tmp_path), "--at", "2026-11-30"]
    done = recommend(*report)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "cost-recommendations-20261130.csv"
    assert done.stdout == f"{path}\n"
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert {(row["rule"], row["resource"]) for row in rows} >= {
        ("hpa-minimum-binds", "shop/HorizontalPodAutoscaler/minimum"),
        ("overprovisioned-requests", "shop/Deployment/steady"),
    }
    amounts = [Decimal(row["monthly_saving_effective_usd"]) for row in rows]
    assert amounts == sorted(amounts, reverse=True)
    assert "AWS: --no-aws" in done.stderr
    decision = ["status", "idle-node", "Node/lonely", "snoozed", "--until", "2099-01-01", "--reason", "spare"]
    assert main([*decision, "--output", str(tmp_path)]) == 0
    assert main(["report", *report, "--format", "json", "--window", "1w"]) == 0
    assert capsys.readouterr().out.endswith("cost-recommendations-20261130.json\n")
    document = json.loads((tmp_path / "cost-recommendations-20261130.json").read_text())
    statuses = {finding["resource"]: finding["status"] for finding in document["findings"]}
    assert statuses["Node/lonely"] == "snoozed"
    assert document["window_days"] == 7


def test_without_any_source_the_report_is_empty_and_says_why(tmp_path):
    done = recommend("--output", tmp_path, AWS_EC2_METADATA_DISABLED="true", HOME=str(tmp_path))
    assert done.returncode == 0
    assert "AWS: no credentials" in done.stderr
    assert "Prometheus: no URL" in done.stderr
    (path,) = tmp_path.glob("cost-recommendations-*.csv")
    assert len(path.read_text().splitlines()) == 1


def _carried_out(workload: Simulated, findings) -> Simulated:
    """The workload after the commands of the findings."""
    minimum = findings.get(
        ("hpa-minimum-binds", f"{workload.namespace}/HorizontalPodAutoscaler/{workload.name}")
    )
    if minimum is not None and workload.hpa:
        replicas = json.loads(re.search(r"--patch '(.*)'", minimum.change)[1])["spec"]["minReplicas"]
        workload = replace(workload, hpa=replace(workload.hpa, minimum=replicas))
    kind = "CronJob" if workload.job else "Deployment"
    finding = findings.get(("overprovisioned-requests", f"{workload.namespace}/{kind}/{workload.name}"))
    if finding is None:
        return workload
    values = patched(finding)["app"]
    cpu = float(values["cpu"].removesuffix("m")) / 1000 if "cpu" in values else None
    memory = float(values["memory"].removesuffix("Mi")) * MIB if "memory" in values else None
    return workload.with_requests(cpu, memory)
