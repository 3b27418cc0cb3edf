"""The wheel of the client."""

import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "client"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = shutil.copytree(CLIENT, folder / "client", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
    ]
    subprocess.run([*command, source], check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_it_has_every_module_and_says_that_it_is_typed(wheel):
    source = CLIENT / "src"
    modules = {path.relative_to(source).as_posix() for path in source.rglob("*.py")}
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == modules | {"ai_budget_client/py.typed"}


def test_redis_anthropic_metrics_and_tracing_are_extras(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
    metadata = message_from_bytes(wheel.read(name))
    required = [text for text in metadata.get_all("Requires-Dist") if "extra" not in text]
    assert sorted(text.split(">")[0] for text in required) == [
        "httpx",
        "pydantic",
        "tenacity",
        "typing-extensions",
    ]
    assert sorted(metadata.get_all("Provides-Extra")) == ["anthropic", "metrics", "redis", "tracing"]
    assert metadata["Requires-Python"] == ">=3.10"


def test_it_imports_without_the_extras():
    code = """
import sys
for name in ("redis", "anthropic", "prometheus_client", "opentelemetry"):
    sys.modules[name] = None
import ai_budget_client
from ai_budget_client.tracing import Tracing
assert Tracing().start_call(None) is None
"""
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(CLIENT / "src")}, check=True)
