import pytest

from tests.policies.compliant_aws import TAGS, aws_resource
from tests.policies.compliant_kubernetes import LABELS, deployment, hpa
from tests.policies.compliant_stack import compliant_stack
from tests.policies.pack_client import PROD, STAGING, UNKNOWN, FakeResource, Pack, secret, with_property

OTHER_TYPES = [
    FakeResource("pulumi:pulumi:Stack", "demo-dev", {}),
    FakeResource("pulumi:providers:aws", "own", {"region": "us-east-1", "defaultTags": '{"tags": {}}'}),
    FakeResource("pulumi:providers:kubernetes", "own", {"namespace": "a"}),
    FakeResource(
        "random:index/randomPassword:RandomPassword", "password", {"length": 20, "special": UNKNOWN}
    ),
    FakeResource("tls:index/privateKey:PrivateKey", "key", {"algorithm": "RSA"}),
    FakeResource("acme:index:Platform", "component", {"tags": {}}),
    FakeResource("my:module:Component", "component", {}),
    FakeResource("awsx:ec2:Vpc", "vpc", {"tags": {"team": "x"}}),
    FakeResource("eks:index:Cluster", "cluster", {}),
    FakeResource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "attachment", {"role": UNKNOWN}),
    FakeResource("aws:s3/bucketPolicy:BucketPolicy", "policy", {"bucket": UNKNOWN, "policy": UNKNOWN}),
    FakeResource("aws:inspector/resourceGroup:ResourceGroup", "group", {"tags": {"a": "b"}}),
    FakeResource(
        "aws:secretsmanager/secretVersion:SecretVersion", "version", {"secretString": secret("hunter2")}
    ),
    FakeResource("kubernetes:helm.sh/v3:Release", "chart", {"values": {"replicas": 3}}),
    FakeResource("kubernetes:helm.sh/v3:Chart", "chart", {}),
    FakeResource("kubernetes:yaml:ConfigFile", "file", {}),
    FakeResource("kubernetes:yaml/v2:ConfigGroup", "files", {}),
    FakeResource("kubernetes:kustomize/v2:Directory", "directory", {}),
    FakeResource("kubernetes:core/v1:ConfigMapPatch", "patch", {"metadata": {"name": "a"}}),
    FakeResource("kubernetes:rbac.authorization.k8s.io/v1:RoleList", "list", {"items": []}),
    FakeResource("kubernetes:core/v1:PodList", "pods", {"items": []}),
]


@pytest.mark.parametrize("resource", OTHER_TYPES, ids=lambda resource: f"{resource.type} {resource.name}")
def test_resources_of_other_types_are_not_checked(resource):
    assert Pack(config={}).evaluate(resource) == []


def test_a_list_of_a_custom_kind_is_an_object_with_labels():
    resource = FakeResource("kubernetes:acme.io/v1:IPAllowList", "list", {"metadata": {"name": "a"}})
    assert [diagnostic.policy for diagnostic in Pack().analyze(resource)] == ["required-tags"]


def test_a_missing_tag_does_not_hide_a_wrong_one():
    resource = aws_resource("aws:sqs/queue:Queue", "q")
    resource.inputs["tags"] = {key: value for key, value in TAGS.items() if key != "team"} | {
        "service": "a b"
    }
    assert [diagnostic.policy for diagnostic in Pack().evaluate(resource)] == [
        "required-tags",
        "allowed-tag-values",
    ]


def test_secret_values_are_checked_like_others():
    compliant = aws_resource("aws:cloudwatch/logGroup:LogGroup", "logs", retentionInDays=secret(30))
    compliant.inputs["tags"] = secret(TAGS)
    assert Pack().evaluate(compliant) == []
    violating = with_property(compliant, "retentionInDays", secret(0))
    assert [diagnostic.policy for diagnostic in Pack().evaluate(violating)] == ["log-group-has-retention"]


@pytest.mark.parametrize("defaults", [{"tags": TAGS}, f'{{"tags": {str(TAGS).replace(chr(39), chr(34))}}}'])
def test_default_tags_of_the_provider_count_as_an_object_and_as_json_text(defaults):
    resource = FakeResource("aws:sqs/queue:Queue", "q", {}, provider={"defaultTags": defaults})
    assert Pack().evaluate(resource) == []


def test_own_tags_win_over_default_tags():
    own = {"tags": {"team": "nobody"}}
    resource = FakeResource("aws:sqs/queue:Queue", "q", own, provider={"defaultTags": {"tags": TAGS}})
    assert [diagnostic.policy for diagnostic in Pack().evaluate(resource)] == ["allowed-tag-values"]


def test_default_tags_do_not_reach_an_auto_scaling_group():
    resource = FakeResource(
        "aws:autoscaling/group:Group", "g", {"tags": []}, provider={"defaultTags": {"tags": TAGS}}
    )
    assert "required-tags" in {diagnostic.policy for diagnostic in Pack().evaluate(resource)}


