"""Tracked calls: from requests and stored rows to what the ledger books."""

import hashlib
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from functions.ai_budget.ledger import Usage
from functions.ai_budget.pricing import CallTokens, ModelName, PriceBook, canonical_model
from functions.ai_budget.schemas import TrackRequest


def tokens_of(body: TrackRequest) -> CallTokens:
    """The token counts of a track."""
    if body.usage is not None:
        return body.usage.tokens()
    return CallTokens(
        body.prompt_tokens or 0, body.completion_tokens or 0, body.cache_read_tokens, body.cache_write_tokens,
        body.cache_write_1h_tokens, body.web_search_requests, body.service_tier, body.speed,
        body.inference_geo,
    )  # fmt: skip


def usage_of(
    model: ModelName,
    model_sent: str,
    report_type: str,
    tokens: CallTokens,
    cost: Decimal | None,
    tracked_at: datetime | None,
    request_id: str,
    fingerprint: uuid.UUID,
    reservation_id: uuid.UUID | None,
) -> Usage:
    """A call as the ledger books it; `cost` in USD, None without a price."""
    return Usage(
        model.canonical, model_sent, report_type, tokens.prompt, tokens.completion, tokens.cache_read,
        tokens.cache_write, tokens.cache_write_1h, tokens.web_search_requests, tokens.service_tier,
        tokens.speed, tokens.inference_geo, cost, tracked_at, request_id, fingerprint, reservation_id,
    )  # fmt: skip


def repriced_usage(row: Any, prices: PriceBook) -> Usage:
    """A row of ai_unpriced_usage as a call with its price of now, if there is one."""
    model = canonical_model(row.model_sent, row.inference_geo)
    tokens = CallTokens(
        row.prompt_tokens, row.completion_tokens, row.cache_read_tokens, row.cache_write_tokens,
        row.cache_write_1h_tokens, row.web_search_requests, row.service_tier, row.speed, row.inference_geo,
    )  # fmt: skip
    cost = prices.cost(model, tokens, row.tracked_at)
    return usage_of(
        model, row.model_sent, row.report_type, tokens, cost, row.tracked_at, row.request_id, row.fingerprint,
        row.reservation_id,
    )  # fmt: skip


def fingerprint_of(*parts: object) -> uuid.UUID:
    """The same for the same request: a request_id that comes again with another one is a conflict."""
    return uuid.UUID(bytes=hashlib.blake2b(repr(parts).encode(), digest_size=16).digest())
