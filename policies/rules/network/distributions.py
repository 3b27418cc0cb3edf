"""CloudFront distributions: the edge locations that serve them."""

from collections.abc import Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
ALL = "PriceClass_All"


def distribution_has_a_price_class(context: EvaluationContext) -> Policy:
    rule = Rule(
        "distribution-in-all-locations",
        {"price_classes": text_list_option("price classes that are reported", [ALL])},
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        price_class = resource.inputs["priceClass"]
        if price_class.text(ALL) in options["price_classes"]:
            what = "serves from the edge locations with the highest prices"
            yield Violation(price_class.path, what, price_class.data, "set it to PriceClass_100")

    return resource_policy(rule, context, DISTRIBUTION.__eq__, check)
