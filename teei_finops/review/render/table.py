"""The review as plain text for a terminal."""

from collections.abc import Iterator

from teei_finops.review.render import money, view

LONGEST = 60


def columns(rows: list[tuple[str, ...]], right: set[int]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = (
            text.rjust(width) if at in right else text.ljust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def resource(row: view.Row) -> tuple[str, ...]:
    cost = row.cost
    if cost is None:
        return (row.op, short(row.name), row.type, "", "", "")
    if row.state == "unpriced":
        return (row.op, short(row.name), row.type, "unpriced", "unpriced", cost["reason"])
    before, after = (money.dollars(cost[side]["expected"]) for side in ("before", "after"))
    return (row.op, short(row.name), row.type, before, after, money.spread(cost["change"], money.signed))


def render(document: view.Document) -> str:
    """Resources that change, budgets, unpriced ones by name and the totals, one line each."""
    lines: list[str] = []
    changed = view.rows(document)
    if changed:
        head = ("", "RESOURCE", "TYPE", "BEFORE", "AFTER", "CHANGE A MONTH")
        lines += [*columns([head, *(resource(row) for row in changed)], {3, 4}), ""]
    for budget in document["budgets"]:
        lines.append(
            f"budget {budget['name']}: {money.spread(budget['after'])} of "
            f"{money.limit(budget['monthly_limit_usd'])}: {budget['status']}"
        )
    for item in view.violations(document):
        lines.append(
            f"{item['enforcement']} {item['policy']} {item['name']}: {' '.join(item['message'].split())}"
        )
    missing = view.unpriced(document)
    for row in missing:
        lines.append(f"unpriced {row['name']} ({row['type']}): {row['reason']}")
    for warning in document["warnings"]:
        lines.append(f"warning: {warning['message']}")
    for plan in document.get("plan", ()):
        lines += [f"error in {plan['stack']}: {' '.join(error.split())}" for error in plan["errors"]]
    totals = " (of the change only)" if document["totals_of"] == "change" else ""
    lines += [
        f"before {money.spread(document['before'])}{totals}",
        f"after  {money.spread(document['after'])}{totals}",
        f"change {money.spread(document['change'], money.signed)} a month",
        f"verdict: {document['verdict']}",
    ]
    return "\n".join(lines) + "\n"
