"""One call of a model: from its reservation to its usage."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ai_budget_client.api import CheckRequest, Reservation, token_counts, usage_dict
from ai_budget_client.errors import BudgetError, InvalidRequest, SpoolFailed
from ai_budget_client.sender import next_extension

if TYPE_CHECKING:
    from ai_budget_client.core import Core

log = logging.getLogger(__name__)


class Call:
    """A call that is permitted. It ends once: with `used`, `cancel` or `finish`.

    What was used is in the spool when `used` returns, and is sent in the background. A call without usage is
    released if it was cancelled or failed before the model answered, and charged at its maximum otherwise.
    """

    def __init__(self, core: Core, request: CheckRequest, reservation: Reservation) -> None:
        self.request = request
        self.reservation = reservation
        self.tenant = request.tenant
        self.reservation_id = reservation.reservation_id or ""
        self.extend_at = next_extension(request.reservation_seconds)
        self.extend_until = time.monotonic() + core.settings.max_call_seconds
        self._core = core
        self._ended = False
        self._answered = False
        self._suspended: tuple[BaseException, float] | None = None
        self._lock = threading.Lock()
        self._span = core.tracing.start_call(request)
        self._row = core.spool.add("open", self._with_reservation(request.maximum()))
        core.sender.watch(self)

    @property
    def ended(self) -> bool:
        """Whether the call is recorded or released."""
        return self._ended

    def used(
        self,
        usage: Any = None,
        *,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        model: str | None = None,
    ) -> None:
        """Records what the call used: the `usage` of an Anthropic response, or the token counts.

        `model`: the model that served the call, if it is not the one that was checked. Raises InvalidRequest
        or TypeError for a usage that is none; the call is then charged at its maximum when it ends.
        """
        self._answered = True
        if usage is not None:
            body: dict[str, Any] = {"usage": usage_dict(usage)}
        elif prompt_tokens is not None and completion_tokens is not None:
            body = token_counts(prompt_tokens, completion_tokens)
            body |= {"service_tier": self.request.service_tier, "speed": self.request.speed}
        else:
            raise TypeError("used: give usage, or prompt_tokens and completion_tokens")
        if not self._end():
            raise BudgetError(f"the call {self.request.request_id} has ended already")
        served = {"model": model} if model else {}
        self._record(self.request.attribution() | served | body)
        for number, advisor in enumerate(_advisor_calls(body.get("usage", {}))):
            self._core.spool_track(
                self.request.attribution()
                | {"model": advisor["model"], "request_id": f"{self.request.request_id}:advisor:{number}"}
                | {"usage": {key: value for key, value in advisor.items() if key not in ("type", "model")}}
            )

    def answered(self, usage: Any, *, model: str | None = None) -> None:
        """`used`, or the maximum if the answer of the model has no valid usage."""
        try:
            self.used(usage, model=model)
        except (InvalidRequest, TypeError) as error:
            log.warning("the answer to the call %s has no usage: %s", self.request.request_id, error)
            self.finish()

    def cancel(self) -> None:
        """Releases the reservation: the model was not called, or has not answered."""
        if self._end():
            self._release("")

    def finish(self, error: BaseException | None = None) -> None:
        """Ends the call if it has not ended.

        It is released after an error before the model answered, else charged at its maximum.
        """
        if not self._end():
            return
        if error is not None and not self._answered:
            self._release(type(error).__name__)
            return
        log.warning(
            "no usage was recorded for the call %s: it is charged at its maximum", self.request.request_id
        )
        self._record(self.request.maximum())

    def suspend(self, error: BaseException, seconds: float) -> None:
        """An attempt has failed: the call is finished with the error unless `resume` comes in `seconds`."""
        with self._lock:
            self._suspended = (error, time.monotonic() + seconds)

    def resume(self) -> bool:
        """The next attempt begins. False if the call has ended meanwhile."""
        with self._lock:
            self._suspended = None
            return not self._ended

    def finish_if_abandoned(self) -> None:
        """Finishes a call whose next attempt has not come in time."""
        with self._lock:
            if self._ended or self._suspended is None or self._suspended[1] > time.monotonic():
                return
            self._ended = True
            error = self._suspended[0]
        self._core.sender.forget(self)
        self._release(type(error).__name__)

    def _end(self) -> bool:
        with self._lock:
            ended, self._ended = self._ended, True
        if not ended:
            self._core.sender.forget(self)
        return not ended

    def _with_reservation(self, body: dict[str, Any]) -> dict[str, Any]:
        return body | ({"reservation_id": self.reservation_id} if self.reservation_id else {})

    def _record(self, body: dict[str, Any]) -> None:
        try:
            self._core.spool.update(self._row, "track", self._with_reservation(body))
            self._core.sender.put(self._row)
        except SpoolFailed as error:
            # The row of the call is on disk with its maximum, which the next process sends.
            log.error("the usage of the call %s is not stored: %s", self.request.request_id, error)
        tokens = _tokens(body)
        self._core.metrics.used(body["model"], "input", tokens[0])
        self._core.metrics.used(body["model"], "output", tokens[1])
        self._core.tracing.end_call(self._span, body["model"], tokens, "")

    def _release(self, error: str) -> None:
        try:
            if self.reservation_id:
                body = {"tenant_id": self.tenant, "reservation_id": self.reservation_id}
                self._core.spool.update(self._row, "release", body)
                self._core.sender.put(self._row)
            else:
                self._core.spool.delete(self._row)
        except SpoolFailed as failure:
            log.error("the call %s is not released: %s", self.request.request_id, failure)
        self._core.tracing.end_call(self._span, None, None, error)

    def __enter__(self) -> Call:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.finish(error)


def _advisor_calls(usage: dict[str, Any]) -> list[dict[str, Any]]:
    """Calls of another model that the advisor tool made: they are not in the usage of the call itself."""
    iterations = usage.get("iterations") or []
    return [step for step in iterations if step.get("type") == "advisor_message" and step.get("model")]


def _tokens(body: dict[str, Any]) -> tuple[int, int]:
    """Input tokens, those of the cache included, and output tokens of a track."""
    usage = body.get("usage")
    if usage is None:
        return int(body["prompt_tokens"]), int(body["completion_tokens"])
    inputs = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(int(usage.get(name) or 0) for name in inputs), int(usage.get("output_tokens") or 0)
