"""The options of policies: their schemas, and what each of them changes."""

import jsonschema
import pytest

from teei_finops.costing.yaml_file import SettingError
from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.compliant_stack import compliant_stack
from tests.policies.pack_client import Pack
from tests.policies.violations.stack import stack_with_change

POLICIES = {policy.name: policy for policy in Pack().policies}


@pytest.mark.parametrize("name", POLICIES)
def test_the_default_of_each_option_is_valid_by_its_schema(name):
    properties = POLICIES[name].config_schema.properties
    assert properties
    for schema in properties.values():
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(schema["default"], schema)
        assert schema["description"]


def test_numeric_options_have_these_bounds():
    bounds = {
        (name, option): (schema.get("minimum"), schema.get("maximum"))
        for name, policy in POLICIES.items()
        for option, schema in policy.config_schema.properties.items()
        if schema["type"] in ("integer", "number") and ("minimum" in schema or "maximum" in schema)
    }
    assert bounds == {
        ("budget-notifies-somebody", "notifications"): (1, None),
        ("estimated-cost-within-budget", "monthly_limit_usd"): (0, None),
        ("lifecycle-expires-after-transitions", "days_after"): (1, None),
        ("log-group-has-retention", "maximum_days"): (1, None),
        ("backups-expire", "maximum_days"): (1, None),
        ("database-keeps-backups", "minimum_days"): (0, 35),
        ("hpa-has-two-replicas-in-prod", "minimum"): (1, None),
        ("scaler-target-is-sensible", "lowest"): (1, 100),
        ("scaler-target-is-sensible", "highest"): (1, 100),
        ("scaled-object-cools-down", "minimum_seconds"): (1, None),
        ("services-share-a-load-balancer", "maximum"): (1, None),
        ("provisioned-iops-volume", "maximum_iops"): (1, None),
        ("function-memory-is-limited", "maximum_mib"): (128, 10240),
        ("one-nat-gateway-outside-prod", "maximum"): (0, None),
        ("nat-gateways-in-prod", "maximum"): (1, None),
        ("version-in-extended-support", "days_before"): (0, None),
        ("aurora-storage-fits-the-io", "minimum_usd"): (0, None),
    }


