"""What the clients for threads and for asyncio have in common."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ai_budget_client.api import CheckRequest, Reservation, require_identifiers
from ai_budget_client.calls import Call
from ai_budget_client.errors import BudgetError, BudgetExceeded, BudgetUnavailable, SpoolFailed, SpoolFull
from ai_budget_client.metrics import Metrics, PrometheusMetrics
from ai_budget_client.sender import Sender
from ai_budget_client.service import Answer, Service, Token
from ai_budget_client.settings import Settings
from ai_budget_client.spool import new_spool
from ai_budget_client.tracing import Tracing

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider
    from prometheus_client import CollectorRegistry

    from ai_budget_client.status_cache import StatusCache

log = logging.getLogger(__name__)
audit = logging.getLogger("ai_budget_client.audit")


class Core:
    """The parts of a client. After a fork the child has new ones, and the parent's go on."""

    def __init__(
        self,
        url: str,
        token: Token,
        redis: str | None,
        ca_file: Path | None,
        settings: Settings,
        registry: CollectorRegistry | None,
        tracer_provider: TracerProvider | None,
    ) -> None:
        self.url = url.rstrip("/")
        self.settings = settings
        self.metrics = PrometheusMetrics(registry) if registry is not None else Metrics()
        self.tracing = Tracing(tracer_provider)
        self._arguments = (token, redis, ca_file)
        self._unchecked = 0
        self._lock = threading.Lock()
        self._open()
        self.metrics.watch_spool(lambda: len(self.spool))
        core: weakref.ref[Core] = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _reopen(core))

    def _open(self) -> None:
        token, redis, ca_file = self._arguments
        self.service = Service(self.url, token, ca_file, self.settings)
        self.spool = new_spool(
            self._spool_directory(), self.settings.spool_max_calls, self.settings.spool_fsync
        )
        self.cache = _cache(redis, self.settings)
        self.sender = Sender(self.service, self.spool, self.settings, self.metrics, _changed(self.cache))
        self.sender.start()
        # At the end of the interpreter too: what can be sent is sent.
        self._finalizer = weakref.finalize(self, _close, self.sender, self.spool, self.cache, self.service)

    def _spool_directory(self) -> Path:
        """One for each service, so that no process sends what another service is to record."""
        root = self.settings.spool_directory or Path.home() / ".local" / "state" / "ai-budget-client"
        return root / hashlib.sha256(self.url.encode()).hexdigest()[:16]

    def reopen_in_child(self) -> None:
        """What a parent process has opened is not used in its child."""
        self._finalizer.detach()
        self.spool.close()
        self._lock = threading.Lock()
        self._open()

    @property
    def is_open(self) -> bool:
        """Whether `close` was not called."""
        return self._finalizer.alive

    def close(self) -> None:
        """Sends the spool for at most `drain_timeout` and ends the threads and connections."""
        self._finalizer()

    def require_room(self) -> None:
        """Raises SpoolFull before a check, if the usage of the call could not be kept."""
        if len(self.spool) >= self.spool.max_calls:
            raise SpoolFull(
                f"{len(self.spool)} calls wait for the AI budget service at {self.url}; none is permitted "
                "until it has recorded some"
            )

    def denial(self, request: CheckRequest) -> tuple[BudgetExceeded | None, int | None]:
        """A denial that is known, and the generation for `keep_denial`. Redis has a quarter of a second."""
        began = time.monotonic()
        denial, generation = self.cache.denial(request) if self.cache else (None, None)
        if denial is not None:
            self.metrics.checked("denied_by_cache", time.monotonic() - began)
        return denial, generation

    @contextmanager
    def checking(self, request: CheckRequest) -> Iterator[None]:
        """Measures and traces a check."""
        began, outcome = time.monotonic(), "allowed"
        try:
            with self.tracing.check(request):
                yield
        except BudgetError as error:
            outcome = error.code or "unavailable"
            raise
        finally:
            self.metrics.checked(outcome, time.monotonic() - began)

    def keep_denial(self, generation: int | None, request: CheckRequest, error: BudgetExceeded) -> None:
        """Shares a denial with the other processes."""
        if self.cache:
            self.cache.store_denial(generation, request, error.refusal)

    def unchecked(self, request: CheckRequest, error: BudgetUnavailable) -> Reservation:
        """Permits a call while the service is unavailable, if `fail_open` is set; else raises the error."""
        rule = self.settings.fail_open
        if rule is None:
            raise error
        with self._lock:
            if self._unchecked >= rule.max_calls:
                raise error
            entry = {
                "at": datetime.now(timezone.utc).isoformat(),
                "pid": os.getpid(),
                "request_id": request.request_id,
                "tenant_id": request.tenant,
                "model": request.model,
                "prompt_tokens": request.prompt_tokens,
                "max_tokens": request.max_tokens,
                "reason": str(error),
            }
            try:
                with rule.audit_file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
            except OSError as failure:
                message = f"{error}; the call is not permitted without an audit entry: {failure}"
                raise BudgetUnavailable(message, status=error.status, code=error.code) from failure
            self._unchecked += 1
        audit.warning(
            "call %s of %s is permitted without a check: %s", request.request_id, request.tenant, error
        )
        self.metrics.failed_open()
        return Reservation(reservation_id=None)

    def begin(self, request: CheckRequest, reservation: Reservation) -> Call:
        """The call that a check has permitted."""
        return Call(self, request, reservation)

    def spool_track(self, body: dict[str, Any]) -> None:
        """Keeps a track and sends it in the background. Raises SpoolFull."""
        self.sender.put(self.spool.add("track", body))

    def spool_release(self, body: dict[str, Any]) -> None:
        """Keeps a release and sends it in the background. Without it the reservation ends by itself."""
        try:
            self.sender.put(self.spool.add("release", body))
        except (SpoolFull, SpoolFailed) as error:
            log.warning("the reservation %s is not released: %s", body["reservation_id"], error)


def _changed(cache: StatusCache | None) -> Callable[[str], None]:
    """What to do when a call of a tenant was recorded."""
    return cache.call_recorded if cache else lambda _: None


def reservation(answer: Answer) -> Reservation:
    """The answer to a check. Raises BudgetUnavailable if it does not say that the call is allowed."""
    if answer.body.get("allowed") is not True:
        raise BudgetUnavailable(
            f"a check was answered with {answer.status} without `allowed`: is this the service?",
            status=answer.status,
        )
    return answer.as_a(Reservation).model_copy(update={"warning": answer.warning})


def status_path(tenant: str) -> str:
    """Below the API's prefix. Raises InvalidRequest."""
    require_identifiers(tenant=tenant)
    return f"tenant/{quote(tenant, safe='')}"


def _cache(url: str | None, settings: Settings) -> StatusCache | None:
    if url is None:
        return None
    try:
        from ai_budget_client.status_cache import StatusCache
    except ImportError as error:
        raise ImportError("a status cache needs redis: pip install ai-budget-client[redis]") from error
    cache = StatusCache(url, settings.cache_seconds)
    cache.start()
    return cache


def _close(sender: Sender, spool: Any, cache: StatusCache | None, service: Service) -> None:
    sender.close()
    if cache is not None:
        cache.close()
    spool.close()
    service.close()


def _reopen(core: weakref.ref[Core]) -> None:
    living = core()
    if living is not None and living.is_open:
        living.reopen_in_child()
