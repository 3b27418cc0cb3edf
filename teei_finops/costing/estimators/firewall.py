"""AWS WAF web ACLs and Shield protections."""

from __future__ import annotations

import json
from decimal import Decimal

from teei_finops.costing.amounts import NO_PRICE, UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject, Values
from teei_finops.costing.estimators.from_usage import charge_stated

SERVICE = "awswaf"
RULE_GROUP = "aws:wafv2/ruleGroup:RuleGroup"
SEPARATE_RULE = "aws:wafv2/webAclRule:WebAclRule"
REQUESTS = (0, 1_000_000, 10_000_000)
BOT_CONTROL = "AWSManagedRulesBotControlRuleSet"
FRAUD_CONTROL = ("AWSManagedRulesATPRuleSet", "AWSManagedRulesACFPRuleSet")
ANTI_DDOS = "AWSManagedRulesAntiDDoSRuleSet"


@estimates("aws:wafv2/webAcl:WebAcl")
def web_acl(r: Subject) -> None:
    """The ACL, its rules (those inside its own rule groups, too), requests, and the paid managed rule groups.

    A rule group referred to is one rule and one for each of its own; Bot Control, account takeover and
    account creation fraud prevention have an activation fee. Their included requests are in the price rows.
    AWS WAF pricing page, 2026-10.
    """
    scope = "-cloudfront-scope" if r.text("scope") == "CLOUDFRONT" else ""
    r.charge("Web ACL", SERVICE, f"web-acl{scope}", "acl", r.months())
    rules = _rules(r)
    groups = [group for rule in rules for group in _managed_groups(rule)]
    inside = _inside_rules(r, rules)
    r.charge("Rules", SERVICE, f"web-acl{scope}", "rule", r.months() * (len(rules) + inside))
    requests = r.usage("monthly_requests", *REQUESTS)
    r.charge("Requests", SERVICE, f"web-acl{scope}", "requests", requests)
    levels = [level for name, level in groups if name == BOT_CONTROL]
    if levels:
        r.charge("Bot Control", SERVICE, f"bot-control{scope}", "activation", r.months())
    for usage_key, what, key, used in (
        ("monthly_bot_control_requests", "Bot Control requests", "requests-common", bool(levels)),
        (
            "monthly_targeted_bot_control_requests",
            "Targeted Bot Control requests",
            "requests-targeted",
            "TARGETED" in levels,
        ),
    ):
        inspected = r.stated(usage_key)
        if inspected is None and used:
            inspected = requests
        if inspected is not None:
            r.charge(what, SERVICE, f"bot-control{scope}", key, inspected)
    if any(name in FRAUD_CONTROL for name, _ in groups):
        r.charge("Fraud Control", SERVICE, f"fraud-control{scope}", "activation", r.months())
        attempts = r.usage("monthly_fraud_control_requests", 0, 10_000, 100_000)
        r.charge("Fraud Control requests", SERVICE, f"fraud-control{scope}", "requests", attempts)
    else:
        charge_stated(
            r,
            "monthly_fraud_control_requests",
            "Fraud Control requests",
            SERVICE,
            f"fraud-control{scope}",
            "requests",
        )
    if any(name == ANTI_DDOS for name, _ in groups):
        r.charge("Anti-DDoS rule group", SERVICE, f"anti-ddos{scope}", "activation", r.months())
    charge_stated(r, "monthly_captcha_attempts", "CAPTCHA attempts", SERVICE, "captcha", "attempts")
    charge_stated(r, "monthly_challenge_responses", "Challenge responses", SERVICE, "challenge", "responses")


@estimates("aws:shield/protection:Protection")
def shield_protection(r: Subject) -> None:
    """Shield Advanced is one subscription of the whole organisation: its fee belongs to no protection."""
    raise Unpriced(
        NO_PRICE,
        f"{r.name} needs Shield Advanced, a subscription of the organisation (3000 USD a month and data out, "
        "Shield pricing page, 2026-10) that is not billed per resource",
    )


def _rules(r: Subject) -> list[Values]:
    if r.has("ruleJson"):
        try:
            raw = json.loads(r.text("ruleJson"))
        except ValueError:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "ruleJson is not JSON") from None
        return [Values(_camel(rule), "ruleJson") for rule in (raw if isinstance(raw, list) else [])]
    return [*r.items("rules"), *r.referring(SEPARATE_RULE, "webAclArn")]


def _camel(value):
    """`ManagedRuleGroupStatement` of AWS's own JSON → `managedRuleGroupStatement`."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _managed_groups(rule: Values) -> list[tuple[str, str]]:
    """(name, inspection level) of a rule's AWS managed rule group."""
    statement = rule.part("statement").part("managedRuleGroupStatement")
    if not statement.raw:
        return []
    levels = [
        config.part("awsManagedRulesBotControlRuleSet").text("inspectionLevel", "COMMON")
        for config in statement.items("managedRuleGroupConfigs")
    ]
    return [(statement.text("name"), "TARGETED" if "TARGETED" in levels else "COMMON")]


def _inside_rules(r: Subject, rules: list[Values]) -> Decimal:
    """Rules of the rule groups that the rules refer to."""
    count = Decimal(0)
    for index, rule in enumerate(rules):
        path = "statement.ruleGroupReferenceStatement.arn"
        if not rule.has(path):
            continue
        group = None
        if isinstance(rule, Subject):
            group = rule.related(path, RULE_GROUP)
        elif not r.has("ruleJson"):
            group = r.related(f"rules.{index}.{path}", RULE_GROUP)
        if group is None:
            r.note("the rules inside a rule group that is not in the plan are not counted")
        else:
            count += group.count("rules")
    return count
