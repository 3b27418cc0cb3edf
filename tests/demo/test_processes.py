"""Servers start on free ports and stop with their children, and a failure is one line."""

import socket
import sys
import time

import psutil
import pytest

from demo.processes import DemoError, executable, port, running


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ends(process):
    """Whether a process ends within a few seconds; it may wait for init to reap it."""
    deadline = time.monotonic() + 10
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_missing_program_is_an_error_with_the_command_that_installs_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DemoError, match=r"prometheus is not on the PATH.*apt-get install prometheus"):
        executable("prometheus")


def test_a_busy_port_is_replaced_by_a_free_one():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        busy = listener.getsockname()[1]
        assert port(busy) != busy
    assert port(busy) == busy


def test_a_server_and_its_children_end_with_the_block(tmp_path):
    listens = free_port()
    code = (
        "import subprocess, sys, socket, time\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{tmp_path}'])\n"
        f"listener = socket.create_server(('127.0.0.1', {listens}))\n"
        "time.sleep(600)\n"
    )
    with running(tmp_path / "server.log", [sys.executable, "-c", code], listens):
        [server] = [child for child in psutil.Process().children() if code in child.cmdline()]
        [grandchild] = server.children()
        assert grandchild.is_running()
    assert not server.is_running()
    assert ends(grandchild)


def test_a_server_that_ends_at_once_is_an_error_with_its_last_line(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such database')"]
    with (
        pytest.raises(DemoError, match="server did not start: no such database"),
        running(tmp_path / "server.log", command, free_port()),
    ):
        pytest.fail("it started")
