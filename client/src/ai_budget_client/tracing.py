"""OpenTelemetry spans of the client: none unless opentelemetry-api is installed and a provider is configured.

Names: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/, read 2026-11-28
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ai_budget_client.errors import BudgetError

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

    from ai_budget_client.api import CheckRequest


class Tracing:
    """`provider`: the global one by default."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        try:
            from opentelemetry import trace
        except ImportError:
            self._trace: Any = None
            return
        self._trace = trace
        self._tracer = trace.get_tracer("ai_budget_client", tracer_provider=provider)

    @contextmanager
    def check(self, request: CheckRequest) -> Iterator[None]:
        """The span of a check; an error sets `error.type`."""
        if self._trace is None:
            yield
            return
        with self._tracer.start_as_current_span(
            "ai_budget.check",
            kind=self._trace.SpanKind.CLIENT,
            attributes={
                "gen_ai.request.model": request.model,
                "gen_ai.request.max_tokens": request.max_tokens,
                "ai_budget.tenant_id": request.tenant,
                "ai_budget.request_id": request.request_id,
            },
            set_status_on_exception=False,
            record_exception=False,
        ) as span:
            try:
                yield
            except BudgetError as error:
                span.set_attribute("error.type", error.code or type(error).__name__)
                span.set_status(self._trace.StatusCode.ERROR, str(error))
                raise

    def start_call(self, request: CheckRequest) -> Span | None:
        """The span of a call of a model, from its check to its usage."""
        if self._trace is None:
            return None
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "aws.bedrock" if "anthropic." in request.model else "anthropic",
            "gen_ai.request.model": request.model,
            "gen_ai.request.max_tokens": request.max_tokens,
            "ai_budget.tenant_id": request.tenant,
            "ai_budget.request_id": request.request_id,
        }
        return self._tracer.start_span(f"chat {request.model}", attributes=attributes)

    def end_call(
        self, span: Span | None, model: str | None, tokens: tuple[int, int] | None, error: str
    ) -> None:
        """`tokens`: input and output; None if the call was not made or has failed, with the `error`."""
        if span is None:
            return
        if tokens is not None:
            span.set_attribute("gen_ai.usage.input_tokens", tokens[0])
            span.set_attribute("gen_ai.usage.output_tokens", tokens[1])
        if model:
            span.set_attribute("gen_ai.response.model", model)
        if error:
            span.set_attribute("error.type", error)
            span.set_status(self._trace.StatusCode.ERROR)
        span.end()
