"""The report has exactly the keys, and the kinds of values, that its schema describes."""

import json
import types
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from teei_finops.costing.preview.reader import read_plan
from teei_finops.review.report import build_report
from teei_finops.review.report_schema import AmountRange, Report
from tests.teei_finops.costing.preview_builder import INSTANCE, VOLUME, create, preview
from tests.teei_finops.review.reports_of_previews import GB100, OPTIONS
from tests.teei_finops.review.sample_report import sample_report

SAMPLES = Path(__file__).parents[1] / "costing" / "samples"


def mismatches(value: Any, annotation: Any, path: str = "report") -> Iterator[str]:
    """Where a value of JSON differs from the annotation of a typed dict."""
    origin = get_origin(annotation)
    if annotation is Any:
        return
    if origin is NotRequired:
        yield from mismatches(value, *get_args(annotation), path)
    elif origin in (types.UnionType, Union):
        if all(list(mismatches(value, option, path)) for option in get_args(annotation)):
            yield f"{path}: {value!r} is not {annotation}"
    elif is_typeddict(annotation):
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is not {annotation.__name__}"
            return
        hints = get_type_hints(annotation)
        yield from (f"{path}.{key}: missing" for key in annotation.__required_keys__ - set(value))
        yield from (f"{path}.{key}: not in the schema" for key in set(value) - set(hints))
        for key in set(value) & set(hints):
            yield from mismatches(value[key], hints[key], f"{path}.{key}")
    elif origin is list:
        for index, item in enumerate(value):
            yield from mismatches(item, *get_args(annotation), f"{path}[{index}]")
    elif origin is dict:
        for key, item in value.items():
            yield from mismatches(item, get_args(annotation)[1], f"{path}.{key}")
    elif not isinstance(value, annotation) or (annotation is int and isinstance(value, bool)):
        yield f"{path}: {value!r} is not {annotation.__name__}"


def sample(name: str) -> str:
    return (SAMPLES / name).read_text()


def test_a_report_conforms_to_its_schema():
    budgets = {"shop:budgets": {"disks": {"limit": 7}}}
    previews = {
        "every operation": (sample("changes.json"), None),
        "policies": (sample("policies.json"), sample("policies.events.jsonl")),
        "errors": (sample("errors.json"), None),
        "Kubernetes objects": (sample("../previews/typescript_eks.json"), None),
        "an unpriced resource": (preview(create(INSTANCE, "x", {"instanceType": "m99.huge"})), None),
        "a budget": (preview(create(VOLUME, "disk", GB100), config=budgets), None),
    }
    for name, (text, events) in previews.items():
        report = build_report([read_plan(text, name=name, events=events)], OPTIONS)
        assert list(mismatches(json.loads(json.dumps(report)), Report)) == [], name


def test_the_sample_report_conforms_to_the_schema_and_adds_up():
    report = sample_report()
    assert list(mismatches(report, Report)) == []
    after = sum(Decimal(row["after"]["expected"]) for row in report["resources"] if row["after"])
    assert Decimal(report["after"]["expected"]) == after


def test_the_check_itself_finds_missing_unknown_and_wrong_values():
    value = {"low": "1", "high": 2, "extra": None}
    assert sorted(mismatches(value, AmountRange, "amount")) == [
        "amount.expected: missing",
        "amount.extra: not in the schema",
        "amount.high: 2 is not str",
    ]
