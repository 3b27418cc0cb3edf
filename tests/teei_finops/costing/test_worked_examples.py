"""AWS's own worked examples, priced with the rates they state, agree to the cent."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from teei_finops.costing.amounts import Range
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.preview.values import UNKNOWN
from teei_finops.costing.prices.price_book import COLUMNS, list_prices, read_overrides
from teei_finops.costing.resource_types import class_of
from teei_finops.costing.usage.profile import Usage, UsageProfile
from teei_finops.review.report import build_report

FOLDER = Path(__file__).parent / "worked_examples"
EXAMPLES = [
    example
    for file in sorted(FOLDER.glob("*.yaml"))
    for example in yaml.safe_load(file.read_text(encoding="utf-8"))
]
CENT = Decimal("0.01")
PROVIDER = "urn:pulumi:example::aws::pulumi:providers:aws::default_7_51_0::4f1b"
# Keys that replace what the inputs give, or that describe one request: silence is not 0.
NOT_ZERO = (
    "average_",
    "monthly_hours",
    "monthly_task_hours",
    "monthly_transitions",
    "monthly_runs",
    "monthly_invocations",
    "operating_system",
    "spot_price_usd_per_hour",
    "target_",
)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def amount(line: dict[str, Any]) -> Decimal:
    return Decimal(line["amount"]["expected"])


def line_text(line: dict[str, Any]) -> str:
    return f"{line['what']}: {line['quantity']} × {line['rate']} = {amount(line)}"


def copies(name: str, resource: dict[str, Any]) -> list[str]:
    count = resource.get("count", 1)
    return [name] if count == 1 else [f"{name}-{number}" for number in range(1, count + 1)]


def urn(name: str, token: str) -> str:
    return f"urn:pulumi:example::aws::{token}::{name}"


def references(value: Any, names: list[str]) -> Any:
    """`{ref: name}` becomes the engine's placeholder; the names it stood for are added to `found`."""
    if isinstance(value, dict):
        if set(value) == {"ref"}:
            names.append(value["ref"])
            return UNKNOWN
        return {key: references(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [references(item, names) for item in value]
    return value


def preview(example: dict[str, Any]) -> str:
    """What `pulumi preview --json` prints when a new stack creates the example's resources."""
    steps = []
    for name, resource in example["resources"].items():
        inputs: dict[str, Any] = {}
        depends: dict[str, list[str]] = {}
        for key, value in resource["inputs"].items():
            names: list[str] = []
            inputs[key] = references(value, names)
            if names:
                depends[key] = [urn(other, example["resources"][other]["type"]) for other in names]
        for copy in copies(name, resource):
            state = {
                "urn": urn(copy, resource["type"]),
                "type": resource["type"],
                "custom": True,
                "inputs": inputs,
                "provider": PROVIDER,
                "propertyDependencies": depends,
            }
            steps.append({"op": "create", "urn": state["urn"], "provider": PROVIDER, "newState": state})
    return json.dumps(
        {"config": {"aws:region": "us-east-1"}, "steps": steps, "changeSummary": {"create": len(steps)}}
    )


def usage(example: dict[str, Any]) -> UsageProfile:
    """The stated use, and 0 for every other use of the types at hand."""
    usage = example.get("usage", {})
    profile: dict[str, dict[str, Usage]] = {}
    for name, resource in example["resources"].items():
        kind = class_of(resource["type"])
        assert kind is not None, resource["type"]
        values: dict[str, Usage] = {
            key: Range.of(0)
            for key in kind.usage_keys
            if not key.startswith(NOT_ZERO) and (key.startswith("monthly_") or key.endswith("_gb"))
        }
        for key, value in usage.get(name, {}).items():
            assert key in kind.usage_keys, f"{resource['type']} has no usage key {key}"
            values[key] = value if isinstance(value, str) else Range.of(Decimal(str(value)))
        profile.update(dict.fromkeys(copies(name, resource), values))
    return UsageProfile(resources=profile)


def prices(example: dict[str, Any], folder: Path) -> Path:
    """The stated rates as a `--prices` file, in the Region the price book has them in."""
    known = list_prices().keys("us-east-1") | list_prices().keys("global")
    file = folder / "prices.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for row in example["prices"]:
            service, family, key, unit, usd, tier = row.split(",")
            places = [place for place in ("us-east-1", "global") if (place, service, family, key) in known]
            assert places, f"the price book has no {service} {family} {key}"
            writer.writerow([places[0], service, family, key, unit, usd, tier, "", example["source"]])
    return file


def lines_of(example: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """The lines of the example's review that bill something."""
    book = list_prices()
    document = build_report(
        [read_plan(preview(example), name=example["name"])],
        CostOptions(
            at=date(2026, 11, 24),
            book=book.with_overrides(read_overrides(prices(example, folder), book)),
            usage=usage(example),
            free_tier=example.get("free_tier", False),
        ),
    )
    rows = document["resources"]
    unpriced = [(row["name"], row["reason"]) for row in rows if row["state"] == "unpriced"]
    assert not unpriced, unpriced
    left_out = tuple(example.get("leaves_out", ()))
    lines = [line for row in rows for line in row["lines"]]
    return [line for line in lines if amount(line) and not line["what"].startswith(left_out)]


def test_there_are_at_least_forty_examples_each_with_its_source():
    names = Counter(example["name"] for example in EXAMPLES)
    assert len(names) >= 40
    assert max(names.values()) == 1
    github = ("https://github.com/aws/", "https://github.com/aws-samples/")
    hosts = ("https://aws.amazon.com/", "https://docs.aws.amazon.com/", *github)
    assert all(example["source"].startswith(hosts) for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_the_estimate_of_a_published_example_agrees_to_the_cent(example: dict[str, Any], tmp_path: Path):
    lines = lines_of(example, tmp_path)
    billed = "\n".join(line_text(line) for line in lines)

    assert not [line["what"] for line in lines if line["assumed"]], billed
    assert {line["source"] for line in lines} == {example["source"]}, billed

    total = Decimal(str(example["total"]))
    charges = [Decimal(str(charge)) for charge in example.get("charges", [])]
    if charges:
        assert sum(charges) == total
        assert sorted(cents(amount(line)) for line in lines) == sorted(map(cents, charges)), billed
    else:
        assert cents(sum(map(amount, lines), Decimal(0))) == cents(total), billed
