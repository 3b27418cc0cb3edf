import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from policies import exemptions
from policies.rules.exemption_policies import IN_FORCE, IN_FORCE_IN_STACK, NEVER_EXEMPT
from tests.policies.compliant_kubernetes import deployment
from tests.policies.compliant_stack import compliant_stack
from tests.policies.pack_client import TODAY, FakeResource, Pack, with_property

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
    resource = with_property(compliant_stack()["log_group"], "retentionInDays", 0)
    return FakeResource(resource.type, name, resource.inputs)


def test_an_exempt_resource_passes_and_its_exemption_is_reported_with_the_days_left():
    (diagnostic,) = Pack(exempt=written(entry())).evaluate(endless_logs())
    assert (diagnostic.policy, diagnostic.level) == (IN_FORCE, "advisory")
    assert diagnostic.urn == endless_logs().urn
    assert diagnostic.message.split("\n")[1:] == [
        "logs: exempt from log-group-has-retention, 30 days left",
        "  resource: logs",
        "  owner: platform@teei.io",
        "  reason: audit asks for all events until the migration",
        "  expires: 2026-12-24",
    ]


def test_an_exemption_from_a_stack_policy_is_reported_with_the_urn_of_the_resource():
    resource = deployment("teei-batch")
    (diagnostic,) = Pack(exempt=written(entry(policy="workload-is-scaled", resource="teei-*"))).evaluate(
        resource
    )
    assert (diagnostic.policy, diagnostic.level, diagnostic.urn) == (
        IN_FORCE_IN_STACK,
        "advisory",
        resource.urn,
    )
    assert "\n  resource: teei-*\n" in diagnostic.message


def test_an_exemption_that_no_resource_needs_is_not_reported():
    assert Pack(exempt=written(entry())).evaluate(compliant_stack()["log_group"]) == []


def test_an_exemption_is_reported_once_however_often_it_is_needed():
    pack = Pack(exempt=written(entry(policy="required-tags")))
    resource = endless_logs()
    resource.inputs["tags"] = {}
    for _ in range(2):
        diagnostics = [diagnostic for diagnostic in pack.analyze(resource) if diagnostic.policy == IN_FORCE]
        assert len(diagnostics) == 1
    assert pack.analyze_stack() == []


def test_an_exempt_resource_does_not_hide_the_next_one():
    resource = [deployment(f"teei-{name}") for name in ("a", "b", "c")]
    pack = Pack(exempt=written(entry(policy="workload-is-scaled", resource="teei-b")))
    diagnostics = [
        diagnostic.urn for diagnostic in pack.evaluate(*resource) if diagnostic.policy == "workload-is-scaled"
    ]
    assert diagnostics == [resource[0].urn, resource[2].urn]


def test_reports_of_exemptions_in_use_can_be_disabled():
    pack = Pack(exempt=written(entry())).configure(exemptions_in_force={"show": False})
    assert pack.evaluate(endless_logs()) == []
    resource = deployment("teei-batch")
    pack = Pack(exempt=written(entry(policy="workload-is-scaled", resource="teei-batch")))
    assert pack.configure(exemptions_in_force_in_stack={"show": False}).evaluate(resource) == []


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
    diagnostics = Pack(exempt=written(entry(resource=pattern))).evaluate(endless_logs())
    assert [diagnostic.policy for diagnostic in diagnostics] == [
        IN_FORCE if covered else "log-group-has-retention"
    ]


def test_an_exemption_is_from_one_policy_only():
    diagnostics = Pack(exempt=written(entry(policy="required-tags"))).evaluate(endless_logs())
    assert [diagnostic.policy for diagnostic in diagnostics] == ["log-group-has-retention"]


@pytest.mark.parametrize(
    ("days", "counts"), [(0, True), (1, True), (90, True), (91, False), (-1, False), (-400, False)]
)
def test_an_exemption_is_in_force_until_its_expiry_date_at_most_ninety_days_ahead(days, counts):
    text = written(entry(expires=(TODAY + timedelta(days=days)).isoformat()))
    policies = {diagnostic.policy for diagnostic in Pack(exempt=text).evaluate(endless_logs())}
    assert policies == ({IN_FORCE} if counts else {"log-group-has-retention", "exemptions-are-valid"})


def test_the_last_day_has_no_days_left_and_the_day_before_has_one():
    for days, words in ((0, "0 days left"), (1, "1 day left")):
        text = written(entry(expires=(TODAY + timedelta(days=days)).isoformat()))
        (diagnostic,) = Pack(exempt=text).evaluate(endless_logs())
        assert diagnostic.message.split("\n")[1].endswith(f", {words}")


def test_of_several_exemptions_the_one_that_expires_last_is_reported():
    longer = entry(resource="lo*", expires=(TODAY + timedelta(days=60)).isoformat())
    (diagnostic,) = Pack(exempt=written(entry(), longer, entry(resource="l*"))).evaluate(endless_logs())
    assert ", 60 days left\n" in diagnostic.message


INVALID = [
    *((entry(**{name: value}), f"has no {name}") for name in exemptions.FIELDS for value in (None, "", "  ")),
    (entry(policy="no-such-policy"), "the policy is unknown"),
    (entry(policy="exemptions-are-valid"), "the policy is unknown"),
    (entry(owner=["a", "b"]), "the owner is not text"),
    (entry(reason=7), "the reason is not text"),
    (entry(expires="soon"), "the expiry is not a date"),
    (entry(expires="24.12.2026"), "the expiry is not a date"),
    (entry(expires="2026-2-1"), "the expiry is not a date"),
    (entry(expires="20261224"), "the expiry is not a date"),
    (entry(expires="2026-02-30"), "the expiry is not a date"),
    (entry(expires="2026-12-24T10:00:00Z"), "the expiry is not a date"),
    (entry(expires=20261224), "the expiry is not a date"),
    (entry(expires=(TODAY - timedelta(days=3)).isoformat()), "expired 3 days ago"),
    (entry(expires=(TODAY + timedelta(days=91)).isoformat()), "expires in 91 days"),
    ("log-group-has-retention", "is not an object"),
    (None, "is not an object"),
]


