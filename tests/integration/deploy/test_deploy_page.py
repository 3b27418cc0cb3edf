"""docs/deploy.md as a test: its commands run in the sandbox, and its roles suffice for what they deploy."""

import json
import re

import pytest
import yaml

from components import tags
from tests.components.recorded import record
from tests.components.taggable import can_be_tagged
from tests.integration.deploy.creation_requests import creation_requests
from tests.integration.deploy.deployment import deployed
from tests.integration.deploy.iam import is_allowed
from tests.workflows.runner import GITHUB, ROOT

STACKS = ("staging", "prod", "prod-eu")
# Workflows that a repository switches on with their variables.
OPTIONAL = ("retention.yaml", "reviews.yaml", "recommendations.yaml")
STATE = "arn:aws:s3:::teei-finops-state-123456789012"
pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    return deployed(tmp_path_factory)


def statements(deployment, stack):
    """The permissions of the role that deploys a stack."""
    policies = deployment.templates()[f"teei-finops-{stack}"].values()
    documents = [policy["PolicyDocument"] for policy in policies if policy["Type"] == "AWS::IAM::RolePolicy"]
    return [statement for document in documents for statement in document["Statement"]]


def test_every_command_succeeds_and_prints_what_the_page_shows(deployment):
    assert deployment.problems == []


def test_all_three_stacks_are_deployed(deployment):
    assert all(len(deployment.resources(stack)) > 100 for stack in STACKS)


@pytest.mark.parametrize("stack", STACKS)
def test_every_taggable_resource_of_a_stack_has_all_six_tags(deployment, stack):
    taggable = [
        resource
        for resource in deployment.resources(stack)
        if resource["type"].startswith("aws:") and can_be_tagged(resource["type"])
    ]
    assert len(taggable) >= 10
    for resource in taggable:
        assert tags.problems(resource["outputs"]["tagsAll"]) == (), resource["urn"]


def test_no_stack_has_a_secret_in_its_state(deployment):
    secret = "1b47061264138c4ac30d75fd1eb44270"  # marks a secret (pulumi/sdk/go/common/resource/sig)
    assert [stack for stack in STACKS if secret in json.dumps(deployment.resources(stack))] == []


@pytest.mark.parametrize("stack", STACKS)
def test_the_role_of_a_stack_may_create_each_of_its_resources(deployment, stack):
    allowed = statements(deployment, stack)
    refused = [
        request
        for request in creation_requests(deployment.resources(stack))
        if not is_allowed(allowed, *request)
    ]
    assert refused == []
    assert is_allowed(
        allowed, "iam:PassRole", f"arn:aws:iam::123456789012:role/{prefix(deployment, stack)}-x"
    )


@pytest.mark.parametrize("stack", STACKS)
def test_the_role_of_a_stack_may_change_no_named_resource_of_another(deployment, stack):
    allowed = statements(deployment, stack)
    others = [other for other in STACKS if other != stack]
    named = [
        request
        for other in others
        for request in creation_requests(deployment.resources(other))
        if prefix(deployment, other) in request[1]
    ]
    assert len(named) > 80
    assert [request for request in named if is_allowed(allowed, *request)] == []


def prefix(deployment, stack):
    words = next(
        words for words in deployment.calls("aws", "cloudformation", "deploy") if f"Stack={stack}" in words
    )
    return next(word for word in words if word.startswith("NamePrefix=")).removeprefix("NamePrefix=")


def test_the_role_of_a_stack_writes_the_state_of_that_stack_only(deployment):
    directory = deployment.project / "build/state"
    files = [path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()]
    files += [f".pulumi/locks/organization/teei-finops/{stack}/lock.json" for stack in STACKS]
    for stack in STACKS:
        allowed = statements(deployment, stack)
        own = {file for file in files if re.search(rf"teei-finops/{stack}[./]", file)}
        assert len(own) > 3
        assert {file for file in files if is_allowed(allowed, "s3:PutObject", f"{STATE}/{file}")} == own
        assert all(is_allowed(allowed, "s3:GetObject", f"{STATE}/{file}") for file in files)


@pytest.mark.parametrize("stack", STACKS)
def test_no_role_of_a_stack_reads_secrets_objects_or_messages(deployment, stack):
    name = prefix(deployment, stack)
    for action, arn in (
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-x"),
        ("s3:GetObject", f"arn:aws:s3:::{name}-backups/file"),
        ("sqs:ReceiveMessage", f"arn:aws:sqs:us-east-1:123456789012:{name}-ai-budget-tracks"),
    ):
        assert not is_allowed(statements(deployment, stack), action, arn)


