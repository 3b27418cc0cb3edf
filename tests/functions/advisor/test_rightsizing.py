"""The arithmetic under an autoscaler, on random loads: what is saved and met, and that it converges."""

import math
import random
from dataclasses import replace
from decimal import Decimal

import pytest

from functions.advisor.kubernetes.autoscalers import Autoscaler, Load, clamped
from functions.advisor.kubernetes.rightsizing import MINIMUM, REQUESTS, advise, why_not_judged
from functions.advisor.kubernetes.usage import Use
from functions.advisor.kubernetes.workloads import Container, Workload
from functions.advisor.pricing import UnitPrices
from functions.advisor.settings import Settings

SETTINGS = Settings()
UNITS = UnitPrices(Decimal(10), Decimal(0), "a core for $10")
GIB = 1024**3


def workload(cpu, *, replicas=1, use=None, memory=None, **fields):
    container = Container(
        "app",
        requests={"cpu": cpu, "memory": GIB},
        use={"cpu": use, **({"memory": memory} if memory else {})},
    )
    values = {
        "namespace": "shop", "kind": "Deployment", "name": "web", "containers": (container,),
        "pods": frozenset({"web-1"}), "all_pods": frozenset({"web-1"}), "mean_pods": replicas,
        "replicas": replicas, "measured_days": 14,
    }  # fmt: skip
    return Workload(**(values | fields))


def steady(value):
    return Use(value, value, dict.fromkeys(range(14), value))


def scaler(minimum, maximum, target):
    return Autoscaler("shop", "web", "Deployment", "web", minimum, maximum, {"cpu": target})


def scaled(cores, request, hpa):
    """The workload with this load, and its replicas at each instant."""
    replicas = clamped(Load({"cpu": cores}).needed(hpa, {"cpu": request}), hpa)
    per_pod = [use / count for use, count in zip(cores, replicas, strict=True)]
    use = Use(sum(cores) / sum(replicas), max(per_pod), {0: max(per_pod)})
    return workload(request, replicas=sum(replicas) / len(replicas), use=use), replicas


def carried_out(findings, request, hpa):
    for finding in findings:
        if finding.rule == MINIMUM:
            hpa = hpa.with_minimum(int(finding.inputs.rpartition(": ")[2]))
        elif finding.rule == REQUESTS:
            request = float(finding.inputs.partition('"cpu": "')[2].partition("m")[0]) / 1000
    return request, hpa


def test_under_an_autoscaler_the_saving_is_that_of_the_replay_the_load_is_met_and_the_advice_converges():
    numbers = random.Random(20)
    advised = 0
    for _ in range(300):
        minimum = numbers.randint(1, 12)
        hpa = scaler(minimum, minimum + numbers.randint(0, 20), numbers.choice([0.5, 0.6, 0.7, 0.8]))
        request = numbers.choice([0.25, 0.5, 1.0, 2.0])
        level = numbers.uniform(0, 10) * request
        cores = [max(level * (1 + math.sin(n / 20)) + numbers.uniform(-0.1, 0.1), 0.001) for n in range(200)]
        before, replicas = scaled(cores, request, hpa)
        advice = advise(before, hpa, Load({"cpu": cores}), SETTINGS, UNITS)
        if not advice.findings:
            continue
        advised += 1
        new_request, new_hpa = carried_out(advice.findings, request, hpa)
        after, new_replicas = scaled(cores, new_request, new_hpa)
        saved = sum((finding.saving_list for finding in advice.findings), Decimal(0))
        replayed = 10 * (sum(replicas) * request - sum(new_replicas) * new_request) / len(cores)
        assert float(saved) == pytest.approx(replayed, abs=0.01)
        assert saved > 0
        for use, old, new in zip(cores, replicas, new_replicas, strict=True):
            # No pod is busier than its request allows, unless the maximum already kept it so.
            assert use / new <= new_request + 1e-9 or old == hpa.maximum
        assert advise(after, new_hpa, Load({"cpu": cores}), SETTINGS, UNITS).findings == ()
    assert advised > 50


def test_a_smaller_request_would_only_change_the_replicas_of_an_autoscaler_above_its_minimum():
    cores = [5.0] * 10
    hpa = scaler(2, 20, 0.3)  # 17 replicas at 30 %: below 40 %, and still nothing to save
    before, replicas = scaled(cores, 1.0, hpa)
    assert replicas == [17] * 10
    advice = advise(before, hpa, Load({"cpu": cores}), SETTINGS, UNITS)
    assert [finding.rule for finding in advice.findings] == []


