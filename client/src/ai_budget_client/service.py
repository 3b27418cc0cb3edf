"""Requests to the AI budget service, for threads and for asyncio, repeated while it does not answer."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from tenacity import AsyncRetrying, RetryCallState, Retrying, retry_if_exception
from tenacity.wait import wait_exponential, wait_random

from ai_budget_client.errors import BudgetExceeded, BudgetUnavailable, Unauthorized, error_of_response
from ai_budget_client.settings import Settings

Token = str | Callable[[str], str] | None
Model = TypeVar("Model", bound=BaseModel)
_PREFIX = "/api/ai-budget/"
_TOKEN = re.compile(r"[!-~]*")  # what a header can have


class Answer(NamedTuple):
    """An answer below 400. `warning`: the budget is above its warning."""

    status: int
    body: dict[str, Any]
    warning: bool

    def as_a(self, kind: type[Model]) -> Model:
        """The body as a model. Raises BudgetUnavailable if it is none: something else has answered."""
        try:
            return kind.model_validate(self.body)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise BudgetUnavailable(
                f"the answer is not that of the AI budget service: {field}: {first['msg']}",
                status=self.status,
            ) from None


def _answer(response: httpx.Response) -> Answer:
    """Raises BudgetError for a status of 400 or more."""
    try:
        body = json.loads(response.text, parse_float=Decimal)
    except ValueError:
        body = None
    if response.status_code >= 400:
        raise error_of_response(response.status_code, response.headers, body)
    if not isinstance(body, dict):
        raise BudgetUnavailable(
            f"{response.url} answered {response.status_code} without a JSON object: is this the service?",
            status=response.status_code,
        )
    return Answer(response.status_code, body, response.headers.get("x-ai-budget-warning") == "true")


def _unavailable(url: str, error: httpx.RequestError) -> BudgetUnavailable:
    return BudgetUnavailable(
        f"the AI budget service at {url} does not answer: {error or type(error).__name__}"
    )


def _trusting(ca_file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:
        raise ValueError(f"ca_file: {ca_file} is not a PEM file that can be read: {error}") from error


class Service:
    """`token`: the bearer token, or a function that gives it for a tenant; `ca_file`: PEM of a private CA."""

    def __init__(self, url: str, token: Token, ca_file: Path | None, settings: Settings) -> None:
        if not re.match(r"https?://[^/\s]", url):
            raise ValueError(f"url: expected that of the service, such as http://ai-budget:3010, not {url!r}")
        if isinstance(token, str) and not _TOKEN.fullmatch(token):
            raise ValueError("token: it has a space, a line break or what else no header can have")
        self.url = url.rstrip("/")
        self._token = token
        self._settings = settings
        self._backoff = wait_exponential(multiplier=0.1, max=2) + wait_random(0, 0.1)
        self.retries: dict[str, Any] = {
            "reraise": True,
            "retry": retry_if_exception(self._may_repeat),
            "stop": self._stop,
            "wait": self._wait,
        }
        self.connection: dict[str, Any] = {
            "base_url": self.url,
            "timeout": httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
            "limits": httpx.Limits(max_connections=None, max_keepalive_connections=100),
            "verify": True if ca_file is None else _trusting(ca_file),
        }
        self._client = httpx.Client(**self.connection)
        self._retrying = Retrying(**self.retries)

    def _may_repeat(self, error: BaseException) -> bool:
        if isinstance(error, BudgetExceeded):
            return error.should_retry and self._settings.wait_for_reserved > 0
        return isinstance(error, BudgetUnavailable)

    def _stop(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, BudgetExceeded):
            return (state.seconds_since_start or 0) >= self._settings.wait_for_reserved
        return state.attempt_number >= self._settings.attempts

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        wait = self._backoff(state)
        if isinstance(error, BudgetExceeded):
            left = self._settings.wait_for_reserved - (state.seconds_since_start or 0)
            return max(0.0, min(wait, error.retry_after or wait, left))
        return wait

    def headers(self, tenant: str, token: str | None = None) -> dict[str, str]:
        """Those of a request about a tenant."""
        token = token or (self._token(tenant) if callable(self._token) else self._token)
        if not _TOKEN.fullmatch(token or ""):
            raise Unauthorized("the token has characters that no HTTP header may have")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def once(self, method: str, path: str, tenant: str, body: Any = None, token: str | None = None) -> Answer:
        """One request. Raises BudgetError."""
        headers = self.headers(tenant, token)
        try:
            return _answer(self._client.request(method, _PREFIX + path, json=body, headers=headers))
        except httpx.RequestError as error:
            raise _unavailable(self.url, error) from error

    def request(
        self, method: str, path: str, tenant: str, body: Any = None, token: str | None = None
    ) -> Answer:
        """Raises BudgetError; BudgetUnavailable after the last attempt."""
        return self._retrying(self.once, method, path, tenant, body, token)

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()


class AsyncService:
    """The same service for the event loop that makes the first request."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._client: httpx.AsyncClient | None = None

    async def _once(self, method: str, path: str, tenant: str, body: Any, token: str | None) -> Answer:
        if self._client is None:
            self._client = httpx.AsyncClient(**self._service.connection)
        headers = self._service.headers(tenant, token)
        try:
            return _answer(await self._client.request(method, _PREFIX + path, json=body, headers=headers))
        except httpx.RequestError as error:
            raise _unavailable(self._service.url, error) from error

    async def request(
        self, method: str, path: str, tenant: str, body: Any = None, token: str | None = None
    ) -> Answer:
        """Raises BudgetError; BudgetUnavailable after the last attempt."""
        return await AsyncRetrying(**self._service.retries)(self._once, method, path, tenant, body, token)

    async def close(self) -> None:
        """Ends the connections."""
        if self._client is not None:
            await self._client.aclose()
