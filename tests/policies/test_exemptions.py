import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from policies import exemptions, messages
from policies.rules.exemption_policies import NEVER_EXEMPT
from tests.policies.analyzer import TODAY, Made, Pack, changed
from tests.policies.good import deployment, stack

ROOT = Path(__file__).parents[2]
IDS = frozenset({"log-group-has-retention", "workload-is-scaled", "required-tags"})


def entry(**other):
    fields = {
        "policy": "log-group-has-retention",
        "resource": "logs",
        "owner": "platform@teei.io",
        "reason": "audit asks for all events until the migration",
        "expires": (TODAY + timedelta(days=30)).isoformat(),
    }
    fields.update(other)
    return {key: value for key, value in fields.items() if value is not None}


def written(*entries):
    return yaml.safe_dump({"exemptions": list(entries)})


def endless_logs(name="logs"):
    made = changed(stack()["log_group"], "retentionInDays", 0)
    return Made(made.type, name, made.props)


def test_an_exempted_resource_passes_and_its_exemption_is_told_with_the_days_left():
    (report,) = Pack(exempt=written(entry())).judge(endless_logs())
    assert (report.policy, report.level) == (messages.IN_FORCE, "advisory")
    assert report.urn == endless_logs().urn
    assert report.message.split("\n")[1] == "logs: exempt from log-group-has-retention, 30 days left"
    assert messages.fields(report.message) == {
        "policy": "log-group-has-retention",
        "resource": "logs",
        "owner": "platform@teei.io",
        "reason": "audit asks for all events until the migration",
        "expires": "2026-12-24",
        "days left": "30",
    }


def test_an_exemption_from_a_policy_on_the_stack_is_told_with_the_urn_of_the_resource():
    made = deployment("teei-batch")
    (report,) = Pack(exempt=written(entry(policy="workload-is-scaled", resource="teei-*"))).judge(made)
    assert (report.policy, report.level, report.urn) == (messages.IN_FORCE_IN_STACK, "advisory", made.urn)
    assert messages.fields(report.message)["resource"] == "teei-*"


def test_an_exemption_nothing_needs_is_not_told():
    assert Pack(exempt=written(entry())).judge(stack()["log_group"]) == []


def test_an_exemption_is_told_once_however_often_it_is_needed():
    pack = Pack(exempt=written(entry(policy="required-tags")))
    made = endless_logs()
    made.props["tags"] = {}
    for _ in range(2):
        found = [report for report in pack.analyze(made) if report.policy == messages.IN_FORCE]
        assert len(found) == 1
    assert pack.analyze_stack() == []


def test_an_exempted_resource_does_not_hide_the_next_one():
    made = [deployment(f"teei-{name}") for name in ("a", "b", "c")]
    pack = Pack(exempt=written(entry(policy="workload-is-scaled", resource="teei-b")))
    found = [report.urn for report in pack.judge(*made) if report.policy == "workload-is-scaled"]
    assert found == [made[0].urn, made[2].urn]


def test_telling_of_exemptions_can_be_switched_off():
    pack = Pack(exempt=written(entry())).configure(exemptions_in_force={"show": False})
    assert pack.judge(endless_logs()) == []
    made = deployment("teei-batch")
    pack = Pack(exempt=written(entry(policy="workload-is-scaled", resource="teei-batch")))
    assert pack.configure(exemptions_in_force_in_stack={"show": False}).judge(made) == []


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("logs", True),
        ("lo*", True),
        ("l?gs", True),
        ("*", True),
        (endless_logs().urn, True),
        ("log", False),
        ("ogs", False),
        ("Logs", False),
        ("logs2", False),
        (endless_logs("other").urn, False),
        (endless_logs().urn[:-1] + "*", False),
    ],
)
def test_a_resource_is_a_urn_or_a_glob_that_matches_the_whole_name(pattern, covered):
    found = Pack(exempt=written(entry(resource=pattern))).judge(endless_logs())
    assert [report.policy for report in found] == [
        messages.IN_FORCE if covered else "log-group-has-retention"
    ]


