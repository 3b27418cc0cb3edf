"""The review as Markdown for a pull request: the headline first, details folded, always below GitHub's limit.

The first line is a hidden marker, by which a workflow finds its own comment and updates it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from teei_finops.review.render import money, view

MARKER = "<!-- teei-finops cost review -->"
# GitHub refuses a comment of more than 65,536 characters ("body is too long"); room is left for what
# a workflow adds.
LIMIT = 64_000
# From a comment on /OWNER/NAME/pull/N, GitHub resolves a relative link against /OWNER/NAME/pull/.
REPOSITORY = "../blob/HEAD/"
WORDS = {
    "pass": "✅ **Nothing stands against this change.**",
    "advisory": "⚠️ **Nothing blocks this change; read what is marked.**",
    "fail": "❌ **A gate says no.**",
    "incomplete": "❌ **The preview ended in errors: this is no verdict on the change.**",
}
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "−", "import": "→"}


def cell(text: Any) -> str:
    """Text that stays inside one table cell and is not read as Markdown or HTML."""
    folded = " ".join(str(text).split())
    for mark in ("\\", "|", "<", "*", "_", "`", "["):
        folded = folded.replace(mark, "&lt;" if mark == "<" else f"\\{mark}")
    return folded


def code(text: Any) -> str:
    folded = " ".join(str(text).split()).replace("`", "'").replace("|", "¦")
    return f"`{folded}`"


def table(headings: Iterable[str], rows: Iterable[Iterable[str]], right: Iterable[int] = ()) -> list[str]:
    names = list(headings)
    aligned = set(right)
    rule = ["---:" if at in aligned else "---" for at in range(len(names))]
    return [f"| {' | '.join(row)} |" for row in (names, rule, *rows)]


def headline(document: view.Document) -> Iterator[str]:
    change, before = document["change"]["expected"], document["before"]["expected"]
    yield MARKER
    yield f"## Cost review: {money.signed(change)} a month{money.percent(change, before)}"
    yield ""
    yield WORDS[document["verdict"]]
    yield ""
    scope = " (changed resources only)" if document["totals_of"] == "change" else ""
    yield f"{money.spread(document['before'])} before, **{money.spread(document['after'])}** after{scope}."
    yield ""
    for plan in document.get("plan", ()):
        for error in plan["errors"]:
            yield f"> ❌ **{cell(plan['stack'])}**: {cell(error)}"
            yield ""
    for warning in document["warnings"]:
        yield f"> ⚠️ {cell(warning['message'])}"
        yield ""


def stacks(document: view.Document) -> Iterator[str]:
    plans = {plan["stack"]: plan for plan in document.get("plan", ())}

    def row(stack: Mapping[str, Any]) -> list[str]:
        counts = plans[stack["stack"]]["operations"] if stack["stack"] in plans else {}
        done = ", ".join(f"{count} {op}" for op, count in view.operations(counts))
        before, after = (money.dollars(stack[side]["expected"]) for side in ("before", "after"))
        return [cell(stack["stack"]), done or "–", before, after, money.signed(stack["change"]["expected"])]

    yield from table(
        ("Stack", "Plan", "Before", "After", "Change"),
        (row(stack) for stack in document["stacks"]),
        (2, 3, 4),
    )
    yield ""


def policies(document: view.Document) -> Iterator[str]:
    if not view.is_judged(document):
        return
    found = view.violations(document)
    blocking = sum(item["enforcement"] == "mandatory" for item in found)
    yield f"### Policies: {blocking} mandatory, {len(found) - blocking} advisory"
    yield ""
    if found:
        yield from table(
            ("Severity", "Resource", "What is wrong, and the fix", "Line"),
            (
                [f"{cell(item.get('severity') or '')} ({item['enforcement']})",
                 f"**{cell(item['name'] or item['stack'])}**<br>{code(item['type'])}",
                 f"[{code(item['policy'])}]({REPOSITORY}{item['page']}) {cell(item['message'])}",
                 code(view.place(item["source"])) if item["source"] else "–"]
                for item in found
            ),
        )  # fmt: skip
        yield ""
    for item in document["policy"]["exemptions"]:
        yield (
            f"- Exemption: {code(item['policy'])} on {code(item['urn'] or item['resource'])}, "
            f"{cell(item['owner'])}, {item['days_left']} days left: {cell(item['reason'])}"
        )
    unknown = document["policy"]["not_applicable"]
    if unknown:
        lines = [
            f"- {code(item['policy'])} on **{cell(item['name'])}**: {cell(item['message'])}"
            for item in unknown
        ]
        yield from folded(f"{len(unknown)} not applicable: unknown until deploy", lines)
    yield ""


def budgets(document: view.Document) -> Iterator[str]:
    if not document["budgets"]:
        return
    yield "### Budgets"
    yield ""
    yield from table(
        ("Budget", "Limit", "Estimate", "Change", "Status"),
        (
            [
                cell(row["name"]),
                money.limit(row["monthly_limit_usd"]),
                money.spread(row["after"]),
                money.signed(row["change"]["expected"]),
                f"{row['status']} {cell(row.get('reason') or '')}".strip(),
            ]
            for row in document["budgets"]
        ),
        (1, 2, 3),
    )  # fmt: skip
    yield ""


def folded(summary: str, lines: Iterable[str]) -> list[str]:
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>", ""]


def change_row(row: view.Row) -> list[str]:
    cost = row.cost or {}
    shown = [
        f"{SIGNS.get(row.op, '')} {row.op}",
        f"**{cell(row.name)}**<br>{code(row.type)}",
        cell(row.stack),
    ]
    if row.state == "unpriced":
        return [*shown, "–", f"unpriced: {cell(cost['reason'])}", code(row.source) if row.source else "–"]
    if not cost:
        return [*shown, "–", "–", code(row.source) if row.source else "–"]
    after = money.dollars(cost["after"]["expected"])
    change = money.spread(cost["change"], money.signed)
    return [*shown, after, change, code(row.source) if row.source else "–"]


def details(row: view.Row) -> list[str]:
    lines = [
        f"- {code(item['path'])}: {cell(item.get('before'))} → {cell(item.get('after'))}"
        for item in row.properties[:10]
    ]
    lines += [
        f"- {cell(line['what'])}: {line['quantity']} {line['unit']} × ${line['rate']} = "
        f"{money.spread(line['amount'])}{' (assumed)' if line['assumed'] else ''}"
        for line in (row.cost or {}).get("lines", ())
    ]
    return folded(f"{cell(row.name)} ({cell(row.stack)})", lines) if lines else []


def fitting(lines: Iterable[list[str]], used: int, reserve: int) -> tuple[list[str], int, int]:
    """Blocks of lines while they fit below the limit: (lines, characters used by now, blocks left out)."""
    shown: list[str] = []
    left = 0
    for block in lines:
        size = sum(len(line) + 1 for line in block)
        if left or used + size > LIMIT - reserve:
            left += 1
            continue
        shown += block
        used += size
    return shown, used, left


def render(document: view.Document) -> str:
    """The comment: at most 64,000 characters, whatever the change's size; what is left out is counted."""
    changed = view.rows(document)
    priced = [row for row in changed if row.weight or row.state == "unpriced"]
    quiet = len(changed) - len(priced)
    top = [*headline(document), *stacks(document), *budgets(document)]
    text, used, left = fitting(([line] for line in top), 0, 20_000)
    if left:
        text += [f"… {left} more lines are in review.json.", ""]

    block, used, left = fitting(([line] for line in policies(document)), used, 16_000)
    text += block + ([f"… {left} more lines on policies are in review.json.", ""] if left else [])

    if priced:
        text += ["### What changes, the largest first", ""]
        head = table(("", "Resource", "Stack", "After", "Change a month", "Line"), (), (3, 4))
        body = ([f"| {' | '.join(change_row(row))} |"] for row in priced)
        block, used, left = fitting([head, *body], used, 8_000)
        text += [*block, "", *([f"… and {left} more.", ""] if left else [])]
    if quiet:
        text += [
            f"{quiet} more resource{'s' if quiet != 1 else ''} change{'' if quiet != 1 else 's'} at no cost.",
            "",
        ]

    missing = view.unpriced(document)
    if missing:
        rows = ([f"- **{cell(row['name'])}** {code(row['type'])}: {cell(row['reason'])}"] for row in missing)
        block, used, left = fitting(rows, used, 4_000)
        more = [f"- … and {left} more"] if left else []
        text += [*folded(f"Unpriced, in no total: {len(missing)}", [*block, *more])]
    block, used, left = fitting((details(row) for row in priced), used, 1_000)
    if block:
        text += ["<details><summary>Why</summary>", "", *block, "</details>", ""]
    text.append(f"List prices of {document['price_date']}, before tax, a month of 730 hours.")
    return "\n".join(text) + "\n"
