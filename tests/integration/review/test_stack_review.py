"""`teei-finops sandbox review` on a small project: temporary state, a base to compare with, exit codes."""

import json
import subprocess

import pytest

from tests.integration.sandboxed_stack import SmallProgram

pytestmark = pytest.mark.engine

PROGRAM = """
    import pulumi
    import pulumi_aws as aws

    config = pulumi.Config()
    aws.cloudwatch.LogGroup("logs", name=config.require("name"), retention_in_days=config.require_int("days"))
"""
VOLUME_PROGRAM = """
    import pulumi
    import pulumi_aws as aws

    for index, kind in enumerate(pulumi.Config().require_object("types")):
        aws.ebs.Volume(f"disk-{index}", availability_zone="us-east-1a", size=100, type=kind)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two stacks, committed once as a base, then changed."""
    program = SmallProgram.at(tmp_path_factory.mktemp("reviewed"), PROGRAM)
    other = SmallProgram(program.directory, stack="other")
    program.configure(name="before", days=30)
    _commit(program)
    program.configure(name="after", days=30)
    other.configure(name="other", days=7)
    return program


def _git(program, *arguments):
    subprocess.run(["git", "-C", str(program.directory), *arguments], check=True, capture_output=True)


def _commit(program):
    _git(program, "init", "-q")
    _git(program, "add", "-A")
    _git(program, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "base")


def _report(program):
    return json.loads((program.directory / "build" / "review" / "review.json").read_text())


def _operations(program):
    return {plan["stack"]: plan["operations"] for plan in _report(program)["plan"]}


@pytest.fixture(scope="module")
def against_base(project):
    before = project.files()
    review = project.sandbox("review", "--base", "HEAD")
    assert project.files() == before
    return review, _operations(project)


def test_every_stack_with_a_file_is_planned_and_the_path_of_the_page_is_printed(project, against_base):
    review, operations = against_base
    assert review.returncode == 0, review.stdout + review.stderr
    assert set(operations) == {"dev", "other"}
    for name in ("index.html", "review.md", "review.json", "policy.sarif", "policy.junit.xml"):
        assert (project.directory / "build" / "review" / name).stat().st_size
    assert str(project.directory / "build" / "review" / "index.html") in review.stdout


def test_a_change_against_the_base_is_shown_as_a_replacement(against_base):
    assert against_base[1]["dev"]["replace"] == 1


def test_a_stack_that_the_base_does_not_have_is_shown_as_new(against_base):
    assert against_base[1]["other"] == {"create": 1}


def test_a_review_removes_its_temporary_state(project, against_base):
    remaining = {entry.name for entry in (project.directory / "build").iterdir()}
    assert remaining == {"review"}, against_base


def test_a_review_of_one_stack_does_not_plan_the_other(project):
    review = project.sandbox("review", "--stack", "other")
    assert review.returncode == 0, review.stderr
    assert set(_operations(project)) == {"other"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--stack", "nowhere"), "unknown stack 'nowhere'; stacks of this project: dev, other"),
        (("--base", "no-such-reference"), "unknown git reference 'no-such-reference'"),
    ],
)
def test_an_unknown_stack_or_base_exits_2_with_one_line(project, arguments, message):
    review = project.sandbox("review", *arguments)
    assert review.returncode == 2
    assert len(review.stderr.splitlines()) == 1
    assert message in review.stderr


def test_a_mandatory_policy_blocks_with_exit_1_and_is_named(tmp_path):
    program = SmallProgram.at(tmp_path / "blocked", PROGRAM)
    program.configure(name="logs", days=30)
    pack = program.directory / "policies"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(
        "from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy\n"
        "def check(args, report):\n"
        "    if args.resource_type.startswith('aws:cloudwatch/'):\n"
        "        report('no logs here')\n"
        "PolicyPack('small', enforcement_level=EnforcementLevel.MANDATORY, policies=[\n"
        "    ResourceValidationPolicy(name='no-logs', description='No logs.', validate=check)])\n"
    )
    for arguments in (("review",), ("preview", "--stack", "dev"), ("up", "--stack", "dev")):
        run = program.sandbox(*arguments)
        assert run.returncode == 1, (arguments, run.stdout, run.stderr)
        assert "no-logs" in run.stderr
    assert "logs" not in program.state()


def test_a_program_that_fails_exits_2_with_its_error(tmp_path):
    program = SmallProgram.at(tmp_path / "broken", "import pulumi\nraise KeyError('ledger')\n")
    program.configure()
    review = program.sandbox("review")
    assert review.returncode == 2
    assert "ledger" in review.stderr


def test_with_a_base_violations_of_the_change_are_separated_from_those_of_the_base(tmp_path):
    """The base violates a mandatory policy, which does not block it."""
    program = SmallProgram.at(tmp_path / "policies-and-base", VOLUME_PROGRAM)
    (program.directory / "finops.yaml").write_text("version: 1\ntags: {team: []}\n")
    program.configure(types='["gp2"]')
    _commit(program)
    program.configure(types='["gp2", "gp2"]')
    review = program.sandbox("review", "--base", "HEAD")
    assert review.returncode == 1, review.stderr
    violations = {
        (violation["policy"], violation["name"]): (violation["in_base"], violation.get("saves"))
        for violation in _report(program)["policy"]["violations"]
        if violation["policy"] in ("gp2-volume", "required-tags")
    }
    saves = {"low": "2", "expected": "2", "high": "2"}  # 100 GB at $0.10 and at $0.08
    assert violations == {
        ("gp2-volume", "disk-0"): (True, saves),
        ("gp2-volume", "disk-1"): (False, saves),
        ("required-tags", "disk-0"): (True, None),
        ("required-tags", "disk-1"): (False, None),
    }


def test_a_program_without_stack_files_is_reviewed_against_its_base(tmp_path):
    text = """
        import pulumi_aws as aws
        aws.ebs.Volume("data", availability_zone="us-east-1a", size={}, type="gp3")
    """
    program = SmallProgram.at(tmp_path / "infra", text.format(100))
    repository = SmallProgram(tmp_path)
    _git(repository, "init", "-q")
    _git(repository, "add", "-A")
    _git(repository, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "base")
    SmallProgram.at(program.directory, text.format(150))
    review = program.sandbox("review", "--base", "HEAD")
    assert review.returncode == 0, review.stdout + review.stderr
    assert _operations(program) == {"dev": {"update": 1}}
    report = json.loads((program.directory / "build" / "review" / "review.json").read_text())
    assert float(report["change"]["expected"]) == 4
