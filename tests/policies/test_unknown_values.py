import pytest

from policies import messages
from tests.policies.analyzer import UNKNOWN, Made, Pack, changed
from tests.policies.good import TAGS, around, stack

_NATS = "spec.triggers.0.metadata"
OPEN = [
    ("bucket", "tags", "tags", "required-tags"),
    ("bucket", "tags.team", "tags.team", "allowed-tag-values"),
    ("bucket", "tags.budget", "tags.budget", "budget-tag-names-a-budget"),
    ("scaling_group", "tags", "tags", "required-tags"),
    ("scaling_group", "tags.0", "tags[0].key", "required-tags"),
    ("scaling_group", "tags.0.key", "tags[0].key", "required-tags"),
    ("scaling_group", "tags.0.value", "tags[0].value", "allowed-tag-values"),
    ("deployment", "metadata.labels", "metadata.labels", "required-tags"),
    ("deployment", "metadata", "metadata", "required-tags"),
    ("budget", "notifications", "notifications", "budget-notifies-somebody"),
    ("budget", "notifications.1", "notifications[1]", "budget-alerts-on-forecast"),
    (
        "budget",
        "notifications.1.notificationType",
        "notifications[1].notificationType",
        "budget-alerts-on-forecast",
    ),
    (
        "budget",
        "notifications.1.subscriberSnsTopicArns",
        "notifications[1].subscriberSnsTopicArns",
        "budget-alerts-on-forecast",
    ),
    ("lifecycle", "rules", "rules", "bucket-has-a-lifecycle"),
    ("lifecycle", "rules", "rules", "lifecycle-keeps-minimum-days"),
    ("lifecycle", "rules.0", "rules[0]", "bucket-has-a-lifecycle"),
    ("lifecycle", "rules.0.status", "rules[0].status", "bucket-has-a-lifecycle"),
    ("lifecycle", "rules.0.filter", "rules[0].filter", "bucket-has-a-lifecycle"),
    (
        "lifecycle",
        "rules.0.transitions.0.days",
        "rules[0].transitions[0].days",
        "lifecycle-keeps-minimum-days",
    ),
    (
        "lifecycle",
        "rules.0.transitions.0.storageClass",
        "rules[0].transitions[0].storageClass",
        "lifecycle-moves-to-colder-classes",
    ),
    (
        "lifecycle",
        "rules.0.expiration.days",
        "rules[0].expiration.days",
        "lifecycle-expires-after-transitions",
    ),
    ("lifecycle", "bucket", "bucket of exports-lifecycle", "bucket-has-a-lifecycle"),
    ("inline_bucket", "lifecycleRules", "lifecycleRules", "bucket-has-a-lifecycle"),
    (
        "inline_bucket",
        "lifecycleRules.0.noncurrentVersionExpiration.days",
        "lifecycleRules[0].noncurrentVersionExpiration.days",
        "bucket-has-a-lifecycle",
    ),
    ("log_group", "retentionInDays", "retentionInDays", "log-group-has-retention"),
    ("backup_plan", "rules", "rules", "backups-expire"),
    ("backup_plan", "rules.0.lifecycle.deleteAfter", "rules[0].lifecycle.deleteAfter", "backups-expire"),
    (
        "snapshot_schedule",
        "policyDetails.schedules.0.retainRule.count",
        "policyDetails.schedules[0].retainRule.count",
        "backups-expire",
    ),
    (
        "redshift_snapshot",
        "manualSnapshotRetentionPeriod",
        "manualSnapshotRetentionPeriod",
        "snapshots-expire",
    ),
    ("database", "backupRetentionPeriod", "backupRetentionPeriod", "database-keeps-backups"),
    ("database", "multiAz", "multiAz", "database-is-multi-az-in-prod"),
    ("database", "deletionProtection", "deletionProtection", "database-is-protected-in-prod"),
    ("database", "storageEncrypted", "storageEncrypted", "database-is-encrypted-in-prod"),
    ("database", "publiclyAccessible", "publiclyAccessible", "database-is-private-in-prod"),
    ("database", "instanceClass", "instanceClass", "database-is-current-generation"),
    ("database", "storageType", "storageType", "database-is-current-generation"),
    ("parameter_group", "parameters", "parameters", "database-parameters-are-modifiable"),
    ("parameter_group", "parameters", "parameters", "replication-slots-are-bounded"),
    ("parameter_group", "parameters.1.name", "parameters[1].name", "replication-slots-are-bounded"),
    ("parameter_group", "parameters.1.name", "parameters[1].name", "database-parameters-are-modifiable"),
    ("parameter_group", "parameters.1.value", "parameters[1].value", "replication-slots-are-bounded"),
    (
        "parameter_group",
        "parameters.1",
        "parameters[1]",
        "database-parameters-are-modifiable",
    ),
    (
        "deployment",
        "spec.template.spec.containers",
        "spec.template.spec.containers",
        "containers-request-resources",
    ),
    (
        "deployment",
        "spec.template.spec.containers.0.resources",
        "spec.template.spec.containers[0].resources",
        "containers-request-resources",
    ),
    ("deployment", "metadata.name", "metadata.name", "workload-is-scaled"),
    ("hpa", "spec.minReplicas", "spec.minReplicas", "hpa-range-is-valid"),
    ("hpa", "spec.minReplicas", "spec.minReplicas", "hpa-has-two-replicas-in-prod"),
    ("hpa", "spec.maxReplicas", "spec.maxReplicas", "hpa-range-is-valid"),
    ("hpa", "spec.metrics", "spec.metrics", "scaler-target-is-sensible"),
    (
        "hpa",
        "spec.metrics.0.resource.target.averageUtilization",
        "spec.metrics[0].resource.target.averageUtilization",
        "scaler-target-is-sensible",
    ),
    ("hpa", "metadata.namespace", "metadata.namespace", "workload-is-scaled"),
    ("hpa", "spec.scaleTargetRef.name", "spec.scaleTargetRef.name", "workload-is-scaled"),
    ("scaled_object", "spec.scaleTargetRef", "spec.scaleTargetRef", "workload-has-one-scaler"),
    ("scaled_object", "spec.maxReplicaCount", "spec.maxReplicaCount", "scaled-object-is-bounded"),
    ("scaled_object", "spec.minReplicaCount", "spec.minReplicaCount", "scaled-object-is-bounded"),
    ("scaled_object", "spec.cooldownPeriod", "spec.cooldownPeriod", "scaled-object-cools-down"),
    ("scaled_object", _NATS, "spec.triggers[0].metadata", "nats-trigger-is-complete"),
    ("scaled_object", f"{_NATS}.stream", "spec.triggers[0].metadata.stream", "nats-trigger-is-complete"),
    (
        "scaled_object",
        f"{_NATS}.lagThreshold",
        "spec.triggers[0].metadata.lagThreshold",
        "trigger-values-are-text",
    ),
    ("scaled_object", "spec.triggers", "spec.triggers", "trigger-values-are-text"),
    ("scaled_object", "spec.triggers.0.type", "spec.triggers[0].type", "nats-trigger-is-complete"),
]


