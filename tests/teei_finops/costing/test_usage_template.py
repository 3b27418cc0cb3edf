"""`teei-finops usage template`: every usage key of the resources of a preview, with what is assumed."""

import re
from datetime import date
from pathlib import Path

from teei_finops.cli import main
from teei_finops.costing.costs import CostOptions
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.resource_types import class_of
from teei_finops.costing.usage.profile import read_usage
from teei_finops.costing.usage.template import usage_template
from teei_finops.review.report import build_report
from tests.teei_finops.costing.preview_builder import INSTANCE, QUEUE, create, preview

AT = date(2026, 11, 24)
PREVIEWS = Path(__file__).parent / "previews"


def template_of(*texts: str) -> str:
    return usage_template([read_plan(text, name=f"p{n}") for n, text in enumerate(texts)], AT, None)


def test_the_template_is_a_usage_file_that_changes_nothing(tmp_path):
    file = tmp_path / "usage.yaml"
    for path in sorted(PREVIEWS.glob("*.json")):
        plan = read_plan(path.read_text(), name=path.name)
        file.write_text(usage_template([plan], AT, None))
        usage = read_usage(file)
        assert build_report([plan], CostOptions(at=AT, usage=usage)) == build_report(
            [plan], CostOptions(at=AT)
        )


def test_the_values_in_it_are_those_that_the_review_assumes(tmp_path):
    """With the # removed from every assumed range, the amounts are the same and no longer assumed."""
    path = PREVIEWS / "python_fargate.stream.jsonl"
    plan = read_plan(path.read_text(), name=path.name)
    text = re.sub(r"# (\w+: \{low: .*\})$", r"\1", usage_template([plan], AT, None), flags=re.MULTILINE)
    file = tmp_path / "usage.yaml"
    file.write_text(text)
    with_usage = build_report([plan], CostOptions(at=AT, usage=read_usage(file)))
    without = build_report([plan], CostOptions(at=AT))
    assert with_usage["after"] == without["after"]
    queues = [row for row in with_usage["resources"] if row["type"] == QUEUE]
    assert queues
    assert not any(line["assumed"] for row in queues for line in row["lines"])


def test_every_usage_key_of_the_type_is_listed():
    text = template_of(preview(create(INSTANCE, "web", {"instanceType": "m5.large"})))
    type_class = class_of(INSTANCE)
    assert set(re.findall(r"^    # (\w+):", text, re.MULTILINE)) == type_class.usage_keys
    assert '  "web":  # aws:ec2/instance:Instance' in text


def test_resources_of_one_name_are_listed_by_urn():
    text = preview(create(QUEUE, "jobs", {}))
    template = template_of(text, text.replace(":dev::", ":prod::"))
    for stack in ("dev", "prod"):
        assert f'  "urn:pulumi:{stack}::shop::aws:sqs/queue:Queue::jobs":' in template


def test_a_preview_without_usage_gives_an_empty_file(tmp_path):
    file = tmp_path / "usage.yaml"
    file.write_text(template_of(preview(create("aws:iam/role:Role", "role", {}))))
    assert read_usage(file).resources == {}


def test_the_command_writes_the_file(tmp_path):
    plan, usage = tmp_path / "plan.json", tmp_path / "usage.yaml"
    plan.write_text(preview(create(QUEUE, "jobs", {})))
    assert main(["usage", "template", str(plan), "--output", str(usage)]) == 0
    assert main(["review", str(plan), "--usage", str(usage)]) == 0
