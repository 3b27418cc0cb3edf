"""`wrap`: an Anthropic client whose methods take `tenant` and `report_type`."""

from __future__ import annotations

from functools import partial
from typing import Any

from ai_budget_client.async_client import AsyncAIBudget
from ai_budget_client.claude.batches import AsyncBudgetedBatches, BudgetedBatches
from ai_budget_client.claude.request_middleware import (
    REPORT_TYPE,
    REQUEST_ID,
    TENANT,
    AsyncBudgetMiddleware,
    BudgetMiddleware,
)
from ai_budget_client.claude.template import Template
from ai_budget_client.client import AIBudget

_CALLS = {"create", "parse", "stream", "tool_runner", "thread"}
_RESOURCES = {"messages", "with_raw_response", "with_streaming_response"}


def wrap(budget: Any, client: Any, tenant: str | None, template: Template | None) -> BudgetedClient:
    """See `AIBudget.wrap`."""
    if not hasattr(client, "with_middleware"):
        raise TypeError(f"wrap: expected a client of anthropic 2.14 or newer, not {type(client).__name__}")
    is_async = hasattr(client, "__aenter__")
    if is_async and isinstance(budget, AIBudget):
        budget = budget.asynchronous()
    if not is_async and isinstance(budget, AsyncAIBudget):
        raise TypeError("wrap: an AsyncAIBudget wraps asynchronous clients; use AIBudget for this one")
    return BudgetedClient(budget, client, tenant, template)


class BudgetedClient:
    """The calls of `messages` and `beta.messages` are checked and tracked. All else is the client's own."""

    def __init__(self, budget: Any, client: Any, tenant: str | None, template: Template | None) -> None:
        kind = AsyncBudgetMiddleware if isinstance(budget, AsyncAIBudget) else BudgetMiddleware
        self._arguments = (budget, client, tenant, template)
        self._client = client.with_middleware(kind(budget, client, tenant, template))

    @property
    def messages(self) -> BudgetedMessages:
        """The Messages API."""
        return BudgetedMessages(self._client.messages, self._arguments[0], self._arguments[2])

    @property
    def beta(self) -> BudgetedBeta:
        """The beta APIs, of which `messages` is checked and tracked."""
        return BudgetedBeta(self._client.beta, self._arguments[0], self._arguments[2])

    def copy(self, **options: Any) -> BudgetedClient:
        """As `with_options`."""
        return self.with_options(**options)

    def with_options(self, **options: Any) -> BudgetedClient:
        """The same with other options of the SDK's client."""
        budget, client, tenant, template = self._arguments
        return BudgetedClient(budget, client.with_options(**options), tenant, template)

    def __enter__(self) -> BudgetedClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    async def __aenter__(self) -> BudgetedClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class BudgetedBeta:
    """`client.beta`."""

    def __init__(self, resource: Any, budget: Any, tenant: str | None) -> None:
        self._resource = resource
        self._budget = budget
        self._tenant = tenant

    @property
    def messages(self) -> BudgetedMessages:
        """The Messages API with beta features."""
        return BudgetedMessages(self._resource.messages, self._budget, self._tenant)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resource, name)


class BudgetedMessages:
    """`create`, `parse` and `stream` also take `tenant`, `report_type` and `request_id`.

    `tool_runner` and `thread` take `tenant` and `report_type`; each of their requests has an id of its own.
    """

    def __init__(self, resource: Any, budget: Any, tenant: str | None) -> None:
        self._resource = resource
        self._budget = budget
        self._tenant = tenant

    @property
    def batches(self) -> Any:
        """Message batches."""
        if isinstance(self._budget, AsyncAIBudget):
            return AsyncBudgetedBatches(self._resource.batches, self._budget, self._tenant)
        return BudgetedBatches(self._resource.batches, self._budget, self._tenant)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._resource, name)
        if name in _CALLS:
            return partial(_attributed, attribute)
        if name in _RESOURCES:
            return BudgetedMessages(attribute, self._budget, self._tenant)
        return attribute


def _attributed(
    method: Any,
    *arguments: Any,
    tenant: str | None = None,
    report_type: str | None = None,
    request_id: str | None = None,
    extra_headers: Any = None,
    **parameters: Any,
) -> Any:
    """Calls a method of the SDK; the middleware takes the headers out again."""
    ours = {TENANT: tenant, REPORT_TYPE: report_type, REQUEST_ID: request_id}
    headers = {name: value for name, value in ours.items() if value is not None}
    return method(*arguments, extra_headers={**(extra_headers or {}), **headers}, **parameters)
