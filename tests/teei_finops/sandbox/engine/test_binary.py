"""Where the engine comes from."""

import os
import threading

import pytest

from teei_finops.sandbox.engine import binary as engine
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
def bench(tmp_path, monkeypatch):
    """Directories with no engine and no Go."""
    monkeypatch.setattr(engine, "_TOOLS", tmp_path / ".tools")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(engine.shutil, "which", _only_in(tmp_path / "bin"))
    return tmp_path


def _only_in(directory):
    def which(name):
        file = directory / name
        return str(file) if os.access(file, os.X_OK) else None

    return which


def _program(file, text):
    file.write_text(text)
    file.chmod(0o755)


def _go(bench, body='printf "#!/bin/sh\\n" > "$out"; chmod +x "$out"'):
    _program(bench / "bin" / "go", GO.format(log=bench / "log", body=body))


def test_pulumi_on_the_path_is_taken(bench):
    _program(bench / "bin" / "pulumi", "#!/bin/sh\n")
    assert engine.find_engine() == bench / "bin" / "pulumi"


@pytest.mark.usefixtures("bench")
def test_neither_pulumi_nor_go_is_one_line_that_says_what_to_install():
    with pytest.raises(SandboxError) as error:
        engine.find_engine()
    assert "install pulumi" in str(error.value)
    assert "Go" in str(error.value)
    assert "\n" not in str(error.value)


def test_it_is_built_once_and_again_when_the_module_changes(bench, monkeypatch, capsys):
    _go(bench)
    built = engine.find_engine()
    assert built == bench / ".tools" / "pulumi"
    assert "building Pulumi" in capsys.readouterr().err
    engine.find_engine()
    assert (bench / "log").read_text().splitlines() == ["built"]
    monkeypatch.setattr(engine, "_module_digest", lambda: "another")
    engine.find_engine()
    assert (bench / "log").read_text().splitlines() == ["built", "built"]


def test_two_at_once_build_it_once(bench):
    _go(bench)
    found = []
    threads = [threading.Thread(target=lambda: found.append(engine.find_engine())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [bench / ".tools" / "pulumi"] * 2
    assert (bench / "log").read_text().splitlines() == ["built"]


def test_a_build_that_fails_says_why_and_leaves_nothing(bench):
    _go(bench, body='echo "go: no network" >&2; exit 1')
    with pytest.raises(SandboxError, match="no network"):
        engine.find_engine()
    assert not (bench / ".tools" / "pulumi").exists()


def test_the_pinned_version_is_read_from_the_module():
    assert engine._pinned_version().startswith("v3.")
