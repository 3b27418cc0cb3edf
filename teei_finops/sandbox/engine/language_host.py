# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""The Python language host, which runs the program when the engine asks for it.

The official one is not a Go module, so the built engine comes without it; it would also run the program in
another process, which would import the SDKs again for each stack.
"""

import asyncio
import io
import os
import runpy
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from contextvars import copy_context
from pathlib import Path

import grpc
from pulumi import log
from pulumi.errors import RunError
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.proto import engine_pb2_grpc, language_pb2, language_pb2_grpc, plugin_pb2

from teei_finops.sandbox.engine.engine_stubs import EngineWithoutDebugLog, ResourceMonitor
from teei_finops.sandbox.engine.grpc_server import MESSAGE_LIMITS


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs the program of a project in this process.

    `user_error` is the last exception with a true attribute `user_error`: a message for the program's user,
    which is shown without a traceback.
    """

    def __init__(self, program: Path, *, debug: bool = False):
        self._debug = debug
        self._directory = program
        self._modules_before = frozenset(sys.modules)
        self._engine_address = ""
        self.user_error: str | None = None

    def Handshake(self, request, context):
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def About(self, request, context):
        version = ".".join(map(str, sys.version_info[:3]))
        return language_pb2.AboutResponse(executable=sys.executable, version=version)

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo()

    def GetRequiredPlugins(self, request, context):
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request, context):
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request, context):
        return copy_context().run(self._run, request)  # the SDK keeps its settings in the context

    def _run(self, request):
        entry = _entry_point(request, self._directory)
        self._unload_program_modules(entry.parent)
        engine_address = self._engine_address or next(iter(request.args), "")
        engine = engine_pb2_grpc.EngineStub if self._debug else EngineWithoutDebugLog
        configure(
            Settings(
                project=request.project,
                stack=request.stack,
                monitor=ResourceMonitor(_channel(request.monitor_address)),
                engine=engine(_channel(engine_address)),
                parallel=request.parallel,
                dry_run=request.dryRun,
                organization=request.organization or "organization",
            )
        )
        set_all_config(dict(request.config), list(request.configSecretKeys))
        try:
            _run_in_event_loop(entry, workers=max(request.parallel, 1) * 4)
        except grpc.RpcError as error:
            # The monitor is unavailable when the engine is shutting down, and the engine reports the reason.
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                return language_pb2.RunResponse(error=f"RPC error: {error.details()}")
        except BaseException as error:  # anything that the program raises, SystemExit included
            log.error(self._message(error, entry.parent))
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse()

    def _message(self, error: BaseException, directory: Path) -> str:
        if isinstance(error, RunError):
            return str(error)
        if getattr(error, "user_error", False):
            self.user_error = str(error)
            return str(error)
        return "Program failed with an unhandled exception:\n" + "".join(_traceback(error, directory))

    def _unload_program_modules(self, directory: Path) -> None:
        """Make a second run in this process (`pulumi watch`) import the program again."""
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name in self._modules_before or not file or "site-packages" in file:
                continue
            if Path(file).is_relative_to(directory):
                del sys.modules[name]


def _channel(address: str) -> grpc.Channel:
    return grpc.insecure_channel(address, options=MESSAGE_LIMITS)


def _entry_point(request, directory: Path) -> Path:
    """The file to run; `main` of Pulumi.yaml is a directory or a file."""
    root = Path(request.info.program_directory or directory)
    entry = (root / (request.info.entry_point or ".")).resolve()
    return entry / "__main__.py" if entry.is_dir() else entry


def _run_in_event_loop(entry: Path, workers: int) -> None:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=workers))
    loop.set_exception_handler(_stop_on_rpc_error)
    try:
        with _as_main_program(entry):
            loop.run_until_complete(run_in_stack(lambda: _run_program(entry)))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                loop.run_until_complete(task)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()


def _stop_on_rpc_error(loop: asyncio.AbstractEventLoop, context: dict) -> None:
    if isinstance(context.get("exception"), grpc.RpcError):
        loop.stop()
    else:
        loop.default_exception_handler(context)


def _run_program(entry: Path) -> None:
    # What the program prints goes to the engine's log, so that it is not mixed with a `--json` document.
    with redirect_stdout(_LineWriter(log.info)), redirect_stderr(_LineWriter(log.info)):
        try:
            runpy.run_path(str(entry), run_name="__main__")
        except SystemExit as exit_request:
            if exit_request.code:
                raise RunError(f"Program exited with {exit_request.code}") from exit_request


class _LineWriter(io.TextIOBase):
    """A text stream that passes on each complete line."""

    def __init__(self, write_line: Callable[[str], object]):
        self._write_line = write_line
        self._incomplete = ""

    def write(self, text: str) -> int:
        *lines, self._incomplete = (self._incomplete + text).split("\n")
        for line in lines:
            self._write_line(line)
        return len(text)

    def close(self) -> None:
        if self._incomplete:
            self.write("\n")
        super().close()


@contextmanager
def _as_main_program(entry: Path):
    """Run as `python __main__.py` in the program's directory: that directory is first on the module path, and
    the one that the sandbox was started in is not on it."""
    directory, path = Path.cwd(), list(sys.path)
    os.chdir(entry.parent)
    others = (item for item in path if item not in ("", str(directory), str(entry.parent)))
    sys.path[:] = [str(entry.parent), *others, *_virtual_environment(entry.parent)]
    try:
        yield
    finally:
        sys.path[:] = path
        os.chdir(directory)


def _virtual_environment(directory: Path) -> list[str]:
    """The packages installed in the program's own virtual environment."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folders = (directory / name / "lib" / version / "site-packages" for name in ("venv", ".venv"))
    return [str(folder) for folder in folders if folder.is_dir() and str(folder) not in sys.path]


def _traceback(error: BaseException, directory: Path) -> list[str]:
    """The traceback from the first frame in the program's directory on."""
    frames = list(traceback.extract_tb(error.__traceback__))
    in_program = (
        index for index, frame in enumerate(frames) if Path(frame.filename).is_relative_to(directory)
    )
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames[next(in_program, 0) :])]
    return [*lines, *traceback.format_exception_only(error)]
