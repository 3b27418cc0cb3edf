"""The AI budget API as pods: security, scaling, disruption, network access and IAM role."""

import json

import pytest

from components.ai_budget import pod_spec
from components.settings import SettingsError, parse
from components.settings.ai_budget.pods import CONNECTIONS_PER_POD
from tests.components.recorded import record
from tests.components.stack_config import KUBERNETES, ROOT, STACKS, config

RUNTIME = "kubernetes"
NAME = {stack: parse(config(stack)).ai_budget_service.name for stack in STACKS}


def of_pods(stack, kind):
    """The object of this kind named ai-budget."""
    objects = [item.inputs for item in record(stack, RUNTIME).of(f"kubernetes:{kind}")]
    (inputs,) = [item for item in objects if item["metadata"]["name"] == "ai-budget"]
    return inputs


def pod(stack):
    return of_pods(stack, "apps/v1:Deployment")["spec"]["template"]["spec"]


def container(stack):
    (only,) = pod(stack)["containers"]
    return only


@pytest.mark.parametrize("stack", STACKS)
def test_without_the_runtime_kubernetes_there_are_no_pods(stack):
    assert "kubernetes:apps/v1:Deployment" not in {item.type for item in record(stack).resources}


@pytest.mark.parametrize("stack", STACKS)
def test_both_runtimes_have_the_same_functions_queues_alarms_and_load_balancer(stack):
    types = ("lambda/", "sqs/", "cloudwatch/", "rds/", "lb/", "secretsmanager/")

    def shared(runtime):
        return {
            item.name: item.inputs
            for item in record(stack, runtime).resources
            if item.type.removeprefix("aws:").startswith(types) and not item.type.endswith(":Function")
        }

    assert shared(RUNTIME) == shared("lambda")


@pytest.mark.parametrize("stack", STACKS)
def test_the_host_of_the_guides_curl_examples_is_the_pods(stack):
    host = record(stack, RUNTIME).one("kubernetes:core/v1:Service").inputs
    assert (host["metadata"]["name"], host["spec"]["type"]) == ("ai-budget", "ClusterIP")
    assert host["metadata"]["namespace"] == of_pods(stack, "apps/v1:Deployment")["metadata"]["namespace"]
    assert [(port["port"], port["targetPort"]) for port in host["spec"]["ports"]] == [(3010, 3010)]
    labels = of_pods(stack, "apps/v1:Deployment")["spec"]["template"]["metadata"]["labels"]
    assert host["spec"]["selector"].items() <= labels.items()


