"""WAF web ACLs and Shield protections."""

from __future__ import annotations

import json

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    US,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
    resource,
)

ACL = "aws:wafv2/webAcl:WebAcl"
GROUP = "aws:wafv2/ruleGroup:RuleGroup"
RULE = "aws:wafv2/webAclRule:WebAclRule"
PLAIN = {"name": "geo", "priority": 1, "statement": {"geoMatchStatement": {"countryCodes": ["US"]}}}


def managed(name: str, level: str | None = None) -> dict[str, object]:
    statement: dict[str, object] = {"name": name, "vendorName": "AWS"}
    if level:
        statement["managedRuleGroupConfigs"] = [
            {"awsManagedRulesBotControlRuleSet": {"inspectionLevel": level}}
        ]
    return {"name": name, "priority": 2, "statement": {"managedRuleGroupStatement": statement}}


def waf(family: str, key: str, region: str = US, tier: int = 0) -> D:
    return price("awswaf", family, key, region, tier=tier)


@pytest.mark.parametrize(
    ("scope", "suffix", "where"), [("REGIONAL", "", EU), ("CLOUDFRONT", "-cloudfront-scope", "global")]
)
def test_an_acl_bills_itself_its_rules_and_requests_by_scope(scope, suffix, where):
    inputs = {"scope": scope, "rules": [PLAIN, managed("AWSManagedRulesCommonRuleSet")]}
    usage = {
        "monthly_requests": 5_000_000,
        "monthly_captcha_attempts": 2_000,
        "monthly_challenge_responses": 1_000_000,
    }
    if scope == "CLOUDFRONT":
        del usage["monthly_captcha_attempts"], usage["monthly_challenge_responses"]
    it = estimate_of(ACL, inputs, region=EU, usage=usage)
    expected = {
        "Web ACL": waf(f"web-acl{suffix}", "acl", where),
        "Rules": 2 * waf(f"web-acl{suffix}", "rule", where),
        "Requests": 5 * waf(f"web-acl{suffix}", "requests", where),
    }
    if scope == "REGIONAL":
        expected["CAPTCHA attempts"] = 2 * waf("captcha", "attempts", EU)
        expected["Challenge responses"] = waf("challenge", "responses", EU)
    assert amounts_by_name(it) == expected


def test_hours_prorate_the_acl_and_its_rules():
    it = estimate_of(
        ACL, {"scope": "REGIONAL", "rules": [PLAIN]}, usage={"monthly_hours": 365, "monthly_requests": 0}
    )
    assert dollars(it) == D("0.5") * (waf("web-acl", "acl") + waf("web-acl", "rule"))


def test_rules_inside_a_rule_group_count_as_well():
    group = resource(
        GROUP,
        {"scope": "REGIONAL", "capacity": 9, "rules": [PLAIN, PLAIN, PLAIN]},
        name="own",
        op="same",
        outputs={"arn": "arn:aws:wafv2:us-east-1:1:regional/rulegroup/own/1"},
    )
    reference = {
        "name": "own",
        "statement": {
            "ruleGroupReferenceStatement": {"arn": "arn:aws:wafv2:us-east-1:1:regional/rulegroup/own/1"}
        },
    }
    usage = {"monthly_requests": 0}
    it = estimate_of(ACL, {"scope": "REGIONAL", "rules": [PLAIN, reference]}, group, usage=usage)
    assert amounts_by_name(it)["Rules"] == 5 * waf("web-acl", "rule")
    elsewhere = {"name": "x", "statement": {"ruleGroupReferenceStatement": {"arn": "arn:aws:wafv2:x"}}}
    other = estimate_of(ACL, {"scope": "REGIONAL", "rules": [elsewhere]}, group, usage=usage)
    assert amounts_by_name(other)["Rules"] == waf("web-acl", "rule")
    assert other.notes == ("the rules inside a rule group that is not in the plan are not counted",)


