"""Everything that the review found wrong with a change, as one list for the formats that machines read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from teei_finops.costing.budgets.gate import UNPRICED
from teei_finops.review.render import money, view
from teei_finops.review.report_schema import Report, SourceLine, Violation


@dataclass(frozen=True)
class Rule:
    """A rule of the review itself, beside the policies of the pack; `level` is its usual level."""

    id: str
    description: str
    help: str
    level: str


COST_WITHIN_BUDGET = Rule(
    "cost-within-budget",
    "The estimated cost stays within every budget.",
    "Reduce the cost, raise the limit of the budget or add a waiver to budgets.yaml.",
    "error",
)
RESOURCE_PRICED = Rule(
    "resource-priced",
    "Every resource has a price.",
    "See docs/cost-review.md for what helps with each reason.",
    "note",
)
PREVIEW_COMPLETE = Rule(
    "preview-complete",
    "The preview of every stack succeeds.",
    "Fix the error in the program or its config, then run the review again.",
    "error",
)
RULES = (COST_WITHIN_BUDGET, RESOURCE_PRICED, PREVIEW_COMPLETE)


@dataclass(frozen=True)
class Finding:
    """`rule` is the id of a policy or of a `Rule`; `level` is `error` (it blocks the change), `warning` or
    `note`.

    `source` is a line of the program. `stack` and `urn` are empty where the finding concerns no single one.
    `in_base` is None where nothing is compared.
    """

    rule: str
    level: str
    stack: str
    urn: str
    name: str
    message: str
    page: str = ""
    source: SourceLine | None = None
    in_base: bool | None = None


def level_of(enforcement: str) -> str:
    """The level of the findings of a policy, by its enforcement level."""
    return "error" if enforcement == "mandatory" else "warning"


def _saving(violation: Violation) -> str:
    saving = view.saving_text(violation)
    return f"  the fix {saving}" if saving else ""


def findings(report: Report) -> Iterator[Finding]:
    """Policy violations, exceeded budgets, resources without a price and failed previews."""
    for violation in view.sorted_violations(report):
        yield Finding(
            rule=violation["policy"],
            level=level_of(violation["enforcement"]),
            stack=violation["stack"],
            urn=violation["urn"],
            name=violation["name"],
            message="\n".join(filter(None, (violation["message"], _saving(violation)))),
            page=violation["page"],
            source=violation["source"],
            in_base=violation.get("in_base"),
        )
    for budget in report["budgets"]:
        if budget["status"] != "within":
            yield Finding(
                rule=COST_WITHIN_BUDGET.id,
                level="error" if budget["status"] == "fail" else "warning",
                stack="",
                urn="",
                name=budget["name"],
                message=f"Budget {budget['name']}: {money.with_range(budget['after'])} a month: "
                f"{budget['reason']}.",
            )
    if report["verdict"] == UNPRICED:
        message = "No resource that can bill has a price, so the review cannot tell what the change costs."
        yield Finding(RESOURCE_PRICED.id, "error", "", "", "coverage", message)
    sources = {change["urn"]: change["source"] for plan in report["plan"] for change in plan["changes"]}
    for row in view.unpriced_resources(report):
        yield Finding(
            rule=RESOURCE_PRICED.id,
            level="note",
            stack=row["stack"],
            urn=row["urn"],
            name=row["name"],
            message=f"{row['name']} ({row['type']}) is unpriced: {row.get('reason', '')}",
            source=sources.get(row["urn"]),
        )
    for plan in report["plan"]:
        for error in plan["errors"]:
            yield Finding(PREVIEW_COMPLETE.id, "error", plan["stack"], "", plan["stack"], error)
