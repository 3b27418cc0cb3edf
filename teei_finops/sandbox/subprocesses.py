"""Work in forked processes: they share what is already imported, and nothing after that."""

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
    """Run each task in a process of its own, all at once; raises SandboxError with the first failure."""
    context = multiprocessing.get_context("fork")
    running = []
    for task in tasks:
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(task, sender))
        process.start()
        sender.close()
        running.append((process, receiver))
    with _stopped_with_us([process for process, _ in running]):
        outcomes = [_outcome(receiver) for _, receiver in running]
        for process, _ in running:
            process.join()
    failures = [text for done, text in outcomes if not done]
    if failures:
        raise SandboxError(str(failures[0]))
    return [value for _, value in outcomes]


def run_in_subprocess(task: Callable[[], Result]) -> Result:
    """As `run_in_parallel`, for one task."""
    return run_in_parallel([task])[0]


def _work(task: Callable[[], Any], sender: Any) -> None:
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
    os._exit(0)  # threads of gRPC servers and of the program may still wait for something


def _outcome(receiver: Any) -> tuple[bool, Any]:
    try:
        return receiver.recv()
    except EOFError:
        return False, "a process of the sandbox was stopped"


@contextmanager
def _stopped_with_us(processes: Sequence[Any]):
    """A signal that stops this process first stops its children, which stop their engines."""

    def stop(number: int, _frame: object) -> None:
        for process in processes:
            if process.is_alive():
                os.kill(process.pid, signal.SIGTERM)
        for process in processes:
            process.join(_GRACE_SECONDS)
            if process.is_alive():
                process.kill()
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
