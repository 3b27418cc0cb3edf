"""What controls a pod, by its name, where kube-state-metrics does not have its owner."""

import pytest

from functions.advisor.kubernetes.state_metrics import owner_by_name


@pytest.mark.parametrize(
    ("pod", "owner"),
    [
        ("web-7d9f8b6c5d-x2x9z", ("Deployment", "web")),
        ("web-api-6d4f7c9b8-aaaaa", ("Deployment", "web-api")),
        ("store-12", ("StatefulSet", "store")),
        ("report-29384756-x2x9z", ("CronJob", "report")),
        ("node-exporter-x2x9z", ("Pod", "node-exporter-x2x9z")),
        ("web-canary-aaaaa", ("Pod", "web-canary-aaaaa")),
    ],
)
def test_the_name_of_a_pod_names_its_controller(pod, owner):
    assert owner_by_name(pod) == owner


@pytest.mark.parametrize(
    ("pod", "owner"),
    [
        ("web-0", ("Deployment", "web")),
        ("web-aaa-bbb", ("Deployment", "web")),
        ("web-7d9f-1", ("Deployment", "web")),
        ("web-api-1", ("Deployment", "web-api")),
        ("job-7d9f8b6c5d-x2x9z", ("Rollout", "job")),
        ("web-canary-0", ("StatefulSet", "web-canary")),
        ("web-shop-7d9f8b6c5d-x2x9z", ("Deployment", "web-shop")),
        ("website-0", ("StatefulSet", "website")),
    ],
)
def test_an_autoscaler_names_the_controller_of_pods_with_other_suffixes(pod, owner):
    scaled = [("Deployment", "web"), ("Deployment", "web-api"), ("Rollout", "job")]
    assert owner_by_name(pod, scaled) == owner
