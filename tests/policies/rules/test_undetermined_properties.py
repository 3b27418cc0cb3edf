import pytest

from policies import messages
from tests.policies.compliant_aws import TAGS
from tests.policies.compliant_kubernetes import container
from tests.policies.compliant_stack import compliant_stack, related_resources
from tests.policies.pack_client import UNKNOWN, FakeResource, Pack, with_property

_NATS = "spec.triggers.0.metadata"
UNDETERMINED = [
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
    ("budget", "filterExpression", "filterExpression", "budget-filters-match"),
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
    ("scaled_to_zero", "spec.cooldownPeriod", "spec.cooldownPeriod", "scaled-object-cools-down"),
    ("scaled_object", "spec.advanced", "spec.advanced", "scaled-object-cools-down"),
    ("budget", "costTypes", "costTypes", "budget-excludes-credits-and-refunds"),
    ("budget", "costFilters", "costFilters", "budget-filters-match"),
    ("budget", "costFilters.0.values", "costFilters[0].values", "budget-filters-match"),
    (
        "deployment",
        "spec.template.spec.securityContext",
        "spec.template.spec.securityContext",
        "pods-meet-the-restricted-standard",
    ),
    (
        "deployment",
        "spec.template.spec.containers.0.securityContext",
        "spec.template.spec.containers[0].securityContext",
        "pods-meet-the-restricted-standard",
    ),
    ("cron_job", "spec", "spec", "pods-meet-the-restricted-standard"),
    ("disruption_budget", "spec", "spec", "disruption-budget-allows-drains"),
    ("lifecycle", "rules.0.filter", "rules[0].filter", "lifecycle-actions-fit"),
    ("vertical_scaler", "spec.updatePolicy", "spec.updatePolicy", "vpa-leaves-the-metric-of-the-hpa"),
    ("node_pool", "spec.limits", "spec.limits", "node-pool-is-limited"),
    ("node_pool", "spec.disruption", "spec.disruption", "node-pool-consolidates"),
    ("internal_service", "spec.type", "spec.type", "services-share-a-load-balancer"),
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
    ("name", "path", "shown", "policy"),
    UNDETERMINED,
    ids=[f"{path} {policy}" for _, path, _, policy in UNDETERMINED],
)
def test_an_unknown_value_is_reported_as_advisory_with_its_property(name, path, shown, policy):
    resources = related_resources(name)
    resources[name] = with_property(resources[name], path, UNKNOWN)
    diagnostics = Pack().evaluate(*resources.values())
    assert {diagnostic.level for diagnostic in diagnostics} == {"advisory"}
    (message,) = [diagnostic.message for diagnostic in diagnostics if diagnostic.policy == policy]
    assert messages.UNDETERMINED in message
    assert f"): {shown} is unknown until deploy" in message


def test_no_unknown_property_of_the_compliant_stack_causes_a_mandatory_violation():
    pack = Pack()
    for name, resource in compliant_stack().items():
        resources = related_resources(name)
        for path in _paths(resource.inputs):
            resources[name] = with_property(resource, path, UNKNOWN)
            assert "mandatory" not in {item.level for item in pack.evaluate(*resources.values())}, path


def _paths(data, prefix=""):
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in entries:
        if "." in str(key):  # a label's key: test_bad_resources sets those
            continue
        yield f"{prefix}{key}"
        if isinstance(value, dict | list):
            yield from _paths(value, f"{prefix}{key}.")


def test_a_violation_is_reported_in_addition_to_an_undetermined_property():
    resources = related_resources("deployment")
    containers = [
        container("a", resources=UNKNOWN),
        container("b", resources={"requests": {"cpu": "1"}}),
    ]
    resources["deployment"] = with_property(
        resources["deployment"], "spec.template.spec.containers", containers
    )
    items = Pack().evaluate(resources["deployment"])
    diagnostics = [item for item in items if item.policy == "containers-request-resources"]
    assert [diagnostic.level for diagnostic in diagnostics] == ["mandatory", "advisory"]
    assert "container b does not request memory" in diagnostics[0].message
    assert "spec.template.spec.containers[0].resources is unknown" in diagnostics[1].message


