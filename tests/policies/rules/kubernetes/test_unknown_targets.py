"""Scalers whose targets have names that are unknown until deploy, such as those in a cluster of the stack."""

from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.pack_client import UNKNOWN, FakeResource, Pack, with_property

KEY = "spec.scaleTargetRef.name"


def scaler(name: str, *targets: FakeResource) -> FakeResource:
    hpa = with_property(kubernetes.hpa(), KEY, UNKNOWN)
    hpa.name = name
    hpa.dependencies = {"spec": [target.urn for target in targets]}
    return hpa


def found(*resources: FakeResource) -> dict[str, str]:
    return {item.policy: item.message for item in Pack().evaluate(*resources)}


def test_the_tracked_dependency_says_which_workload_is_scaled():
    web, api = kubernetes.deployment("web"), kubernetes.deployment("api")
    assert found(web, api, scaler("web", web), scaler("api", api)) == {}
    assert set(found(web, api, scaler("web", web))) == {"workload-is-scaled"}
    message = found(web, scaler("first", web), scaler("second", web))["workload-has-one-scaler"]
    assert "Deployment web in namespace teei already has the scaler first" in message


def test_without_a_tracked_dependency_or_with_several_the_target_stays_undetermined():
    web, api = kubernetes.deployment("web"), kubernetes.deployment("api")
    for targets in ((), (web, api)):
        message = found(web, api, scaler("web", *targets))["workload-is-scaled"]
        assert f"{KEY} is unknown until deploy" in message


def test_a_workload_of_another_kind_is_not_the_target():
    stateful = kubernetes.stateful_set()
    web = kubernetes.deployment("web")
    assert found(web, stateful, scaler("web", web, stateful)) == {}


def test_a_vpa_and_an_hpa_of_the_same_unknown_workload_conflict():
    web, api = kubernetes.deployment("web"), kubernetes.deployment("api")
    vertical = with_property(kubernetes.vertical_scaler(), "spec.targetRef.name", UNKNOWN)
    vertical = with_property(vertical, "spec.resourcePolicy")
    vertical.dependencies = {"spec": [web.urn]}
    policy = "vpa-leaves-the-metric-of-the-hpa"
    assert "changes the request of cpu" in found(web, api, vertical, scaler("web", web))[policy]
    assert policy not in found(web, api, vertical, scaler("api", api))


def test_a_vpa_of_an_unknown_workload_is_undetermined_only_where_it_could_conflict():
    vertical = with_property(kubernetes.vertical_scaler(), "spec.targetRef.name", UNKNOWN)
    policy = "vpa-leaves-the-metric-of-the-hpa"
    assert policy not in found(vertical, kubernetes.hpa())
    vertical = with_property(vertical, "spec.resourcePolicy")
    assert "spec.targetRef.name is unknown until deploy" in found(vertical, kubernetes.hpa())[policy]
