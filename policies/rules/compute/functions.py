"""Lambda functions: processor, memory and the retention of their logs."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.properties import Undetermined
from policies.resources import Resource, Stack
from policies.rule import (
    Options,
    Rule,
    integer_option,
    resource_policy,
    stack_policy,
    text_list_option,
)
from policies.rules.log_and_backup_retention import LOG_GROUP
from policies.rules.monthly_prices import region_of
from teei_finops.policy_report import Remedy

FUNCTION = "aws:lambda/function:Function"
EDGE_REGION = "us-east-1"  # of the functions that Lambda@Edge replicates
LOG_GROUP_PREFIX = "/aws/lambda/"
# https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html, 2026-11.
X86_RUNTIMES = (
    "go1.x",
    "java8",
    "provided",
    "python3.6",
    "python3.7",
    "nodejs10.x",
    "ruby2.5",
    "dotnetcore2.1",
)


def function_runs_on_arm(context: EvaluationContext) -> Policy:
    """Functions in us-east-1 with `publish`, which Lambda@Edge may run, are left out: it has only x86_64."""
    rule = Rule(
        "function-runs-on-arm",
        {"x86_runtimes": text_list_option("runtimes that only have x86_64", X86_RUNTIMES)},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        inputs = resource.inputs
        architectures = inputs["architectures"]
        names = [item.text() for item in architectures.items()]
        if "arm64" in names or inputs["runtime"].text() in options["x86_runtimes"]:
            return
        if inputs["publish"].boolean() and region_of(context, resource) in (EDGE_REGION, None):
            return
        what = "costs more for each GB-second than arm64"
        remedy = Remedy({architectures.path: ["arm64"]})
        yield Violation(architectures.path, what, architectures.data, 'set it to ["arm64"]', remedy)

    return resource_policy(rule, context, FUNCTION.__eq__, check)


# More memory gives a function further vCPUs, which do not speed up one thread; less makes it slower:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html, 2026-11.
ONE_VCPU_MIB = 1769


def function_memory_is_limited(context: EvaluationContext) -> Policy:
    rule = Rule(
        "function-memory-is-limited",
        {
            "maximum_mib": integer_option("the most memory in MiB", 3008, minimum=128, maximum=10240),
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        memory, most = resource.inputs["memorySize"], options["maximum_mib"]
        if memory.number() > most:
            fix = f"set memory_size to {most:g} or less"
            remedy = Remedy({memory.path: most}) if most >= ONE_VCPU_MIB else None
            yield Violation(memory.path, f"is above {most:g} MiB", memory.data, fix, remedy)

    return resource_policy(rule, context, FUNCTION.__eq__, check)


def function_has_a_log_group(context: EvaluationContext) -> Policy:
    rule = Rule(
        "function-has-a-log-group",
        {"ignored": text_list_option("names of functions whose log group is elsewhere", [])},
    )

    def check_function(function: Resource, groups: list[Resource]) -> Iterator[Finding]:
        logging = function.inputs["loggingConfig"]["logGroup"]
        if logging.unknown or not logging.blank():
            return  # a log group that was created manually
        names = (function.inputs["name"].data, function.outputs["name"].data)
        expected = {f"{LOG_GROUP_PREFIX}{name}" for name in names if isinstance(name, str)}
        undetermined = None
        for group in groups:
            name, dependencies = group.inputs["name"], group.dependencies.get("name", ())
            if name.data in expected or function.urn in dependencies:
                return
            if function.inputs["name"].unknown or (name.unknown and not dependencies):
                undetermined = Undetermined(f"name of {group.name}")
        yield undetermined or Violation(
            "",
            "Lambda creates its log group, which keeps logs forever",
            None,
            "add a log group with retention",
        )

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        groups = stack.resources(LOG_GROUP.__eq__)
        for function in stack.resources(FUNCTION.__eq__):
            if function.inputs["name"].data not in options["ignored"]:
                for finding in findings_of(check_function, function, groups):
                    yield function, finding

    return stack_policy(rule, context, check)
