"""The recorded samples are what engine v3.259.0 printed for one program with every kind of operation."""

import json
from pathlib import Path

import pytest

from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.preview.steps import PreviewError
from teei_finops.costing.preview.values import is_secret
from tests.teei_finops.costing.preview_builder import (
    BUCKET,
    QUEUE,
    SECRET,
    UNKNOWN,
    create,
    preview,
    step,
    stream,
    urn,
)

SAMPLES = Path(__file__).parent / "samples"


def plan_of(name: str, events: str | None = None):
    log = (SAMPLES / events).read_text() if events else None
    return read_plan((SAMPLES / name).read_text(), name=name, events=log)


def shown(inputs: dict) -> dict:
    """The stream writes a secret as an object with a signature."""
    return {key: SECRET if is_secret(value) else value for key, value in inputs.items()}


# A hand-written step whose inputs are in no state: what it creates would be free.
ISSUE_EXAMPLE = json.dumps(
    {
        "config": {"aws:region": "us-east-1"},
        "steps": [
            {
                "op": "create",
                "urn": "urn:pulumi:dev::shop::aws:ec2/instance:Instance::web",
                "inputs": {"instanceType": "m5.24xlarge"},
            }
        ],
        "changeSummary": {"create": 1},
    }
)


def operations(plan) -> dict[str, str]:
    return {resource.name: resource.op for resource in plan.resources}


@pytest.mark.parametrize("sample", ["changes.json", "changes.stream.jsonl"])
def test_both_formats_of_a_run_give_the_same_operations(sample):
    plan = plan_of(sample)
    assert plan.stack == "dev"
    assert plan.project == "sample"
    assert plan.config["aws:region"] == "us-east-1"
    assert plan.complete
    assert plan.totals_of == "stack"
    operation_of = operations(plan)
    assert len(operation_of) == len(plan.resources) == 25
    assert {name: op for name, op in operation_of.items() if op != "same"} == {
        "db": "update", "existing": "read", "jobs": "replace", "adopted": "import", "lt2": "create",
        "asg": "update", "new": "create", "asg2": "create", "db2": "create", "old": "delete",
        "kept": "delete", "lt3": "delete",
    }  # fmt: skip


def test_both_formats_of_a_run_give_the_same_states():
    single, streamed = plan_of("changes.json"), plan_of("changes.stream.jsonl")
    for resource in single.resources:
        twin = streamed.by_urn[resource.urn]
        for side in ("old", "new"):
            mine, other = getattr(resource, side), getattr(twin, side)
            assert (mine is None) == (other is None), resource.name
            if mine is not None:
                assert shown(mine.inputs) == shown(other.inputs), resource.name


def test_replacement_steps_fold_into_one_replace():
    plain, steps = plan_of("changes_without_sames.json"), plan_of("changes_with_replacement_steps.json")
    assert operations(steps) == operations(plain) | {"sample-dev": "same"}
    jobs = next(resource for resource in steps.resources if resource.name == "jobs")
    assert jobs.old.inputs["fifoQueue"] is False
    assert jobs.new.inputs["fifoQueue"] is True
    assert [(change.path, change.kind, change.replaces) for change in jobs.changes] == [
        ("fifoQueue", "update", True)
    ]


def test_a_preview_without_unchanged_resources_has_totals_of_the_change():
    assert plan_of("changes_without_sames.json").totals_of == "change"


@pytest.mark.parametrize("sample", ["errors.json", "errors.stream.jsonl"])
def test_a_preview_that_ended_in_errors_is_not_complete(sample):
    plan = plan_of(sample)
    assert not plan.complete
    assert "resource 'bad'" in plan.errors[0]
    assert "\n" not in plan.errors[0]


def test_a_mandatory_policy_violation_leaves_the_preview_complete():
    plan = plan_of("policies.json", events="policies.events.jsonl")
    assert plan.complete
    assert {(report.policy, report.enforcement) for report in plan.policy} == {
        ("no-queue", "mandatory"),
        ("adv", "advisory"),
    }
    assert not plan_of("policies.json").complete, "only its events have the reason of the failure"


