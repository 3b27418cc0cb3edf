"""The AI budget service as its callers see it: `serve` on a real PostgreSQL, over HTTP."""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.functions.ai_budget.support import (
    ADMIN,
    OPUS,
    SONNET,
    Served,
    check,
    fresh_database,
    sql,
    track,
)

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
SECOND_ADMIN = "the-next-admin-token"


@pytest.fixture(scope="module")
def url(server):
    return fresh_database(server)


@pytest.fixture(scope="module")
def served(url):
    served = Served(
        "--database-url", url, "--workers", "2", env={"AI_BUDGET_ADMIN_TOKEN": f"{ADMIN},{SECOND_ADMIN}"}
    )
    yield served
    assert served.stop() == 0


def written(url):
    return sql(
        url, "SELECT (SELECT count(*) FROM ai_token_usage), (SELECT count(*) FROM ai_budget_reservations)"
    )


def test_the_three_commands_that_it_prints_work_as_printed(served):
    commands = [line.strip() for line in served.lines if line.strip().startswith("curl ")]
    assert len(commands) == 3
    for command in commands:
        env = {**os.environ, "AI_BUDGET_ADMIN_TOKEN": ADMIN}
        done = subprocess.run(
            ["bash", "-c", command.replace("curl", "curl -sf", 1)], capture_output=True, env=env
        )
        assert done.returncode == 0, command
        assert json.loads(done.stdout)


def test_the_curl_of_the_guide_with_the_header_sets_the_budget(served):
    body = (
        '{"tenant_id": "tenant-acme-corp", "model": "claude-3-5-sonnet-20241022",'
        ' "monthly_limit_usd": 10000.00}'
    )
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {ADMIN}"}
    answer = served.http.post("/api/ai-budget/set", content=body, headers=headers)
    assert answer.status_code == 200
    assert '"monthly_limit_usd":10000.0,' in answer.text
    assert answer.json() == served.http.get("/api/ai-budget/tenant/tenant-acme-corp").json()["budgets"][0]


def test_the_document_of_a_tenant_is_the_guides_byte_for_byte(served, url):
    served.set("tenant-enterprise", 5000.00)
    sql(
        url,
        "UPDATE ai_token_budgets SET current_usage_usd = 3250.45, token_count_input = 1250000,"
        " token_count_output = 625000 WHERE tenant_id = 'tenant-enterprise'",
    )
    text = served.http.get("/api/ai-budget/tenant/tenant-enterprise").text
    text = re.sub(r'"reset_date":"\d{4}-\d{2}-01T00:00:00Z"', '"reset_date":"2025-12-01T00:00:00Z"', text)
    assert text == (
        '{"tenant_id":"tenant-enterprise","budgets":[{"model":"claude-3-5-sonnet-20241022",'
        '"monthly_limit_usd":5000.0,"current_usage_usd":3250.45,"percentage_used":65.01,'
        '"token_count_input":1250000,"token_count_output":625000,"reset_date":"2025-12-01T00:00:00Z",'
        '"status":"ok","soft_limit_notified":false,"hard_limit_reached":false}],'
        '"total_usage_usd":3250.45,"total_limit_usd":5000.0}'
    )


def test_money_is_exact_and_never_an_exponent(served):
    served.set("small", 0.000000001)
    assert '"monthly_limit_usd":0.000000001,' in served.http.get("/api/ai-budget/tenant/small").text
    served.set("large", 1e9)
    assert '"monthly_limit_usd":1000000000.0,' in served.http.get("/api/ai-budget/tenant/large").text
    served.set("exact", 13.125)
    answer = served.post("check", check("exact", estimated_prompt_tokens=1, max_completion_tokens=0))
    assert '"reserved_usd":0.000003,"remaining_usd":13.124997,' in answer.text


def test_every_answer_carries_a_request_id_and_metrics_carries_none(served):
    for path in (
        "/healthz",
        "/readyz",
        "/nowhere",
        "/openapi.json",
        "/api/ai-budget/tenants",
        "/api/ai-budget/tenant/a",
    ):
        assert served.http.get(path).headers["x-request-id"]
        given = served.http.get(path, headers={"X-Request-Id": "mine-1"})
        assert given.headers["x-request-id"] == "mine-1"
    assert "x-request-id" not in served.http.get("/metrics").headers
    evil = served.http.get("/healthz", headers={"X-Request-Id": "a b<script>"})
    assert "script" not in evil.headers["x-request-id"]


