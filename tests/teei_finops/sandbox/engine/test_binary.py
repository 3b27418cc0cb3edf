"""Where the engine comes from: the PATH, the repository's build or the user's cache."""

import os
import threading
from pathlib import Path

import pytest

from teei_finops.sandbox.engine import binary
from teei_finops.sandbox.errors import SandboxError

GO = """#!/bin/sh
echo built >> "{log}"
while [ $# -gt 0 ]; do
    if [ "$1" = "-o" ]; then out="$2"; fi
    shift
done
sleep 0.3
{body}
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without pulumi and Go, and a repository without an engine."""
    _move_package(monkeypatch, tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(binary.shutil, "which", _only_in(tmp_path / "bin"))
    return tmp_path


def _move_package(monkeypatch, root):
    """Let the module believe that it was imported from a folder."""
    engine = root / "teei_finops" / "sandbox" / "engine"
    engine.mkdir(parents=True)
    for name in ("go.mod", "go.sum", "tools.go"):
        (engine / name).write_bytes((binary._MODULE / name).read_bytes())
    monkeypatch.setattr(binary, "_MODULE", engine)


def _only_in(directory):
    def which(name):
        file = directory / name
        return str(file) if os.access(file, os.X_OK) else None

    return which


def _install(file, text):
    file.write_text(text)
    file.chmod(0o755)


def _install_go(machine, body='printf "#!/bin/sh\\n" > "$out"; chmod +x "$out"'):
    _install(machine / "bin" / "go", GO.format(log=machine / "log", body=body))


def _builds(machine):
    return (machine / "log").read_text().splitlines()


def test_pulumi_on_the_path_is_used(machine):
    _install(machine / "bin" / "pulumi", "#!/bin/sh\n")
    assert binary.find_engine() == machine / "bin" / "pulumi"


@pytest.mark.usefixtures("machine")
def test_without_pulumi_and_go_the_error_names_both_in_one_line():
    with pytest.raises(SandboxError) as error:
        binary.find_engine()
    assert "install pulumi" in str(error.value)
    assert "Go" in str(error.value)
    assert "\n" not in str(error.value)


def test_the_engine_is_built_once_and_again_when_the_module_changes(machine, capsys):
    _install_go(machine)
    assert binary.find_engine() == machine / ".tools" / "pulumi"
    assert "building Pulumi" in capsys.readouterr().err
    binary.find_engine()
    assert _builds(machine) == ["built"]
    with (machine / "teei_finops" / "sandbox" / "engine" / "go.sum").open("a") as file:
        file.write("another line\n")
    binary.find_engine()
    assert _builds(machine) == ["built", "built"]


def test_an_installed_package_builds_the_engine_in_the_cache_of_the_user(machine, monkeypatch):
    (machine / "pyproject.toml").unlink()
    _install_go(machine)
    monkeypatch.setenv("XDG_CACHE_HOME", str(machine / "cache"))
    assert binary.find_engine() == machine / "cache" / "teei-finops" / "pulumi"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: machine / "home")
    assert binary.find_engine() == machine / "home" / ".cache" / "teei-finops" / "pulumi"
    assert not (machine / ".tools").exists()


def test_two_processes_at_the_same_time_build_it_once(machine):
    _install_go(machine)
    engines = []
    threads = [threading.Thread(target=lambda: engines.append(binary.find_engine())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engines == [machine / ".tools" / "pulumi"] * 2
    assert _builds(machine) == ["built"]


def test_a_failed_build_reports_the_error_of_go_and_leaves_no_file(machine):
    _install_go(machine, body='echo "go: no network" >&2; exit 1')
    with pytest.raises(SandboxError, match="no network"):
        binary.find_engine()
    assert not (machine / ".tools" / "pulumi").exists()


def test_the_pinned_version_is_read_from_the_module():
    assert binary._pinned_version().startswith("v3.")
