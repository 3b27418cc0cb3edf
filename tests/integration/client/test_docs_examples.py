"""docs/ai-budget-client.md: its five lines run, and its table has every setting."""

import re
from types import SimpleNamespace

from ai_budget_client import AIBudget, Settings
from tests.functions.ai_budget.support import ROOT, until

PAGE = (ROOT / "docs" / "ai-budget-client.md").read_text()


def test_the_five_lines_make_a_call_that_is_recorded(
    service, claude, upstream, redis_server, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    (lines,) = re.findall(r"```python\n(from ai_budget_client.*?)```", PAGE, re.DOTALL)
    lines = lines.replace("http://ai-budget:3010", service.url).replace("redis://cache", redis_server.url)
    service.set("acme", 10, "claude-sonnet-4-6")
    names = {"anthropic": SimpleNamespace(Anthropic=lambda: claude)}
    exec(lines, names)
    assert names["message"].usage.output_tokens == upstream.billed[0].output_tokens
    status = "/api/ai-budget/tenant/acme"
    until(lambda: service.http.get(status).json()["total_usage_usd"] > 0)
    assert isinstance(names["budget"], AIBudget)
    names["budget"].close()


def test_the_page_has_every_setting_with_its_default():
    table = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]+?)`? \|", PAGE, re.MULTILINE))
    table |= {"connect_timeout": "1", "read_timeout": "6"}
    for name, field in Settings.model_fields.items():
        default = {None: "none"}.get(field.default, str(field.default)).removesuffix(".0")
        if name != "spool_directory":
            assert table[name] == default, name
    assert "`connect_timeout`, `read_timeout` | 1, 6 |" in PAGE