@pytest.mark.parametrize(
    ("name", "path", "shown", "policy"), OPEN, ids=[f"{each[1]} {each[3]}" for each in OPEN]
)
def test_an_unknown_value_is_told_as_advisory_with_its_property_and_never_mandatory(
    name, path, shown, policy
):
    resources = around(name)
    resources[name] = changed(resources[name], path, UNKNOWN)
    found = Pack().judge(*resources.values())
    assert {report.level for report in found} == {"advisory"}
    told = [report.message for report in found if report.policy == policy]
    assert len(told) == 1
    assert messages.NOT_DECIDED in told[0]
    assert f"): {shown} is unknown" in told[0]


def test_every_single_property_of_the_good_stack_may_be_unknown_without_a_mandatory_report():
    for name, made in stack().items():
        for path in _paths(made.props):
            resources = around(name)
            resources[name] = changed(made, path, UNKNOWN)
            found = Pack().judge(*resources.values())
            assert "mandatory" not in {report.level for report in found}, path


def _paths(data, prefix=""):
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in entries:
        if "." in str(key):  # a label's key: test_bad_resources sets those
            continue
        yield f"{prefix}{key}"
        if isinstance(value, dict | list):
            yield from _paths(value, f"{prefix}{key}.")


def test_what_is_certainly_wrong_is_reported_beside_what_is_unknown():
    resources = around("deployment")
    containers = [{"name": "a", "resources": UNKNOWN}, {"name": "b", "resources": {"requests": {"cpu": "1"}}}]
    resources["deployment"] = changed(resources["deployment"], "spec.template.spec.containers", containers)
    found = Pack().analyze(resources["deployment"])
    assert [(report.policy, report.level) for report in found] == [
        ("containers-request-resources", "mandatory"),
        ("containers-request-resources", "advisory"),
    ]
    assert "container b does not request memory" in found[0].message
    assert "spec.template.spec.containers[0].resources is unknown" in found[1].message