def test_an_exemption_is_from_one_policy_only():
    found = Pack(exempt=written(entry(policy="required-tags"))).judge(endless_logs())
    assert [report.policy for report in found] == ["log-group-has-retention"]


@pytest.mark.parametrize(
    ("days", "counts"), [(0, True), (1, True), (90, True), (91, False), (-1, False), (-400, False)]
)
def test_an_exemption_counts_from_today_until_at_most_ninety_days_ahead(days, counts):
    text = written(entry(expires=(TODAY + timedelta(days=days)).isoformat()))
    policies = {report.policy for report in Pack(exempt=text).judge(endless_logs())}
    assert policies == (
        {messages.IN_FORCE} if counts else {"log-group-has-retention", "exemptions-are-valid"}
    )


def test_the_last_day_has_no_days_left_and_the_day_before_has_one():
    for days, words in ((0, "0 days left"), (1, "1 day left")):
        text = written(entry(expires=(TODAY + timedelta(days=days)).isoformat()))
        (report,) = Pack(exempt=text).judge(endless_logs())
        assert report.message.split("\n")[1].endswith(f", {words}")


def test_of_two_exemptions_the_one_that_lasts_longer_is_told():
    longer = entry(resource="lo*", expires=(TODAY + timedelta(days=60)).isoformat())
    (report,) = Pack(exempt=written(entry(), longer, entry(resource="l*"))).judge(endless_logs())
    assert messages.fields(report.message)["days left"] == "60"


MALFORMED = [
    *((entry(**{name: value}), f"has no {name}") for name in exemptions.FIELDS for value in (None, "", "  ")),
    (entry(policy="no-such-policy"), "names an unknown policy"),
    (entry(policy="exemptions-are-valid"), "names an unknown policy"),
    (entry(owner=["a", "b"]), "has a owner that is not text"),
    (entry(reason=7), "has a reason that is not text"),
    (entry(expires="soon"), "has an unreadable expiry"),
    (entry(expires="24.12.2026"), "has an unreadable expiry"),
    (entry(expires="2026-2-1"), "has an unreadable expiry"),
    (entry(expires="20261224"), "has an unreadable expiry"),
    (entry(expires="2026-02-30"), "has an unreadable expiry"),
    (entry(expires="2026-12-24T10:00:00Z"), "has an unreadable expiry"),
    (entry(expires=20261224), "has an unreadable expiry"),
    (entry(expires=(TODAY - timedelta(days=3)).isoformat()), "expired 3 days ago"),
    (entry(expires=(TODAY + timedelta(days=91)).isoformat()), "expires 91 days ahead"),
    ("log-group-has-retention", "is not an object"),
    (None, "is not an object"),
]


@pytest.mark.parametrize(
    ("wrong", "what"), MALFORMED, ids=[f"{each[1]} {each[0]}"[:80] for each in MALFORMED]
)
def test_a_malformed_or_expired_exemption_is_a_violation_and_does_not_count(wrong, what):
    found = Pack(exempt=written(entry(resource="another"), wrong)).judge(endless_logs())
    assert {report.policy for report in found} == {"log-group-has-retention", "exemptions-are-valid"}
    (report,) = [report for report in found if report.policy == "exemptions-are-valid"]
    assert (report.level, report.urn) == ("mandatory", "")
    assert f"exemptions.yaml, exemption 2: {what}" in report.message
    assert messages.fields(report.message).keys() == {"value", "fix"}


def test_each_fault_of_an_entry_is_told():
    found = exemptions.read(written({"policy": "required-tags", "resource": "a"}), IDS, TODAY)
    assert [fault.what for fault in found.faults] == ["has no owner", "has no reason", "has no expires"]
    assert found.valid == ()


