"""What a run in the sandbox does not touch: the project's files, credentials, the home directory."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.integration.sandboxed_stack import SmallProgram

pytestmark = pytest.mark.engine

BUCKET = """
    import pulumi
    import pulumi_aws as aws

    aws.s3.Bucket("exports", bucket="small-exports")
"""


def test_no_command_changes_a_file_of_the_project(tmp_path):
    program = SmallProgram.at(tmp_path / "kept", BUCKET)
    stack_file = program.directory / "Pulumi.dev.yaml"
    stack_file.write_text("# kept as written\nconfig:\n  small:retention: 12:30   # not a number\n")
    before = program.files()
    for arguments in (
        ("preview",),
        ("up", "--yes", "--skip-preview", "--config", "small:more=1"),
        ("config", "set", "small:retention", "7"),
        ("stack", "history"),
        ("destroy", "--yes", "--skip-preview"),
        ("stack", "rm", "--yes"),
    ):
        run = program.pulumi(*arguments)
        assert run.returncode == 0, run.stdout + run.stderr
        assert program.files() == before, arguments
    assert program.sandbox("--", "stack", "init", "fresh", "--non-interactive").returncode == 0
    assert program.files() == before
    assert list((program.directory / "build").rglob("*.log")) == [], "the engine writes no log files"


def test_a_login_and_a_key_of_an_account_are_not_used(tmp_path):
    program = SmallProgram.at(tmp_path / "keys", BUCKET)
    login = program.sandbox("--", "login", "s3://state?region=us-east-1")
    assert login.returncode == 0
    assert "no backend is contacted" in login.stderr
    for stack, arguments in (
        ("one", ["--secrets-provider", "awskms://alias/state?region=us-east-1"]),
        ("two", ["--secrets-provider=awskms://alias/state?region=us-east-1"]),
    ):
        init = program.sandbox("--", "stack", "init", stack, *arguments, "--non-interactive")
        assert init.returncode == 0, init.stderr
        assert "awskms://alias/state?region=us-east-1: not used" in init.stderr
    assert program.up().returncode == 0


def test_a_value_that_config_set_changes_is_used_in_the_sandbox(tmp_path):
    program = SmallProgram.at(
        tmp_path / "set",
        """
        import pulumi
        config = pulumi.Config()
        pulumi.export("tier", config.get("tier"))
        pulumi.export("key", config.get_secret("key"))
        """,
    )
    program.configure(tier="starter")
    assert program.deployed().outputs()["tier"] == "starter"
    program.pulumi("config", "set", "tier", "custom")
    program.pulumi("config", "set", "--secret", "key", "hush-hush")
    up = program.up()
    assert "small:tier" in up.stderr
    outputs = program.pulumi("stack", "output", "--json", "--show-secrets")
    assert '"custom"' in outputs.stdout
    assert '"hush-hush"' in outputs.stdout
    for file in program.directory.rglob("*"):
        assert not file.is_file() or b"hush-hush" not in file.read_bytes(), file


def test_a_secret_that_only_the_real_account_can_decrypt_has_a_placeholder(tmp_path):
    program = SmallProgram.at(
        tmp_path / "kms",
        "import pulumi\npulumi.export('length', pulumi.Config().require_secret('token').apply(len))\n",
    )
    (program.directory / "Pulumi.dev.yaml").write_text(
        "secretsprovider: awskms://alias/pulumi?region=us-east-1\n"
        "encryptedkey: AQICAHg=\n"
        "config:\n  small:token:\n    secure: v1:aaaaaaaaaaaaaaaa:bbbbbbbb\n"
    )
    up = program.up()
    assert up.returncode == 0, up.stdout + up.stderr
    assert "small:token" in up.stderr


HIDDEN_VARIABLES = (
    "GITHUB_TOKEN", "SSH_AUTH_SOCK", "GPG_AGENT_INFO", "DOCKER_HOST", "XDG_RUNTIME_DIR",
    "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "VAULT_TOKEN", "PULUMI_ACCESS_TOKEN", "NPM_TOKEN",
)  # fmt: skip
HIDDEN_DIRECTORIES = (".aws", ".kube", ".pulumi", ".ssh", ".docker", ".config")
# Returns what it finds of these.
SEARCH = f"""
import os
from pathlib import Path

def search():
    variables = [name for name in {HIDDEN_VARIABLES} if name in os.environ]
    directories = [name for name in {HIDDEN_DIRECTORIES} if Path("~", name).expanduser().exists()]
    values = [name for name, value in os.environ.items() if "REAL" in value]
    return variables + directories + values + [entry.name for entry in Path.home().iterdir()]
"""


@pytest.fixture
def user(tmp_path) -> dict[str, str]:
    """The environment of a user with credentials in variables and in the home directory."""
    home = tmp_path / "home"
    for name in HIDDEN_DIRECTORIES:
        (home / name).mkdir(parents=True)
    (home / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = REAL\naws_secret_access_key = REAL\n"
    )
    (home / ".kube" / "config").write_text("apiVersion: v1\nkind: Config\n")
    return {
        **dict.fromkeys((*HIDDEN_VARIABLES, "AWS_ACCESS_KEY_ID"), "REAL"),
        "HOME": str(home),
        "KUBECONFIG": str(home / ".kube" / "config"),
    }


def test_a_program_that_looks_for_credentials_and_agents_finds_nothing(tmp_path, user):
    home = Path(user["HOME"])
    program = SmallProgram.at(
        tmp_path / "looks",
        SEARCH
        + """
