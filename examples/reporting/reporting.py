"""A service that writes reports with Claude, and shows a template when the tenant's AI budget is used up.

PYTHONPATH=client/src:examples/reporting granian --interface asgi --factory reporting:from_environment
"""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import psycopg
from fastapi import FastAPI
from pydantic import BaseModel

from ai_budget_client import AIBudget, ASGIBudgetMiddleware, BudgetExceeded, CheckRequest, Settings

MODEL = "claude-3-5-sonnet-20241022"
SYSTEM = "Write the report that the user asks for, in Markdown."


class ReportRequest(BaseModel):
    """What the report is about."""

    question: str


class Report(BaseModel):
    """`from_template`: the budget is used up, and the text is that of the template."""

    text: str
    from_template: bool


def load_templates(database_url: str) -> dict[str, str]:
    """The texts of `report_templates`, by report type."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT report_type, fallback_body FROM report_templates")
        return dict(rows.fetchall())


def create_app(budget: AIBudget, claude: anthropic.Anthropic, templates: Mapping[str, str]) -> FastAPI:
    """The service. A report type without a template gets the 429 of the budget service."""

    def template(error: BudgetExceeded, check: CheckRequest) -> str:
        if check.report_type not in templates:
            raise error
        return templates[check.report_type]

    client = budget.wrap(claude, template=template)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        budget.close()

    app = FastAPI(title="Reporting", lifespan=lifespan)
    app.add_middleware(ASGIBudgetMiddleware, tenant_header="X-Tenant-Id")

    @app.post("/reports/{report_type}")
    def report(report_type: str, request: ReportRequest) -> Report:
        """Writes a report for the tenant in X-Tenant-Id."""
        message = client.messages.create(
            report_type=report_type,
            model=MODEL,
            max_tokens=500,
            system=SYSTEM,
            messages=[{"role": "user", "content": request.question}],
        )
        return Report(text=message.content[0].text, from_template=message.model == "cached-template")

    return app


def from_environment(environment: Mapping[str, str] = os.environ) -> Any:
    """The service as it is configured in a container: see README.md."""
    budget = AIBudget(
        environment["AI_BUDGET_URL"],
        token=environment.get("AI_BUDGET_TOKEN"),
        redis=environment.get("REDIS_URL"),
        settings=Settings(use_fallback_model=True),
    )
    return create_app(budget, anthropic.Anthropic(), load_templates(environment["DATABASE_URL"]))