BAD_BODIES = [
    ("check", check(extra=1), "extra"),
    ("check", {k: v for k, v in check().items() if k != "model"}, "model"),
    ("check", check(estimated_prompt_tokens=-1), "estimated_prompt_tokens"),
    ("check", check(estimated_prompt_tokens=100_000_001), "estimated_prompt_tokens"),
    ("check", check(estimated_prompt_tokens=10**40), "estimated_prompt_tokens"),
    ("check", check(estimated_prompt_tokens=1.5), "estimated_prompt_tokens"),
    ("check", check(estimated_prompt_tokens=0.5), "estimated_prompt_tokens"),
    ("check", check(estimated_prompt_tokens="100"), "estimated_prompt_tokens"),
    ("check", check(max_completion_tokens=True), "max_completion_tokens"),
    ("check", check(max_completion_tokens=None), "max_completion_tokens"),
    ("check", check(max_completion_tokens=float("nan")), "max_completion_tokens"),
    ("check", check(max_completion_tokens=float("inf")), "max_completion_tokens"),
    ("check", check("x'; DROP TABLE ai_token_budgets; --"), "tenant_id"),
    ("check", check("a\x00b"), "tenant_id"),
    ("check", check("a\n"), "tenant_id"),
    ("check", check(""), "tenant_id"),
    ("check", check("-a"), "tenant_id"),
    ("check", check("a" * 129), "tenant_id"),
    ("check", check("é"), "tenant_id"),
    ("check", check(["a"]), "tenant_id"),
    ("check", check(request_id="\ud800"), "request_id"),
    ("check", check(report_type={"a": {"b": []}}), "report_type"),
    ("track", track(completion_tokens=-1), "completion_tokens"),
    ("track", track(cache_read_tokens=False), "cache_read_tokens"),
    ("track", track(reservation_id="not-a-uuid"), "reservation_id"),
    ("track", track(cost_usd=1), "cost_usd"),
    ("check", [check()], "body"),
    ("check", None, "body"),
]


