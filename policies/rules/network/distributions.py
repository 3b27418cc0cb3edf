"""CloudFront distributions: the edge locations that serve them."""

from collections.abc import Iterator

from pulumi_policy import Policy, Severity

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.resources import Resource
from policies.rule import GuideSection, Options, Rule, resource_policy, text_list_option

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
ALL = "PriceClass_All"


def distribution_has_a_price_class(context: EvaluationContext) -> Policy:
    """By default CloudFront also serves from its most expensive locations.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html, 2026-11.
    """
    rule = Rule(
        id="distribution-in-all-locations",
        description="CloudFront distributions should only use the edge locations that their viewers need.",
        severity=Severity.LOW,
        section=GuideSection.COST_OPTIMIZATION,
        fix="Set price_class to PriceClass_100 (North America, Europe and Israel) or PriceClass_200.",
        options={"price_classes": text_list_option("price classes that are reported", [ALL])},
        advisory=True,
        tags=("network",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        price_class = resource.inputs["priceClass"]
        if price_class.text(ALL) in options["price_classes"]:
            what = "serves from the edge locations with the highest prices"
            yield Violation(price_class.path, what, price_class.data, "set it to PriceClass_100")

    return resource_policy(rule, context, DISTRIBUTION.__eq__, check)