OPTIONS = [
    ("required-tags", {"keys": ["team", "owner"]}, ("bucket", "tags.team", "finops")),
    (
        "budget-excludes-credits-and-refunds",
        {"cost_types": ["includeTax"]},
        ("budget", "costTypes.includeTax", True),
    ),
    ("allowed-tag-values", {"keys": ["note"]}, ("bucket", "tags.note", "  ")),
    ("log-group-has-retention", {"maximum_days": 29}, ("log_group", "retentionInDays", 30)),
    ("backups-expire", {"maximum_days": 119}, ("backup_plan", "rules.0.lifecycle.deleteAfter", 120)),
    ("snapshots-expire", {"types": ["aws:redshift/clusterSnapshot:ClusterSnapshot"]}, None),
    ("lifecycle-keeps-minimum-days", {"first_day": {"DEEP_ARCHIVE": 151}}, None),
    ("lifecycle-keeps-minimum-days", {"minimum_days": {"STANDARD_IA": 31}}, None),
    ("lifecycle-moves-to-colder-classes", {"classes": ["DEEP_ARCHIVE", "GLACIER_IR"]}, None),
    ("lifecycle-expires-after-transitions", {"days_after": 581}, None),
    ("database-parameters-are-modifiable", {"parameters": {"WAL_keep_size": "no"}}, None),
    (
        "archive-command-keeps-wal",
        {"kubernetes": True},
        ("postgres_config", "data", {"a": "archive_command = 'rm %p'"}),
    ),
    (
        "ai-budget-has-callers-in-prod",
        {"variable": "CONFIG"},
        ("ai_budget_function", "environment.variables", {"CONFIG": ""}),
    ),
    ("replication-slots-are-bounded", {"since": 17}, ("parameter_group", "parameters.1.value", "-1")),
    ("database-keeps-backups", {"minimum_days": 8}, None),
    *(
        (f"database-is-{what}-in-prod", {"environments": ["prod", "live"]}, ("database", key, value))
        for what, key, value in (
            ("multi-az", "multiAz", False),
            ("protected", "deletionProtection", False),
            ("encrypted", "storageEncrypted", False),
            ("private", "publiclyAccessible", True),
        )
    ),
    ("database-is-current-generation", {"classes": ["t4g"]}, None),
    ("database-is-current-generation", {"storage_types": ["gp3"]}, None),
    ("containers-request-resources", {"resources": ["cpu", "ephemeral-storage"]}, None),
    ("hpa-range-is-valid", {"default_minimum": 9}, ("hpa", "spec.minReplicas", None)),
    ("hpa-has-two-replicas-in-prod", {"minimum": 3}, None),
    ("scaler-target-is-sensible", {"lowest": 61}, None),
    ("scaler-target-is-sensible", {"highest": 69}, None),
    ("scaled-object-is-bounded", {"default_minimum": 21}, ("scaled_object", "spec.minReplicaCount", None)),
    ("scaled-object-cools-down", {"minimum_seconds": 301}, None),
    ("nats-trigger-is-complete", {"fields": ["account", "natsServer"]}, None),
    ("trigger-values-are-text", {"types": ["cpu"]}, ("scaled_object", "spec.triggers.1.metadata.value", 60)),
    (
        "workload-has-one-scaler",
        {"default_kind": "Rollout"},
        ("hpa", "spec.scaleTargetRef", {"kind": "Rollout", "name": "teei-reporting"}),
    ),
    ("workload-is-scaled", {"default_kind": "Rollout"}, None),
    (
        "vpa-leaves-the-metric-of-the-hpa",
        {"recommending_modes": []},
        ("hpa", "spec.metrics.0.resource.name", "memory"),
    ),
    ("node-pool-is-limited", {"resources": ["memory"]}, None),
    ("gp2-volume", {"types": ["gp3"]}, None),
    ("provisioned-iops-volume", {"maximum_iops": 32000}, None),
    ("function-memory-is-limited", {"maximum_mib": 256}, None),
    ("previous-generation-instance", {"families": ["m7g"]}, None),
    ("interface-endpoint-with-free-gateway", {"services": ["sqs"]}, None),
    ("nat-gateway-without-gateway-endpoint", {"services": ["s3", "dynamodb"]}, None),
    ("one-nat-gateway-outside-prod", {"maximum": 0, "environments": []}, None),
    ("distribution-in-all-locations", {"price_classes": ["PriceClass_100"]}, None),
    ("version-in-extended-support", {"days_before": 2000}, None),
    (
        "provisioned-table-is-scaled",
        {"dimensions": ["dynamodb:index:ReadCapacityUnits"]},
        None,
    ),
    ("node-pool-consolidates", {"consolidation_policies": ["WhenEmpty"]}, None),
]


@pytest.mark.parametrize(
    ("name", "options", "change"), OPTIONS, ids=[f"{name} {options}" for name, options, _ in OPTIONS]
)
def test_an_option_changes_what_a_policy_reports(name, options, change):
    assert options.keys() <= POLICIES[name].config_schema.properties.keys()
    resources = stack_with_change((*change, "")) if change else list(compliant_stack().values())
    diagnostics = Pack().configure(**{name.replace("-", "_"): dict(options)}).evaluate(*resources)
    assert name in {diagnostic.policy for diagnostic in diagnostics}