@pytest.mark.parametrize(("path", "body", "field"), BAD_BODIES)
def test_bad_input_is_refused_with_the_name_of_its_field_and_nothing_is_written(
    served, url, path, body, field
):
    before = written(url)
    answer = served.http.post(
        f"/api/ai-budget/{path}", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert answer.json()["error"] == "invalid_request"
    assert written(url) == before


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"tenant_id": "a", "tenant_id": "b"}', "tenant_id"),
        (b'{"tenant_id": "\xff"}', "body"),
        (b'\xef\xbb\xbf{"tenant_id": "a"}', "body"),
        (b"[" * 60_000, "body"),
        (b'{"a":' * 10_000, "body"),
        (b"{", "body"),
        (b"", "body"),
        (
            b'{"tenant_id": "a", "model": "m", "estimated_prompt_tokens": ' + b"9" * 5000 + b"}",
            "estimated_prompt_tokens",
        ),
        (
            b'{"tenant_id": "a", "model": "m", "estimated_prompt_tokens": 1e99999999999999999999}',
            "estimated_prompt_tokens",
        ),
        (b'{"tenant_id": "a", "model": "m", "estimated_prompt_tokens": -1e-9}', "estimated_prompt_tokens"),
        (b'{"tenant_id": "a", "model": "m", "estimated_prompt_tokens": NaN}', "estimated_prompt_tokens"),
    ],
)
def test_what_is_not_strict_json_is_refused(served, raw, field):
    answer = served.http.post(
        "/api/ai-budget/check", content=raw, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("value", ["-1", "1000000001", "true", '"5"', "NaN", "null", "1e400", "-1e-400"])
def test_a_limit_out_of_range_is_refused(served, value):
    raw = f'{{"tenant_id": "a", "model": "{SONNET}", "monthly_limit_usd": {value}}}'
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {ADMIN}"}
    answer = served.http.post("/api/ai-budget/set", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (400, "monthly_limit_usd")


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
        ("POST", "/api/ai-budget/check", "application/json", 10_000_000, 413),
        ("POST", "/api/ai-budget/check", "text/plain", 2, 415),
        ("POST", "/api/ai-budget/check", "application/json; charset=latin-1", 2, 415),
        ("POST", "/api/ai-budget/check", None, 2, 415),
        ("GET", "/api/ai-budget/tenant/a%00b", None, 0, 400),
        ("GET", "/api/ai-budget/tenant/%ff", None, 0, 400),
        ("GET", "/api/ai-budget/tenants?status=worse", None, 0, 400),
        ("GET", "/api/ai-budget/tenants?limit=1&limit=2", None, 0, 400),
        ("GET", "/api/ai-budget/tenant/a/usage?month=2026-13", None, 0, 400),
    ],
)
def test_what_the_api_does_not_take_is_refused_in_json(served, method, path, kind, size, status):
    headers = {} if kind is None else {"Content-Type": kind}
    answer = served.http.request(method, path, content=b"{" * size if size else None, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert {"error", "message"} <= answer.json().keys()
    if status == 405:
        assert answer.headers["allow"] in ("GET", "POST")


class TestWhoMayCall:
    def test_set_needs_an_admin_token_and_takes_each_valid_one(self, served):
        body = {"tenant_id": "guarded", "model": SONNET, "monthly_limit_usd": 1}
        for header in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Basic {ADMIN}"},
            {"Authorization": ADMIN},
        ):
            answer = served.post("set", body, **header)
            assert answer.status_code == 401
            assert "Authorization" in answer.json()["message"]
            assert "monthly_limit_usd" not in answer.text
        for token in (ADMIN, SECOND_ADMIN):
            assert served.post("set", body, Authorization=f"Bearer {token}").status_code == 200

    def test_no_answer_or_change_shows_a_token(self, served):
        served.set("told", 1)
        changes = served.http.get("/api/ai-budget/tenant/told/changes").text
        wrong = served.post("set", {}, Authorization="Bearer a-wrong-token-of-mine").text
        assert not any(t in changes + wrong for t in (ADMIN, SECOND_ADMIN, "a-wrong-token-of-mine"))
        assert '"source":"api"' in changes

    def test_with_service_tokens_every_path_but_healthz_wants_one(self, url, tmp_path):
        config = tmp_path / "budget.toml"
        config.write_text('service_tokens = ["service-token-1", "service-token-2"]\n')
        served = Served("--database-url", url, "--workers", "1", "--config", str(config))
        paths = (
            "/metrics",
            "/readyz",
            "/openapi.json",
            "/api/ai-budget/tenant/a",
            "/api/ai-budget/tenants",
            "/nowhere",
        )
        for path in paths:
            assert served.http.get(path).status_code == 401, path
            good = served.http.get(path, headers={"Authorization": "Bearer service-token-2"})
            assert good.status_code == (404 if path == "/nowhere" else 200), path
        assert served.post("check", check()).status_code == 401
        assert served.post("check", check(), Authorization="Bearer service-token-1").status_code == 200
        assert served.http.get("/healthz").status_code == 200
        body = {"tenant_id": "a", "model": SONNET, "monthly_limit_usd": 1}
        assert served.post("set", body, Authorization="Bearer service-token-1").status_code == 401
        assert served.post("set", body, Authorization=f"Bearer {ADMIN}").status_code == 200
        assert served.stop() == 0


