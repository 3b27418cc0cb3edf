"""`teei-finops sandbox review` on a small project: throw-away state, a base to compare with, exit codes."""

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


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two stacks, committed once as a base, then changed."""
    program = SmallProgram.at(tmp_path_factory.mktemp("reviewed"), PROGRAM)
    other = SmallProgram(program.directory, stack="other")
    program.configure(name="before", days=30)
    _git(program, "init", "-q")
    _git(program, "add", "-A")
    _git(program, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "base")
    program.configure(name="after", days=30)
    other.configure(name="other", days=7)
    return program


def _git(program, *arguments):
    subprocess.run(["git", "-C", str(program.directory), *arguments], check=True, capture_output=True)


def _operations(program):
    review = json.loads((program.directory / "build" / "review" / "review.json").read_text())
    return {plan["stack"]: plan["operations"] for plan in review["plan"]}


@pytest.fixture(scope="module")
def against_base(project):
    before = project.files()
    done = project.sandbox("review", "--base", "HEAD")
    assert project.files() == before
    return done, _operations(project)


def test_every_stack_with_a_file_is_planned_and_the_paths_are_printed(project, against_base):
    done, operations = against_base
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(operations) == {"dev", "other"}
    for name in ("index.html", "review.md", "review.json", "policy.sarif", "policy.junit.xml"):
        assert (project.directory / "build" / "review" / name).stat().st_size
    assert str(project.directory / "build" / "review" / "index.html") in done.stdout


def test_a_change_against_the_base_shows_its_replacement(against_base):
    assert against_base[1]["dev"]["replace"] == 1


def test_a_stack_that_the_base_does_not_have_shows_as_new(against_base):
    assert against_base[1]["other"] == {"create": 1}


def test_a_review_leaves_no_state_behind(project, against_base):
    left = {entry.name for entry in (project.directory / "build").iterdir()}
    assert left <= {"review"}, against_base


def test_a_review_of_one_stack_does_not_plan_the_other(project):
    done = project.sandbox("review", "--stack", "other")
    assert done.returncode == 0, done.stderr
    assert set(_operations(project)) == {"other"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--stack", "nowhere"), "unknown stack 'nowhere'; stacks of this project: dev, other"),
        (("--base", "no-such-reference"), "unknown git reference 'no-such-reference'"),
    ],
)
def test_what_cannot_be_reviewed_is_one_line_and_exit_2(project, arguments, said):
    done = project.sandbox("review", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_a_mandatory_policy_that_says_no_is_exit_1_and_named(tmp_path):
    program = SmallProgram.at(tmp_path / "gated", PROGRAM)
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
        done = program.sandbox(*arguments)
        assert done.returncode == 1, (arguments, done.stdout, done.stderr)
        assert "no-logs" in done.stderr
    assert "logs" not in program.state()


def test_a_program_that_fails_is_an_error_that_says_why(tmp_path):
    program = SmallProgram.at(tmp_path / "broken", "import pulumi\nraise KeyError('ledger')\n")
    program.configure()
    done = program.sandbox("review")
    assert done.returncode == 2
    assert "ledger" in done.stderr