def test_what_was_imported_has_no_old_state():
    adopted = next(r for r in plan_of("changes.stream.jsonl").resources if r.name == "adopted")
    assert adopted.old is None
    assert adopted.new.inputs["size"] == 100


def test_components_and_external_resources_are_distinguished():
    for sample in ("changes.json", "changes.stream.jsonl"):
        by_name = {resource.name: resource for resource in plan_of(sample).resources}
        assert not by_name["net"].custom
        assert by_name["existing"].external
        assert by_name["net-nat"].custom
        assert by_name["net-nat"].parent.endswith("::net")


def test_unknown_values_are_listed_by_path():
    asg = next(r for r in plan_of("changes.json").resources if r.name == "asg2")
    assert asg.unknown == ("launchTemplate.id",)


def test_the_source_is_the_first_line_of_the_program_itself():
    text = preview(
        create(
            QUEUE, "jobs", {}, sourcePosition="project:///../venv/site-packages/pulumi_aws/sqs/queue.py#9",
            stackTrace=[{"sourcePosition": "project:///components/jobs.py#41"}],
        )
    )  # fmt: skip
    source = read_plan(text, name="p").resources[0].source
    assert (source.file, source.line) == ("components/jobs.py", 41)


def test_a_resource_replaced_before_it_is_deleted_is_one_replace():
    text = stream(
        step("delete-replaced", QUEUE, "jobs", old={"fifoQueue": False}),
        step("replace", QUEUE, "jobs", old={"fifoQueue": False}, new={"fifoQueue": True}),
        step("create-replacement", QUEUE, "jobs", old={"fifoQueue": False}, new={"fifoQueue": True}),
    )
    (jobs,) = read_plan(text, name="p").resources
    assert jobs.op == "replace"
    assert jobs.new.inputs == {"fifoQueue": True}


def test_leftovers_of_an_unfinished_replacement_do_not_hide_the_resource():
    text = preview(
        step("same", QUEUE, "jobs", old={}, new={}),
        {
            "op": "delete-replaced",
            "urn": urn(QUEUE, "jobs"),
            "oldState": {"urn": urn(QUEUE, "jobs"), "type": QUEUE, "custom": True, "delete": True},
        },
    )
    assert operations(read_plan(text, name="p")) == {"jobs": "same"}


def test_the_same_name_with_another_type_is_another_resource():
    plan = read_plan(preview(create(QUEUE, "data", {}), create(BUCKET, "data", {})), name="p")
    assert [resource.type for resource in plan.resources] == [QUEUE, BUCKET]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("hello", "not JSON"),
        ("[1]", "items are not engine events"),
        ("[]", "items are not engine events"),
        ('{"version": 3, "deployment": {}}', "`resources` is not a list"),
        ('{"version": 3, "deployment": {"resources": [7]}}', "resource 1 is not an object"),
        ('{"manifest": {}, "resourcePlans": {}}', "a saved plan"),
        ('{"some": "JSON"}', "no `steps`"),
        ('{"steps": null, "changeSummary": {"create": 1}}', "`steps` is null"),
        ('{"changeSummary": {"create": 1, "same": 4}}', "counts 1 to create, but it has 0"),
        (preview(create(QUEUE, "a", {}), summary={"create": 2}), "counts 2 to create, but it has 1"),
        (preview(create(QUEUE, "a", {})) * 2, "more than one JSON document"),
        (ISSUE_EXAMPLE, "step 1 (create of web) has no new state"),
        (preview(step("create", QUEUE, "a", new={}) | {"newState": {}}), "(create of a) has no new state"),
        (preview(step("create", QUEUE, "a", old={})), "(create of a) has no new state"),
        (preview(step("update", QUEUE, "a", new={})), "(update of a) has no old state"),
        (preview(step("update", QUEUE, "a", old={})), "(update of a) has no new state"),
        (preview(step("replace", QUEUE, "a", old={})), "(replace of a) has no new state"),
        (preview(step("delete", QUEUE, "a")), "(delete of a) has no old state"),
        (preview(step("same", QUEUE, "a")), "(same of a) has no new state"),
        (stream(step("import", QUEUE, "a")), "line 2 (import of a) has no new state"),
        ('{"steps": [{"op": "create"}], "config": {}}', "no URN"),
        ('{"steps": {"a": 1}}', "not a list"),
        ('{"steps": [7]}', "no `op`"),
        ('{"steps": [{"op": "create", "urn": "urn:pulumi:a::b::c::d", "newState": 5}]}', "not an object"),
        (preview(create(QUEUE, "a", {}))[:-60], "cut off"),
        (preview(create(QUEUE, "a", {})).rpartition("}")[0].rpartition("}")[0] + "}", "cut off"),
        (stream(create(QUEUE, "a", {})).rsplit("\n", 2)[0], "no summaryEvent"),
        (stream(create(QUEUE, "a", {}))[:-30], "no summaryEvent"),
        (stream(create(QUEUE, "a", {})).replace('{"summary', 'oops\n{"summary'), "line 3"),
    ],
)
def test_an_incomplete_preview_gives_one_clear_line(text, problem):
    with pytest.raises(PreviewError) as caught:
        read_plan(text, name="plan.json")
    assert problem in str(caught.value)
    assert str(caught.value).startswith("plan.json")
    assert "\n" not in str(caught.value)


