"""ECR repositories: images must not be kept, and paid for, forever."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, stack_policy, text_list_option
from policies.rules.references import is_used

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE_POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"


def repository_expires_images(context: EvaluationContext) -> Policy:
    rule = Rule(
        "repository-expires-images",
        {"ignored": text_list_option("names of repositories that are not checked", [])},
    )

    def check_repository(stack: Stack, repository: Resource) -> Iterator[Finding]:
        if not is_used(stack, repository, {LIFECYCLE_POLICY: ("repository",)}, ("id", "name")):
            what = "keeps every image forever"
            yield Violation("", what, None, "add an aws.ecr.LifecyclePolicy with the name of the repository")

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        for repository in stack.resources(REPOSITORY.__eq__):
            if repository.inputs["name"].data not in options["ignored"]:
                for finding in findings_of(check_repository, stack, repository):
                    yield repository, finding

    return stack_policy(rule, context, check)