def test_an_autoscaler_of_keda_is_changed_by_its_scaled_object():
    hpa = replace(scaler(10, 20, 0.5), name="keda-hpa-web")
    cores = [1.0] * 10
    advice = advise(scaled(cores, 1.0, hpa)[0], hpa, Load({"cpu": cores}), SETTINGS, UNITS)
    (finding,) = advice.findings
    assert finding.resource == "shop/ScaledObject/web"
    assert finding.change.startswith("kubectl -n shop patch scaledobject web --type merge")
    assert '"minReplicaCount":2' in finding.change


def test_an_autoscaler_with_other_metrics_keeps_its_minimum():
    hpa = replace(scaler(10, 20, 0.5), others=1)
    cores = [1.0] * 10
    advice = advise(scaled(cores, 1.0, hpa)[0], hpa, Load({"cpu": cores}), SETTINGS, UNITS)
    assert MINIMUM not in [finding.rule for finding in advice.findings]


def test_without_requests_nothing_follows_from_an_autoscaler():
    hpa = scaler(2, 10, 0.5)
    bare = replace(workload(1.0, use=steady(0.1)), containers=(Container("app", use={"cpu": steady(0.1)}),))
    assert advise(bare, hpa, Load({"cpu": [0.1]}), SETTINGS, UNITS).findings == ()


def test_memory_of_a_container_that_was_killed_for_lack_of_it_stays():
    killed = workload(1.0, use=steady(0.9), memory=steady(0.1 * GIB), out_of_memory=frozenset({"app"}))
    assert advise(killed, None, None, SETTINGS, UNITS).findings == ()
    fine = replace(killed, out_of_memory=frozenset())
    assert len(advise(fine, None, None, SETTINGS, UNITS).findings) == 1


@pytest.mark.parametrize("fields", [{"name": "java-app"}, {"has_jvm": True}])
def test_memory_of_a_jvm_stays(fields):
    jvm = workload(1.0, use=steady(0.9), memory=steady(0.1 * GIB), **fields)
    assert advise(jvm, None, None, SETTINGS, UNITS).findings == ()


def test_a_container_without_measurements_is_never_taken_for_idle():
    unknown = replace(workload(1.0, use=steady(0.0)), containers=(Container("app", requests={"cpu": 1.0}),))
    assert advise(unknown, None, None, SETTINGS, UNITS).findings == ()


def test_without_a_price_the_saving_is_unknown_and_not_zero():
    (finding,) = advise(workload(1.0, use=steady(0.1)), None, None, SETTINGS, None).findings
    assert finding.saving_list is None


def test_what_restarts_or_is_young_is_not_judged():
    judged = workload(1.0, use=steady(0.1), measured_days=3, restarts=4)
    assert why_not_judged(judged, None, SETTINGS) == ""
    assert "restarted 5 times" in why_not_judged(replace(judged, restarts=5), None, SETTINGS)
    assert "measured: 2 of at least 3" in why_not_judged(replace(judged, measured_days=2), None, SETTINGS)


def test_memory_for_fewer_replicas_grows_with_what_each_has_to_do():
    hpa, cores = scaler(10, 20, 0.5), [1.0] * 10
    before = replace(scaled(cores, 1.0, hpa)[0], containers=workload(1.0, use=steady(0.1)).containers)
    container = replace(before.containers[0], use={"cpu": steady(0.1), "memory": steady(100 * 1024**2)})
    advice = advise(replace(before, containers=(container,)), hpa, Load({"cpu": cores}), SETTINGS, UNITS)
    minimum, requests = advice.findings
    assert minimum.inputs == "spec.minReplicas: 2"
    # 100 MiB + 15 % are 128 MiB in steps of 16; two pods do the work of ten
    assert '"memory": "640Mi"' in requests.inputs
    assert "on fewer replicas" in requests.evidence


def test_a_workload_whose_autoscaler_has_no_known_target_is_not_judged():
    unknown = replace(scaler(2, 10, 0.5), targets={})
    assert "is not known" in why_not_judged(workload(1.0, use=steady(0.1)), unknown, SETTINGS)
    queue = replace(unknown, others=1)
    assert why_not_judged(workload(1.0, use=steady(0.1)), queue, SETTINGS) == ""


def test_a_custom_resource_gets_no_strategic_merge_patch():
    judged = workload(1.0, use=steady(0.1), kind="Rollout")
    (finding,) = advise(judged, None, None, SETTINGS, UNITS).findings
    assert finding.change == (
        'set resources.requests of the container app: {"cpu": "120m", "memory": "1024Mi"} of shop/Rollout/web'
    )
