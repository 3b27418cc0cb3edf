"""The report as CSV, JSON, Markdown and HTML."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from functions.advisor.catalogue import rules
from functions.advisor.findings import Finding, Record, Report, Status

COLUMNS = (
    "rule", "resource", "owner", "managed_by", "evidence", "monthly_saving_list_usd",
    "monthly_saving_effective_usd", "confidence", "risk", "change", "link", "status",
)  # fmt: skip
EXTENSIONS = {"csv": "csv", "json": "json", "markdown": "md", "html": "html"}
NAME = "cost-recommendations"
_CENT = Decimal("0.01")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def file_name(day: date, kind: str) -> str:
    """The name of the file of a report."""
    return f"{NAME}-{day:%Y%m%d}.{EXTENSIONS[kind]}"


def amount(usd: Decimal | None) -> str:
    """Dollars and cents; empty where it is not known."""
    return "" if usd is None else f"{usd.quantize(_CENT, ROUND_HALF_EVEN):f}"


def row(finding: Finding) -> dict[str, str]:
    """The finding by column."""
    return {
        "rule": finding.rule,
        "resource": finding.resource,
        "owner": finding.owner,
        "managed_by": finding.managed_by,
        "evidence": finding.evidence,
        "monthly_saving_list_usd": amount(finding.saving_list),
        "monthly_saving_effective_usd": amount(finding.saving_effective),
        "confidence": finding.confidence,
        "risk": finding.risk,
        "change": finding.change,
        "link": finding.link,
        "status": finding.status,
    }


def csv_text(report: Report) -> str:
    """One line a finding. Text that a spreadsheet would run as a formula begins with an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for finding in report.findings:
        writer.writerow({
            name: f"'{value}" if value.startswith(_FORMULA) else value for name, value in row(finding).items()
        })  # fmt: skip
    return text.getvalue()


def json_text(report: Report) -> str:
    """The report as one object; amounts are decimal strings, null where they are not known."""

    def finding(item: Finding) -> dict[str, str | None]:
        return {name: value or (None if name.endswith("_usd") else "") for name, value in row(item).items()}

    document = {
        "day": report.day.isoformat(),
        "window_days": report.window_days,
        "monthly_saving_list_usd": amount(report.total_list),
        "monthly_saving_effective_usd": amount(report.total_effective),
        "sources": report.sources,
        "notes": report.notes,
        "findings": [finding(item) for item in report.findings],
        "done": [
            {
                "rule": record.rule,
                "resource": record.resource,
                "owner": record.owner,
                "done_on": record.done_on.isoformat() if record.done_on else None,
                "monthly_saving_estimated_usd": amount(record.saving_effective) or None,
                "monthly_saving_realized_usd": amount(record.realized) or None,
            }
            for record in report.done
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def markdown_text(report: Report) -> str:
    return _template("report.md.j2").render(**_values(report))


def html_text(report: Report) -> str:
    """One page without outside files."""
    return _template("report.html.j2").render(**_values(report))


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "csv": csv_text, "json": json_text, "markdown": markdown_text, "html": html_text,
}  # fmt: skip


def _values(report: Report) -> dict[str, object]:
    return {
        "report": report,
        "rules": rules(),
        "waiting": report.open,
        "others": [finding for finding in report.findings if finding not in report.open],
        "estimated": sum((record.saving_effective or Decimal(0) for record in report.done), Decimal(0)),
        "realized": _sum_realized(report.done),
        "Status": Status,
    }


def _sum_realized(records: tuple[Record, ...]) -> Decimal | None:
    known = [record.realized for record in records if record.realized is not None]
    return sum(known, Decimal(0)) if known else None


def _usd(value: Decimal | None) -> str:
    return "not priced" if value is None else f"${value:,.2f}"


def _cell(text: str) -> str:
    """Text in a cell of a Markdown table."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"usd": _usd, "cell": _cell}
    return environment


def _template(name: str):
    return _environment().get_template(name)
