"""Tokens bound to tenants, TLS with a private CA, forks, metrics and spans."""

import hashlib
import itertools
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from ai_budget_client import AIBudget, BudgetSpent, BudgetUnavailable, Forbidden, Settings, Unauthorized
from tests.functions.ai_budget.support import ROOT, SONNET, Served, sql, until

_tenants = itertools.count()
TOKENS = {"prompt_tokens": 1000, "max_tokens": 500}
USAGE = {"input_tokens": 1000, "output_tokens": 420, "cache_read_input_tokens": 80}


@pytest.fixture
def tenant() -> str:
    return f"connected-{next(_tenants)}"


@pytest.fixture
def open_budget(service, tmp_path):
    """A client with arguments of its own, closed at the end."""
    budgets = []

    def open_budget(url=service.url, **arguments):
        settings = Settings(spool_directory=tmp_path, attempts=1)
        budgets.append(AIBudget(url, settings=settings, **arguments))
        return budgets[-1]

    yield open_budget
    for budget in budgets:
        budget.close()


def test_a_token_is_for_its_tenants(database, tmp_path, open_budget):
    tokens = {"red": "reporting.red-secret", "blue": "advisor.blue-secret"}
    lines = []
    for tenant, token in tokens.items():
        digest = hashlib.sha256(token.encode()).hexdigest()
        lines.append(
            f'[[callers]]\nname = "{token.split(".")[0]}"\ntenants = ["{tenant}"]\nsha256 = ["{digest}"]\n'
        )
    config = tmp_path / "budget.toml"
    config.write_text("".join(lines))
    served = Served("--database-url", database, "--workers", "1", "--config", str(config))
    red = open_budget(served.url, token=tokens["red"])
    red.check("red", SONNET, **TOKENS)
    with pytest.raises(Forbidden, match="blue"):
        red.check("blue", SONNET, **TOKENS)
    both = open_budget(served.url, token=tokens.__getitem__)
    for tenant in tokens:
        with both.call(tenant, SONNET, **TOKENS) as call:
            call.used(USAGE)
    until(lambda: len(both.core.spool) == 0)
    with pytest.raises(Unauthorized):
        open_budget(served.url, token="reporting.wrong").check("red", SONNET, **TOKENS)
    served.stop()


def test_a_track_that_the_service_rejects_is_kept_for_the_next_process(
    database, tmp_path, open_budget, caplog
):
    digest = hashlib.sha256(b"reporting.secret").hexdigest()
    config = tmp_path / "budget.toml"
    config.write_text(f'[[callers]]\nname = "reporting"\ntenants = ["green"]\nsha256 = ["{digest}"]\n')
    served = Served("--database-url", database, "--workers", "1", "--config", str(config))
    wrong = open_budget(served.url, token="reporting.wrong")
    wrong.track("green", SONNET, USAGE, request_id="green-1")
    until(lambda: "rejects the track of green-1" in caplog.text)
    wrong.close()
    open_budget(served.url, token="reporting.secret")
    until(lambda: sql(database, "SELECT 1 FROM ai_token_usage WHERE tenant_id = 'green'"))
    served.stop()


