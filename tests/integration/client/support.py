"""What the tests of the wrapper have in common: a call, what it cost, and what the service has recorded."""

from decimal import Decimal

from tests.functions.ai_budget.support import HAIKU, SONNET, sql, until

USD = {SONNET: (Decimal(3), Decimal(15)), HAIKU: (Decimal("0.25"), Decimal("1.25"))}


def cost(billed) -> Decimal:
    """What the calls of the local server cost."""
    return sum(
        ((call.input_tokens * USD[call.model][0] + call.output_tokens * USD[call.model][1]) / 1_000_000
         for call in billed),
        Decimal(0),
    )  # fmt: skip


def spent(database: str, tenant: str) -> Decimal:
    (row,) = sql(
        database, "SELECT COALESCE(sum(cost_usd), 0) FROM ai_token_usage WHERE tenant_id = %s", tenant
    )
    return row[0]


def reservations(database: str, tenant: str) -> list[str]:
    rows = sql(database, "SELECT state FROM ai_budget_reservations WHERE tenant_id = %s", tenant)
    return sorted(state for (state,) in rows)


def settled(database: str, tenant: str, calls: int) -> None:
    """Waits until so many calls are recorded, and none is reserved."""
    until(lambda: reservations(database, tenant) == ["settled"] * calls)


def ask(client, tenant: str, **more):
    return client.messages.create(
        **{
            "tenant": tenant,
            "model": SONNET,
            "max_tokens": 20,
            "messages": [{"role": "user", "content": "hello"}],
        }
        | more
    )
