"""The report is valid under its JSON Schema, which has the keys of the typed dicts."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

import jsonschema
import pytest

from teei_finops.costing.preview.reader import read_plan
from teei_finops.review import report_schema
from teei_finops.review.report import build_report
from tests.teei_finops.costing.preview_builder import INSTANCE, VOLUME, create, preview
from tests.teei_finops.review.reports_of_previews import GB100, OPTIONS
from tests.teei_finops.review.sample_report import sample_report

SAMPLES = Path(__file__).parents[1] / "costing" / "samples"
SCHEMA = json.loads(Path(report_schema.__file__).with_name("report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def problems(report: Any) -> list[str]:
    document = json.loads(json.dumps(report))
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def sample(name: str) -> str:
    return (SAMPLES / name).read_text()


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_report_is_valid():
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
        assert problems(report) == [], name


def test_the_sample_report_is_valid_and_adds_up():
    report = sample_report()
    assert problems(report) == []
    after = sum(Decimal(row["after"]["expected"]) for row in report["resources"] if row["after"])
    assert Decimal(report["after"]["expected"]) == after


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"version": 1}, "$.version: 2 was expected"),
        ({"verdict": "good"}, "$.verdict: 'good' is not one of"),
        ({"after": {"low": "1", "expected": "1e3", "high": "1"}}, "$.after.expected: '1e3' does not match"),
        ({"after": {"low": "1", "expected": 1, "high": "1"}}, "$.after.expected: 1 is not of type 'string'"),
        ({"after": {"low": "1", "expected": "1"}}, "$.after: 'high' is a required property"),
        ({"extra": 1}, "$: Additional properties are not allowed ('extra' was unexpected)"),
    ],
)
def test_a_document_that_differs_is_not_valid(wrong, problem):
    assert [text[: len(problem)] for text in problems(sample_report(**wrong))] == [problem]


def test_the_schema_has_the_keys_of_the_typed_dicts():
    for name, typed_dict in vars(report_schema).items():
        if is_typeddict(typed_dict):
            schema = SCHEMA if name == "Report" else SCHEMA["$defs"][name]
            assert set(schema["properties"]) == set(get_type_hints(typed_dict)), name
            assert set(schema["required"]) == typed_dict.__required_keys__, name
            assert schema["additionalProperties"] is False, name