_POD = "spec.template.spec"
_CAPABILITIES = f"{_POD}.containers.0.securityContext.capabilities"
LENIENT = [
    (
        "vpa-leaves-the-metric-of-the-hpa",
        {"recommending_modes": ["Off", "Initial"]},
        (
            "vertical_scaler",
            "spec",
            {
                "targetRef": {"kind": "Deployment", "name": "teei-analytics"},
                "updatePolicy": {"updateMode": "Initial"},
            },
        ),
    ),
    ("services-share-a-load-balancer", {"maximum": 2}, ("internal_service", "spec.type", "LoadBalancer")),
    ("repository-expires-images", {"ignored": ["teei/new"]}, ("repository", "name", "teei/new")),
    ("function-has-a-log-group", {"ignored": ["new"]}, ("ai_budget_function", "name", "new")),
    ("function-runs-on-arm", {"x86_runtimes": [""]}, ("ai_budget_function", "architectures", None)),
    ("nat-gateways-in-prod", {"maximum": 2}, ("private_nat_gateway", "connectivityType", None)),
    ("unattached-volume", {"ignored_tags": ["team"]}, ("attachment", "volumeId", "vol-3")),
    ("unassociated-address", {"ignored_tags": ["team"]}, ("nat_gateway", "allocationId", "eipalloc-2")),
    (
        "lifecycle-actions-fit",
        {"actions": ["AbortIncompleteMultipartUpload"]},
        ("lifecycle", "rules.0.expiration.expiredObjectDeleteMarker", True),
    ),
    (
        "lifecycle-actions-fit",
        {"actions": ["ExpiredObjectDeleteMarker"]},
        ("lifecycle", "rules.0.filter", {"objectSizeLessThan": 5}),
    ),
    (
        "disruption-budget-allows-drains",
        {"eviction_policies": ["AlwaysAllow", "IfHealthyBudget"]},
        ("disruption_budget", "spec.unhealthyPodEvictionPolicy", None),
    ),
    (
        "budget-excludes-credits-and-refunds",
        {"cost_types": ["includeCredit"]},
        ("budget", "costTypes.includeRefund", True),
    ),
    ("budget-filters-match", {"services": ["Snowflake"]}, ("budget", "costFilters.0.values.0", "Snowflake")),
    (
        "budget-filters-match",
        {"usage_type_groups": ["SQS: Requests"]},
        ("budget", "costFilters.0", {"name": "UsageTypeGroup", "values": ["SQS: Requests"]}),
    ),
    (
        "pods-meet-the-restricted-standard",
        {"volumes": ["nfs", "emptyDir"]},
        ("deployment", f"{_POD}.volumes", [{"name": "shared", "nfs": {"server": "a", "path": "/"}}]),
    ),
    (
        "pods-meet-the-restricted-standard",
        {"capabilities": ["CHOWN"]},
        ("deployment", f"{_CAPABILITIES}.add", ["CHOWN"]),
    ),
    (
        "pods-meet-the-restricted-standard",
        {"sysctls": ["net.core.somaxconn"]},
        ("deployment", f"{_POD}.securityContext.sysctls", [{"name": "net.core.somaxconn", "value": "1"}]),
    ),
    (
        "pods-meet-the-restricted-standard",
        {"privileged_namespaces": [kubernetes.NAMESPACE]},
        ("deployment", f"{_POD}.hostNetwork", True),
    ),
    ("required-tags", {"keys": []}, ("bucket", "tags.team", None)),
    ("allowed-tag-values", {"keys": ["service"]}, ("bucket", "tags.team", "nobody")),
    (
        "archive-command-keeps-wal",
        {"kubernetes": False},
        ("postgres_config", "data", {"archive_command": "rm %p"}),
    ),
    (
        "ai-budget-has-callers-in-prod",
        {"environments": ["live"]},
        ("ai_budget_function", "environment.variables.AI_BUDGET_CONFIG", ""),
    ),
    (
        "database-parameters-have-valid-values",
        {"ignored": ["max_slot_wal_keep_size"]},
        ("parameter_group", "parameters.1.value", "10GB"),
    ),
    (
        "database-parameters-do-not-drift",
        {"ignored": ["rds.force_ssl"]},
        ("parameter_group", "parameters.0", {"name": "rds.force_ssl", "value": "1"}),
    ),
    ("replication-slots-are-bounded", {"since": 18}, ("parameter_group", "parameters.1", None)),
    ("database-keeps-backups", {"minimum_days": 6}, ("database", "backupRetentionPeriod", 6)),
    (
        "trigger-values-are-text",
        {"types": ["cpu"]},
        ("scaled_object", "spec.triggers.0.metadata.lagThreshold", 1),
    ),
    ("hpa-has-two-replicas-in-prod", {"environments": ["live"]}, ("hpa", "spec.minReplicas", 1)),
    ("hpa-has-two-replicas-in-prod", {"minimum": 1}, ("hpa", "spec.minReplicas", None)),
    ("database-is-multi-az-in-prod", {"environments": ["live"]}, ("database", "multiAz", False)),
]


@pytest.mark.parametrize(
    ("name", "options", "change"), LENIENT, ids=[f"{name} {options}" for name, options, _ in LENIENT]
)
def test_an_option_allows_what_is_reported_by_default(name, options, change):
    resources = stack_with_change((*change, ""))
    assert name in {diagnostic.policy for diagnostic in Pack().evaluate(*resources)}
    pack = Pack().configure(**{name.replace("-", "_"): dict(options)})
    assert name not in {diagnostic.policy for diagnostic in pack.evaluate(*resources)}


def test_an_option_that_a_policy_does_not_have_is_an_error():
    with pytest.raises(SettingError, match=r"^gp2-volume: unknown option 'typs'; did you mean 'types'\?$"):
        Pack().configure(gp2_volume={"typs": ["gp2"]})