def test_a_private_ca_is_trusted_by_choice(tmp_path, open_budget):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    ca, pair = tmp_path / "ca.pem", tmp_path / "pair.pem"
    ca.write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair.write_bytes(private + ca.read_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = {"allowed": True, "reservation_id": None, "reserved_usd": 0.25}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://localhost:{server.server_port}"
    assert open_budget(url, ca_file=ca).check("acme", SONNET, **TOKENS, dry_run=True).reserved_usd == 0.25
    with pytest.raises(BudgetUnavailable, match="certificate"):
        open_budget(url).check("acme", SONNET, **TOKENS)
    server.shutdown()
    server.server_close()


def test_a_forked_child_has_a_spool_and_connections_of_its_own(service, database, tmp_path, tenant):
    code = f"""
import os, sys
from pathlib import Path
from ai_budget_client import AIBudget, Settings
budget = AIBudget({service.url!r}, settings=Settings(spool_directory=Path({str(tmp_path)!r})))
def call(name):
    with budget.call({tenant!r}, {SONNET!r}, prompt_tokens=10, max_tokens=10, request_id=name) as call:
        call.used(prompt_tokens=10, completion_tokens=1)
call("parent-1")
child = os.fork()
call("child" if child == 0 else "parent-2")
budget.close()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "client" / "src")}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=environment, check=True, timeout=60)
    rows = sql(database, "SELECT request_id FROM ai_token_usage WHERE tenant_id = %s ORDER BY 1", tenant)
    assert rows == [("child",), ("parent-1",), ("parent-2",)]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_end_of_the_process_sends_the_spool(service, database, tmp_path, tenant):
    code = f"""
from pathlib import Path
from ai_budget_client import AIBudget, Settings
budget = AIBudget({service.url!r}, settings=Settings(spool_directory=Path({str(tmp_path)!r})))
for number in range(20):
    budget.track({tenant!r}, {SONNET!r}, request_id=f"exit-{{number}}", prompt_tokens=1, completion_tokens=1)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "client" / "src")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    assert sql(database, "SELECT count(*) FROM ai_token_usage WHERE tenant_id = %s", tenant) == [(20,)]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_process_left_is_sent_by_the_next(service, database, tmp_path, tenant):
    code = f"""
import os, signal
from pathlib import Path
from ai_budget_client import AIBudget, Settings
budget = AIBudget({service.url!r}, settings=Settings(spool_directory=Path({str(tmp_path)!r})))
with budget.call({tenant!r}, {SONNET!r}, prompt_tokens=100, max_tokens=30):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "client" / "src")}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    columns = "prompt_tokens, completion_tokens, settlement"
    query = f"SELECT {columns} FROM ai_token_usage WHERE tenant_id = %s"
    assert sql(database, query, tenant) == []
    with AIBudget(service.url, settings=Settings(spool_directory=tmp_path)):
        pass  # however short the next process is
    assert sql(database, query, tenant) == [(100, 30, "settled")]


def test_metrics_count_checks_tokens_and_the_spool(open_budget, service, tenant):
    registry = CollectorRegistry()
    budget = open_budget(registry=registry)
    service.set(tenant, 0.02)
    with budget.call(tenant, SONNET, **TOKENS) as call:
        assert registry.get_sample_value("ai_budget_client_spool_calls") == 1
        call.used(USAGE)
    until(lambda: registry.get_sample_value("ai_budget_client_sent_total", {"outcome": "recorded"}) == 1)
    with pytest.raises(BudgetSpent):
        budget.check(tenant, SONNET, prompt_tokens=1000, max_tokens=2000)
    checks = "ai_budget_client_check_duration_seconds_count"
    assert registry.get_sample_value(checks, {"outcome": "allowed"}) == 1
    assert registry.get_sample_value(checks, {"outcome": "budget_spent"}) == 1
    for kind, tokens in (("input", 1080), ("output", 420)):
        labels = {"gen_ai_request_model": SONNET, "gen_ai_token_type": kind}
        assert registry.get_sample_value("gen_ai_client_token_usage_sum", labels) == tokens


def test_a_call_and_its_check_are_spans_with_the_semantic_names(open_budget, service, tenant):
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    budget = open_budget(tracer_provider=provider)
    service.set(tenant, 0.02)
    with budget.call(tenant, SONNET, **TOKENS) as call:
        call.used(USAGE)
    with pytest.raises(BudgetSpent):
        budget.check(tenant, SONNET, prompt_tokens=1000, max_tokens=2000)
    check, chat, refused = spans.get_finished_spans()
    assert [span.name for span in (check, chat, refused)] == [
        "ai_budget.check",
        f"chat {SONNET}",
        "ai_budget.check",
    ]
    assert chat.attributes["gen_ai.operation.name"] == "chat"
    assert chat.attributes["gen_ai.provider.name"] == "anthropic"
    assert chat.attributes["gen_ai.usage.input_tokens"] == 1080
    assert chat.attributes["gen_ai.usage.output_tokens"] == 420
    assert refused.attributes["error.type"] == "budget_spent"
    assert not refused.status.is_ok
