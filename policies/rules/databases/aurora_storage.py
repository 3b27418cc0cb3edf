"""Aurora clusters: whether I/O-Optimized storage or standard storage costs less for their I/O."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import ResourceFinding, Violation, findings_of
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, integer_option, stack_policy
from policies.rules.databases.instances import CLUSTER
from policies.rules.declared_resources import declared_resources
from teei_finops.costing.budgets.policy_gate import saving
from teei_finops.costing.budgets.savings import Fix
from teei_finops.costing.costs import CostOptions, project_options
from teei_finops.costing.yaml_file import SettingError
from teei_finops.policy_report import Remedy

OPTIMIZED, STANDARD = "aurora-iopt1", "aurora"
IO_REQUESTS = "monthly_io_requests"


def aurora_storage_fits_the_io(context: EvaluationContext, root: Path, today: date) -> Policy:
    """Checks the clusters whose I/O `usage.yaml` in `root` states.

    A file that cannot be used is reported by estimated-cost-within-budget.
    """
    rule = Rule(
        "aurora-storage-fits-the-io",
        {
            "minimum_usd": integer_option(
                "the least saving a month that is reported, in US dollars", 10, minimum=0
            )
        },
    )

    def check_cluster(
        stack: Stack, cluster: Resource, options: CostOptions, least: int
    ) -> Iterator[Violation]:
        storage = cluster.inputs["storageType"]
        other = STANDARD if storage.text(STANDARD) == OPTIMIZED else OPTIMIZED
        remedy = Remedy({storage.path: other})
        config = context.stack_context.config
        saved = saving(declared_resources(stack), Fix(cluster.urn, remedy), config=config, options=options)
        if saved and saved.expected >= least:
            what = f"{other} costs ${saved.expected:,.2f} a month less for the I/O of usage.yaml"
            yield Violation(storage.path, what, storage.data, f"set storage_type to {other}", remedy)

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        clusters = [
            cluster
            for cluster in stack.resources(CLUSTER.__eq__)
            if str(cluster.inputs["engine"].data).startswith("aurora")
        ]
        if not clusters:
            return
        try:
            cost_options = project_options(root, today)
        except SettingError:
            return
        for cluster in clusters:
            if IO_REQUESTS in cost_options.usage.of(cluster.urn, cluster.name, cluster.type):
                least = options["minimum_usd"]
                for finding in findings_of(check_cluster, stack, cluster, cost_options, least):
                    yield cluster, finding

    return stack_policy(rule, context, check)
