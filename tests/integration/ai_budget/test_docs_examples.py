"""The examples of docs/ai-budget.md, run as printed against a fresh `serve`."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from functions.ai_budget.app import create_app
from functions.ai_budget.config import Config
from functions.ai_budget.ledger import Ledger
from functions.ai_budget.metrics import RequestMetrics
from functions.ai_budget.notifications import signature
from functions.ai_budget.service import Service
from tests.functions.ai_budget.support import ADMIN, ROOT, Served, fresh_database

pytest_plugins = ("tests.functions.ai_budget.support",)
pytestmark = pytest.mark.postgres
PAGE = Path(ROOT / "docs/ai-budget.md").read_text(encoding="utf-8")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture(scope="module")
def served(server: str) -> Iterator[Served]:
    served = Served("--database-url", fresh_database(server), "--workers", "2")
    yield served
    assert served.stop() == 0


def examples() -> list[tuple[str, list[str]]]:
    """Commands and the lines printed below them; the body of a command ends with a quote and its line."""
    examples = []
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.M | re.S):
        for example in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = example.strip().split("\n")
            ends = (
                [number for number, line in enumerate(lines) if line.endswith("'")]
                if "-d '" in lines[0]
                else [0]
            )
            examples.append(("\n".join(lines[: ends[0] + 1]), lines[ends[0] + 1 :]))
    return examples


def without_times(text: str) -> Any:
    """The answer with one name for all instants and months, which differ from run to run."""
    return json.loads(re.sub(r'"month":"\d{4}-\d\d"', '"month":"MONTH"', TIME.sub("TIME", text)))


def test_every_example_gives_the_answer_that_the_page_prints(served: Served) -> None:
    actual_ids: dict[str, str] = {}
    commands = examples()
    assert len(commands) > 10
    for command, expected in commands:
        for printed, actual in actual_ids.items():
            command = command.replace(printed, actual)
        command = command.replace("http://localhost:3010", served.url).replace("$ADMIN_TOKEN", ADMIN)
        output = subprocess.run(
            ["sh", "-c", command], check=True, capture_output=True, text=True, timeout=60
        ).stdout
        head, _, body = output.rpartition("\n")
        for printed, actual in zip(UUID.finditer(expected[-1]), UUID.finditer(body), strict=True):
            actual_ids.setdefault(printed[0], actual[0])
            body = body.replace(actual[0], printed[0])
        assert without_times(body) == without_times(expected[-1]), command
        heads = [line.strip().lower() for line in head.splitlines()]
        assert not [line for line in expected[:-1] if line.lower() not in heads], heads


def test_the_page_names_every_path_and_every_field_of_a_request() -> None:
    document = create_app(Service(Ledger(lambda: ""), Config()), list, RequestMetrics()).openapi()
    for path in document["paths"]:
        assert path.removeprefix("/api/ai-budget").replace("{tenant_id}", ":id") in PAGE
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Request"):
            assert not [f"{name}.{field}" for field in schema["properties"] if f"`{field}`" not in PAGE]


def test_the_code_that_verifies_a_webhook_accepts_ours_and_no_other() -> None:
    namespace: dict[str, Any] = {}
    exec(re.search(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)[1], namespace)  # type: ignore[index]
    is_authentic, now, secret = namespace["is_authentic"], datetime.now().astimezone(), "a-secret-of-a-tenant"
    header = signature(secret, b"body", now)
    assert is_authentic(header, b"body", secret)
    assert not is_authentic(header, b"other", secret)
    assert not is_authentic(header, b"body", "another-secret")
    assert not is_authentic(signature(secret, b"body", datetime(2026, 1, 1).astimezone()), b"body", secret)
