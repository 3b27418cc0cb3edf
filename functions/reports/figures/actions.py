"""Agenda item 4, optimization actions: the five that save most, and what earlier ones saved."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from functions.reports.formatting import dollars
from functions.reports.records import Action, Column, Figure, Item, ReportError, Table, Unit, Value
from functions.reports.store import Fetch
from functions.shared.command_line import parse_day

SOURCE = "cost_data.recommendations, or the advisor's CSV"
MISSING = "the advisor has stored no recommendations; run it, or give its CSV with --recommendations"
TOP = 5
PROPOSED_DAYS = 14
OPEN = ("new", "open", "accepted", "")
MANDATORY = ("rule", "resource", "owner", "monthly_saving_effective_usd", "status")


def read_recommendations(text: str, name: str) -> list[Action]:
    """The rows of the advisor's CSV. Raises ReportError if it is no CSV or has other columns."""
    reader = csv.DictReader(io.StringIO(text), strict=True)
    hint = "give the CSV of scripts/finops/cost-recommendations.sh"
    try:
        missing = [column for column in MANDATORY if column not in (reader.fieldnames or ())]
        if missing:
            raise ReportError(f"{name}: no column {missing[0]}; {hint}")
        return [_action(row, f"{name}, line {reader.line_num}") for row in reader]
    except csv.Error as error:
        raise ReportError(f"{name}, line {reader.line_num}: {error}; {hint}") from None


def stored_recommendations(fetch: Fetch) -> list[Action] | None:
    """What the advisor keeps in this database; None if it has never run with it."""
    if not fetch("has_table", table="cost_data.recommendations")[0][0]:
        return None
    return [
        Action(rule, resource, owner, deadline, saving, status, change, realized)
        for rule, resource, owner, deadline, saving, status, change, realized in fetch("recommendations")
    ]


def _action(row: dict[str, str], place: str) -> Action:
    return Action(
        rule=row["rule"],
        resource=row["resource"],
        owner=row["owner"] or "",
        deadline=_date(row.get("deadline") or "", place),
        saving=_amount(row["monthly_saving_effective_usd"], place),
        status=row["status"] or "new",
        change=row.get("change") or "",
        realized=_amount(row.get("realized_monthly_saving_usd") or "", place),
    )


def _amount(text: str, place: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ReportError(f"{place}: {text}: not an amount in US dollars")
    return amount


def _date(text: str, place: str) -> date | None:
    if not text:
        return None
    try:
        return parse_day(text)
    except ValueError:
        raise ReportError(f"{place}: {text}: not a date; write it as YYYY-MM-DD") from None


def top_actions(actions: Sequence[Action], at: datetime) -> list[Action]:
    """The open ones that save most after commitments; without a deadline, one in two weeks is proposed."""
    still_open = [action for action in actions if action.status in OPEN and action.saving]
    best = sorted(still_open, key=lambda action: (-(action.saving or Decimal(0)), action.resource))[:TOP]
    proposed = at.date() + timedelta(days=PROPOSED_DAYS)
    return [
        Action(
            **(
                vars(action)
                | {"deadline": action.deadline or proposed, "owner": action.owner or "to be named"}
            )
        )
        for action in best
    ]


def optimization_actions(actions: Sequence[Action] | None, at: datetime) -> Item:
    """The item; `actions` is None if no recommendations are known."""
    known = actions or []
    top = top_actions(known, at)
    done = [action for action in known if action.status == "done"]
    realized = sum((action.realized for action in done if action.realized is not None), Decimal(0))
    measured = any(action.realized is not None for action in done)
    saving = sum((action.saving or Decimal(0) for action in top), Decimal(0))
    none = actions is None
    return Item(
        key="optimization_actions",
        title="Optimization actions",
        headline=_headline(none, top, saving),
        figures=[
            Figure(
                "open_recommendations", "Open recommendations",
                None if none else len([action for action in known if action.status in OPEN]), Unit.COUNT,
                SOURCE,
                MISSING if none else "",
            ),
            Figure(
                "top_actions_saving", f"Saving of the top {TOP} a month, after commitments",
                None if none else saving, Unit.USD, SOURCE, MISSING if none else "",
            ),
            Figure("done", "Done", None if none else len(done), Unit.COUNT, SOURCE, MISSING if none else ""),
            Figure(
                "realized_saving", "Realized saving a month, from the bill", realized if measured else None,
                Unit.USD, SOURCE,
                "" if measured else (MISSING if none else "no finished action has a realized saving yet"),
            ),
        ],
        tables=[
            Table(
                key="top_actions",
                title=f"Top {TOP} actions",
                columns=_COLUMNS,
                rows=[_row(action) for action in top],
                source=SOURCE,
                empty=f"Not known: {MISSING}." if none else "No recommendation is open.",
            ),
            Table(
                key="earlier_actions",
                title="Earlier actions that are done",
                columns=[
                    Column("action", "Action"),
                    Column("resource", "Resource"),
                    Column("estimated", "Estimated", Unit.USD),
                    Column("realized", "Realized", Unit.USD),
                ],
                rows=[
                    (action.rule, action.resource, action.saving, action.realized) for action in done[:TOP]
                ],
                source=SOURCE,
                empty="None is done yet.",
            ),
        ],
        notes=["A deadline without a decision is a proposal, two weeks after the review."],
    )  # fmt: skip


_COLUMNS = (
    Column("action", "Action"),
    Column("resource", "Resource"),
    Column("owner", "Owner"),
    Column("deadline", "Deadline", Unit.DATE),
    Column("saving", "Saving a month", Unit.USD),
    Column("status", "Status"),
)


def _row(action: Action) -> tuple[Value, ...]:
    return (action.rule, action.resource, action.owner, action.deadline, action.saving, action.status)


def _headline(none: bool, top: Sequence[Action], saving: Decimal) -> str:
    if none:
        return "No recommendations are known: the advisor has stored none."
    if not top:
        return "No recommendation that saves money is open."
    return f"The top {len(top)} actions would save {dollars(saving)} a month."
