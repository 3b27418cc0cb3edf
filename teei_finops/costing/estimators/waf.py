"""AWS WAF web ACLs and Shield protections."""

from __future__ import annotations

import json
from decimal import Decimal

from teei_finops.costing.amounts import NO_PRICE, UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.cloudformation_inputs import camel_case
from teei_finops.costing.estimators.from_usage import charge_from_usage
from teei_finops.costing.inputs import Inputs

SERVICE = "awswaf"
RULE_GROUP = "aws:wafv2/ruleGroup:RuleGroup"
SEPARATE_RULE = "aws:wafv2/webAclRule:WebAclRule"
REQUESTS = (0, 1_000_000, 10_000_000)
BOT_CONTROL = "AWSManagedRulesBotControlRuleSet"
FRAUD_CONTROL = ("AWSManagedRulesATPRuleSet", "AWSManagedRulesACFPRuleSet")
ANTI_DDOS = "AWSManagedRulesAntiDDoSRuleSet"


@estimates("aws:wafv2/webAcl:WebAcl")
def web_acl(ctx: EstimationContext) -> None:
    """The ACL, its rules (also those inside its own rule groups), requests, paid managed rule groups.

    A rule group referred to is one rule and one for each of its own; Bot Control, account takeover and
    account creation fraud prevention have an activation fee. Their included requests are in the price rows.
    AWS WAF pricing page, 2026-10.
    """
    scope = "-cloudfront-scope" if ctx.text("scope") == "CLOUDFRONT" else ""
    ctx.charge("Web ACL", SERVICE, f"web-acl{scope}", "acl", ctx.months())
    rules = _rules(ctx)
    groups = [group for rule in rules for group in _managed_groups(rule)]
    inside = _inside_rules(ctx, rules)
    ctx.charge("Rules", SERVICE, f"web-acl{scope}", "rule", ctx.months() * (len(rules) + inside))
    requests = ctx.usage("monthly_requests", *REQUESTS)
    ctx.charge("Requests", SERVICE, f"web-acl{scope}", "requests", requests)
    levels = [level for name, level in groups if name == BOT_CONTROL]
    if levels:
        ctx.charge("Bot Control", SERVICE, f"bot-control{scope}", "activation", ctx.months())
    for usage_key, what, key, used in (
        ("monthly_bot_control_requests", "Bot Control requests", "requests-common", bool(levels)),
        (
            "monthly_targeted_bot_control_requests",
            "Targeted Bot Control requests",
            "requests-targeted",
            "TARGETED" in levels,
        ),
    ):
        inspected = ctx.from_usage(usage_key)
        if inspected is None and used:
            inspected = requests
        if inspected is not None:
            ctx.charge(what, SERVICE, f"bot-control{scope}", key, inspected)
    if any(name in FRAUD_CONTROL for name, _ in groups):
        ctx.charge("Fraud Control", SERVICE, f"fraud-control{scope}", "activation", ctx.months())
        attempts = ctx.usage("monthly_fraud_control_requests", 0, 10_000, 100_000)
        ctx.charge("Fraud Control requests", SERVICE, f"fraud-control{scope}", "requests", attempts)
    else:
        charge_from_usage(
            ctx,
            "monthly_fraud_control_requests",
            "Fraud Control requests",
            SERVICE,
            f"fraud-control{scope}",
            "requests",
        )
    if any(name == ANTI_DDOS for name, _ in groups):
        ctx.charge("Anti-DDoS rule group", SERVICE, f"anti-ddos{scope}", "activation", ctx.months())
    charge_from_usage(ctx, "monthly_captcha_attempts", "CAPTCHA attempts", SERVICE, "captcha", "attempts")
    charge_from_usage(
        ctx, "monthly_challenge_responses", "Challenge responses", SERVICE, "challenge", "responses"
    )


@estimates("aws:waf/webAcl:WebAcl", "aws:wafregional/webAcl:WebAcl")
def classic_web_acl(ctx: EstimationContext) -> None:
    """AWS WAF Classic has the rates of WAF; `aws:waf` is for CloudFront
    (https://aws.amazon.com/waf/pricing/, 2026-10).
    """
    scope = "-cloudfront-scope" if ctx.type.startswith("aws:waf/") else ""
    ctx.charge("Web ACL", SERVICE, f"web-acl{scope}", "acl", ctx.months())
    ctx.charge("Rules", SERVICE, f"web-acl{scope}", "rule", ctx.months() * ctx.count("rules"))
    requests = ctx.usage("monthly_requests", *REQUESTS)
    ctx.charge("Requests", SERVICE, f"web-acl{scope}", "requests", requests)


@estimates("aws:shield/protection:Protection")
def shield_protection(ctx: EstimationContext) -> None:
    """Data out of what it protects, where usage states it. The fee of Shield Advanced is always unpriced: it
    is one subscription for the whole organisation.
    """
    key = "load-balancing" if "loadbalancer/" in ctx.text("resourceArn", "") else "elastic-ip"
    charge_from_usage(
        ctx,
        "monthly_protected_egress_gb",
        "Protected data out",
        "AWSShield",
        "advanced-data-transfer-out",
        key,
    )
    ctx.leave_out(
        "Shield Advanced",
        Unpriced(
            NO_PRICE,
            f"{ctx.name} needs Shield Advanced, a subscription of the organisation, not billed per resource "
            "(3000 USD a month; Shield pricing page, 2026-10)",
        ),
    )


def _rules(ctx: EstimationContext) -> list[Inputs]:
    if ctx.has("ruleJson"):
        try:
            raw = json.loads(ctx.text("ruleJson"))
        except ValueError:
            raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "ruleJson is not JSON") from None
        return [Inputs(camel_case(rule), "ruleJson") for rule in (raw if isinstance(raw, list) else [])]
    return [*ctx.items("rules"), *ctx.referring(SEPARATE_RULE, "webAclArn")]


def _managed_groups(rule: Inputs) -> list[tuple[str, str]]:
    """(name, inspection level) of a rule's AWS managed rule group."""
    statement = rule.part("statement").part("managedRuleGroupStatement")
    if not statement.raw:
        return []
    levels = [
        config.part("awsManagedRulesBotControlRuleSet").text("inspectionLevel", "COMMON")
        for config in statement.items("managedRuleGroupConfigs")
    ]
    return [(statement.text("name"), "TARGETED" if "TARGETED" in levels else "COMMON")]


def _inside_rules(ctx: EstimationContext, rules: list[Inputs]) -> Decimal:
    """Rules of the rule groups that the rules refer to."""
    count = Decimal(0)
    for index, rule in enumerate(rules):
        path = "statement.ruleGroupReferenceStatement.arn"
        if not rule.has(path):
            continue
        group = None
        if isinstance(rule, EstimationContext):
            group = rule.related(path, RULE_GROUP)
        elif not ctx.has("ruleJson"):
            group = ctx.related(f"rules.{index}.{path}", RULE_GROUP)
        if group is None:
            ctx.note("the rules inside a rule group that is not in the plan are not counted")
        else:
            count += group.count("rules")
    return count
