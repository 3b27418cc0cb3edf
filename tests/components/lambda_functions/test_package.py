"""The code of the Lambda: an up-to-date zip for a deployment, the sources for a preview."""

import shutil
import subprocess
import sys
import zipfile

import pulumi
import pytest
from pulumi.runtime import settings as runtime

from components.lambda_functions import package as function_package
from functions.tools import build
from tests.components.stack_config import ROOT


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with an up-to-date zip, whose program the engine deploys to AWS."""
    shutil.copytree(ROOT / "functions", tmp_path / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("policies", "teei_finops"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.delenv("PULUMI_DEBUG_PROVIDERS", raising=False)
    monkeypatch.setattr(function_package, "_is_deploying", lambda: True)
    for name in build.packages():
        write_zip(tmp_path, name)
    return tmp_path


def write_zip(root, package="ai_budget", change=lambda files: files):
    files = {path: (root / path).read_bytes() for path in function_package._paths(package, root)}
    for line in (root / f"functions/{package}/requirements.txt").read_text().splitlines():
        name, separator, version = line.partition("==")
        if separator:
            wheel = f"{name.replace('-', '_')}-{version.split(' ')[0]}.dist-info"
            files[f"{wheel}/METADATA"] = b"Metadata-Version: 2.4"
    target = root / function_package.zip_path(package)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in change(files).items():
            archive.writestr(name, data)


def refusal(root):
    with pytest.raises(function_package.NotBuiltError) as caught:
        function_package.code("ai_budget", root)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("build/lambda/ai_budget.zip: ")
    assert line.endswith("; run `make build` first")
    return line


@pytest.mark.parametrize("package", build.packages())
def test_the_sources_are_those_that_the_build_puts_into_the_zip(package, monkeypatch, tmp_path):
    monkeypatch.setattr(build, "_wheels", lambda _: [])
    with zipfile.ZipFile(build.build(package, tmp_path)) as archive:
        assert archive.namelist() == function_package._paths(package, ROOT)
    assert ROOT / function_package.zip_path(package) == build.TARGET / f"{package}.zip"


@pytest.mark.parametrize("package", build.packages())
def test_a_package_has_every_module_that_its_handler_imports(package, monkeypatch, tmp_path):
    monkeypatch.setattr(build, "_wheels", lambda _: [])
    with zipfile.ZipFile(build.build(package, tmp_path)) as archive:
        archive.extractall(tmp_path)
    handler = "lambda_handlers" if package == "ai_budget" else "lambda_handler"
    code = f"import functions.{package}.{handler}, functions; print(functions.__file__)"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == str(tmp_path / "functions/__init__.py")


def test_a_package_larger_than_lambda_accepts_is_not_built(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "_wheels", lambda _: [])
    monkeypatch.setattr(build, "MAX_BYTES", 1000)
    with pytest.raises(build.TooLargeError, match=r"cost_data: \d+ MB unzipped"):
        build.build("cost_data", tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_package_is_needed_for_a_deployment(checkout):
    assert function_package.archives(checkout).keys() == build.packages().keys()
    (checkout / "build/lambda/cost_data.zip").unlink()
    with pytest.raises(function_package.NotBuiltError, match=r"build/lambda/cost_data.zip: not built"):
        function_package.archives(checkout)


def test_a_deployment_uses_the_built_zip(checkout):
    code = function_package.code("ai_budget", checkout)
    assert isinstance(code, pulumi.FileArchive)
    assert code.path == "build/lambda/ai_budget.zip"


def test_a_deployment_without_a_zip_is_refused(checkout):
    (checkout / "build/lambda/ai_budget.zip").unlink()
    assert "not built" in refusal(checkout)


@pytest.mark.parametrize("path", ["functions/ai_budget/service.py", "functions/ai_budget/sql/queries.sql"])
def test_a_deployment_of_a_zip_older_than_a_source_is_refused(checkout, path):
    with (checkout / path).open("a") as file:
        file.write("\n")
    assert f"older than {path}" in refusal(checkout)


def test_a_deployment_of_a_zip_without_a_new_source_or_with_a_removed_one_is_refused(checkout):
    (checkout / "functions/ai_budget/more.py").write_text("")
    assert "older than functions/ai_budget/more.py" in refusal(checkout)
    (checkout / "functions/ai_budget/more.py").unlink()
    (checkout / "functions/ai_budget/notifications.py").unlink()
    assert "older than functions/ai_budget/notifications.py" in refusal(checkout)


def test_a_deployment_of_a_zip_with_other_packages_is_refused(checkout):
    requirements = checkout / "functions/ai_budget/requirements.txt"
    requirements.write_text(requirements.read_text().replace("psycopg==", "psycopg==9."))
    assert "has other packages than functions/ai_budget/requirements.txt" in refusal(checkout)


def test_a_deployment_of_a_zip_without_the_packages_is_refused(checkout):
    write_zip(checkout, change=lambda files: {k: v for k, v in files.items() if k.startswith("functions/")})
    assert "has other packages" in refusal(checkout)


def test_a_deployment_of_a_broken_zip_is_refused(checkout):
    (checkout / "build/lambda/ai_budget.zip").write_bytes(b"not a zip")
    assert "cannot be read" in refusal(checkout)


def test_a_preview_without_a_zip_uses_the_sources_and_the_pinned_requirements(checkout, monkeypatch):
    (checkout / "build/lambda/ai_budget.zip").unlink()
    monkeypatch.setattr(function_package, "_is_deploying", lambda: False)
    warnings = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    code = function_package.code("ai_budget", checkout)
    assert {
        "functions/ai_budget/lambda_handlers.py",
        "functions/ai_budget/requirements.txt",
    } <= code.assets.keys()
    assert "functions/ai_budget/serve.py" not in code.assets
    (warning,) = warnings
    assert "make build" in warning


def test_a_fake_aws_provider_gets_the_sources_with_or_without_a_zip(checkout, monkeypatch):
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", "kubernetes:1,aws:2")
    with_zip = function_package.code("ai_budget", checkout)
    (checkout / "build/lambda/ai_budget.zip").unlink()
    assert with_zip.assets.keys() == function_package.code("ai_budget", checkout).assets.keys()


def test_another_attached_provider_is_not_a_fake_aws(checkout, monkeypatch):
    (checkout / "build/lambda/ai_budget.zip").unlink()
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", "kubernetes:1")
    refusal(checkout)


@pytest.mark.parametrize(("dry_run", "deploying"), [(False, True), (True, False), (None, False)])
def test_only_an_engine_that_applies_the_program_deploys(monkeypatch, dry_run, deploying):
    monkeypatch.setattr(runtime.SETTINGS, "dry_run", dry_run)
    assert function_package._is_deploying() is deploying


def test_a_checkout_without_the_code_is_one_clear_line(tmp_path):
    with pytest.raises(function_package.NotBuiltError, match=r"functions/packages\.toml: no such file"):
        function_package.archives(tmp_path)