import pulumi
import boto3
pulumi.export("key", boto3.Session().get_credentials().access_key)
pulumi.export("account", boto3.client("sts").get_caller_identity()["Account"])
pulumi.export("kubeconfig", os.path.exists(os.environ["KUBECONFIG"]))
pulumi.export("leaked", search())
Path("~/.cache").expanduser().mkdir()
""",
    )
    before = set(home.rglob("*"))
    for _ in range(2):  # what the first run writes to its home directory is not there in the second
        up = program.up(**user)
        assert up.returncode == 0, up.stdout + up.stderr
        outputs = program.outputs()
        assert outputs == {"key": "sandbox", "account": "123456789012", "kubeconfig": False, "leaked": []}
    assert set(home.rglob("*")) == before
    assert not list(program.directory.rglob("user-home-*"))


def test_the_program_can_read_variables_that_it_names_and_credentials_that_the_user_names(tmp_path):
    program = SmallProgram.at(
        tmp_path / "named",
        """
        import os
        import pulumi
        pulumi.export("team", os.environ["TEAM_TOKEN"])
        pulumi.export("other", os.environ.get("OTHER_TOKEN", "none"))
        pulumi.export("zone", os.environ["ZONE"])
        """,
    )
    visible = "TEAM_TOKEN, MISSING"
    up = program.up(TEAM_TOKEN="finops", OTHER_TOKEN="x", ZONE="eu", TEEI_FINOPS_SANDBOX_ENV=visible)
    assert up.returncode == 0, up.stdout + up.stderr
    assert program.outputs() == {"team": "finops", "other": "none", "zone": "eu"}


def test_a_policy_pack_that_looks_for_credentials_finds_nothing_and_reads_named_variables(tmp_path, user):
    program = SmallProgram.at(tmp_path / "blocked", BUCKET)
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(
        SEARCH + "from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy\n"
        "def check(args, report):\n"
        "    if args.resource_type == 'aws:s3/bucket:Bucket':\n"
        "        report(f'not for {os.environ[\"TEAM\"]}, which can read {search()}')\n"
        "PolicyPack('small-pack', enforcement_level=EnforcementLevel.MANDATORY, policies=[\n"
        "    ResourceValidationPolicy(name='no-buckets', description='None.', validate=check)])\n"
    )
    arguments = ("preview", "--policy-pack", str(pack))
    preview = program.pulumi(*arguments, **user, TEAM="finops", TEEI_FINOPS_SANDBOX_ENV="TEAM")
    assert preview.returncode != 0
    assert "not for finops, which can read []" in preview.stdout


def test_what_the_program_prints_is_a_diagnostic_of_the_json_document(tmp_path):
    program = SmallProgram.at(tmp_path / "prints", "print('hello from the program')\n" + "import pulumi\n")
    document = program.preview_document()
    assert any("hello from the program" in item.get("message", "") for item in document["diagnostics"])


def test_a_traceback_has_the_frames_of_the_program_only(tmp_path):
    program = SmallProgram.at(
        tmp_path / "raises",
        """
        import json

        def parsed():
            return json.loads("[")

        parsed()
        """,
    )
    done = program.pulumi("preview")
    assert done.returncode != 0
    shown = (done.stdout + done.stderr).split("Diagnostics:")[1]
    assert "Program failed with an unhandled exception" in shown
    file = program.directory / "__main__.py"
    assert re.findall(r'File "(.+)", line (\d+)', shown) == [(str(file), "7"), (str(file), "5")]
    assert "JSONDecodeError: Expecting value" in shown


def test_a_user_error_of_the_program_is_one_line_and_exit_2(tmp_path):
    program = SmallProgram.at(
        tmp_path / "user-error",
        """
        class SettingsError(Exception):
            user_error = True

        raise SettingsError("small:limit: '1,000' is not a number; write 1000")
        """,
    )
    program.configure(limit="1,000")
    for arguments in (("preview", "--stack", "dev"), ("up", "--stack", "dev"), ("review", "--stack", "dev")):
        done = program.sandbox(*arguments)
        lines = (done.stdout + done.stderr).splitlines()
        assert done.returncode == 2, arguments
        assert sum("small:limit: '1,000' is not a number; write 1000" in line for line in lines) == 1
        assert len(lines) < 15
        assert not any("Traceback" in line for line in lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_and_all_its_processes(tmp_path, number):
    program = SmallProgram.at(
        tmp_path / "slow",
        """
        import pathlib, time
        pathlib.Path("started").touch()
        time.sleep(300)
        """,
    )
    process = program.start("--", "preview", "-s", "dev", "--non-interactive")
    started = program.directory / "started"
    _wait_until(started.exists)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode != 0
    _wait_until(lambda: not _processes_of(program.directory))


def _wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def _processes_of(directory: Path) -> list[str]:
    """The ids of the processes whose environment names the sandbox of a directory."""
    mark = f"PULUMI_HOME={directory}".encode()
    ids = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                if (
                    mark in (entry / "environ").read_bytes()
                    and b"State:\tZ" not in (entry / "status").read_bytes()
                ):
                    ids.append(entry.name)
            except OSError:
                continue
    return ids
