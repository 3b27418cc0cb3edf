"""Runs a Pulumi program in Python: in this process, or as a script in a process of the program's interpreter.

As a script it reads a run as JSON from stdin. It imports nothing but pulumi and the standard library, and
works with Python 3.9 and the SDK's versions since 3.50.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Coroutine, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi import log
from pulumi.errors import RunError
from pulumi.runtime import Settings, configure, rpc, run_in_stack, set_all_config
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

_MAX_MESSAGE_BYTES = 400 * 1024 * 1024  # the limit of the engine
MESSAGE_LIMITS = [
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
]
_FIRST_TRACEBACK = "teei_finops_first_traceback"
_STACK_REFERENCE = "pulumi:pulumi:StackReference"


def run_program(run: Mapping[str, Any]) -> dict[str, Any]:
    """Run a program to its end.

    `run` is what `LanguageHost` sends. The result is empty on success. It has `error`, the text of an error
    of the engine; or `failure`, why the program failed, and `is_user_error`, whether the exception has a true
    attribute `user_error`: its text is then a message for the program's user.
    """
    entry, project = Path(run["entry"]), Path(run["project_directory"])
    engine = engine_pb2_grpc.EngineStub(_channel(run["engine"]))
    settings: dict[str, Any] = {
        "project": run["project"],
        "stack": run["stack"],
        "monitor": ResourceMonitor(run),
        "engine": engine if run["debug"] else EngineWithoutDebugLog(engine),
        "parallel": run["parallel"],
        "dry_run": run["dry_run"],
        "organization": run["organization"],
        "root_directory": run["project_directory"],
    }
    known = inspect.signature(Settings).parameters
    configure(Settings(**{name: value for name, value in settings.items() if name in known}))
    set_all_config(run["config"], run["secret_keys"])
    try:
        _run_in_event_loop(entry, workers=max(run["parallel"], 1) * 4)
    except grpc.RpcError as error:
        # The monitor is unavailable when the engine is shutting down, and the engine reports the reason.
        if error.code() != grpc.StatusCode.UNAVAILABLE:
            return {"error": f"RPC error: {error.details()}"}
    except BaseException as error:  # anything that the program raises, SystemExit included
        return {"failure": _message(error, project), "is_user_error": getattr(error, "user_error", False)}
    return {}


class ResourceMonitor:
    """The SDK's stub for the engine's resource monitor, with two changes in ReadResource.

    The engine (3.259) leaves the id out of the response, and the SDK (3.272) then takes the id for unknown.
    A stack reference is answered from a stack of the sandbox, whatever its organization, or with stated
    outputs. Without either, the outputs that the program reads by name are invented.
    """

    def __init__(self, run: Mapping[str, Any]):
        self._stub = resource_pb2_grpc.ResourceMonitorStub(_channel(run["monitor"]))
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)

    def ReadResource(self, request: Any, *arguments: Any, **options: Any) -> Any:
        if request.type == _STACK_REFERENCE:
            return self._read_stack_reference(request, arguments, options)
        response = self._stub.ReadResource(request, *arguments, **options)
        return _with_id(response, request.id) if response.urn else response

    def _read_stack_reference(self, request: Any, arguments: Any, options: Any) -> Any:
        name = request.properties.fields["name"].string_value or request.id
        short = "/".join(name.split("/")[-2:])
        if short in self._run["sandbox_stacks"]:
            request.id = f"organization/{short}"
            request.properties.fields["name"].string_value = request.id
            response = self._stub.ReadResource(request, *arguments, **options)
            return _with_id(response, request.id)
        stated = self._run["stack_outputs"]
        outputs = stated.get(name, stated.get(short))
        if outputs is None:
            outputs = self._run["invented_outputs"]
            log.warn(
                f"stack {name}: {', '.join(outputs) or 'no outputs'} invented by the sandbox; "
                "state real values in stack-outputs.yaml"
            )
        properties = struct_pb2.Struct()
        properties.update({"name": name, "outputs": outputs, "secretOutputNames": []})
        # The engine wants the URN of a resource in its state, since others depend on it: the stack's own.
        stack, project = self._run["stack"], self._run["project"]
        urn = f"urn:pulumi:{stack}::{project}::pulumi:pulumi:Stack::{project}-{stack}"
        return _with_id(resource_pb2.ReadResourceResponse(urn=urn, properties=properties), name)


def _with_id(response: Any, resource_id: str) -> Any:
    """The response with the id, unless the id is unknown or, in earlier SDKs, no part of the response."""
    has_id = "id" in response.DESCRIPTOR.fields_by_name
    if has_id and not response.id and resource_id != rpc.UNKNOWN:
        response.id = resource_id
    return response


class EngineWithoutDebugLog:
    """Drops debug messages: the SDK waits for each of several a resource, and the engine discards them."""

    def __init__(self, stub: Any):
        self._stub = stub

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)

    def Log(self, request: Any, *arguments: Any, **options: Any) -> Any:
        if request.severity == engine_pb2.DEBUG:
            return empty_pb2.Empty()
        return self._stub.Log(request, *arguments, **options)


def _channel(address: str) -> Any:
    return grpc.insecure_channel(address, options=MESSAGE_LIMITS)


def _run_in_event_loop(entry: Path, workers: int) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=workers))
    loop.set_exception_handler(_stop_on_rpc_error)
    loop.set_task_factory(_task)
    try:
        with _as_main_program(entry):
            loop.run_until_complete(run_in_stack(lambda: _run_entry(entry)))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                loop.run_until_complete(task)
        loop.close()
        asyncio.set_event_loop(None)
        sys.stdout.flush()
        sys.stderr.flush()


def _task(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
    return asyncio.Task(_KeepsTraceback(coroutine), loop=loop, **options)


class _KeepsTraceback(Coroutine):
    """A coroutine whose exception keeps the traceback with which it left.

    asyncio drops it when a task that failed is awaited again, as the SDK does with outputs.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any]):
        self._coroutine = coroutine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)

    def send(self, value: Any) -> Any:
        return self._resume(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        return self._resume(self._coroutine.throw, *error)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()

    def _resume(self, step: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return step(*arguments)
        except Exception as error:
            if not isinstance(error, StopIteration) and not hasattr(error, _FIRST_TRACEBACK):
                setattr(error, _FIRST_TRACEBACK, error.__traceback__)
            raise


def _stop_on_rpc_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if isinstance(context.get("exception"), grpc.RpcError):
        loop.stop()
    else:
        loop.default_exception_handler(context)


def _run_entry(entry: Path) -> None:
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
def _as_main_program(entry: Path) -> Any:
    """Run as `python __main__.py` in the program's directory: that directory is first on the module path, and
    the one that this process was started in is not on it."""
    directory, path = Path.cwd(), list(sys.path)
    os.chdir(entry.parent)
    others = (item for item in path if item not in ("", str(directory), str(entry.parent)))
    sys.path[:] = [str(entry.parent), *others]
    try:
        yield
    finally:
        sys.path[:] = path
        os.chdir(directory)


def _message(error: BaseException, project: Path) -> str:
    if isinstance(error, RunError) or getattr(error, "user_error", False):
        return str(error)
    text = "Program failed with an unhandled exception:\n" + "".join(_traceback(error, project))
    if isinstance(error, ModuleNotFoundError):
        text += (
            f"install the packages of the program for {sys.executable}, or choose a Python with --python\n"
        )
    return text


def _traceback(error: BaseException, project: Path) -> list[str]:
    """The traceback without the frames of libraries and of the sandbox."""
    frames = _frames(error.__traceback__, project) or _frames(getattr(error, _FIRST_TRACEBACK, None), project)
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []
    return [*lines, *traceback.format_exception_only(type(error), error)]


def _frames(trace: TracebackType | None, project: Path) -> list[traceback.FrameSummary]:
    return [frame for frame in traceback.extract_tb(trace) if _is_program(frame.filename, project)]


def _is_program(file: str, project: Path) -> bool:
    path = Path(file)
    return project in path.parents and "site-packages" not in path.parts


def main() -> None:
    """Run the program that stdin describes and write the result to the file that it names."""
    run = json.load(sys.stdin)
    del sys.path[0]  # the directory of this file
    Path(run["result"]).write_text(json.dumps(run_program(run)), "utf-8")
    os._exit(0)  # threads of the program may still be waiting


if __name__ == "__main__":
    main()