def test_a_document_written_on_one_line_is_read():
    text = json.dumps(json.loads(preview(create(QUEUE, "a", {"name": UNKNOWN, "policy": SECRET}))))
    assert operations(read_plan(text, name="p")) == {"a": "create"}


def test_a_lone_refresh_shows_what_the_provider_found():
    text = stream(step("refresh", QUEUE, "a", old={"fifoQueue": False}, new={"fifoQueue": False})).replace(
        "resourcePreEvent", "resOutputsEvent"
    )
    (queue,) = read_plan(text, name="p").resources
    assert queue.op == "refresh"
    assert queue.new is not None


def test_an_array_of_engine_events_is_read_as_the_same_events_line_by_line():
    text = (SAMPLES / "changes.stream.jsonl").read_text()
    array = json.dumps([json.loads(line) for line in text.splitlines()])
    assert operations(read_plan(array, name="p")) == operations(read_plan(text, name="p"))


def test_a_stack_export_shows_what_is_deployed():
    resources = [
        {"urn": urn(QUEUE, "jobs"), "type": QUEUE, "custom": True, "inputs": {"fifoQueue": True}},
        {"urn": urn(BUCKET, "old"), "type": BUCKET, "custom": True, "inputs": {}, "delete": True},
    ]
    export = {"version": 3, "deployment": {"manifest": {}, "resources": resources}}
    state_file = {"version": 3, "checkpoint": {"stack": "dev", "latest": export["deployment"]}}
    for document in (export, state_file):
        plan = read_plan(json.dumps(document), name="p")
        assert operations(plan) == {"jobs": "same", "old": "delete"}
        assert (plan.stack, plan.project, plan.totals_of) == ("dev", "shop", "stack")
        assert plan.resources[0].new.inputs == plan.resources[0].old.inputs == {"fifoQueue": True}


def test_an_empty_stack_has_no_resources():
    text = '{"version": 3, "deployment": {"manifest": {}}}'
    assert read_plan(text, name="p").resources == ()


@pytest.mark.parametrize("make", [preview, stream])
def test_text_around_the_json_is_left_out(make):
    notes = "warning: A new version of Pulumi is available\n[resource plugin aws-7.16.0] installing\n\n"
    plan = read_plan(notes + make(create(QUEUE, "a", {})), name="p")
    assert operations(plan) == {"a": "create"}
    assert plan.complete
    if make is preview:
        plan = read_plan(f"{notes}{make(create(QUEUE, 'a', {}))}\nwarning: telemetry is on\n", name="p")
        assert operations(plan) == {"a": "create"}


def test_an_error_beside_the_json_makes_the_preview_incomplete():
    plan = read_plan(f"{preview(create(QUEUE, 'a', {}))}\nerror: preview failed: no credentials\n", name="p")
    assert plan.errors == ("error: preview failed: no credentials",)
    assert not plan.complete


def test_a_preview_without_unchanged_resources_may_count_them():
    plan = read_plan('{"config": {}, "changeSummary": {"same": 4}}', name="p")
    assert (plan.resources, plan.totals_of) == ((), "change")