class TestMetrics:
    def families(self, served, **headers):
        text = served.http.get("/metrics", headers=headers).text
        return {f.name: f for f in text_string_to_metric_families(text)}

    def test_the_page_is_text_format_0_0_4_whatever_is_asked_for(self, served):
        answer = served.http.get(
            "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"

    def test_the_counter_is_the_audit_logs_sum_and_does_not_fall_at_a_reset(self, served, url):
        served.post("track", track("counted", report_type="weekly"))
        served.post("track", track("counted", report_type="weekly", prompt_tokens=1))
        sql(url, "UPDATE ai_token_budgets SET current_usage_usd = 0 WHERE tenant_id = 'counted'")
        logged = sql(url, "SELECT sum(cost_usd) FROM ai_token_usage WHERE tenant_id = 'counted'")[0][0]
        text = served.http.get("/metrics").text
        labels = f'{{tenant_id="counted",model="{SONNET}",report_type="weekly"}}'
        assert f"\nai_token_usage_cost_usd{labels} {logged.normalize():f}\n" in text
        assert "\n# TYPE ai_token_usage_cost_usd counter\n" in text
        assert f'\nai_budget_spent_usd{{tenant_id="counted",model="{SONNET}"}} 0.0\n' in text

    def test_every_process_shows_the_same_money(self, served, url):
        served.post("track", track("shared"))
        other = Served("--database-url", url, "--workers", "1")
        money = (
            "ai_token_usage",
            "ai_budget_m",
            "ai_budget_s",
            "ai_budget_h",
            "ai_budget_u",
            "ai_budget_reserved",
        )
        pages = [
            [line for line in s.http.get("/metrics").text.splitlines() if line.startswith(money)]
            for s in (served, other)
        ]
        assert pages[0] == pages[1]
        assert other.stop() == 0

    def test_limits_utilisation_reservations_and_latencies_are_there(self, served):
        served.set("measured", 0.02)
        served.post("check", check("measured"))
        assert served.post("check", check("measured")).status_code == 429
        found = self.families(served)
        value = {
            name: next(s.value for s in found[name].samples if s.labels.get("tenant_id") == "measured")
            for name in (
                "ai_budget_monthly_limit_usd", "ai_budget_reserved_usd", "ai_budget_utilization_percent",
                "ai_budget_hard_limit_reached",
            )
        }  # fmt: skip
        assert value == {
            "ai_budget_monthly_limit_usd": 0.02,
            "ai_budget_reserved_usd": 0.0105,
            "ai_budget_utilization_percent": 0,
            "ai_budget_hard_limit_reached": 1,
        }
        latency = found["ai_budget_request_duration_seconds"].samples
        refused = [
            s
            for s in latency
            if s.labels == {"route": "check", "status": "4xx"} and s.name.endswith("_count")
        ]
        assert refused[0].value >= 1

    def test_an_odd_tenant_id_written_by_sql_does_not_break_the_page(self, served, url):
        sql(
            url,
            "INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd)"
            " VALUES (E'a\"\\\\\\n', 'm', 1)",
        )
        limits = self.families(served)["ai_budget_monthly_limit_usd"].samples
        assert 'a"\\\n' in {s.labels["tenant_id"] for s in limits}
        sql(url, "DELETE FROM ai_token_budgets WHERE model = 'm'")


def test_a_limit_set_in_one_process_or_by_sql_binds_the_next_check_of_every_other(served, url):
    other = Served("--database-url", url, "--workers", "1")
    assert other.post("check", check("bound")).status_code == 200
    served.set("bound", 0.02)
    assert other.post("check", check("bound")).status_code == 429
    sql(url, "UPDATE ai_token_budgets SET monthly_limit_usd = 1 WHERE tenant_id = 'bound'")
    for process in (served, other):
        assert process.post("check", check("bound")).status_code == 200
    assert other.stop() == 0


def test_a_tracked_completion_counts_in_the_estimate_of_every_process_at_once(served, url):
    other = Served("--database-url", url, "--workers", "1")
    other.post("check", check("guessed"))
    served.post("track", track("guessed", prompt_tokens=0, completion_tokens=7000))
    body = {"tenant_id": "guessed", "model": SONNET, "estimated_prompt_tokens": 0}
    assert Decimal(str(other.post("check", body).json()["reserved_usd"])) == Decimal("0.105")
    assert other.stop() == 0


def test_a_known_model_without_a_budget_and_an_unknown_one(served):
    assert served.post("check", check("fresh", model=OPUS)).json()["error"] == "no_budget"
    answer = served.post("track", track("fresh", model="gpt-none"))
    assert (answer.status_code, answer.json()["error"]) == (422, "unknown_model")


def test_answers_are_whole_for_many_callers_at_once(served):
    served.set("crowd", 0.33)

    def call(i):
        body = check("crowd", estimated_prompt_tokens=0, max_completion_tokens=2000, request_id=f"c{i // 2}")
        return served.post("check", body).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(call, range(64)))
    assert sorted(set(statuses)) == [200, 429]
    position = "SELECT reserved_usd, monthly_limit_usd FROM ai_budget_position WHERE tenant_id = 'crowd'"
    assert sql(served_url(served), position) == [(Decimal("0.33"), Decimal("0.33"))]


def served_url(served):
    return served.process.args[served.process.args.index("--database-url") + 1]
