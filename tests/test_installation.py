"""`pip install .` installs the tool, and nothing but the tool."""

import json
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "teei_finops" / "costing" / "samples" / "create.json"


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A directory with the installed project."""
    checkout = tmp_path_factory.mktemp("checkout")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listing.stdout.split("\0"):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    target = tmp_path_factory.mktemp("installation")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    result = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", target, checkout],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return target


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory):
    """A directory with the declared dependencies of the project, and theirs, only."""
    directory = tmp_path_factory.mktemp("dependencies")
    pending = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    while pending:
        distribution = metadata.distribution(pending.pop())
        pending += [
            requirement.partition(">")[0].strip()
            for requirement in distribution.requires or []
            if ";" not in requirement
        ]
        for name in {path.parts[0] for path in distribution.files or [] if ".." not in path.parts}:
            if not (directory / name).exists():
                (directory / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    return directory


@pytest.fixture(scope="module")
def teei_finops(installation, dependencies, tmp_path_factory):
    """Runs the installed command without any other package."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-S", installation / "bin" / "teei-finops", *arguments],
            cwd=elsewhere,
            env={"PYTHONPATH": f"{installation}:{dependencies}", "PATH": "/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_only_the_tool_is_installed(installation):
    names = {path.name for path in installation.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {"bin", "teei_finops"}


def test_every_data_file_of_the_tool_is_installed(installation):
    listing = subprocess.run(
        ["git", "ls-files", "teei_finops"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [name for name in listing.stdout.splitlines() if not name.endswith(".md")]
    assert "teei_finops/review/report.schema.json" in files
    assert len(files) > 100
    assert [name for name in files if (ROOT / name).is_file() and not (installation / name).is_file()] == []


def test_the_policy_pack_is_installed_with_what_it_imports(teei_finops, installation):
    result = teei_finops("policy-pack")
    assert result.returncode == 0, result.stderr
    folder = Path(result.stdout.strip())
    assert folder == installation / "teei_finops" / "pack" / "policies"
    metadata = (folder / "PulumiPolicy.yaml").read_text()
    assert "runtime:" in metadata
    assert "virtualenv" not in metadata, "there is no .venv beside an installation"
    script = (
        "from datetime import date; import policies, teei_finops; from policies import pack; "
        "print(len(pack.build({}, date(2026, 11, 24))[0]), policies.__file__, teei_finops.__file__)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=installation, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": f"{folder.parent}:{installation}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    count, *files = result.stdout.split()
    assert int(count) > 40
    assert all(Path(file).is_relative_to(installation) for file in files)


def test_the_installed_command_shows_its_help(teei_finops):
    result = teei_finops("--help")
    assert result.returncode == 0, result.stderr
    assert "review" in result.stdout
    assert "sandbox" in result.stdout


@pytest.mark.parametrize("form", ["json", "table", "markdown", "html"])
def test_the_installed_command_reviews_a_preview(teei_finops, form):
    result = teei_finops("review", str(SAMPLE), "--region", "us-east-1", "--format", form)
    assert result.returncode == 0, result.stderr
    if form == "json":
        assert json.loads(result.stdout)["resources"]
    else:
        assert "aws:s3" in result.stdout or "s3" in result.stdout.lower()


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("comment", "github", "DOCUMENT", "--repository", "a/b", "--pull-request", "1"), "comment"),
        (("diff", "DOCUMENT", "DOCUMENT"), "documents"),
        (("reconcile", "--focus", str(SAMPLE), str(SAMPLE)), "focus"),
        (("usage", "from", "cloudwatch", str(SAMPLE)), "aws"),
        (("usage", "commitments"), "aws"),
        (("usage", "from", "focus", str(SAMPLE), str(SAMPLE)), "focus"),
    ],
)
def test_a_command_that_needs_an_extra_says_which(teei_finops, tmp_path, arguments, extra):
    document = tmp_path / "review.json"
    teei_finops("review", str(SAMPLE), "--region", "us-east-1", "--format", "json", "--output", str(document))
    names = [str(document) if argument == "DOCUMENT" else argument for argument in arguments]
    result = teei_finops(*names, GITHUB_TOKEN="x")
    assert result.returncode == 2
    assert f"run pip install 'teei-finops[{extra}]'" in result.stderr
    assert result.stderr.count("\n") == 1