@pytest.mark.parametrize("defaults", ["not json", "[]", {"tags": "text"}, {}])
def test_default_tags_that_cannot_be_read_count_as_none(defaults):
    resource = FakeResource("aws:sqs/queue:Queue", "q", {}, provider={"defaultTags": defaults})
    assert "required-tags" in {diagnostic.policy for diagnostic in Pack().evaluate(resource)}


@pytest.mark.parametrize("defaults", [UNKNOWN, {"tags": UNKNOWN}])
def test_unknown_default_tags_leave_missing_tags_undetermined(defaults):
    resource = FakeResource("aws:sqs/queue:Queue", "q", {}, provider={"defaultTags": defaults})
    diagnostics = Pack().evaluate(resource)
    assert {diagnostic.level for diagnostic in diagnostics} == {"advisory"}
    assert "provider.defaultTags" in diagnostics[0].message


@pytest.mark.parametrize("prefix", ["", "finops.teei.io/", "acme.example/"])
def test_labels_may_have_any_common_prefix_or_none(prefix):
    labels = {f"{prefix}{key}": value for key, value in TAGS.items()}
    resource = FakeResource("kubernetes:core/v1:Service", "api", {"metadata": {"labels": labels}})
    assert Pack().evaluate(resource) == []


def test_the_namespace_of_an_object_is_its_own_or_its_providers_or_default():
    def named(make, namespace, provider):
        resource = with_property(make(), "metadata.namespace", namespace)
        resource.provider = {} if provider is None else {"namespace": provider}
        return resource

    for own, provider, theirs in (("a", "b", "a"), (None, "b", "b"), ("", "b", "b"), (None, None, "default")):
        scaler = named(hpa, own, provider)
        assert Pack().evaluate(named(deployment, theirs, None), scaler) == []
        diagnostics = Pack().evaluate(named(deployment, "elsewhere", None), scaler)
        assert [diagnostic.policy for diagnostic in diagnostics] == ["workload-is-scaled"]


def test_a_label_is_named_with_the_prefix_it_has():
    labels = {f"acme.example/{key}": value for key, value in TAGS.items() if key != "team"}
    resource = FakeResource("kubernetes:core/v1:Service", "api", {"metadata": {"labels": labels}})
    (diagnostic,) = Pack().evaluate(resource)
    assert "acme.example/team" in diagnostic.message
    wrong = FakeResource("kubernetes:core/v1:Service", "api", {"metadata": {"labels": {**LABELS, "x": "y"}}})
    wrong.inputs["metadata"]["labels"]["finops.teei.io/team"] = "nobody"
    (diagnostic,) = Pack().evaluate(wrong)
    assert (
        "labels.finops.teei.io/team: has a value that is not allowed for finops.teei.io/team"
        in diagnostic.message
    )


def test_outside_of_production_only_backups_are_required_and_one_replica_is_enough():
    resource = aws_resource(
        "aws:rds/instance:Instance", "db", storageType="gp3", instanceClass="db.t4g.micro"
    )
    resource.inputs["tags"] = {**TAGS, "environment": "staging"}
    diagnostics = Pack(config=STAGING).evaluate(resource)
    assert [diagnostic.policy for diagnostic in diagnostics] == ["database-keeps-backups"]
    small = with_property(hpa(), "spec.minReplicas", 1)
    assert Pack(config=STAGING).evaluate(deployment(), small) == []


def test_without_an_environment_in_the_config_the_tag_of_a_database_decides():
    config = {key: value for key, value in PROD.items() if not key.endswith(":environment")}
    resources = compliant_stack()
    resources["database"] = with_property(resources["database"], "multiAz", False)
    in_prod = Pack(config=config).analyze(resources["database"])
    assert [diagnostic.policy for diagnostic in in_prod] == ["database-is-multi-az-in-prod"]
    elsewhere = with_property(resources["database"], "tags.environment", "staging")
    assert Pack(config=config).analyze(elsewhere) == []
    unknown = Pack(config=config).analyze(with_property(resources["database"], "tags.environment", UNKNOWN))
    assert [diagnostic.policy for diagnostic in unknown] == ["allowed-tag-values"]


def test_the_environment_of_the_config_takes_precedence_over_the_tag():
    resource = with_property(compliant_stack()["database"], "multiAz", False)
    assert Pack(config=STAGING).analyze(resource) == []


@pytest.mark.parametrize("key", ["replicateSourceDb", "replicationSourceIdentifier"])
def test_a_replica_needs_deletion_protection_but_no_backups_and_no_encryption_of_its_own(key):
    resource = compliant_stack()["database"]
    for path in ("backupRetentionPeriod", "storageEncrypted", "multiAz", "storageType"):
        resource = with_property(resource, path)
    replica = with_property(resource, key, UNKNOWN)
    assert Pack().analyze(replica) == []
    bare = with_property(replica, "deletionProtection", False)
    assert [diagnostic.policy for diagnostic in Pack().analyze(bare)] == ["database-is-protected-in-prod"]
    public = with_property(replica, "publiclyAccessible", True)
    assert [diagnostic.policy for diagnostic in Pack().analyze(public)] == ["database-is-private-in-prod"]
