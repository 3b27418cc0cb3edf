"""Whether a change may be applied, and why not: the words that all formats and the command line show."""

from __future__ import annotations

from dataclasses import dataclass

from teei_finops.costing.budgets.gate import ADVISORY, FAIL, INCOMPLETE, PASS, UNPRICED
from teei_finops.review.report_schema import Report

HEADLINES = {
    PASS: "No blocking findings.",
    ADVISORY: "No blocking findings. Check the advisory findings.",
    FAIL: "Blocked by policy or budget.",
    UNPRICED: "No resource that can bill has a price.",
    INCOMPLETE: "The preview failed, so this review is incomplete.",
}


@dataclass(frozen=True)
class Outcome:
    """`status` is a verdict of the report; `reasons` say what failed, one line each."""

    status: str
    reasons: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        return HEADLINES[self.status]

    @property
    def is_blocked(self) -> bool:
        return self.status in (FAIL, UNPRICED)


def outcome_of(report: Report) -> Outcome:
    """The outcome of budgets (the report's `verdict`), mandatory policies and the previews themselves."""
    errors = [
        f"the preview of {plan['stack']} failed: {error}"
        for plan in report["plan"]
        for error in plan["errors"]
    ]
    if errors or report["verdict"] == INCOMPLETE:
        return Outcome(INCOMPLETE, tuple(errors))
    violations = report["policy"]["violations"]
    mandatory = {item["policy"] for item in violations if item["enforcement"] == "mandatory"}
    over_budget = [row["name"] for row in report["budgets"] if row["status"] == FAIL]
    reasons = []
    if over_budget:
        reasons.append(f"over budget: {', '.join(over_budget)}")
    if mandatory:
        reasons.append(f"blocked by mandatory policies: {', '.join(sorted(mandatory))}")
    if report["verdict"] == FAIL and not over_budget:
        reasons.append("too many resources have no price for the coverage that budgets.yaml requires")
    if reasons:
        return Outcome(FAIL, tuple(reasons))
    if report["verdict"] == UNPRICED:
        return Outcome(UNPRICED, ("set coverage.allow_unpriced in budgets.yaml to let such a change pass",))
    return Outcome(ADVISORY if violations or report["verdict"] == ADVISORY else PASS)