def test_the_role_of_previews_reads_no_data_even_where_aws_allows_all_reading(deployment):
    (policy,) = deployment.templates()["teei-finops"]["PreviewRole"]["Policies"]
    own = policy["PolicyDocument"]["Statement"]
    allowed = [{"Effect": "Allow", "Action": "*", "Resource": "*"}, *own]
    backups = "arn:aws:s3:::teei-prod-us-east-1-backups/file"
    assert is_allowed(own, "s3:GetObject", "arn:aws:s3:::<StateBucket>/.pulumi/meta.yaml")
    assert is_allowed(own, "kms:Decrypt", "<StateKey.Arn>")
    for action, resource in (
        ("s3:GetObject", backups),
        ("s3:GetObjectVersion", backups),
        ("kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/other"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:123456789012:secret:any"),
        ("ssm:GetParameters", "*"),
        ("sqs:ReceiveMessage", "*"),
        ("logs:GetLogEvents", "*"),
    ):
        assert not is_allowed(allowed, action, resource), action
    actions = {
        action for statement in own if statement["Effect"] == "Allow" for action in _list(statement["Action"])
    }
    assert actions == {"s3:GetObject", "s3:ListBucket", "kms:Decrypt"}


def test_a_role_is_trusted_for_the_environments_of_its_jobs_only(deployment):
    trusted = {}
    for resources in deployment.templates().values():
        for resource in resources.values():
            if resource["Type"] == "AWS::IAM::Role":
                (statement,) = resource["AssumeRolePolicyDocument"]["Statement"]
                claims = statement["Condition"]["StringEquals"]
                assert claims["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
                subjects = _list(claims["token.actions.githubusercontent.com:sub"])
                trusted[resource["RoleName"]] = subjects
    environment = "repo:teei/finops:environment:"
    assert trusted == {
        "teei-finops-preview": [f"{environment}preview", f"{environment}drift"],
        **{f"teei-finops-deploy-{stack}": [f"{environment}{stack}"] for stack in STACKS},
    }


def test_every_environment_is_created_with_its_protection(deployment):
    rules = {
        path.rsplit("/", 1)[1]: rules
        for path, rules in deployment.inputs("gh", "api", "--method", "PUT").items()
    }
    assert rules.keys() == {*STACKS, "preview", "drift"}
    for name in (*STACKS, "preview"):
        assert rules[name]["reviewers"], name
    for name in (*STACKS, "drift"):
        assert rules[name]["deployment_branch_policy"]["protected_branches"] is True, name


def test_every_variable_of_the_workflows_is_set(deployment):
    text = "".join(path.read_text() for path in GITHUB.rglob("*.yaml") if path.name not in OPTIONAL)
    calls = deployment.calls("gh", "variable", "set")
    assert {words[0] for words in calls} == set(re.findall(r"\bvars\.([A-Z_]+)", text))
    assert {words[4] for words in calls if "--env" in words} == set(STACKS)


def test_every_variable_of_a_workflow_that_runs_only_with_it_is_on_the_page_of_the_reviews():
    page = (ROOT / "docs/reviews.md").read_text()
    for name in OPTIONAL:
        variables = set(re.findall(r"\bvars\.([A-Z_]+)", (GITHUB / "workflows" / name).read_text()))
        assert len(variables) > 1
        assert {variable for variable in variables if f"gh variable set {variable} " not in page} == set()


@pytest.mark.parametrize("runtime", ["lambda", "kubernetes"])
@pytest.mark.parametrize("stack", STACKS)
def test_the_groups_of_a_cluster_suffice_for_the_objects_of_a_stack(stack, runtime):
    documents = list(yaml.safe_load_all((ROOT / "bootstrap/cluster.yaml").read_text()))
    objects = [resource.inputs for resource in record(stack, runtime).kubernetes()]
    assert len(objects) > 15
    for item in objects:
        verbs = {"get", "list", "watch", "create", "update", "patch", "delete"}
        assert _verbs(documents, "teei-finops-deploy", item) >= verbs, item["kind"]
        assert _verbs(documents, "teei-finops-preview", item) == {"get", "list", "watch"}, item["kind"]


def test_no_group_of_a_cluster_reads_its_secrets():
    documents = list(yaml.safe_load_all((ROOT / "bootstrap/cluster.yaml").read_text()))
    for namespace in ("teei", "observability", "analytics", None):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": namespace}}
        for group in ("teei-finops-deploy", "teei-finops-preview"):
            assert _verbs(documents, group, secret) == set()


def test_the_security_page_names_every_role_group_secret_and_security_group(deployment):
    page = (ROOT / "docs/security.md").read_text()
    types = ("aws:iam/role:Role", "aws:secretsmanager/secret:Secret", "aws:ec2/securityGroup:SecurityGroup")
    names = {
        re.sub(
            "/callers/.*",
            "/callers/<caller>",
            resource["inputs"]["name"]
            .replace(f"{prefix(deployment, stack)}-ai-budget", "<service>")
            .replace(f"{prefix(deployment, stack)}-cost-data", "<cost-data>")
            .replace(f"{prefix(deployment, stack)}-reports", "<reports>"),
        )
        for stack in STACKS
        for resource in deployment.resources(stack)
        if resource["type"] in types
    }
    names |= {"teei-finops-deploy-<stack>", "teei-finops-preview", "teei-finops-deploy"}
    assert len(names) >= 8
    assert {name for name in names if f"`{name}`" not in page} == set()


def _verbs(documents, group, item):
    """What a group may do with an object, by the role bindings in its namespace and in the cluster."""
    roles = {
        document["metadata"]["name"]: document for document in documents if document["kind"] == "ClusterRole"
    }
    api_group = item["apiVersion"].rpartition("/")[0]
    plural = re.sub("ss$", "sse", re.sub("y$", "ie", item["kind"].lower())) + "s"
    verbs = set()
    for binding in documents:
        if not binding["kind"].endswith("Binding") or binding["subjects"][0]["name"] != group:
            continue
        if binding["kind"] == "RoleBinding" and binding["metadata"]["namespace"] != item["metadata"].get(
            "namespace"
        ):
            continue
        for rule in roles[binding["roleRef"]["name"]]["rules"]:
            if api_group in rule["apiGroups"] and {plural, "*"} & set(rule["resources"]):
                verbs |= set(rule["verbs"])
    return verbs


def _list(value):
    return [value] if isinstance(value, str) else value
