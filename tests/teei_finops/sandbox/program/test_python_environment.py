"""Which Python runs a program: --python, Pulumi.yaml, the folders of virtual environments."""

import platform
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import pytest

from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.program.python_environment import python_environment

SITE_PACKAGES = next(path for path in sys.path if path.endswith("site-packages"))


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """A virtual environment with the packages of the one that runs the tests."""
    return environment_at(tmp_path_factory.mktemp("environments") / "complete", with_packages=True)


def environment_at(folder: Path, *, with_packages: bool) -> Path:
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    if with_packages:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        (folder / "lib" / version / "site-packages" / "packages.pth").write_text(f"{SITE_PACKAGES}\n")
    return folder


def project_with(directory: Path, runtime: str = "python") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "Pulumi.yaml").write_text(f"name: shop\nruntime: {runtime}\n")
    return directory


def test_a_program_that_names_no_environment_runs_with_the_own_python(tmp_path):
    environment = python_environment(project_with(tmp_path), None, {"VIRTUAL_ENV": sys.prefix})
    assert environment.is_own
    assert environment.notice is None
    assert environment.interpreter == Path(sys.executable)


def test_the_virtualenv_of_the_project_file_runs_the_program(tmp_path, complete):
    (tmp_path / "env").symlink_to(complete, target_is_directory=True)
    project = project_with(tmp_path, "{name: python, options: {virtualenv: env}}")
    environment = python_environment(project, None, {})
    assert not environment.is_own
    assert environment.interpreter == project / "env" / "bin" / "python"
    assert environment.aws_version is not None
    assert environment.version == platform.python_version()


@pytest.mark.parametrize("toolchain", ["uv", "poetry"])
def test_the_environment_of_a_toolchain_is_found_in_a_folder_above(tmp_path, complete, toolchain):
    (tmp_path / ".venv").symlink_to(complete, target_is_directory=True)
    options = f"{{name: python, options: {{toolchain: {toolchain}}}}}"
    environment = python_environment(project_with(tmp_path / "infra", options), None, {})
    assert environment.interpreter == tmp_path / ".venv" / "bin" / "python"


def test_an_active_environment_and_a_folder_of_the_project_run_the_program(tmp_path, complete):
    project = project_with(tmp_path)
    active = python_environment(project, None, {"VIRTUAL_ENV": str(complete)})
    assert active.interpreter == complete / "bin" / "python"
    (tmp_path / "venv").symlink_to(complete, target_is_directory=True)
    assert python_environment(project, None, {}).interpreter == project / "venv" / "bin" / "python"


def test_a_chosen_interpreter_or_environment_runs_the_program(tmp_path, complete):
    for chosen in (complete, complete / "bin" / "python"):
        environment = python_environment(project_with(tmp_path), chosen, {})
        assert environment.interpreter == complete / "bin" / "python"


def test_a_missing_environment_is_named_with_what_is_used_instead(tmp_path):
    project = project_with(tmp_path, "{name: python, options: {virtualenv: env}}")
    environment = python_environment(project, None, {})
    assert environment.is_own
    expected = (
        f"virtualenv env does not exist; using the sandbox's own Python {platform.python_version()}, pulumi "
    )
    assert environment.notice.startswith(expected)


def test_an_environment_without_pulumi_gives_its_packages_to_the_own_python(tmp_path):
    environment_at(tmp_path / ".venv", with_packages=False)
    environment = python_environment(project_with(tmp_path), None, {})
    assert environment.is_own
    assert environment.notice.startswith(".venv has no package pulumi; using the sandbox's own")
    assert [path.name for path in environment.site_directories] == ["site-packages"]
    assert tmp_path in environment.site_directories[0].parents


def test_a_chosen_python_that_cannot_run_the_program_is_an_error(tmp_path):
    project = project_with(tmp_path / "shop")
    with pytest.raises(SandboxError, match="no Python interpreter"):
        python_environment(project, tmp_path / "nowhere", {})
    empty = environment_at(tmp_path / "empty", with_packages=False)
    with pytest.raises(SandboxError, match="has no package pulumi"):
        python_environment(project, empty, {})


_PRINT_SDK = """
import sys
from pathlib import Path
from teei_finops.sandbox.program.python_environment import PythonEnvironment, use_program_sdk
from teei_finops.sandbox.providers.aws.provider import FakeAwsProvider
from teei_finops.sandbox.providers.sdk_schema import function_result, sdk_version

directory, version = Path(sys.argv[1]), sys.argv[2]
path = list(sys.path)
use_program_sdk(PythonEnvironment(directory, "3.11", version, False, (directory,)))
assert sys.path == path
print(sdk_version("aws"), function_result("aws:index/getOld:getOld") is not None)
"""
_SDK = """
import pulumi
import helper_of_the_sdk

@pulumi.output_type
class GetOldResult:
    pass
"""


@pytest.mark.parametrize(
    ("version", "helper", "expected"),
    [("4.1.0", "", "4.1.0 True"), ("4.1.0", "1/0", None)],
)
def test_the_types_are_those_of_the_programs_sdk_where_its_major_version_differs(
    tmp_path, version, helper, expected
):
    (tmp_path / "pulumi_aws").mkdir()
    (tmp_path / "pulumi_aws" / "__init__.py").write_text(_SDK)
    (tmp_path / "helper_of_the_sdk.py").write_text(helper)
    (tmp_path / "pulumi_aws-4.1.0.dist-info").mkdir()
    (tmp_path / "pulumi_aws-4.1.0.dist-info" / "METADATA").write_text("Name: pulumi_aws\nVersion: 4.1.0\n")
    process = subprocess.run(
        [sys.executable, "-c", _PRINT_SDK, str(tmp_path), version],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.stdout.strip() == (expected or f"{metadata.version('pulumi-aws')} False"), process.stderr