@pytest.mark.parametrize("stack", STACKS)
def test_the_pods_meet_the_restricted_standard_and_cannot_write_to_their_root(stack):
    assert pod(stack)["securityContext"]["runAsNonRoot"] is True
    assert pod(stack)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(stack)["automountServiceAccountToken"] is False
    security = container(stack)["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["readOnlyRootFilesystem"] is True
    (volume,) = pod(stack)["volumes"]
    assert volume["emptyDir"]["medium"] == "Memory"
    assert container(stack)["volumeMounts"] == [{"name": "metrics", "mountPath": "/tmp"}]


def test_the_pods_run_as_the_user_of_the_image():
    dockerfile = (ROOT / "Dockerfile").read_text()
    user = int(pod("prod")["securityContext"]["runAsUser"])
    assert f"\nUSER {user}:{user}\n" in dockerfile
    assert user == pod_spec.USER


@pytest.mark.parametrize("stack", STACKS)
def test_a_pod_is_started_once_the_database_answers_and_stays_ready_while_it_is_away(stack):
    probes = {
        kind: container(stack)[kind]["httpGet"]["path"]
        for kind in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert probes == {"startupProbe": "/readyz", "readinessProbe": "/healthz", "livenessProbe": "/healthz"}


@pytest.mark.parametrize("stack", STACKS)
def test_the_container_has_requests_and_limits_and_a_pinned_image(stack):
    resources = container(stack)["resources"]
    assert resources["requests"].keys() == resources["limits"].keys() == {"cpu", "memory"}
    assert resources["requests"]["memory"] == resources["limits"]["memory"]
    assert "@sha256:" in container(stack)["image"]


@pytest.mark.parametrize("stack", STACKS)
def test_a_pod_ends_only_after_its_endpoint_is_removed(stack):
    drain = container(stack)["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 0 < drain < pod(stack)["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("stack", STACKS)
def test_two_pods_or_more_run_and_the_autoscaler_alone_sets_their_number(stack):
    assert "replicas" not in of_pods(stack, "apps/v1:Deployment")["spec"]
    scaler = of_pods(stack, "autoscaling/v2:HorizontalPodAutoscaler")["spec"]
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ai-budget"}
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 8)


@pytest.mark.parametrize("stack", STACKS)
def test_a_node_can_be_drained_even_if_no_pod_is_healthy(stack):
    budget = of_pods(stack, "policy/v1:PodDisruptionBudget")["spec"]
    assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


@pytest.mark.parametrize("stack", STACKS)
def test_the_network_policy_admits_port_3010_and_lets_out_dns_https_and_postgresql(stack):
    spec = of_pods(stack, "networking.k8s.io/v1:NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    (ingress,) = spec["ingress"]
    assert [port["port"] for port in ingress["ports"]] == [3010]
    assert {"podSelector": {}} in ingress["from"]
    assert {port["port"] for rule in spec["egress"] for port in rule["ports"]} == {53, 443, 5432}


@pytest.mark.parametrize("stack", STACKS)
def test_the_database_admits_the_pods_by_their_own_security_group(stack):
    group = f"{NAME[stack]}-pods"
    policy = record(stack, RUNTIME).one("kubernetes:vpcresources.k8s.aws/v1beta1:SecurityGroupPolicy").inputs
    clients = parse(config(stack)).network.client_security_group_id
    assert policy["spec"]["securityGroups"]["groupIds"] == [group, clients]
    rules = [
        item.inputs
        for item in record(stack, RUNTIME).of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    ]
    from_pods = [rule for rule in rules if rule["referencedSecurityGroupId"] == group]
    assert [rule["fromPort"] for rule in from_pods] == [5432]
    to_pods = [rule for rule in rules if rule["securityGroupId"] == group]
    assert {rule["fromPort"] for rule in to_pods} == {3010}
    assert {rule["referencedSecurityGroupId"] for rule in to_pods} == {
        clients,
        parse(config(stack)).spot_node_pool.node_security_group_id,
    }


@pytest.mark.parametrize("stack", STACKS)
def test_only_the_service_account_of_the_pods_can_assume_their_role(stack):
    account = of_pods(stack, "core/v1:ServiceAccount")
    assert pod(stack)["serviceAccountName"] == account["metadata"]["name"]
    (role,) = [
        item
        for item in record(stack, RUNTIME).of("iam/role:Role")
        if item.inputs["name"] == f"{NAME[stack]}-pods"
    ]
    assert account["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": f"arn:aws:mock:::{NAME[stack]}-pods"
    }
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    issuer = KUBERNETES["ai_budget_service.kubernetes"]["oidc_issuer"]
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"}
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": f"system:serviceaccount:{account['metadata']['namespace']}:ai-budget",
        }
    }


@pytest.mark.parametrize("stack", STACKS)
def test_the_pods_have_the_environment_of_the_function(stack):
    (function,) = [
        item.inputs
        for item in record(stack, RUNTIME).of("lambda/function:Function")
        if item.inputs["name"] == NAME[stack]
    ]
    environment = {variable["name"]: variable.get("value") for variable in container(stack)["env"]}
    variables = function["environment"]["variables"]
    assert environment.keys() >= variables.keys()
    assert {name: environment[name] for name in variables} == variables


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"ai_budget_service.runtime": "kubernetes"}, "ai_budget_service.kubernetes"),
        ({"ai_budget_service.runtime": "fargate"}, "ai_budget_service.runtime"),
        ({**KUBERNETES, "ai_budget_service.kubernetes.image": "ai-budget:latest"}, "kubernetes.image"),
        ({**KUBERNETES, "ai_budget_service.kubernetes.min_replicas": 1}, "kubernetes.min_replicas"),
        ({**KUBERNETES, "ai_budget_service.kubernetes.min_replicas": 9}, "kubernetes.min_replicas"),
        ({**KUBERNETES, "ai_budget_service.kubernetes.max_replicas": 16}, "kubernetes.max_replicas"),
    ],
)
def test_pods_without_a_pinned_image_or_with_too_many_connections_are_rejected(changes, key):
    with pytest.raises(SettingsError) as error:
        parse(config("prod", changes))
    assert key in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pod_has_as_many_connections_as_the_settings_count():
    source = (ROOT / "functions/ai_budget/ledger.py").read_text()
    assert f"size: int = {CONNECTIONS_PER_POD}," in source
