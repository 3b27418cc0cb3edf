"""What is expected of the programs in examples/programs; run it to write that of each one."""

import json
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from teei_finops.costing.costs import project_options
from teei_finops.costing.preview.reader import read_plan
from teei_finops.review.report import build_report
from tests.integration.sandboxed_stack import ROOT, run_sandbox
from tests.policies.pack_client import Pack, planned_resources

PROGRAMS = ROOT / "examples" / "programs"
EXPECTED = "expected.yaml"
# The engine's remark about plugins that are not in its own directory.
_AMBIENT = "from $PATH at"
DAY = date(2026, 11, 28)


def programs() -> list[Path]:
    """The programs whose language has a host here: Python's is part of the sandbox."""
    directories = sorted(file.parent for file in PROGRAMS.glob("*/Pulumi.yaml"))
    return [directory for directory in directories if _has_host(directory)]


def _has_host(directory: Path) -> bool:
    runtime = yaml.safe_load((directory / "Pulumi.yaml").read_text())["runtime"]
    return (
        isinstance(runtime, dict) or runtime == "python" or bool(shutil.which(f"pulumi-language-{runtime}"))
    )


def plan_and_cost(directory: Path, state: Path) -> dict[str, Any]:
    """What a preview plans, its monthly cost, what has no price, what the policies find, and the warnings."""
    arguments = ["--state", str(state), "--", "preview", "--json", "--show-sames", "--stack", "dev"]
    preview = run_sandbox(directory, *arguments)
    assert preview.returncode == 0, preview.stdout + preview.stderr
    document = json.loads(preview.stdout)
    report = build_report(
        [read_plan(preview.stdout, name="dev")], project_options(directory, DAY, "us-east-1")
    )
    steps = (step for step in document["steps"] if "pulumi:pulumi:Stack" not in step["urn"])
    warnings = [
        *(line.removeprefix("sandbox: ") for line in preview.stderr.splitlines()),
        *(item["message"] for item in document.get("diagnostics", []) if item["severity"] == "warning"),
    ]
    return {
        "plan": sorted(_operation(step) for step in steps),
        "monthly_cost_usd": f"{float(report['after']['expected']):.2f}",
        "unpriced": sorted(row["name"] for row in report["resources"] if row["state"] == "unpriced"),
        "findings": _findings(document),
        "warnings": sorted({_text(warning) for warning in warnings if _AMBIENT not in warning}),
    }


def _findings(document: dict[str, Any]) -> list[str]:
    """What the policies that need no config find, as `level policy resource`."""
    pack = Pack(config=document.get("config", {})).configure_for(None)
    found = pack.evaluate(*planned_resources(document))
    return sorted({f"{item.level} {item.policy} {item.urn.rpartition('::')[2]}" for item in found})


def _operation(step: dict[str, Any]) -> str:
    *_, types, name = step["urn"].split("::")
    return f"{step['op']} {types.rsplit('$', 1)[-1]} {name}"


def _text(warning: str) -> str:
    """A warning without what depends on this machine: colours and the versions of Python and the SDKs."""
    return warning.split(" using the sandbox's own ")[0].replace("<{%reset%}>", "").strip().rstrip(";")


def main() -> int:
    for directory in programs():
        if sys.argv[1:] and directory.name not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory() as state:
            result = plan_and_cost(directory, Path(state))
        (directory / EXPECTED).write_text(yaml.safe_dump(result, sort_keys=False, width=110))
        print(
            f"{directory.name}: {len(result['plan'])} resources, {result['monthly_cost_usd']} USD a month",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