def test_a_rule_group_to_be_created_is_resolved_by_dependency():
    group = resource(GROUP, {"scope": "REGIONAL", "capacity": 9, "rules": [PLAIN, PLAIN]}, name="own")
    inputs = {
        "scope": "REGIONAL",
        "rules": [PLAIN, {"name": "own", "statement": {"ruleGroupReferenceStatement": {"arn": UNKNOWN}}}],
    }
    usage = {"monthly_requests": 0}
    it = estimate_of(ACL, inputs, group, usage=usage, depends_on={"rules": (GROUP, "own")})
    assert amounts_by_name(it)["Rules"] == 4 * waf("web-acl", "rule")
    lost = estimate_of(ACL, inputs, group, usage=usage)
    assert lost.reason.startswith("value unknown until deploy: rules.1.statement")


def test_rules_may_be_json_or_resources_of_their_own():
    rules = [
        {
            "Name": "bots",
            "Statement": {
                "ManagedRuleGroupStatement": {"Name": "AWSManagedRulesBotControlRuleSet", "VendorName": "AWS"}
            },
        }
    ]
    usage = {"monthly_requests": 0}
    in_json = estimate_of(ACL, {"scope": "REGIONAL", "ruleJson": json.dumps(rules)}, usage=usage)
    assert amounts_by_name(in_json)["Rules"] == waf("web-acl", "rule")
    assert amounts_by_name(in_json)["Bot Control"] == waf("bot-control", "activation")
    rule = resource(
        RULE,
        {"name": "geo", "webAclArn": UNKNOWN, "statement": {}},
        name="geo",
        depends_on={"webAclArn": (ACL, "it")},
    )
    apart = estimate_of(ACL, {"scope": "REGIONAL"}, rule, usage=usage)
    assert amounts_by_name(apart)["Rules"] == waf("web-acl", "rule")


def test_bot_control_inspects_each_request_above_what_is_included():
    usage = {"monthly_requests": 15_000_000}
    common = estimate_of(
        ACL, {"scope": "REGIONAL", "rules": [managed("AWSManagedRulesBotControlRuleSet")]}, usage=usage
    )
    assert amounts_by_name(common)["Bot Control requests"] == 5 * waf(
        "bot-control", "requests-common", tier=10_000_000
    )
    assert "Targeted Bot Control requests" not in amounts_by_name(common)
    inputs = {"scope": "REGIONAL", "rules": [managed("AWSManagedRulesBotControlRuleSet", "TARGETED")]}
    targeted = estimate_of(ACL, inputs, usage={**usage, "monthly_targeted_bot_control_requests": 3_000_000})
    assert amounts_by_name(targeted)["Targeted Bot Control requests"] == 2 * waf(
        "bot-control", "requests-targeted", tier=1_000_000
    )


def test_fraud_control_has_a_fee_and_tiers_and_no_price_in_frankfurt():
    inputs = {"scope": "REGIONAL", "rules": [managed("AWSManagedRulesATPRuleSet")]}
    usage = {"monthly_requests": 0, "monthly_fraud_control_requests": 50_000}
    it = amounts_by_name(estimate_of(ACL, inputs, usage=usage))
    assert it["Fraud Control"] == waf("fraud-control", "activation")
    assert it["Fraud Control requests (10,000 to 2,000,000)"] == 40 * waf(
        "fraud-control", "requests", tier=10_000
    )
    unpriced = estimate_of(ACL, inputs, region=EU, usage=usage)
    assert unpriced.reason == "no price in this region: awswaf fraud-control activation in eu-central-1"


def test_a_shield_protection_is_flagged_never_zero():
    it = estimate_of("aws:shield/protection:Protection", {"name": "lb", "resourceArn": "arn:aws:x"})
    assert it.state == "unpriced"
    assert it.reason.startswith("no price in this region: it needs Shield Advanced")
    protected = {"resourceArn": "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/a/1"}
    data = estimate_of(
        "aws:shield/protection:Protection", protected, usage={"monthly_protected_egress_gb": 100}
    )
    assert dollars(data) == 5
    assert data.unpriced_lines[0].startswith("Shield Advanced: no price in this region")
