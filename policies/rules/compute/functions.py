"""Lambda functions: processor, memory and the retention of their logs."""

from collections.abc import Iterator

from pulumi_policy import Policy, Severity

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.properties import Undetermined
from policies.resources import Resource, Stack
from policies.rule import (
    GuideSection,
    Options,
    Rule,
    integer_option,
    resource_policy,
    stack_policy,
    text_list_option,
)
from policies.rules.log_and_backup_retention import LOG_GROUP

FUNCTION = "aws:lambda/function:Function"
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
    """arm64 costs 20 % less a GB-second than x86_64, and is as fast or faster for most code.

    Functions that Lambda@Edge may run (in us-east-1, with `publish`) are left out, since it has only x86_64.
    Sources: https://aws.amazon.com/lambda/pricing/ and
    https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html, 2026-11.
    """
    rule = Rule(
        id="function-runs-on-arm",
        description="Lambda functions should run on arm64, which costs less than x86_64.",
        severity=Severity.LOW,
        section=GuideSection.COST_OPTIMIZATION,
        fix='Set architectures to ["arm64"], and build the image, layers and native dependencies for it.',
        options={"x86_runtimes": text_list_option("runtimes that only have x86_64", X86_RUNTIMES)},
        advisory=True,
        tags=("compute",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        inputs = resource.inputs
        architectures = inputs["architectures"]
        names = [item.text() for item in architectures.items()]
        if "arm64" in names or inputs["runtime"].text() in options["x86_runtimes"]:
            return
        if inputs["publish"].boolean():
            return
        what = "costs more for each GB-second than arm64"
        yield Violation(architectures.path, what, architectures.data, 'set it to ["arm64"]')

    return resource_policy(rule, context, FUNCTION.__eq__, check)


def function_memory_is_limited(context: EvaluationContext) -> Policy:
    """The price of each millisecond is proportional to the memory that is set, used or not.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html, 2026-11.
    """
    rule = Rule(
        id="function-memory-is-limited",
        description="Lambda functions should not have more memory than the limit.",
        severity=Severity.LOW,
        section=GuideSection.COST_OPTIMIZATION,
        fix="Lower memory_size to what the function needs; AWS Lambda Power Tuning measures it.",
        options={
            "maximum_mib": integer_option("the most memory in MiB", 3008, minimum=128, maximum=10240),
        },
        advisory=True,
        tags=("compute",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        memory, most = resource.inputs["memorySize"], options["maximum_mib"]
        if memory.number() > most:
            fix = f"set memory_size to {most:g} or less"
            yield Violation(memory.path, f"is above {most:g} MiB", memory.data, fix)

    return resource_policy(rule, context, FUNCTION.__eq__, check)


def function_has_a_log_group(context: EvaluationContext) -> Policy:
    """Lambda creates a log group without retention for a function that has none, and keeps its logs forever.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html, 2026-11.
    """
    rule = Rule(
        id="function-has-a-log-group",
        description="A Lambda function should have a log group of the stack, which sets its retention.",
        severity=Severity.MEDIUM,
        section=GuideSection.STORAGE_RETENTION,
        fix="Add an aws.cloudwatch.LogGroup named /aws/lambda/NAME with retention_in_days, or set"
        " logging_config.log_group to one.",
        options={"ignored": text_list_option("names of functions whose log group is elsewhere", [])},
        advisory=True,
        tags=("retention",),
    )

    def check_function(function: Resource, groups: list[Resource]) -> Iterator[Finding]:
        logging = function.inputs["loggingConfig"]["logGroup"]
        if logging.unknown or not logging.blank():
            return  # a log group that somebody created
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
