"""Tasks in forked subprocesses, which share the modules that are already imported and no later state."""

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from teei_finops.sandbox.errors import SandboxError

Result = TypeVar("Result")
_GRACE_SECONDS = 20


def run_in_parallel(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run each task in a subprocess, all at the same time; raises SandboxError with the first failure."""
    context = multiprocessing.get_context("fork")
    running = []
    for task in tasks:
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_run_task, args=(task, sender))
        process.start()
        sender.close()
        running.append((process, receiver))
    with _terminating_on_signals([process for process, _ in running]):
        outcomes = [_receive(receiver) for _, receiver in running]
        for process, _ in running:
            process.join()
    errors = [value for succeeded, value in outcomes if not succeeded]
    if errors:
        raise SandboxError(str(errors[0]))
    return [value for _, value in outcomes]


def run_in_subprocess(task: Callable[[], Result]) -> Result:
    """As `run_in_parallel`, for one task."""
    return run_in_parallel([task])[0]


def _run_task(task: Callable[[], Any], sender: Any) -> None:
    try:
        outcome = (True, task())
    except SandboxError as error:
        outcome = (False, str(error))
    except BaseException:
        outcome = (False, traceback.format_exc())
    sender.send(outcome)
    sender.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads of the gRPC servers and of the program may still be waiting


def _receive(receiver: Any) -> tuple[bool, Any]:
    try:
        return receiver.recv()
    except EOFError:
        return False, "a subprocess of the sandbox was stopped; run the command again"


@contextmanager
def _terminating_on_signals(processes: Sequence[Any]):
    """On SIGINT and SIGTERM stop the subprocesses, which stop their engines, and then this process."""

    def stop(number: int, _frame: object) -> None:
        for process in processes:
            if process.is_alive():
                os.kill(process.pid, signal.SIGTERM)
        for process in processes:
            process.join(_GRACE_SECONDS)
            if process.is_alive():
                process.kill()
        raise SystemExit(128 + number)

    handlers = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