@pytest.mark.parametrize(("wrong", "what"), INVALID, ids=[f"{what} {entry}"[:80] for entry, what in INVALID])
def test_an_invalid_or_expired_exemption_is_a_violation_and_has_no_effect(wrong, what):
    diagnostics = Pack(exempt=written(entry(resource="another"), wrong)).evaluate(endless_logs())
    assert {diagnostic.policy for diagnostic in diagnostics} == {
        "log-group-has-retention",
        "exemptions-are-valid",
    }
    (diagnostic,) = [diagnostic for diagnostic in diagnostics if diagnostic.policy == "exemptions-are-valid"]
    assert (diagnostic.level, diagnostic.urn) == ("mandatory", "")
    assert f"exemptions.yaml, exemption 2: {what}" in diagnostic.message
    assert "\n  value: " in diagnostic.message
    assert "\n  fix: " in diagnostic.message


def test_every_problem_of_an_entry_is_reported():
    result = exemptions.read(written({"policy": "required-tags", "resource": "a"}), IDS, TODAY)
    assert [entry.what for entry in result.invalid] == ["has no owner", "has no reason", "has no expires"]
    assert result.valid == ()


def test_a_date_may_be_quoted_and_fields_are_stripped():
    fields = "policy: required-tags, resource: ' a ', owner: o, reason: r, expires: 2026-12-01"
    text = f"exemptions:\n  - {{{fields}}}\n"
    result = exemptions.read(text, IDS, TODAY)
    assert result.invalid == ()
    assert result.valid[0].resource == "a"
    assert result.days_left(result.valid[0]) == 7
    assert exemptions.read(text.replace("2026-12-01", "'2026-12-01'"), IDS, TODAY).valid == result.valid


def test_a_date_with_a_time_is_not_a_date():
    fields = "policy: required-tags, resource: a, owner: o, reason: r, expires: 2026-12-01 10:00:00"
    text = f"exemptions: [{{{fields}}}]"
    (invalid,) = exemptions.read(text, IDS, TODAY).invalid
    assert invalid.what == "the expiry is not a date"


@pytest.mark.parametrize("text", ["", "# nothing\n", "exemptions:\n", "exemptions: []\n", "exemptions: null"])
def test_a_file_without_exemptions_is_valid_and_exempts_nothing(text):
    result = exemptions.read(text, IDS, TODAY)
    assert (result.valid, result.invalid, result.today) == ((), (), TODAY)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("exemptions: {a: b}", "has no list of exemptions"),
        ("exemption: []", "has no list of exemptions"),
        ("[]", "has no list of exemptions"),
        ("- policy: a", "has no list of exemptions"),
        ("just words", "has no list of exemptions"),
        ("exemptions: [", "is not valid YAML"),
        ("a: 2026-99-99", "is not valid YAML"),
    ],
)
def test_a_file_without_a_list_of_exemptions_is_a_violation(text, what):
    (diagnostic,) = Pack(exempt=text).evaluate(compliant_stack()["log_group"])
    assert (diagnostic.policy, diagnostic.level) == ("exemptions-are-valid", "mandatory")
    assert f"exemptions.yaml: {what}" in diagnostic.message


def test_an_invalid_entry_can_be_ignored():
    pack = Pack(exempt=written(entry(owner=""))).configure(
        exemptions_are_valid={"ignore": ["exemptions.yaml, exemption 1"]}
    )
    assert pack.evaluate() == []


def test_a_missing_file_means_no_exemptions_and_an_unreadable_one_is_reported(tmp_path):
    assert exemptions.load(tmp_path / "exemptions.yaml", IDS, TODAY) == exemptions.Exemptions(today=TODAY)
    (tmp_path / "exemptions.yaml").write_text(written(entry()))
    assert len(exemptions.load(tmp_path / "exemptions.yaml", IDS, TODAY).valid) == 1
    (tmp_path / "latin.yaml").write_bytes(b"exemptions: [\xe4]")
    for path in (tmp_path, tmp_path / "latin.yaml"):
        (invalid,) = exemptions.load(path, IDS, TODAY).invalid
        assert (invalid.place, invalid.what) == (path.name, "cannot be read")


def test_the_policies_about_exemptions_cannot_be_exempted_from():
    pack = Pack(exempt=written(*(entry(policy=name) for name in sorted(NEVER_EXEMPT))))
    assert len(pack.evaluate()) == len(NEVER_EXEMPT)
    assert {policy.name for policy in pack.policies} > NEVER_EXEMPT


def test_undetermined_properties_of_an_exempt_resource_are_not_reported():
    resource = deployment("teei-batch")
    resource.inputs["metadata"]["labels"] = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    text = written(entry(policy="required-tags", resource="teei-batch"))
    diagnostics = Pack(exempt=text).analyze(resource)
    assert "required-tags" not in {diagnostic.policy for diagnostic in diagnostics}


def test_the_example_in_the_configuration_reference_is_a_valid_exemption():
    text = (ROOT / "docs/configuration.md").read_text()
    (example,) = [
        block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "exemptions:" in block
    ]
    ids = frozenset(policy.name for policy in Pack().policies) - NEVER_EXEMPT
    day = yaml.safe_load(example)["exemptions"][0]["expires"] - timedelta(days=30)
    result = exemptions.read(example, ids, day)
    assert (result.invalid, len(result.valid)) == ((), 1)
