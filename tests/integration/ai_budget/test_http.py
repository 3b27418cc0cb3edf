"""The API as its callers see it: `serve` with two workers on a real PostgreSQL, over HTTP."""

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.functions.ai_budget.support import ADMIN, OPUS, SONNET, Served, check, fresh_database, sql, track

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
SECOND_ADMIN = "the-next-admin-token"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def url(server: str) -> str:
    return fresh_database(server)


@pytest.fixture(scope="module")
def served(url: str) -> Iterator[Served]:
    tokens = {"AI_BUDGET_ADMIN_TOKEN": f"{ADMIN},{SECOND_ADMIN}"}
    served = Served("--database-url", url, "--workers", "2", env=tokens)
    yield served
    assert served.stop() == 0


@pytest.fixture
def other(url: str) -> Iterator[Served]:
    """A second `serve` on the same database."""
    other = Served("--database-url", url, "--workers", "1")
    yield other
    assert other.stop() == 0


def written(url: str) -> list[tuple[Any, ...]]:
    tables = ("ai_token_usage", "ai_unpriced_usage", "ai_budget_reservations", "ai_token_budgets")
    return sql(url, "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))


def test_the_commands_that_serve_prints_work_as_printed(served: Served) -> None:
    commands = [line.strip() for line in served.lines if line.strip().startswith("curl ")]
    assert len(commands) == 3
    for command in commands:
        arguments = ["bash", "-c", command.replace("curl", "curl -sf", 1)]
        done = subprocess.run(
            arguments, capture_output=True, env=os.environ | {"AI_BUDGET_ADMIN_TOKEN": ADMIN}
        )
        assert done.returncode == 0, command
        assert json.loads(done.stdout)


def test_numbers_of_money_are_exact(served: Served) -> None:
    assert served.set("small", 0.000000001).json()["monthly_limit_usd"] == 1e-9
    assert served.set("large", 1e9).json()["monthly_limit_usd"] == 1e9
    served.set("exact", 13.125)
    answer = served.post("check", check("exact", estimated_prompt_tokens=1, max_completion_tokens=0)).json()
    assert (answer["reserved_usd"], answer["remaining_usd"]) == (0.000003, 13.124997)


def test_every_answer_carries_the_id_of_its_request(served: Served) -> None:
    for path in ("/healthz", "/readyz", "/nowhere", "/openapi.json", "/metrics", "/api/ai-budget/tenants"):
        assert served.http.get(path).headers["x-request-id"]
        given = served.http.get(path, headers={"X-Request-Id": "mine-1"})
        assert given.headers["x-request-id"] == "mine-1"
    evil = served.http.get("/healthz", headers={"X-Request-Id": "a b<script>"})
    assert "script" not in evil.headers["x-request-id"]


BAD_BODIES: list[tuple[str, Any, str]] = [
    ("check", check(extra=1), "extra"),
    ("check", {key: value for key, value in check().items() if key != "model"}, "model"),
    ("check", check(estimated_prompt_tokens=-1), "estimated_prompt_tokens"),
    ("check", check(estimated_prompt_tokens=100_000_001), "estimated_prompt_tokens"),
    ("check", check(estimated_prompt_tokens=10**40), "estimated_prompt_tokens"),
    ("check", check(estimated_prompt_tokens=1.5), "estimated_prompt_tokens"),
    ("check", check(estimated_prompt_tokens="100"), "estimated_prompt_tokens"),
    ("check", check(max_completion_tokens=True), "max_completion_tokens"),
    ("check", check(max_completion_tokens=float("nan")), "max_completion_tokens"),
    ("check", check(max_completion_tokens=float("inf")), "max_completion_tokens"),
    ("check", check(reservation_seconds=0), "reservation_seconds"),
    ("check", check(reservation_seconds=86_401), "reservation_seconds"),
    ("check", check(service_tier="cheap"), "service_tier"),
    ("check", check(dry_run="yes"), "dry_run"),
    ("check", check("x'; DROP TABLE ai_token_budgets; --"), "tenant_id"),
    ("check", check("a\x00b"), "tenant_id"),
    ("check", check("a\n"), "tenant_id"),
    ("check", check(""), "tenant_id"),
    ("check", check("-a"), "tenant_id"),
    ("check", check("a" * 129), "tenant_id"),
    ("check", check("é"), "tenant_id"),
    ("check", check(["a"]), "tenant_id"),  # type: ignore[arg-type]
    ("check", check(model="*"), "model"),
    ("check", check(request_id="\ud800"), "request_id"),
    ("check", check(report_type={"a": {"b": []}}), "report_type"),
    ("check", [check()], "body"),
    ("check", None, "body"),
    ("track", track(completion_tokens=-1), "completion_tokens"),
    ("track", track(cache_read_tokens=False), "cache_read_tokens"),
    ("track", track(reservation_id="not-a-uuid"), "reservation_id"),
    ("track", track(cost_usd=1), "cost_usd"),
    ("track", track(usage={"input_tokens": 1, "output_tokens": 1}), "body"),
    ("track", {"tenant_id": "a", "model": SONNET}, "body"),
    ("track", {"tenant_id": "a", "model": SONNET, "usage": {"input_tokens": "1"}}, "usage.input_tokens"),
    ("track", {"tenant_id": "a", "model": SONNET, "usage": {}}, "usage"),
    ("release", {"tenant_id": "a", "reservation_id": 5}, "reservation_id"),
    ("extend", {"tenant_id": "a", "reservation_id": "5", "reservation_seconds": 5}, "reservation_id"),
]


def test_bad_input_is_refused_with_the_name_of_its_field_and_nothing_is_written(
    served: Served, url: str
) -> None:
    before = written(url)
    for path, body, field in BAD_BODIES:
        answer = served.http.post(f"/api/ai-budget/{path}", content=json.dumps(body), headers=JSON)
        assert (body, answer.status_code, answer.json()["field"]) == (body, 400, field), answer.text
        assert answer.json()["error"] == "invalid_request"
    assert written(url) == before


def test_what_is_not_json_is_refused(served: Served) -> None:
    start = b'{"tenant_id": "a", "model": "m", "estimated_prompt_tokens": '
    for raw in (
        b'{"tenant_id": "\xff"}', b"[" * 60_000, b'{"a":' * 10_000, b"{", b"", start + b"9" * 5000 + b"}",
        start + b"1e99999999999999999999}", start + b"-1e-9}", start + b"NaN}", b"\x00",
    ):  # fmt: skip
        answer = served.http.post("/api/ai-budget/check", content=raw, headers=JSON)
        assert (raw[:80], answer.status_code, answer.json()["error"]) == (raw[:80], 400, "invalid_request")


@pytest.mark.parametrize("value", ["-1", "1000000001", "true", '"x"', "NaN", "1e400", "[]"])
def test_a_limit_out_of_range_is_refused(served: Served, value: str) -> None:
    raw = f'{{"tenant_id": "a", "model": "{SONNET}", "monthly_limit_usd": {value}}}'
    headers = JSON | {"Authorization": f"Bearer {ADMIN}"}
    answer = served.http.post("/api/ai-budget/set", content=raw, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("method", "path", "kind", "size", "status"),
    [
        ("GET", "/", None, 0, 404),
        ("POST", "/api/ai-budget/nothing", "application/json", 2, 404),
        ("GET", "/api/ai-budget/tenant/", None, 0, 404),
        ("GET", "/api/ai-budget/tenant/a/b", None, 0, 404),
        ("GET", "/api/ai-budget/check", None, 0, 405),
        ("DELETE", "/api/ai-budget/tenant/a", None, 0, 405),
        ("POST", "/healthz", "application/json", 2, 405),
        ("POST", "/api/ai-budget/check", "application/json", 65_537, 413),
        ("POST", "/api/ai-budget/check", "text/plain", 2, 415),
        ("POST", "/api/ai-budget/check", "application/json; charset=latin-1", 2, 415),
        ("POST", "/api/ai-budget/check", None, 2, 415),
        ("GET", "/api/ai-budget/tenant/a%00b", None, 0, 400),
        ("GET", "/api/ai-budget/tenant/%ff", None, 0, 400),
        ("GET", "/api/ai-budget/tenants?status=worse", None, 0, 400),
        ("GET", "/api/ai-budget/tenants?limit=0", None, 0, 400),
        ("GET", "/api/ai-budget/tenants?page=1", None, 0, 400),
        ("GET", "/api/ai-budget/tenant/a/usage?month=2026-13", None, 0, 400),
        ("GET", "/metrics?tenant=%20", None, 0, 400),
    ],
)
def test_what_the_api_does_not_take_is_refused_in_json(
    served: Served, method: str, path: str, kind: str | None, size: int, status: int
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = served.http.request(method, path, content=b"{" * size if size else None, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert {"error", "message"} <= answer.json().keys()
    if status == 405:
        assert answer.headers["allow"] in ("GET", "POST")


def test_set_needs_an_admin_token_and_takes_each_valid_one(served: Served) -> None:
    body = {"tenant_id": "guarded", "model": SONNET, "monthly_limit_usd": 1}
    for header in ("", "Bearer wrong", f"Basic {ADMIN}", ADMIN):
        answer = served.post("set", body, **({"Authorization": header} if header else {}))
        assert answer.status_code == 401
        assert "monthly_limit_usd" not in answer.text
    for token in (ADMIN, SECOND_ADMIN):
        assert served.post("set", body, Authorization=f"Bearer {token}").status_code == 200


def test_no_answer_shows_a_token(served: Served) -> None:
    served.set("told", 1)
    changes = served.http.get("/api/ai-budget/tenant/told/changes").text
    wrong = served.post("set", {}, Authorization="Bearer a-wrong-token-of-mine").text
    assert not [token for token in (ADMIN, SECOND_ADMIN, "a-wrong-token-of-mine") if token in changes + wrong]
    assert '"source":"api"' in changes


def test_the_page_of_metrics_is_text_format_whatever_is_asked_for(served: Served) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = served.http.get("/metrics", headers=accept)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_a_reset_lowers_what_is_spent_and_not_the_counter(served: Served, url: str) -> None:
    served.post("track", track("counted", report_type="counted"))
    sql(url, "UPDATE ai_token_budgets SET current_usage_usd = 0 WHERE tenant_id = 'counted'")
    page = served.http.get("/metrics", params={"tenant": "counted"}).text
    assert (
        f'\nai_token_usage_cost_usd{{model="{SONNET}",report_type="counted",tenant_id="counted"}} 0.0105\n'
        in page
    )
    assert f'\nai_budget_spent_usd{{model="{SONNET}",tenant_id="counted"}} 0.0\n' in page


def test_the_answer_times_are_those_of_both_workers(served: Served) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: served.post("check", check(f"timed-{number}")), range(40)))
    page = served.http.get("/metrics").text
    line = next(
        line for line in page.splitlines() if 'duration_seconds_count{route="/check",status="2xx"}' in line
    )
    assert float(line.split()[-1]) >= 40


def test_every_process_shows_the_same_money(served: Served, other: Served) -> None:
    served.post("track", track("shared"))
    pages = [
        [line for line in process.http.get("/metrics").text.splitlines() if "usd" in line and line[0] != "#"]
        for process in (served, other)
    ]
    assert pages[0] == pages[1] != []


def test_a_limit_set_in_one_process_or_by_sql_binds_the_next_check_of_every_other(
    served: Served, other: Served, url: str
) -> None:
    assert other.post("check", check("bound")).status_code == 200
    served.set("bound", 0.02)
    assert other.post("check", check("bound")).status_code == 429
    sql(url, "UPDATE ai_token_budgets SET monthly_limit_usd = 1 WHERE tenant_id = 'bound'")
    for process in (served, other):
        assert process.post("check", check("bound")).status_code == 200


def test_a_tracked_completion_counts_in_the_estimate_of_every_process_at_once(
    served: Served, other: Served
) -> None:
    served.post("track", track("guessed", prompt_tokens=0, completion_tokens=7000))
    body = {"tenant_id": "guessed", "model": SONNET, "estimated_prompt_tokens": 0}
    assert other.post("check", body).json()["reserved_usd"] == 0.105


def test_a_known_model_without_a_budget_and_an_unknown_one(served: Served) -> None:
    assert served.post("check", check("fresh")).status_code == 200
    assert served.post("check", check("fresh", model=OPUS)).json()["error"] == "no_budget"
    answer = served.post("check", check("fresh", model="gpt-none"))
    assert (answer.status_code, answer.json()["error"]) == (422, "unknown_model")


def test_answers_are_whole_for_many_callers_at_once(served: Served, url: str) -> None:
    served.set("crowd", 0.33)

    def call(number: int) -> int:
        body = check(
            "crowd", estimated_prompt_tokens=0, max_completion_tokens=2000, request_id=f"c{number // 2}"
        )
        return served.post("check", body).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(call, range(64)))
    assert sorted(set(statuses)) == [200, 429]
    position = "SELECT reserved_usd, monthly_limit_usd FROM ai_budget_position WHERE tenant_id = 'crowd'"
    assert sql(url, position) == [(Decimal("0.33"), Decimal("0.33"))]
