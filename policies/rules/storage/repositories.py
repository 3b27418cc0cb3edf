"""ECR repositories: images must not be kept, and paid for, forever."""

from collections.abc import Iterator

from pulumi_policy import Policy, Severity

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, ResourceFinding, Violation, findings_of
from policies.resources import Resource, Stack
from policies.rule import GuideSection, Options, Rule, stack_policy, text_list_option
from policies.rules.references import is_used

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE_POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"


def repository_expires_images(context: EvaluationContext) -> Policy:
    """ECR keeps every image that was ever pushed, and bills its GB, until a lifecycle policy expires it.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html, 2026-11.
    """
    rule = Rule(
        id="repository-expires-images",
        description="Every ECR repository must have a lifecycle policy.",
        severity=Severity.MEDIUM,
        section=GuideSection.STORAGE_RETENTION,
        fix="Add an aws.ecr.LifecyclePolicy that keeps, for example, the last 30 images.",
        options={"ignored": text_list_option("names of repositories that are not checked", [])},
        tags=("retention",),
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