def test_a_day_may_be_written_with_or_without_quotes_and_texts_are_stripped():
    fields = "policy: required-tags, resource: ' a ', owner: o, reason: r, expires: 2026-12-01"
    text = f"exemptions:\n  - {{{fields}}}\n"
    found = exemptions.read(text, IDS, TODAY)
    assert found.faults == ()
    assert found.valid[0].resource == "a"
    assert found.days_left(found.valid[0]) == 7
    assert exemptions.read(text.replace("2026-12-01", "'2026-12-01'"), IDS, TODAY).valid == found.valid


def test_a_moment_is_not_a_day():
    fields = "policy: required-tags, resource: a, owner: o, reason: r, expires: 2026-12-01 10:00:00"
    text = f"exemptions: [{{{fields}}}]"
    (fault,) = exemptions.read(text, IDS, TODAY).faults
    assert fault.what == "has an unreadable expiry"


@pytest.mark.parametrize("text", ["", "# nothing\n", "exemptions:\n", "exemptions: []\n", "exemptions: null"])
def test_a_file_without_exemptions_exempts_nothing_and_is_fine(text):
    found = exemptions.read(text, IDS, TODAY)
    assert (found.valid, found.faults, found.today) == ((), (), TODAY)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("exemptions: {a: b}", "has no list of exemptions"),
        ("exemption: []", "has no list of exemptions"),
        ("[]", "has no list of exemptions"),
        ("- policy: a", "has no list of exemptions"),
        ("just words", "has no list of exemptions"),
        ("exemptions: [", "is not YAML"),
        ("a: 2026-99-99", "is not YAML"),
    ],
)
def test_a_file_that_is_something_else_is_a_violation(text, what):
    (report,) = Pack(exempt=text).judge(stack()["log_group"])
    assert (report.policy, report.level) == ("exemptions-are-valid", "mandatory")
    assert f"exemptions.yaml: {what}" in report.message


def test_a_fault_can_be_ignored_by_its_place():
    pack = Pack(exempt=written(entry(owner=""))).configure(
        exemptions_are_valid={"ignore": ["exemptions.yaml, exemption 1"]}
    )
    assert pack.judge() == []


def test_a_missing_file_means_no_exemptions_and_an_unreadable_one_is_told(tmp_path):
    assert exemptions.load(tmp_path / "exemptions.yaml", IDS, TODAY) == exemptions.Exemptions(today=TODAY)
    (tmp_path / "exemptions.yaml").write_text(written(entry()))
    assert len(exemptions.load(tmp_path / "exemptions.yaml", IDS, TODAY).valid) == 1
    (tmp_path / "latin.yaml").write_bytes(b"exemptions: [\xe4]")
    for path in (tmp_path, tmp_path / "latin.yaml"):
        (fault,) = exemptions.load(path, IDS, TODAY).faults
        assert (fault.where, fault.what) == (path.name, "cannot be read")


def test_the_policies_about_exemptions_cannot_be_exempted_from():
    pack = Pack(exempt=written(*(entry(policy=name) for name in sorted(NEVER_EXEMPT))))
    assert len(pack.judge()) == len(NEVER_EXEMPT)
    assert {policy.name for policy in pack.policies} > NEVER_EXEMPT


def test_what_is_open_about_an_exempted_resource_is_not_told_either():
    made = deployment("teei-batch")
    made.props["metadata"]["labels"] = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    text = written(entry(policy="required-tags", resource="teei-batch"))
    found = Pack(exempt=text).analyze(made)
    assert "required-tags" not in {report.policy for report in found}


def test_the_filled_example_in_the_configuration_reference_is_one_that_counts():
    text = (ROOT / "docs/configuration.md").read_text()
    (example,) = [
        block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "exemptions:" in block
    ]
    ids = frozenset(policy.name for policy in Pack().policies) - NEVER_EXEMPT
    day = yaml.safe_load(example)["exemptions"][0]["expires"] - timedelta(days=30)
    found = exemptions.read(example, ids, day)
    assert (found.faults, len(found.valid)) == ((), 1)
