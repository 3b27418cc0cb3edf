"""Which policies the pack has, and what they share in one evaluation."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import yaml
from pulumi_policy import Policy

from policies import exemptions
from policies.catalogue.entries import PAGE
from policies.evaluation_context import EvaluationContext
from policies.rule import options_of
from policies.rules import (
    bucket_retention,
    budget_costs,
    budgets,
    callers,
    estimated_cost,
    exemption_policies,
    lifecycle_actions,
    lifecycle_days,
    log_and_backup_retention,
    tagging,
)
from policies.rules.compute import functions, instance_families
from policies.rules.databases import aurora_storage, instances, parameter_values, parameters, support
from policies.rules.kubernetes import (
    keda,
    load_balancers,
    node_pools,
    pod_security,
    scaling,
    vertical_scaling,
    workloads,
)
from policies.rules.network import addresses, distributions, endpoints, nat_gateways
from policies.rules.storage import repositories, tables, volumes
from policies.stack_context import StackContext
from policies.taggable_types import taggable_types
from teei_finops.costing.resource_types import known_types
from teei_finops.policy_report import ReportedRule

NAME = "teei-finops"
DESCRIPTION = "Cost controls for tags, budgets, retention, storage, compute, networks, databases and scaling."
ROOT = Path(__file__).resolve().parent.parent
EXEMPTIONS = "exemptions.yaml"
METADATA = Path(__file__).with_name("PulumiPolicy.yaml")

ExemptionLoader = Callable[[frozenset[str], date], exemptions.Exemptions]


def build(
    config: Mapping[str, str],
    today: date,
    load: ExemptionLoader | None = None,
    root: Path | None = None,
) -> tuple[list[Policy], EvaluationContext]:
    """The policies, in the order in which they report, and their context.

    `config` is the stack's config as the engine passes it, `today` the day (UTC) on which exemptions are
    evaluated; `load` reads the exemptions, by default from `exemptions.yaml` in `root`, which also holds
    `budgets.yaml` and `usage.yaml`; by default the folder above this package.
    """
    root = root or ROOT
    context = EvaluationContext(
        StackContext.from_config(config),
        pack=NAME,
        pack_version=version(),
        has_pages=(root / PAGE).is_file(),
    )
    taggable = taggable_types()
    billable = billable_types()
    policies = [
        tagging.required_tags(context, taggable),
        tagging.allowed_tag_values(context, taggable),
        budgets.stack_has_a_budget(context, billable),
        budgets.budget_tag_names_a_budget(context, taggable, billable),
        budgets.budget_notifies_somebody(context),
        budgets.budget_alerts_on_forecast(context),
        budget_costs.budget_excludes_credits_and_refunds(context),
        budget_costs.budget_filters_match(context),
        estimated_cost.estimated_cost_within_budget(context, root, today),
        bucket_retention.bucket_has_a_lifecycle(context),
        bucket_retention.bucket_expires_old_versions(context),
        bucket_retention.bucket_aborts_incomplete_uploads(context),
        lifecycle_days.lifecycle_keeps_minimum_days(context),
        lifecycle_days.lifecycle_moves_to_colder_classes(context),
        lifecycle_days.lifecycle_expires_after_transitions(context),
        lifecycle_actions.lifecycle_actions_fit(context),
        log_and_backup_retention.log_group_has_retention(context),
        log_and_backup_retention.backups_expire(context),
        log_and_backup_retention.snapshots_expire(context),
        repositories.repository_expires_images(context),
        functions.function_has_a_log_group(context),
        volumes.volume_is_not_gp2(context),
        volumes.provisioned_iops_are_needed(context),
        volumes.volume_is_attached(context),
        functions.function_runs_on_arm(context),
        functions.function_memory_is_limited(context),
        instance_families.instance_is_of_a_current_generation(context),
        addresses.address_is_associated(context),
        endpoints.gateway_endpoint_is_used(context),
        endpoints.nat_gateway_has_gateway_endpoints(context),
        nat_gateways.one_nat_gateway_outside_prod(context),
        nat_gateways.nat_gateways_in_prod(context),
        distributions.distribution_has_a_price_class(context),
        load_balancers.services_share_a_load_balancer(context),
        parameters.database_parameters_are_modifiable(context),
        parameters.archive_command_keeps_wal(context),
        parameters.replication_slots_are_bounded(context),
        parameter_values.database_parameters_have_valid_values(context),
        parameter_values.database_parameters_do_not_drift(context),
        instances.database_keeps_backups(context),
        instances.database_is_multi_az_in_prod(context),
        instances.database_is_protected_in_prod(context),
        instances.database_is_encrypted_in_prod(context),
        instances.database_is_private_in_prod(context),
        instances.database_is_current_generation(context),
        support.version_is_in_standard_support(context, today),
        aurora_storage.aurora_storage_fits_the_io(context, root, today),
        tables.provisioned_table_is_scaled(context),
        callers.ai_budget_has_callers_in_prod(context),
        scaling.containers_request_resources(context),
        scaling.hpa_range_is_valid(context),
        scaling.hpa_has_two_replicas_in_prod(context),
        scaling.scaler_target_is_sensible(context),
        keda.scaled_object_is_bounded(context),
        keda.scaled_object_cools_down(context),
        keda.nats_trigger_is_complete(context),
        keda.trigger_values_are_text(context),
        workloads.workload_has_one_scaler(context),
        workloads.workload_is_scaled(context),
        vertical_scaling.vpa_leaves_the_metric_of_the_hpa(context),
        workloads.disruption_budget_allows_drains(context),
        node_pools.node_pool_is_limited(context),
        node_pools.node_pool_consolidates(context),
        pod_security.pods_meet_the_restricted_standard(context),
        exemption_policies.exemptions_are_valid(context),
        exemption_policies.exemptions_in_force(context),
        exemption_policies.exemptions_in_force_in_stack(context),
    ]
    ids = frozenset(policy.name for policy in policies) - exemption_policies.NEVER_EXEMPT
    context.exemptions = load(ids, today) if load else exemptions.load(root / EXEMPTIONS, ids, today)
    context.options = {policy.name: options_of(policy) for policy in policies}
    context.rules = tuple(_reported_rule(policy, context) for policy in policies)
    return policies, context


def billable_types() -> frozenset[str]:
    """The AWS types that can cost money."""
    return frozenset(token for token, known in known_types().items() if known.name != "free")


def version() -> str:
    """The version of the pack, which the engine reads from the same file."""
    return str(yaml.safe_load(METADATA.read_text("utf-8"))["version"])


def _reported_rule(policy: Policy, context: EvaluationContext) -> ReportedRule:
    return ReportedRule(
        id=policy.name,
        description=policy.description,
        fix=policy.remediation_steps or "",
        level=policy.enforcement_level.value if policy.enforcement_level else "",
        severity=policy.severity.value if policy.severity else "",
        page=context.page_of(policy.name),
    )
