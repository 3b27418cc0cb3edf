"""Anthropic clients whose calls are checked before and tracked after. Needs `ai-budget-client[anthropic]`."""

from ai_budget_client.claude.request_middleware import Template
from ai_budget_client.claude.wrapper import BudgetedClient, wrap

__all__ = ["BudgetedClient", "Template", "wrap"]