def test_what_a_stack_policy_leaves_open_names_the_resource_with_its_urn():
    resources = around("lifecycle")
    resources["lifecycle"] = changed(resources["lifecycle"], "rules", UNKNOWN)
    bucket = resources["bucket"]
    told = [each for each in Pack().judge(*resources.values()) if each.policy == "bucket-has-a-lifecycle"]
    assert told[0].message.split("\n")[1:] == [f"exports ({bucket.urn}): rules is unknown"]


def test_unknown_versioning_of_a_bucket_that_keeps_old_versions_is_open():
    made = changed(stack()["inline_bucket"], "lifecycleRules.0.noncurrentVersionExpiration")
    for path in ("versioning", "versioning.enabled"):
        (report,) = Pack().judge(changed(made, path, UNKNOWN))
        assert (report.policy, report.level) == ("bucket-expires-old-versions", "advisory")
        assert f"): {path} is unknown" in report.message


def test_the_default_limit_of_replication_slots_is_open_where_the_family_is_unknown():
    made = changed(changed(stack()["parameter_group"], "parameters.1"), "family", UNKNOWN)
    (report,) = Pack().judge(made)
    assert (report.policy, report.level) == ("replication-slots-are-bounded", "advisory")
    assert "): family is unknown" in report.message


@pytest.mark.parametrize("family", ["mysql8.4", "postgres12", "aurora-postgresql17"])
def test_a_family_without_the_parameter_has_no_default_limit(family):
    made = changed(changed(stack()["parameter_group"], "parameters.1"), "family", family)
    assert Pack().judge(made) == []


def test_parameters_of_other_engines_may_have_any_name():
    made = changed(stack()["parameter_group"], "parameters.0", {"name": "fsync", "value": "rm %p"})
    assert [report.policy for report in Pack().judge(made)] == ["database-parameters-are-modifiable"]
    assert Pack().judge(changed(made, "family", "mysql8.4")) == []
    command = changed(made, "parameters.0.name", "archive_command")
    assert Pack().judge(changed(command, "family", "mysql8.4")) == []


def test_tags_that_the_provider_gives_to_all_make_unknown_own_tags_harmless_for_presence():
    made = Made("aws:sqs/queue:Queue", "q", {"tags": UNKNOWN}, provider={"defaultTags": {"tags": TAGS}})
    assert Pack().analyze(made) == []


def test_an_unknown_subscriber_is_a_subscriber():
    made = stack()["budget"]
    for path in ("notifications.0.subscriberEmailAddresses.0", "notifications.1.subscriberSnsTopicArns.0"):
        made = changed(made, path, UNKNOWN)
    assert Pack().analyze(made) == []


def test_a_value_of_the_wrong_type_is_told_and_does_not_stop_the_pack():
    found = Pack().analyze(changed(stack()["log_group"], "retentionInDays", "a month"))
    assert [(report.policy, report.level) for report in found] == [("log-group-has-retention", "advisory")]
    assert "retentionInDays is 'a month', not a number" in found[0].message
