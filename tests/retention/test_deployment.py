"""`plan` and `apply` with a `pulumi` that records its calls.

tests/integration/retention runs the real engine.
"""

import json

import pytest

from retention.__main__ import main
from retention.deployment import TARGETS

LIFECYCLE = (
    "urn:pulumi:prod::teei-finops::finops:storage_retention:StorageRetention$finops:storage_retention:Bucket"
    "$aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration::storage-exports-lifecycle"
)
# What `pulumi preview --json` and `pulumi up --json` print, shortened to what is read.
PREVIEW = {
    "steps": [
        {"op": "same", "urn": "urn:pulumi:prod::teei-finops::pulumi:pulumi:Stack::teei-finops-prod"},
        {
            "op": "update",
            "urn": LIFECYCLE,
            "detailedDiff": {"rules[0].expiration.days": {"kind": "update", "inputDiff": True}},
        },
    ]
}
UPDATE = [
    {"sequence": 1, "preludeEvent": {"config": {}}},
    {"sequence": 2, "resourcePreEvent": {"metadata": {"op": "update", "urn": LIFECYCLE}}},
    {
        "sequence": 3,
        "resOutputsEvent": {
            "metadata": {
                "op": "update",
                "urn": LIFECYCLE,
                "detailedDiff": {"rules[0].expiration.days": {"diffKind": "update", "inputDiff": True}},
            }
        },
    },
    {"sequence": 4, "resOutputsEvent": {"metadata": {"op": "same", "urn": "urn:stack"}}},
]
CHANGES = [{"operation": "update", "urn": LIFECYCLE, "properties": ["rules[0].expiration.days"]}]
PULUMI = """#!/bin/sh
printf '%s\\n' "$*" >> "$0.calls"
case "$*" in
  *whoami*) echo '{"user": "deployer", "url": "s3://teei-finops-state"}';;
  *--policy-pack*) echo "gate"; exit "$(cat "$0.gate")";;
  *" up "*) cat "$0.update";;
  *--json*) cat "$0.preview";;
esac
"""


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """Returns the calls of a `pulumi` on the PATH."""
    path = tmp_path / "pulumi"
    path.write_text(PULUMI)
    path.chmod(0o755)
    (tmp_path / "pulumi.gate").write_text("0")
    (tmp_path / "pulumi.preview").write_text(json.dumps(PREVIEW))
    (tmp_path / "pulumi.update").write_text("\n".join(json.dumps(event) for event in UPDATE))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    return lambda: (tmp_path / "pulumi.calls").read_text().splitlines()


def test_plan_previews_the_retention_of_the_stack_and_says_where(pulumi, capsys):
    assert main(["plan", "--no-aws", "--json"]) == 0
    output, errors = capsys.readouterr()
    assert errors == "plan: stack prod on AWS and its cluster, state in s3://teei-finops-state\n"
    document = json.loads(output)
    assert (document["backend"], document["applied"]) == ("pulumi", False)
    assert document["changes"] == CHANGES
    _, preview = pulumi()
    targets = " ".join(f"--target {target}" for target in TARGETS)
    assert preview.endswith(f"preview --stack prod --non-interactive {targets} --json")


def test_apply_runs_the_policies_on_the_whole_stack_and_then_updates_the_retention(pulumi, capsys):
    assert main(["apply", "--stack", "prod-eu", "--no-aws", "--json", "--yes"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["applied"], document["changes"]) == (True, CHANGES)
    _, gate, update = pulumi()
    assert "preview --stack prod-eu --non-interactive --policy-pack /" in gate
    assert "--target" not in gate
    assert "up --stack prod-eu --target **finops:storage_retention:**" in update
    assert "--yes" in update


def test_a_policy_that_blocks_the_stack_prevents_the_update(pulumi, tmp_path, capsys):
    (tmp_path / "pulumi.gate").write_text("255")
    assert main(["apply", "--no-aws", "--yes"]) == 2
    assert capsys.readouterr().err.endswith(
        "gate\nstorage-retention.sh: pulumi preview failed with exit code 255; see above\n"
    )
    assert not any(" up " in call for call in pulumi())


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_transition_that_costs_more_than_it_saves_is_refused_with_the_arithmetic(pulumi, command, capsys):
    assert main([command, "--no-aws", "--object-kb", "exports=256"]) == 1
    output, errors = capsys.readouterr()
    assert (
        "storage.exports.transitions[0] (STANDARD_IA) costs more than it saves: 1,000,000 objects of 256 KB"
        " (244 GB) cost $16.61 for 90 days in STANDARD; in STANDARD_IA they cost $9.03, and $10.00 to move:"
        " $2.41 more. It saves above 338 KB (size --object-kb)\n"
    ) in output
    assert errors.endswith(f"{command}: refused: a transition costs more than it saves; remove it\n")
    assert len(pulumi()) == 1  # whoami


def test_without_pulumi_the_sandbox_is_used_unless_pulumi_is_asked_for(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["plan", "--backend", "pulumi"]) == 2
    assert "pulumi is not on the PATH: install it, or try --backend sandbox" in capsys.readouterr().err
    assert main(["apply", "--object-kb", "exports=256"]) == 1
    assert "apply: stack prod in the sandbox: fake AWS and Kubernetes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["apply", "--no-aws", "--json"], "apply --json does not ask; add --yes"),
        (["plan", "--no-aws", "--object-kb", "export=1"], "unknown bucket 'export'"),
    ],
)
@pytest.mark.usefixtures("pulumi")
def test_a_wrong_call_exits_with_2(arguments, text, capsys):
    assert main(arguments) == 2
    assert text in capsys.readouterr().err


def test_a_size_that_is_not_a_number_exits_with_2(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["plan", "--object-kb", "exports=large"])
    assert exit.value.code == 2
    assert "write it as exports=512; see --help" in capsys.readouterr().err
