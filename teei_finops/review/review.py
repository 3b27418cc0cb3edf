"""Assembles the cost review of one or more stacks; `report_schema.py` lists the document's keys."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import localcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from teei_finops.costing.budgets.gate import FAIL, INCOMPLETE, Cost, evaluate_budgets, verdict
from teei_finops.costing.costs import EXACT, CostOptions, costs_of, project_options, with_config_budgets
from teei_finops.costing.estimate import Estimate
from teei_finops.costing.preview.formats import PreviewError
from teei_finops.costing.preview.plan import Plan, Resource
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.yaml_file import SettingError
from teei_finops.review.policy_results import plan_row, policy_part
from teei_finops.review.report_schema import budget_row, resource_row, sums
from teei_finops.review.stack_preview import Preview

FORMATS = ("json", "table", "markdown", "html", "junit", "sarif")


def review(
    plans: Sequence[Plan],
    options: CostOptions,
    exemptions: Iterable[dict[str, Any]] = (),
    base: str | None = None,
) -> dict[str, Any]:
    """The review document. Raises `PreviewError` when two previews hold the same resource."""
    with localcontext(EXACT):
        return _review(plans, options, exemptions, base)


def _review(
    plans: Sequence[Plan], options: CostOptions, exemptions: Iterable[dict[str, Any]], base: str | None
) -> dict[str, Any]:
    pricing = options.pricing()
    costs: list[Cost] = []
    rows: list[dict[str, Any]] = []
    stacks: list[dict[str, Any]] = []
    warnings: list[dict[str, str]] = []
    unverified = 0
    seen: dict[str, Plan] = {}
    for plan in plans:
        first = len(costs)
        for item in costs_of(plan, pricing):
            other = seen.setdefault(item.resource.urn, plan)
            if other is not plan:
                raise PreviewError(f"{plan.name}: holds {item.resource.urn}, which {other.name} holds, too")
            costs.append(item.cost)
            rows.append(resource_row(plan, item.resource, item.estimate, item.cost.after_tags))
            warnings.extend(_warnings(item.resource, item.estimate))
            unverified += _has_unverified_price(item.estimate)
        stacks.append(
            {"stack": plan.stack, "project": plan.project, "totals_of": plan.totals_of, **sums(costs[first:])}
        )
        if plan.totals_of == "change":
            warnings.append(
                _warning("", f"{plan.name} leaves out unchanged resources: totals are of the change")
            )
    warnings += [
        _warning("", f"usage profile: no resource matches {pattern!r}")
        for pattern in options.usage.unmatched(seen)
    ]
    if unverified:
        warnings.append(
            _warning(
                "",
                f"unverified prices: no public source confirms a price of {unverified} resource(s); "
                "--explain shows the source of each price",
            )
        )
    budgets = with_config_budgets(options.budgets, plans)
    judged = evaluate_budgets(costs, budgets, options.at)
    coverage = Counter(row["state"] for row in rows)
    complete = all(plan.complete for plan in plans)
    said, short = verdict(
        judged, budgets, complete=complete, resources=len(rows), unpriced=coverage["unpriced"]
    )
    if short:
        warnings.append(_warning("", short))
    return {
        "version": 1,
        "currency": "USD",
        "price_date": options.book.newest,
        "review_date": options.at.isoformat(),
        "base": base,
        "totals_of": "change" if any(plan.totals_of == "change" for plan in plans) else "stack",
        **sums(costs),
        "coverage": {state: coverage[state] for state in ("priced", "free", "usage", "unpriced")},
        "resources": rows,
        "stacks": stacks,
        "budgets": [budget_row(each) for each in judged],
        "warnings": warnings,
        "verdict": said,
        "plan": [plan_row(plan) for plan in plans],
        "policy": policy_part(plans, exemptions),
    }


def _warnings(resource: Resource, estimate: Estimate) -> Iterable[dict[str, str]]:
    if resource.retain_on_delete and resource.op == "delete":
        yield _warning(
            resource.urn, f"{resource.name} is kept on delete (retainOnDelete): it goes on being billed"
        )
    if resource.retain_on_delete and resource.op == "replace":
        yield _warning(
            resource.urn, f"{resource.name} keeps what it replaces (retainOnDelete): both are billed"
        )
    if resource.type.startswith("kubernetes:"):
        for note in estimate.notes:
            if note.startswith("share of the nodes"):
                yield _warning(resource.urn, f"{resource.name}: {note}")


def _has_unverified_price(estimate: Estimate) -> bool:
    lines = (*estimate.before_lines, *estimate.after_lines, *estimate.allocation_lines)
    return any(line.unverified for line in lines)


def _warning(urn: str, message: str) -> dict[str, str]:
    return {"urn": urn, "message": message}


def render(document: dict[str, Any], name: str) -> str:
    """The document in one of `FORMATS`."""
    if name == "json":
        import json

        return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
    return import_module(f"teei_finops.review.render.{name}").render(document)


def exit_code(document: dict[str, Any]) -> int:
    return 1 if document["verdict"] in (FAIL, INCOMPLETE) else 0


FILES = {
    "json": "review.json",
    "markdown": "review.md",
    "html": "index.html",
    "sarif": "policy.sarif",
    "junit": "policy.junit.xml",
}


def write_review(
    previews: Sequence[Preview],
    out: Path,
    *,
    base: str | None,
    root: Path | None = None,
    exemptions: Iterable[dict[str, Any]] = (),
    at: date | None = None,
) -> int:
    """Writes the review of our own stacks into the folder `out` in every format.

    `usage.yaml` and `budgets.yaml` are read from `root` (the current folder without it) where they exist.
    Returns 0, 1 when a gate said no (a budget or a mandatory policy), 2 when a preview ended in an error or a
    file cannot be used; 1 and 2 come with a line on stderr.
    """
    root = root or Path()
    try:
        plans = [read_plan(each.document, name=each.stack, events=each.events) for each in previews]
        options = project_options(root, at or datetime.now(UTC).date())
        document = review(plans, options, exemptions, base)
    except (PreviewError, SettingError) as error:
        print(f"review: {error}", file=sys.stderr)
        return 2
    out.mkdir(parents=True, exist_ok=True)
    for name, file in FILES.items():
        (out / file).write_text(render(document, name), encoding="utf-8")
    return _say(document)


def _say(document: dict[str, Any]) -> int:
    broken = [plan["stack"] for plan in document["plan"] if not plan["complete"]]
    if broken:
        errors = [error for plan in document["plan"] for error in plan["errors"]]
        print(f"review: the preview of {', '.join(broken)} ended in errors: {errors[0]}", file=sys.stderr)
        return 2
    over = [row["name"] for row in document["budgets"] if row["status"] == FAIL]
    denied = {row["policy"] for row in document["policy"]["violations"] if row["enforcement"] == "mandatory"}
    if over:
        print(f"review: over budget: {', '.join(over)}", file=sys.stderr)
    if denied:
        print(f"review: mandatory policies said no: {', '.join(sorted(denied))}", file=sys.stderr)
    if document["verdict"] == FAIL and not over:
        print("review: too many resources have no price", file=sys.stderr)
    return 1 if denied or document["verdict"] == FAIL else 0
