import json
import re
from pathlib import Path

import pytest
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel

from policies.catalogue import page
from policies.catalogue.entries import ACCOUNT, entries
from policies.rules.exemption_policies import IN_FORCE, IN_FORCE_IN_STACK
from tests.policies import compliant_aws as aws
from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.compliant_stack import compliant_stack
from tests.policies.pack_client import PROD, STAGING, FakeResource, Pack, with_property
from tests.policies.violations.stack import ADDED_RESOURCES, ADVISORY, CHANGED_RESOURCES, stack_with_change

ROOT = Path(__file__).parents[2]
POLICIES = {policy.name: policy for policy in Pack().policies}
SECTIONS = {
    "Cost Optimization Strategy",
    "AI Token Budget Enforcement",
    "Cloud Cost Tracking",
    "Autoscaling Best Practices",
    "Storage Retention Policies",
    "Alerts & Escalation",
}


def test_ids_are_unique_and_the_policies_about_exemptions_come_after_all_others_of_their_kind():
    names = [policy.name for policy in Pack().policies]
    assert len(names) == len(set(names))
    assert names[-2:] == [IN_FORCE, IN_FORCE_IN_STACK]


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_has_a_description_a_fix_and_a_section_of_the_guide(name):
    policy = POLICIES[name]
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z]+)+", name)
    assert re.fullmatch(r"[A-Z].{20,200}\.", policy.description)
    assert len(policy.remediation_steps) > 15
    assert policy.remediation_steps.endswith(".")
    assert policy.severity is not None
    assert policy.framework.name
    assert policy.framework.version
    assert policy.framework.reference in SECTIONS
    assert policy.url == f"docs/policies.md#{name}"
    assert len(policy.tags) == 1
    advisory = ADVISORY | {IN_FORCE, IN_FORCE_IN_STACK}
    level = EnforcementLevel.ADVISORY if name in advisory else EnforcementLevel.MANDATORY
    assert policy.enforcement_level is level


def test_the_engine_gets_the_metadata_of_every_policy():
    info = Pack().analyzer.GetAnalyzerInfo(None, None)
    assert {policy.name for policy in info.policies} == POLICIES.keys()
    assert all(policy.severity and policy.remediation_steps and policy.url for policy in info.policies)
    assert all(policy.configSchema.properties.fields for policy in info.policies)
    assert info.supportsConfig


def violating(name: str) -> tuple[Pack, list[FakeResource]]:
    """A pack and resources that violate a policy."""
    queue = aws.aws_resource("aws:sqs/queue:Queue", "queue")
    disk = FakeResource("aws:ebs/volume:Volume", "disk", {"size": 900, "type": "gp3", "tags": aws.TAGS},
                        provider={"region": "us-east-1"})  # fmt: skip
    low_budget = {**PROD, "teei-finops:budgets": json.dumps({"cloud-s3": {"limit": 1}})}
    special = {
        "stack-has-a-budget": (Pack(config={"demo:environment": "prod"}), [queue]),
        "estimated-cost-within-budget": (Pack(config=low_budget), [disk]),
        "one-nat-gateway-outside-prod": (
            Pack(config=STAGING),
            stack_with_change(("private_nat_gateway", "connectivityType", "public", "")),
        ),
        "exemptions-are-valid": (Pack(exempt="exemptions: {a: b}"), [queue]),
        IN_FORCE: (Pack(exempt=exemption("log-group-has-retention", "logs")), [
            with_property(aws.log_group(), "retentionInDays", 0)
        ]),
        IN_FORCE_IN_STACK: (Pack(exempt=exemption("workload-is-scaled", "teei-batch")), [
            kubernetes.deployment("teei-batch")
        ]),
    }  # fmt: skip
    if name in special:
        return special[name]
    changed = [stack_with_change(row) for row in CHANGED_RESOURCES if name in row[3].split()]
    added = [[resource] for _, resource, policy in ADDED_RESOURCES if policy == name]
    return Pack(), (changed + added)[0]


def exemption(policy: str, resource: str) -> str:
    fields = {"policy": policy, "resource": resource, "owner": "o", "reason": "r", "expires": "2026-12-01"}
    return json.dumps({"exemptions": [fields]})


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_reports_a_violation_unless_it_is_disabled(name):
    pack, resources = violating(name)
    assert name in {diagnostic.policy for diagnostic in pack.evaluate(*resources)}
    pack, resources = violating(name)
    pack.configure(**{name.replace("-", "_"): {"enforcementLevel": analyzer_pb2.DISABLED}})
    assert name not in {diagnostic.policy for diagnostic in pack.evaluate(*resources)}


def test_the_compliant_stack_gets_no_diagnostic():
    assert Pack().evaluate(*compliant_stack().values()) == []


def test_the_documentation_page_is_up_to_date():
    assert (ROOT / "docs/policies.md").read_text() == page.text()


def test_every_rule_of_the_catalogue_is_a_policy_unless_only_the_account_can_show_it():
    in_code = [entry.id for entry in entries().values() if entry.level != ACCOUNT]
    assert sorted(in_code) == sorted(POLICIES)
    assert all(re.fullmatch(r"\S.{20,250}\.", entry.why) for entry in entries().values())
    assert all(url.startswith("https://") for entry in entries().values() for url in entry.sources)
