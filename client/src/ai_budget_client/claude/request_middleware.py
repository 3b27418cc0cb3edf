"""The middleware of an Anthropic client: a check before each request for a message, its usage afterwards.

The SDK runs it for each attempt, so all of its methods are covered: `create`, `parse`, `stream` and the tool
runner. The attempts of one call have the same idempotency key, by which they share one reservation.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import anthropic

from ai_budget_client import context
from ai_budget_client.api import CheckRequest, check_request
from ai_budget_client.async_client import AsyncAIBudget
from ai_budget_client.calls import Call
from ai_budget_client.claude.announced import (
    announced,
    count_tokens,
    estimate_prompt_tokens,
    is_platform_name,
    platform_model,
    require_max_tokens,
)
from ai_budget_client.claude.streams import (
    AsyncTemplateStream,
    AsyncTrackedStream,
    StreamUsage,
    TemplateStream,
    TrackedStream,
)
from ai_budget_client.claude.template import Template, template_events, template_message
from ai_budget_client.claude.threads import ThreadSizes
from ai_budget_client.client import AIBudget
from ai_budget_client.errors import BudgetExceeded, InvalidRequest
from ai_budget_client.settings import Settings

TENANT = "x-ai-budget-tenant"
REPORT_TYPE = "x-ai-budget-report-type"
REQUEST_ID = "x-ai-budget-request-id"
# The SDK waits at most this long between two attempts of a call.
BETWEEN_ATTEMPTS = 90.0
_RAW_RESPONSE = "x-stainless-raw-response"


class _Attempt(NamedTuple):
    """An attempt that is permitted, with the request to send."""

    call: Call
    request: anthropic.APIRequest


class _Middleware(anthropic.Middleware):
    """What the middlewares of both kinds of client have in common. `client` has no middleware of ours."""

    def __init__(
        self, client: Any, settings: Settings, tenant: str | None, template: Template | None
    ) -> None:
        self._client = client
        self._settings = settings
        self._tenant = tenant
        self._template = template
        self._suspended: dict[str, _Attempt] = {}
        self._threads = ThreadSizes()
        self._lock = threading.Lock()

    def _resumed(self, request: anthropic.APIRequest) -> _Attempt | None:
        """The earlier attempt of this call, if its reservation is still kept for it."""
        with self._lock:
            attempt = self._suspended.pop(_key(request), None)
        return attempt if attempt is not None and attempt.call.resume() else None

    def _failed(
        self, attempt: _Attempt, request: anthropic.APIRequest, error: BaseException, repeats: bool
    ) -> None:
        """Keeps the reservation for the SDK's next attempt, if there is one."""
        maximum = (
            self._client.max_retries
            if isinstance(request.max_retries, anthropic.NotGiven)
            else request.max_retries
        )
        if not repeats or request.retries_taken >= maximum:
            attempt.call.finish(error)
            return
        attempt.call.suspend(error, BETWEEN_ATTEMPTS)
        with self._lock:
            self._suspended = {
                key: suspended for key, suspended in self._suspended.items() if not suspended.call.ended
            }
            self._suspended[_key(request)] = attempt

    def _check(self, request: anthropic.APIRequest, prompt_tokens: int) -> CheckRequest:
        tenant = _header(request, TENANT) or self._tenant or context.current_tenant()
        if not isinstance(tenant, str):
            raise InvalidRequest(
                "tenant: give tenant= to the call or to wrap(), or use the middleware", field="tenant"
            )
        if request.stream and _header(request, _RAW_RESPONSE):
            raise InvalidRequest(
                "a raw response that is a stream cannot be tracked; use create(stream=True) or stream()"
            )
        fields = announced(_body(request), prompt_tokens, self._settings.max_web_searches)
        if isinstance(report_type := _header(request, REPORT_TYPE), str):
            fields["report_type"] = report_type
        request_id = _header(request, REQUEST_ID)
        fields["request_id"] = request_id if isinstance(request_id, str) else _key(request)
        return check_request(tenant=tenant, reservation_seconds=self._settings.reservation_seconds, **fields)

    def _estimate(self, body: Mapping[str, Any]) -> int | None:
        """None if `count_tokens` is to be asked: by choice, or because a part of the request has no bound."""
        require_max_tokens(body)
        held = self._threads.held_tokens(body)
        if held == 0 and self._settings.prompt_tokens == "count":
            return None
        tokens = estimate_prompt_tokens(body, self._settings.bytes_per_token)
        return None if tokens is None else held + tokens

    def _fallback(self, error: BudgetExceeded, check: CheckRequest) -> CheckRequest | None:
        """The check of the fallback model. The names that platforms have for it are not known."""
        if not self._settings.use_fallback_model or not error.fallback_model or is_platform_name(check.model):
            return None
        request_id = f"{check.request_id}:fallback"
        return check.model_copy(update={"model": error.fallback_model, "request_id": request_id})

    def _template_text(
        self, request: anthropic.APIRequest, error: BudgetExceeded, check: CheckRequest
    ) -> str | Awaitable[str]:
        """A raw response is that of the API, so there is none of a template."""
        if self._template is None or _header(request, _RAW_RESPONSE):
            raise error
        return self._template(error, check)

    def _answered(self, call: Call, message: Any) -> None:
        fields = message if isinstance(message, dict) else {}
        usage, message_id = fields.get("usage"), fields.get("id")
        call.answered(usage, model=platform_model(call) or fields.get("model"))
        if usage and message_id:
            self._threads.add(message_id, usage)

    def _stream_usage(self, attempt: _Attempt) -> StreamUsage:
        return StreamUsage(
            attempt.call, platform_model(attempt.call), self._settings.bytes_per_token, self._threads
        )


