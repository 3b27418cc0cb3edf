# ruff: noqa: ARG002 the protocol gives every method both a request and a context
"""The language host the engine asks to run the program: the official one is not a Go module one can get."""

import asyncio
import io
import os
import runpy
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout, suppress
from contextvars import copy_context
from pathlib import Path

import grpc
from pulumi import log
from pulumi.automation._server import LanguageServer
from pulumi.errors import RunError
from pulumi.runtime import reset_options, rpc, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2, resource_pb2_grpc

_OURS = str(Path(__file__).resolve().parents[2])


class LanguageHost(LanguageServer):
    """Runs the program of the project the engine names, in this process.

    `user_error` holds the text of the last error that the program meant for its reader.
    """

    def __init__(self, program: Path, *, debug: bool = False):
        super().__init__(lambda: None)
        self._debug = debug
        self._directory = program
        self._known_modules = frozenset(sys.modules)
        self._engine_address = ""
        self.user_error: str | None = None

    def Handshake(self, request, context):
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def Run(self, request, context):
        entry = _entry_point(request, self._directory)
        return copy_context().run(self._run, request, entry)

    def _run(self, request, entry: Path):
        self._forget_program_modules(entry.parent)
        organization = request.organization or "organization"
        reset_options(
            project=request.project,
            monitor_address=request.monitor_address,
            engine_address=self._engine_address or next(iter(request.args), ""),
            organization=organization,
            stack=request.stack,
            parallel=request.parallel,
            preview=request.dryRun,
        )
        set_all_config(dict(request.config), list(request.configSecretKeys))
        loop = asyncio.new_event_loop()
        loop.set_default_executor(ThreadPoolExecutor(max_workers=max(request.parallel, 1) * 4))
        loop.set_exception_handler(self._exception_handler)
        try:
            with _program_at(entry), nullcontext() if self._debug else _without_debug_messages():
                loop.run_until_complete(run_in_stack(lambda: _run_program(entry)))
        except grpc.RpcError as error:
            # An unavailable monitor is an engine that is already leaving; it has said why.
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                return language_pb2.RunResponse(error=f"RPC error: {error.details()}")
        except BaseException as error:  # whatever the program raises, the engine must hear of it
            log.error(self._explain(error, entry.parent))
            return language_pb2.RunResponse(bail=True)
        finally:
            _close(loop)
        return language_pb2.RunResponse()

    def _explain(self, error: BaseException, directory: Path) -> str:
        if isinstance(error, RunError):
            return str(error)
        if getattr(error, "user_error", False):
            self.user_error = str(error)
            return str(error)
        return "Program failed with an unhandled exception:\n" + "".join(
            _traceback_of_program(error, directory)
        )

    def _forget_program_modules(self, directory: Path) -> None:
        """A second run in one process (`pulumi watch`) sees the program as it is now."""
        for name, module in list(sys.modules.items()):
            origin = getattr(module, "__file__", None)
            if name in self._known_modules or not origin or "site-packages" in origin:
                continue
            if Path(origin).is_relative_to(directory):
                del sys.modules[name]


def _answer_reads_with_their_id() -> None:
    """The engine (3.259) leaves the id out of its answer, and the SDK (3.272) takes it for unknown then."""
    create = resource_pb2_grpc.ResourceMonitorStub.__init__

    def create_with_ids(stub, channel) -> None:
        create(stub, channel)
        read = stub.ReadResource

        def read_with_id(request, *arguments, **options):
            response = read(request, *arguments, **options)
            if response.urn and not response.id and request.id != rpc.UNKNOWN:
                response.id = request.id
            return response

        stub.ReadResource = read_with_id

    resource_pb2_grpc.ResourceMonitorStub.__init__ = create_with_ids  # type: ignore[method-assign]


_answer_reads_with_their_id()


def _entry_point(request, directory: Path) -> Path:
    """The file to run: `main` of Pulumi.yaml may name a directory or a file."""
    root = Path(request.info.program_directory or directory)
    entry = (root / (request.info.entry_point or ".")).resolve()
    return entry / "__main__.py" if entry.is_dir() else entry


@contextmanager
def _without_debug_messages():
    """The SDK sends the engine several for each resource and waits each time, to have them thrown away."""
    send = log.debug
    log.debug = lambda *_, **__: None
    try:
        yield
    finally:
        log.debug = send


def _run_program(entry: Path) -> None:
    # What the program prints must not end up in the middle of the engine's `--json` document.
    with redirect_stdout(_Lines(log.info)), redirect_stderr(_Lines(log.info)):
        try:
            runpy.run_path(str(entry), run_name="__main__")
        except SystemExit as leaving:
            if leaving.code:
                raise RunError(f"Program exited with {leaving.code}") from leaving


class _Lines(io.TextIOBase):
    """A text stream that hands each line to the engine's log."""

    def __init__(self, write_line: Callable[[str], object]):
        self._write_line = write_line
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._write_line(line)
        return len(text)

    def close(self) -> None:
        if self._rest:
            self.write("\n")
        super().close()


@contextmanager
def _program_at(entry: Path):
    """As `python __main__.py` run in its directory: there, and first on the module path."""
    before, path = Path.cwd(), list(sys.path)
    os.chdir(entry.parent)
    rest = (item for item in path if item not in ("", str(entry.parent), _OURS))
    sys.path[:] = [str(entry.parent), *rest, *_packages_of_program(entry.parent)]
    try:
        yield
    finally:
        sys.path[:] = path
        os.chdir(before)


def _packages_of_program(directory: Path) -> list[str]:
    """What the program has installed in an environment of its own comes after what is installed here."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = (directory / name / "lib" / version / "site-packages" for name in ("venv", ".venv"))
    return [str(path) for path in found if path.is_dir() and str(path) not in sys.path]


def _traceback_of_program(error: BaseException, directory: Path) -> list[str]:
    """The traceback from the program's first own frame: what is before runs the program."""
    frames = traceback.extract_tb(error.__traceback__)
    own = (index for index, frame in enumerate(frames) if Path(frame.filename).is_relative_to(directory))
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(list(frames)[next(own, 0) :])]
    return [*lines, *traceback.format_exception_only(error)]


def _close(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            loop.run_until_complete(task)
    loop.close()
    sys.stdout.flush()
    sys.stderr.flush()