def test_an_undetermined_property_of_a_stack_policy_is_reported_with_the_urn_of_its_resource():
    resources = related_resources("lifecycle")
    resources["lifecycle"] = with_property(resources["lifecycle"], "rules", UNKNOWN)
    bucket = resources["bucket"]
    diagnostics = Pack().evaluate(*resources.values())
    message = next(item.message for item in diagnostics if item.policy == "bucket-has-a-lifecycle")
    assert message.split("\n")[1:] == [f"exports ({bucket.urn}): rules is unknown until deploy"]


def test_unknown_versioning_of_a_bucket_that_keeps_old_versions_is_undetermined():
    resource = with_property(
        compliant_stack()["inline_bucket"], "lifecycleRules.0.noncurrentVersionExpiration"
    )
    for path in ("versioning", "versioning.enabled"):
        (diagnostic,) = Pack().evaluate(with_property(resource, path, UNKNOWN))
        assert (diagnostic.policy, diagnostic.level) == ("bucket-expires-old-versions", "advisory")
        assert f"): {path} is unknown" in diagnostic.message


def test_the_default_limit_of_replication_slots_is_undetermined_for_an_unknown_family():
    resource = with_property(
        with_property(compliant_stack()["parameter_group"], "parameters.1"), "family", UNKNOWN
    )
    (diagnostic,) = Pack().evaluate(resource)
    assert (diagnostic.policy, diagnostic.level) == ("replication-slots-are-bounded", "advisory")
    assert "): family is unknown" in diagnostic.message


@pytest.mark.parametrize("family", ["mysql8.4", "postgres12", "aurora-postgresql17"])
def test_a_family_without_the_parameter_has_no_default_limit(family):
    resource = with_property(
        with_property(compliant_stack()["parameter_group"], "parameters.1"), "family", family
    )
    assert Pack().evaluate(resource) == []


def test_parameters_of_other_engines_may_have_any_name():
    resource = with_property(
        compliant_stack()["parameter_group"], "parameters.0", {"name": "fsync", "value": "rm %p"}
    )
    assert [diagnostic.policy for diagnostic in Pack().evaluate(resource)] == [
        "database-parameters-are-modifiable"
    ]
    assert Pack().evaluate(with_property(resource, "family", "mysql8.4")) == []
    command = with_property(resource, "parameters.0.name", "archive_command")
    assert Pack().evaluate(with_property(command, "family", "mysql8.4")) == []


def test_unknown_tags_are_not_reported_where_the_default_tags_are_complete():
    resource = FakeResource(
        "aws:sqs/queue:Queue", "q", {"tags": UNKNOWN}, provider={"defaultTags": {"tags": TAGS}}
    )
    assert Pack().analyze(resource) == []


def test_an_unknown_subscriber_counts_as_a_subscriber():
    resource = compliant_stack()["budget"]
    for path in ("notifications.0.subscriberEmailAddresses.0", "notifications.1.subscriberSnsTopicArns.0"):
        resource = with_property(resource, path, UNKNOWN)
    assert Pack().analyze(resource) == []


def test_a_value_of_the_wrong_type_is_undetermined():
    diagnostics = Pack().analyze(with_property(compliant_stack()["log_group"], "retentionInDays", "a month"))
    assert [(diagnostic.policy, diagnostic.level) for diagnostic in diagnostics] == [
        ("log-group-has-retention", "advisory")
    ]
    assert "retentionInDays is 'a month', not a number" in diagnostics[0].message


@pytest.mark.parametrize(
    ("name", "value", "policy"),
    [
        ("rds.force_ssl", "1", "database-parameters-do-not-drift"),
        ("wal_compression", "zstd", "database-parameters-have-valid-values"),
    ],
)
def test_a_value_that_some_versions_of_postgresql_reject_is_undetermined_for_an_unknown_family(
    name, value, policy
):
    group = with_property(
        compliant_stack()["parameter_group"], "parameters.0", {"name": name, "value": value}
    )
    (diagnostic,) = Pack().evaluate(with_property(group, "family", UNKNOWN))
    assert (diagnostic.policy, diagnostic.level) == (policy, "advisory")
