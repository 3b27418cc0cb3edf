import pytest

from tests.policies.analyzer import PROD, STAGING, UNKNOWN, Made, Pack, changed, secret
from tests.policies.good import LABELS, TAGS, aws, deployment, hpa, stack

OTHERS = [
    Made("pulumi:pulumi:Stack", "demo-dev", {}),
    Made("pulumi:providers:aws", "own", {"region": "us-east-1", "defaultTags": '{"tags": {}}'}),
    Made("pulumi:providers:kubernetes", "own", {"namespace": "a"}),
    Made("random:index/randomPassword:RandomPassword", "password", {"length": 20, "special": UNKNOWN}),
    Made("tls:index/privateKey:PrivateKey", "key", {"algorithm": "RSA"}),
    Made("acme:index:Platform", "component", {"tags": {}}),
    Made("my:module:Component", "component", {}),
    Made("awsx:ec2:Vpc", "vpc", {"tags": {"team": "x"}}),
    Made("eks:index:Cluster", "cluster", {}),
    Made("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "attachment", {"role": UNKNOWN}),
    Made("aws:s3/bucketPolicy:BucketPolicy", "policy", {"bucket": UNKNOWN, "policy": UNKNOWN}),
    Made("aws:inspector/resourceGroup:ResourceGroup", "group", {"tags": {"a": "b"}}),
    Made("aws:secretsmanager/secretVersion:SecretVersion", "version", {"secretString": secret("hunter2")}),
    Made("kubernetes:helm.sh/v3:Release", "chart", {"values": {"replicas": 3}}),
    Made("kubernetes:helm.sh/v3:Chart", "chart", {}),
    Made("kubernetes:yaml:ConfigFile", "file", {}),
    Made("kubernetes:yaml/v2:ConfigGroup", "files", {}),
    Made("kubernetes:kustomize/v2:Directory", "directory", {}),
    Made("kubernetes:core/v1:ConfigMapPatch", "patch", {"metadata": {"name": "a"}}),
    Made("kubernetes:rbac.authorization.k8s.io/v1:RoleList", "list", {"items": []}),
    Made("kubernetes:core/v1:PodList", "pods", {"items": []}),
]


@pytest.mark.parametrize("made", OTHERS, ids=lambda made: f"{made.type} {made.name}")
def test_what_the_rules_are_not_about_is_left_alone(made):
    assert Pack(config={}).judge(made) == []


def test_a_list_of_a_custom_kind_is_an_object_with_labels():
    made = Made("kubernetes:acme.io/v1:IPAllowList", "list", {"metadata": {"name": "a"}})
    assert [report.policy for report in Pack().analyze(made)] == ["required-tags"]


def test_a_missing_tag_does_not_hide_a_wrong_one():
    made = aws("aws:sqs/queue:Queue", "q")
    made.props["tags"] = {key: value for key, value in TAGS.items() if key != "team"} | {"service": "a b"}
    assert [report.policy for report in Pack().judge(made)] == ["required-tags", "allowed-tag-values"]


def test_secret_values_are_judged_like_others():
    good = aws("aws:cloudwatch/logGroup:LogGroup", "logs", retentionInDays=secret(30))
    good.props["tags"] = secret(TAGS)
    assert Pack().judge(good) == []
    bad = changed(good, "retentionInDays", secret(0))
    assert [report.policy for report in Pack().judge(bad)] == ["log-group-has-retention"]


@pytest.mark.parametrize("defaults", [{"tags": TAGS}, f'{{"tags": {str(TAGS).replace(chr(39), chr(34))}}}'])
def test_default_tags_of_the_provider_count_also_as_the_json_text_the_engine_gives(defaults):
    made = Made("aws:sqs/queue:Queue", "q", {}, provider={"defaultTags": defaults})
    assert Pack().judge(made) == []


def test_own_tags_win_over_default_tags():
    own = {"tags": {"team": "nobody"}}
    made = Made("aws:sqs/queue:Queue", "q", own, provider={"defaultTags": {"tags": TAGS}})
    assert [report.policy for report in Pack().judge(made)] == ["allowed-tag-values"]


def test_default_tags_do_not_reach_an_auto_scaling_group():
    made = Made("aws:autoscaling/group:Group", "g", {"tags": []}, provider={"defaultTags": {"tags": TAGS}})
    assert "required-tags" in {report.policy for report in Pack().judge(made)}


@pytest.mark.parametrize("defaults", ["not json", "[]", {"tags": "text"}, {}])
def test_default_tags_that_cannot_be_read_count_as_none(defaults):
    made = Made("aws:sqs/queue:Queue", "q", {}, provider={"defaultTags": defaults})
    assert "required-tags" in {report.policy for report in Pack().judge(made)}


@pytest.mark.parametrize("defaults", [UNKNOWN, {"tags": UNKNOWN}])
def test_unknown_default_tags_leave_missing_tags_open(defaults):
    made = Made("aws:sqs/queue:Queue", "q", {}, provider={"defaultTags": defaults})
    found = Pack().judge(made)
    assert {report.level for report in found} == {"advisory"}
    assert "provider.defaultTags" in found[0].message


@pytest.mark.parametrize("prefix", ["", "finops.teei.io/", "acme.example/"])
def test_labels_may_have_no_prefix_or_any_single_one(prefix):
    labels = {f"{prefix}{key}": value for key, value in TAGS.items()}
    made = Made("kubernetes:core/v1:Service", "api", {"metadata": {"labels": labels}})
    assert Pack().judge(made) == []


def test_the_namespace_of_an_object_is_its_own_or_its_providers_or_default():
    def named(make, namespace, provider):
        made = changed(make(), "metadata.namespace", namespace)
        made.provider = {} if provider is None else {"namespace": provider}
        return made

    for own, provider, theirs in (("a", "b", "a"), (None, "b", "b"), ("", "b", "b"), (None, None, "default")):
        scaler = named(hpa, own, provider)
        assert Pack().judge(named(deployment, theirs, None), scaler) == []
        found = Pack().judge(named(deployment, "elsewhere", None), scaler)
        assert [report.policy for report in found] == ["workload-is-scaled"]


def test_a_label_is_named_with_the_prefix_it_has():
    labels = {f"acme.example/{key}": value for key, value in TAGS.items() if key != "team"}
    made = Made("kubernetes:core/v1:Service", "api", {"metadata": {"labels": labels}})
    (report,) = Pack().judge(made)
    assert "acme.example/team" in report.message
    wrong = Made("kubernetes:core/v1:Service", "api", {"metadata": {"labels": {**LABELS, "x": "y"}}})
    wrong.props["metadata"]["labels"]["finops.teei.io/team"] = "nobody"
    (report,) = Pack().judge(wrong)
    assert "labels: finops.teei.io/team has a value that is not allowed" in report.message


def test_in_staging_a_database_may_be_small_but_has_backups_and_one_replica_is_enough():
    made = aws("aws:rds/instance:Instance", "db", storageType="gp3", instanceClass="db.t4g.micro")
    made.props["tags"] = {**TAGS, "environment": "staging"}
    found = Pack(config=STAGING).judge(made)
    assert [report.policy for report in found] == ["database-keeps-backups"]
    small = changed(hpa(), "spec.minReplicas", 1)
    assert Pack(config=STAGING).judge(deployment(), small) == []


def test_without_an_environment_in_the_config_the_tag_says_whether_a_database_is_in_production():
    config = {key: value for key, value in PROD.items() if not key.endswith(":environment")}
    resources = stack()
    resources["database"] = changed(resources["database"], "multiAz", False)
    in_prod = Pack(config=config).analyze(resources["database"])
    assert [report.policy for report in in_prod] == ["database-is-multi-az-in-prod"]
    elsewhere = changed(resources["database"], "tags.environment", "staging")
    assert Pack(config=config).analyze(elsewhere) == []
    unknown = Pack(config=config).analyze(changed(resources["database"], "tags.environment", UNKNOWN))
    assert [report.policy for report in unknown] == ["allowed-tag-values"]


def test_the_config_counts_before_the_tag():
    made = changed(stack()["database"], "multiAz", False)
    assert Pack(config=STAGING).analyze(made) == []


@pytest.mark.parametrize("key", ["replicateSourceDb", "replicationSourceIdentifier"])
def test_a_replica_needs_no_backups_and_takes_encryption_from_its_source_but_stays_protected(key):
    made = stack()["database"]
    for path in ("backupRetentionPeriod", "storageEncrypted", "multiAz", "storageType"):
        made = changed(made, path)
    replica = changed(made, key, UNKNOWN)
    assert Pack().analyze(replica) == []
    bare = changed(replica, "deletionProtection", False)
    assert [report.policy for report in Pack().analyze(bare)] == ["database-is-protected-in-prod"]
    public = changed(replica, "publiclyAccessible", True)
    assert [report.policy for report in Pack().analyze(public)] == ["database-is-private-in-prod"]
