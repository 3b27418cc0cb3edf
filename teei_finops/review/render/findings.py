"""What the review holds against a change, as one list for the formats that machines read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from teei_finops.review.render import money, view


@dataclass(frozen=True)
class Finding:
    """`level` is `error` (a gate said no), `warning` or `note`; `file` and `line` are of the program."""

    rule: str
    level: str
    stack: str
    urn: str
    name: str
    message: str
    page: str = ""
    file: str = ""
    line: int = 0


def located(source: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"file": source["file"], "line": source["line"]} if source else {}


def findings(document: view.Document) -> Iterator[Finding]:
    """Policy violations, budgets not kept, resources without a price, previews that ended in errors."""
    for item in view.violations(document):
        level = "error" if item["enforcement"] == "mandatory" else "warning"
        yield Finding(
            item["policy"], level, item["stack"], item["urn"], item["name"], item["message"], item["page"],
            **located(item["source"]),
        )  # fmt: skip
    for row in document["budgets"]:
        if row["status"] == "within":
            continue
        text = f"Budget {row['name']}: {money.spread(row['after'])} a month: {row['reason']}."
        level = "error" if row["status"] == "fail" else "warning"
        yield Finding("cost-within-budget", level, "", "", row["name"], text)
    sources = {
        item["urn"]: item.get("source") for plan in document.get("plan", ()) for item in plan["changes"]
    }
    for row in view.unpriced(document):
        yield Finding(
            "resource-priced", "note", row["stack"], row["urn"], row["name"],
            f"{row['name']} ({row['type']}) is unpriced: {row['reason']}", **located(sources.get(row["urn"])),
        )  # fmt: skip
    for plan in document.get("plan", ()):
        for error in plan["errors"]:
            yield Finding("preview-complete", "error", plan["stack"], "", plan["stack"], error)
