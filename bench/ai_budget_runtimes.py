"""What the AI budget API costs as a Lambda and as pods: `python -m bench.ai_budget_runtimes`.

Previews the stack prod in the sandbox with each runtime, and prices both plans with the cost review for
several rates of calls. Nothing is timed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import yaml

from bench.support.command_line import parser
from teei_finops.costing.costs import EXACT, CostOptions, costs_of, project_options
from teei_finops.costing.preview.plan import Plan
from teei_finops.costing.preview.reader import read_plan
from teei_finops.costing.usage.profile import read_usage

ROOT = Path(__file__).parents[1]
RUNTIMES = ("lambda", "kubernetes")
RATES = tuple(Decimal(rate) for rate in ("0.1", "1", "2", "5", "10", "20", "50", "100"))
PODS = {
    "image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/ai-budget@sha256:{'0' * 64}",
    "oidc_issuer": f"oidc.eks.us-east-1.amazonaws.com/id/{'0' * 32}",
}
SECONDS_PER_MONTH = 730 * 3600
REQUESTS_PER_CALL = 2  # a check and a track
SCHEDULED = 53_000  # invocations of the schedules in a month, in both runtimes
# As in usage.yaml: 3 kB through the load balancer and half a kilobyte of logs for each request.
GB_PER_REQUEST, LOG_GB_PER_REQUEST = Decimal("0.000003"), Decimal("0.0000005")
SERVICE = "ai-budget-service-"


def plans(folder: Path) -> dict[str, Plan]:
    """The plan of the stack prod with each runtime, from previews in a copy of the project."""
    without_caches = shutil.ignore_patterns("__pycache__")
    for package in ("components", "policies", "teei_finops", "functions", "monitoring"):
        shutil.copytree(ROOT / package, folder / package, ignore=without_caches)
    for file in ("__main__.py", "Pulumi.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / file, folder)
    return {runtime: _plan(folder, runtime) for runtime in RUNTIMES}


def _plan(folder: Path, runtime: str) -> Plan:
    document = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())
    document["config"]["teei-finops:ai_budget_service"] |= {"runtime": runtime, "kubernetes": PODS}
    (folder / "Pulumi.prod.yaml").write_text(yaml.safe_dump(document))
    command = [sys.executable, "-m", "teei_finops", "sandbox", "-C", str(folder)]
    command += ["--state", str(folder / "build"), "--", "preview", "--json"]
    preview = subprocess.run(
        [*command, "--show-sames", "--non-interactive", "-s", "prod"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return read_plan(preview.stdout, name=runtime)


def usage(calls_per_second: Decimal, runtime: str) -> dict[str, Any]:
    """`usage.yaml` with this many checks a second, each with its track."""
    document = yaml.safe_load((ROOT / "usage.yaml").read_text())
    per_second = calls_per_second * REQUESTS_PER_CALL if runtime == "lambda" else Decimal(0)
    requests = per_second * SECONDS_PER_MONTH
    logs = float((requests + SCHEDULED) * LOG_GB_PER_REQUEST)
    document["resources"] |= {
        f"{SERVICE}api-function": {
            "monthly_requests": float(requests + SCHEDULED),
            "request_duration_ms": document["resources"]["*-api-function"]["request_duration_ms"]["expected"],
        },
        f"{SERVICE}load-balancer-alb": {
            "new_connections_per_second": float(per_second),
            "active_connections_per_minute": 50,
            "monthly_data_processed_gb": float(requests * GB_PER_REQUEST),
            "rule_evaluations_per_second": 0,
        },
        f"{SERVICE}api-logs": {
            "monthly_ingested_gb": logs, "storage_gb": logs, "monthly_scanned_gb": 1,
        },
    }  # fmt: skip
    return document


def monthly_cost(plan: Plan, options: CostOptions, calls_per_second: Decimal, runtime: str) -> Decimal:
    """US dollars a month of the service without its database: expected amounts, shares of nodes included."""
    with tempfile.TemporaryDirectory() as folder, localcontext(EXACT):
        file = Path(folder) / "usage.yaml"
        file.write_text(yaml.safe_dump(usage(calls_per_second, runtime)))
        pricing = replace(options, usage=read_usage(file)).pricing()
        return sum(_amounts(plan, pricing), Decimal(0))


def _amounts(plan: Plan, pricing: Any) -> Iterator[Decimal]:
    for item in costs_of(plan, pricing):
        if item.resource.name.startswith(SERVICE):
            yield item.estimate.after.expected
            if item.estimate.allocation:
                yield item.estimate.allocation.expected


def rows() -> list[tuple[Decimal, Decimal, Decimal]]:
    """Checks a second, and the monthly cost as a Lambda and as pods; the last row is where they meet."""
    options = project_options(ROOT, datetime.now(UTC).date())
    with tempfile.TemporaryDirectory() as folder:
        by_runtime = plans(Path(folder))

    def costs(rate: Decimal) -> tuple[Decimal, Decimal, Decimal]:
        function, pods = (
            monthly_cost(by_runtime[runtime], options, rate, runtime).quantize(Decimal("0.01"))
            for runtime in RUNTIMES
        )
        return rate, function, pods

    low, high = RATES[0], RATES[-1]
    while high - low > Decimal("0.05"):
        middle = (low + high) / 2
        _, function, pods = costs(middle)
        low, high = (middle, high) if function < pods else (low, middle)
    return [*map(costs, RATES), costs(high.quantize(Decimal("0.1")))]


def table(results: list[tuple[Decimal, Decimal, Decimal]]) -> str:
    """The rows as a Markdown table, in the order of their rates."""
    lines = ["| checks a second | `lambda` | `kubernetes` |", "|---:|---:|---:|"]
    lines += [f"| {rate:f} | ${function} | ${pods} |" for rate, function, pods in sorted(results)]
    return "\n".join(lines)


if __name__ == "__main__":
    parser(__doc__).parse_args()
    print(table(rows()))
