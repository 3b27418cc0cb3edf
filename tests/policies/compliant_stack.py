"""A stack that violates no policy: one resource of each kind that the pack checks."""

from tests.policies import compliant_aws as aws
from tests.policies import compliant_costs as costs
from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.pack_client import FakeResource

# Each group holds resources that refer to each other.
GROUPS = (
    (aws.bucket, aws.lifecycle, aws.versioning, aws.inline_bucket, aws.unversioned_bucket),
    (aws.log_group, aws.backup_plan, aws.snapshot_schedule, aws.redshift_snapshot, aws.scaling_group),
    (
        aws.database,
        aws.cluster,
        aws.cluster_instance,
        aws.parameter_group,
        aws.cluster_parameter_group,
        aws.aurora_parameter_group,
        aws.empty_aurora_parameter_group,
        aws.postgres13_parameter_group,
    ),
    (
        kubernetes.postgres_config,
        kubernetes.deployment,
        kubernetes.hpa,
        kubernetes.vertical_scaler,
        kubernetes.reporting_deployment,
        kubernetes.scaled_object,
    ),
    (kubernetes.cron_job, kubernetes.disruption_budget, kubernetes.stateful_set),
    (kubernetes.clone_set, kubernetes.rollout, kubernetes.replica_set),
    (kubernetes.node_pool, kubernetes.service, kubernetes.internal_service, kubernetes.network_service),
    (kubernetes.batch_deployment, kubernetes.scaled_to_zero),
    (aws.budget,),
    (aws.ai_budget_function, aws.function_log_group),
    *costs.GROUPS,
)
FACTORIES = tuple(factory for group in GROUPS for factory in group)


def compliant_stack() -> dict[str, FakeResource]:
    """The resources by the name of the function that creates each."""
    return {factory.__name__: factory() for factory in FACTORIES}


def related_resources(name: str) -> dict[str, FakeResource]:
    """The group of one of them, which is faster to evaluate than the whole stack."""
    (group,) = [group for group in GROUPS if name in {factory.__name__ for factory in group}]
    return {factory.__name__: factory() for factory in group}
