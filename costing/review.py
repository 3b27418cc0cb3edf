"""Assembles the cost review of one or more stacks; `costing/document.py` lists the document's keys."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import localcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from costing.budgets_file import Budgets, budgets_of_config, check_waivers, read_budgets
from costing.document import budget_row, resource_row, sums
from costing.estimate import Estimate, PlanEstimator
from costing.gate import FAIL, INCOMPLETE, Cost, judge, verdict
from costing.plan import Plan, PreviewError, Resource, read_plan
from costing.plan_part import plan_row, policy_part
from costing.preview import Preview
from costing.price_book import PriceBook, list_prices
from costing.pricing import Pricing
from costing.tags import Tags
from costing.usage import NO_USAGE, UsageProfile, read_usage
from costing.yaml_file import SettingError

DIGITS = 60  # every sum and product of a review is exact
LEFT_OUT = frozenset({"read", "discard"})
FORMATS = ("json", "table", "markdown", "html", "junit", "sarif")


@dataclass(frozen=True)
class Options:
    """How to price and judge; `at` is the day of the review."""

    at: date
    book: PriceBook = field(default_factory=list_prices)
    usage: UsageProfile = NO_USAGE
    budgets: Budgets = field(default_factory=Budgets)
    region: str | None = None
    free_tier: bool = False
    base: str | None = None


def is_billed(resource: Resource) -> bool:
    """Whether the review has a row for it: a real resource that this stack manages."""
    return (
        resource.custom
        and resource.op not in LEFT_OUT
        and not resource.external
        and not resource.type.startswith(("pulumi:pulumi:", "pulumi:providers:"))
    )


def review(
    plans: Sequence[Plan], options: Options, exemptions: Iterable[dict[str, Any]] = ()
) -> dict[str, Any]:
    """The review document. Raises `PreviewError` when two previews hold the same resource."""
    with localcontext() as context:
        context.prec = DIGITS
        return _review(plans, options, exemptions)


def _review(plans: Sequence[Plan], options: Options, exemptions: Iterable[dict[str, Any]]) -> dict[str, Any]:
    pricing = Pricing(
        book=options.book,
        at=options.at,
        usage=options.usage,
        fallback_region=options.region,
        free_tier=options.free_tier,
        discounts=options.budgets.discounts,
    )
    costs: list[Cost] = []
    rows: list[dict[str, Any]] = []
    stacks: list[dict[str, Any]] = []
    warnings: list[dict[str, str]] = []
    seen: dict[str, Plan] = {}
    for plan in plans:
        first = len(costs)
        estimator = PlanEstimator(plan, pricing)
        tags = Tags(plan)
        for resource in plan.resources:
            if not is_billed(resource):
                continue
            other = seen.setdefault(resource.urn, plan)
            if other is not plan:
                raise PreviewError(f"{plan.name}: holds {resource.urn}, which {other.name} holds, too")
            estimate = estimator.estimate(resource)
            cost = resource_cost(plan, resource, estimate, tags)
            costs.append(cost)
            rows.append(resource_row(plan, resource, estimate, cost.after_tags))
            warnings.extend(_warnings(resource, estimate))
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
    budgets = with_config_budgets(options.budgets, plans)
    judged = judge(costs, budgets, options.at)
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
        "base": options.base,
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


def with_config_budgets(budgets: Budgets, plans: Iterable[Plan]) -> Budgets:
    """Adds the budgets that the stacks' own config declares, each name once; a file's budget wins."""
    found = {budget.name: budget for budget in budgets.budgets}
    for plan in plans:
        for budget in budgets_of_config(plan):
            found.setdefault(budget.name, budget)
    check_waivers(budgets.waivers, tuple(found.values()), "budgets")
    return replace(budgets, budgets=tuple(found.values()))


def resource_cost(plan: Plan, resource: Resource, estimate: Estimate, tags: Tags) -> Cost:
    """What budgets select and count of one resource."""
    after = tags.of(resource, resource.new or resource.old)
    return Cost(
        stack=plan.stack,
        region=estimate.region,
        priced=estimate.state != "unpriced",
        before=estimate.before,
        after=estimate.after,
        before_lines=estimate.before_lines,
        after_lines=estimate.after_lines,
        before_tags=tags.of(resource, resource.old) if resource.old and resource.new else after,
        after_tags=after,
    )


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


def _warning(urn: str, message: str) -> dict[str, str]:
    return {"urn": urn, "message": message}


def render(document: dict[str, Any], name: str) -> str:
    """The document in one of `FORMATS`."""
    if name == "json":
        import json

        return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
    return import_module(f"costing.render.{name}").render(document)


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

    `usage.yml` and `budgets.yml` are read from `root` (the current folder without it) where they exist.
    Returns 0, 1 when a gate said no (a budget or a mandatory policy), 2 when a preview ended in an error or a
    file cannot be used; 1 and 2 come with a line on stderr.
    """
    root = root or Path()
    try:
        plans = [read_plan(each.document, name=each.stack, events=each.events) for each in previews]
        options = project_options(root, at or datetime.now(UTC).date(), base)
        document = review(plans, options, exemptions)
    except (PreviewError, SettingError) as error:
        print(f"review: {error}", file=sys.stderr)
        return 2
    out.mkdir(parents=True, exist_ok=True)
    for name, file in FILES.items():
        (out / file).write_text(render(document, name), encoding="utf-8")
    return _say(document)


def project_options(root: Path, at: date, base: str | None) -> Options:
    """Options from the files a project keeps: `usage.yml`, `budgets.yml`, each of which may be missing."""
    book = list_prices()
    usage, budgets = root / "usage.yml", root / "budgets.yml"
    return Options(
        at=at,
        book=book,
        usage=read_usage(usage) if usage.is_file() else NO_USAGE,
        budgets=read_budgets(budgets, book) if budgets.is_file() else Budgets(),
        base=base,
    )


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