class BudgetMiddleware(_Middleware):
    """Of a client for threads."""

    def __init__(self, budget: AIBudget, client: Any, tenant: str | None, template: Template | None) -> None:
        super().__init__(client, budget.core.settings, tenant, template)
        self._budget = budget

    def handle(self, request: anthropic.APIRequest, call_next: Any) -> Any:
        if not _is_message(request):
            return call_next(request)
        attempt = self._resumed(request)
        if attempt is None:
            check = self._check(request, self._prompt_tokens(request))
            try:
                attempt = self._begin(request, check)
            except BudgetExceeded as error:
                text = self._template_text(request, error, check)
                if request.stream:
                    return TemplateStream(template_events(text))
                return template_message(text, request.cast_to)
        try:
            response = call_next(attempt.request)
        except BaseException as error:
            self._failed(attempt, request, error, isinstance(error, anthropic.APIConnectionError))
            raise
        if not response.http_response.is_success:
            self._failed(attempt, request, _status_error(response), _is_repeated(response))
            return response
        if request.stream:
            return TrackedStream(response.parse(), self._stream_usage(attempt))
        message = None
        with attempt.call as call:
            with suppress(ValueError):  # the SDK raises it for the caller
                message = response.json()
            self._answered(call, message)
        return response

    def _prompt_tokens(self, request: anthropic.APIRequest) -> int:
        tokens = self._estimate(_body(request))
        if tokens is None:
            return count_tokens(self._client, request).input_tokens
        return tokens

    def _begin(self, request: anthropic.APIRequest, check: CheckRequest) -> _Attempt:
        try:
            return _attempt(self._budget.open_call(check), request)
        except BudgetExceeded as error:
            fallback = self._fallback(error, check)
            if fallback is None:
                raise
            return _attempt(self._budget.open_call(fallback), request)


class AsyncBudgetMiddleware(_Middleware):
    """Of a client for asyncio."""

    def __init__(
        self, budget: AsyncAIBudget, client: Any, tenant: str | None, template: Template | None
    ) -> None:
        super().__init__(client, budget.core.settings, tenant, template)
        self._budget = budget

    async def handle_async(self, request: anthropic.APIRequest, call_next: Any) -> Any:
        if not _is_message(request):
            return await call_next(request)
        attempt = self._resumed(request)
        if attempt is None:
            check = self._check(request, await self._prompt_tokens(request))
            try:
                attempt = await self._begin(request, check)
            except BudgetExceeded as error:
                text = self._template_text(request, error, check)
                text = await text if isinstance(text, Awaitable) else text
                if request.stream:
                    return AsyncTemplateStream(template_events(text))
                return template_message(text, request.cast_to)
        try:
            response = await call_next(attempt.request)
        except BaseException as error:
            self._failed(attempt, request, error, isinstance(error, anthropic.APIConnectionError))
            raise
        if not response.http_response.is_success:
            self._failed(attempt, request, _status_error(response), _is_repeated(response))
            return response
        if request.stream:
            return AsyncTrackedStream(await response.parse(), self._stream_usage(attempt))
        message = None
        with attempt.call as call:
            with suppress(ValueError):  # the SDK raises it for the caller
                message = await response.json()
            self._answered(call, message)
        return response

    async def _prompt_tokens(self, request: anthropic.APIRequest) -> int:
        tokens = self._estimate(_body(request))
        if tokens is None:
            return (await count_tokens(self._client, request)).input_tokens
        return tokens

    async def _begin(self, request: anthropic.APIRequest, check: CheckRequest) -> _Attempt:
        try:
            return _attempt(await self._budget.open_call(check), request)
        except BudgetExceeded as error:
            fallback = self._fallback(error, check)
            if fallback is None:
                raise
            return _attempt(await self._budget.open_call(fallback), request)


def _attempt(call: Call, request: anthropic.APIRequest) -> _Attempt:
    """The request for the model that was checked, without the headers that are for us."""
    ours = (TENANT, REPORT_TYPE, REQUEST_ID)
    headers = {name: value for name, value in request.headers.items() if name.lower() not in ours}
    if call.request.model == _body(request)["model"]:
        return _Attempt(call, request.copy(headers=headers))
    return _Attempt(call, request.copy(headers=headers, body={**_body(request), "model": call.request.model}))


def _body(request: anthropic.APIRequest) -> Mapping[str, Any]:
    if not isinstance(request.json, Mapping):
        raise InvalidRequest("the body of a checked request must be a JSON object")
    return request.json


def _header(request: anthropic.APIRequest, name: str) -> Any:
    return next((value for key, value in request.headers.items() if key.lower() == name), None)


def _key(request: anthropic.APIRequest) -> str:
    return str(request.options.idempotency_key)


def _is_message(request: anthropic.APIRequest) -> bool:
    return request.method.lower() == "post" and request.url.partition("?")[0] == "/v1/messages"


def _is_repeated(response: Any) -> bool:
    """Whether the SDK sends a request again after this answer, unless it was the last attempt.

    https://platform.claude.com/docs/en/api/sdks/python#retries, read 2026-11-28
    """
    explicit = response.headers.get("x-should-retry")
    if explicit in ("true", "false"):
        return explicit == "true"
    return response.status_code in (408, 409, 429) or response.status_code >= 500


def _status_error(response: Any) -> Exception:
    return anthropic.AnthropicError(f"the API answered {response.status_code}")
