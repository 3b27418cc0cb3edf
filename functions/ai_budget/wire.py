"""The text that frequent statements are given and answer: batches as PostgreSQL arrays, budgets as rows."""

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from functions.ai_budget.records import Booked, Budget, Check, Reserved, Rules, Usage

Row = Sequence[bytes | None]
Read = Callable[[Row], list[Any]]
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def texts(values: Iterable[str]) -> str:
    """An array literal of texts that need no escaping within quotes."""
    return '{"' + '","'.join(values) + '"}'


def numbers(values: Iterable[object]) -> str:
    """An array literal of values that need no quotes (numbers, UUIDs)."""
    return "{" + ",".join(map(str, values)) + "}"


def optional(values: Sequence[object]) -> str:
    """An array literal of values that need no escaping within quotes; None is NULL, only None is {}."""
    if values.count(None) == len(values):
        return "{}"
    return "{" + ",".join(["NULL" if v is None else f'"{v}"' for v in values]) + "}"


def parsed(literal: bytes | None, parse: Callable[[str], Any]) -> list[Any]:
    """The elements of a one-dimensional array that needed no quotes, NULL as None; a NULL array has none."""
    if literal is None or literal == b"{}":
        return []
    return [None if v == "NULL" else parse(v) for v in literal[1:-1].decode().split(",")]


def budget(row: Sequence[bytes]) -> Budget:
    """A row of ai_token_budgets in the columns of Budget."""
    texts = [value.decode() for value in row]
    tenant, model, limit, spent, tokens_in, tokens_out, start, *flags = texts
    soft, hard = (flag == "t" for flag in flags)
    return Budget(
        tenant, model, Decimal(limit), Decimal(spent), int(tokens_in), int(tokens_out),
        date.fromisoformat(start), soft, hard,
    )  # fmt: skip


def budgets(tenants: Sequence[str], models: Sequence[str]) -> tuple[str, str, list[int]]:
    """The distinct budgets of a batch, sorted, and each item's position among them, counted from 1."""
    pairs = list(zip(tenants, models, strict=True))
    distinct = sorted(set(pairs))
    place = {pair: i for i, pair in enumerate(distinct, 1)}
    return texts([p[0] for p in distinct]), texts([p[1] for p in distinct]), [place[pair] for pair in pairs]


def time_ordered_ids(now: datetime, count: int) -> list[str]:
    """Version 7 UUIDs (RFC 9562): ids made together are neighbours in the index."""
    moment = f"{int(now.timestamp() * 1000):012x}"
    start = f"{moment[:8]}-{moment[8:]}-7"
    digits = os.urandom(10 * count).hex()
    return [
        f"{start}{d[:3]}-{_VARIANT[d[3]]}{d[4:7]}-{d[7:19]}"
        for d in (digits[i : i + 20] for i in range(0, 20 * count, 20))
    ]


def reserving(checks: Sequence[Check], rules: Rules, wait: bool) -> tuple[tuple[object, ...], Read]:
    """The parameters of `reserve` for a batch, and what reads its row."""
    tenants, models, moments, requests, marks, kinds, fixed, rates, maxima = zip(*checks, strict=True)
    now = max(moments)
    names, of_models, keys = budgets(tenants, models)
    amounts = [f if m is None else f + m * r for f, r, m in zip(fixed, rates, maxima, strict=True)]
    ids = time_ordered_ids(now, len(checks))
    params = (
        now, wait, f"{rules.lifetime.total_seconds()} s", rules.default_model, rules.default_limit,
        rules.percentile, rules.default_completion, names, of_models, numbers(keys), texts(kinds),
        numbers(amounts), optional([r if m is None else None for r, m in zip(rates, maxima, strict=True)]),
        numbers(ids), optional(requests), optional(marks),
    )  # fmt: skip
    expires = now + rules.lifetime

    def read(row: Row) -> list[Any]:
        status = parsed(row[0], str)
        reserved, remaining, spent, limit = [parsed(column, Decimal) for column in row[1:5]]
        return [
            Reserved(state, made, amount, left, expires, spent[key - 1], limit[key - 1])
            for state, made, amount, left, key in zip(
                status, ids, reserved or amounts, remaining, keys, strict=True
            )
        ]

    return params, read


def booking(calls: Sequence[Usage], rules: Rules, wait: bool) -> tuple[tuple[object, ...], Read]:
    """The parameters of `book` for a batch, and what reads its row."""
    (
        tenants, models, moments, requests, marks, kinds, prompt, completion, cache_read, cache_write, costs,
        reservations,
    ) = zip(*calls, strict=True)  # fmt: skip
    names, of_models, keys = budgets(tenants, models)
    params = (
        max(moments), wait, rules.default_model, rules.default_limit, rules.warning_percent, names, of_models,
        numbers(keys), texts(kinds), numbers(prompt), numbers(completion), numbers(cache_read),
        numbers(cache_write), numbers(costs), texts(map(str, moments)), texts(requests), numbers(marks),
        optional(reservations),
    )  # fmt: skip

    def read(row: Row) -> list[Any]:
        status, settlement = parsed(row[0], str), parsed(row[2], str)
        month = parsed(row[1], date.fromisoformat)
        return [
            Booked(state, call.cost, *booked)
            for state, call, *booked in zip(status, calls, month, settlement, strict=True)
        ]

    return params, read
