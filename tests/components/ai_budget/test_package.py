"""The code of the Lambda: an up-to-date zip for a deployment, the sources for a preview."""

import shutil
import zipfile

import pulumi
import pytest
from pulumi.runtime import settings as runtime

from components.ai_budget import package as function_package
from functions.ai_budget.tools import build
from tests.components.stack_config import ROOT


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with an up-to-date zip, whose program the engine deploys to AWS."""
    shutil.copytree(ROOT / "functions", tmp_path / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.delenv("PULUMI_DEBUG_PROVIDERS", raising=False)
    monkeypatch.setattr(function_package, "_is_deploying", lambda: True)
    write_zip(tmp_path)
    return tmp_path


def write_zip(root, change=lambda files: files):
    files = {path: (root / path).read_bytes() for path in function_package._paths(root)}
    for line in (root / "functions/ai_budget/requirements.txt").read_text().splitlines():
        name, separator, version = line.partition("==")
        if separator:
            wheel = f"{name.replace('-', '_')}-{version.split(' ')[0]}.dist-info"
            files[f"{wheel}/METADATA"] = b"Metadata-Version: 2.4"
    target = root / function_package.ZIP
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in change(files).items():
            archive.writestr(name, data)


def refusal(root):
    with pytest.raises(function_package.NotBuiltError) as caught:
        function_package.code(root)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("build/lambda/ai_budget.zip: ")
    assert line.endswith("; run `make build` first")
    return line


def test_the_sources_are_those_that_the_build_puts_into_the_zip(monkeypatch):
    monkeypatch.setattr(build, "_wheels", list)
    assert function_package._paths(ROOT) == sorted(build._contents())
    assert (ROOT / function_package.ZIP) == build.TARGET / "ai_budget.zip"


def test_a_deployment_uses_the_built_zip(checkout):
    code = function_package.code(checkout)
    assert isinstance(code, pulumi.FileArchive)
    assert code.path == function_package.ZIP


def test_a_deployment_without_a_zip_is_refused(checkout):
    (checkout / function_package.ZIP).unlink()
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
    write_zip(checkout, lambda files: {k: v for k, v in files.items() if k.startswith("functions/")})
    assert "has other packages" in refusal(checkout)


def test_a_deployment_of_a_broken_zip_is_refused(checkout):
    (checkout / function_package.ZIP).write_bytes(b"not a zip")
    assert "cannot be read" in refusal(checkout)


def test_a_preview_without_a_zip_uses_the_sources_and_the_pinned_requirements(checkout, monkeypatch):
    (checkout / function_package.ZIP).unlink()
    monkeypatch.setattr(function_package, "_is_deploying", lambda: False)
    warnings = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    code = function_package.code(checkout)
    assert {
        "functions/ai_budget/lambda_handlers.py",
        "functions/ai_budget/requirements.txt",
    } <= code.assets.keys()
    assert "functions/ai_budget/serve.py" not in code.assets
    (warning,) = warnings
    assert "make build" in warning


def test_a_fake_aws_provider_gets_the_sources_with_or_without_a_zip(checkout, monkeypatch):
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", "kubernetes:1,aws:2")
    with_zip = function_package.code(checkout)
    (checkout / function_package.ZIP).unlink()
    assert with_zip.assets.keys() == function_package.code(checkout).assets.keys()


def test_another_attached_provider_is_not_a_fake_aws(checkout, monkeypatch):
    (checkout / function_package.ZIP).unlink()
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", "kubernetes:1")
    refusal(checkout)


@pytest.mark.parametrize(("dry_run", "deploying"), [(False, True), (True, False), (None, False)])
def test_only_an_engine_that_applies_the_program_deploys(monkeypatch, dry_run, deploying):
    monkeypatch.setattr(runtime.SETTINGS, "dry_run", dry_run)
    assert function_package._is_deploying() is deploying


def test_a_checkout_without_the_code_is_one_clear_line(tmp_path):
    with pytest.raises(function_package.NotBuiltError, match=r"functions/__init__\.py: no such file"):
        function_package.sources(tmp_path)
