"""Time of a cost review compared with only parsing its JSON: `python -m bench.costing`.

10,000 and 100,000 mixed resources in two Regions, each in a process of its own, start included. Before
them, how long the prices of one Region take to load: of the median Region, and of the slowest.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.support.command_line import parser
from teei_finops.costing.prices.price_book import region_rows, regions

SIZES = (10_000, 100_000)
REGIONS = ("us-east-1", "eu-central-1")
BASE = "urn:pulumi:bench::shop"
OPS = ("create", "same", "same", "update", "replace", "delete")

Inputs = Callable[[int], dict[str, Any]]
KINDS: dict[str, Inputs] = {
    "aws:ec2/instance:Instance": lambda i: {
        "instanceType": ("m5.large", "m5.xlarge", "c5.large")[i % 3],
        "associatePublicIpAddress": False,
        "rootBlockDevice": {"volumeSize": 50, "volumeType": "gp3"},
        "tags": {"team": "web", "Name": f"vm-{i}"},
    },
    "aws:sqs/queue:Queue": lambda i: {"name": f"queue-{i}", "visibilityTimeoutSeconds": 30},
    "aws:s3/bucket:Bucket": lambda i: {"bucket": f"bucket-{i}", "tags": {"team": "data"}},
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lambda i: {
        "bucket": f"bucket-{i - 1}",
        "rules": [
            {
                "id": "all",
                "status": "Enabled",
                "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                "expiration": {"days": 90},
            }
        ],
    },
    "aws:ebs/volume:Volume": lambda _: {"size": 100, "type": "gp3", "availabilityZone": "a"},
    "aws:rds/instance:Instance": lambda i: {
        "instanceClass": "db.m5.large",
        "engine": "postgres",
        "allocatedStorage": 100,
        "storageType": "gp3",
        "multiAz": i % 2 == 0,
    },
    "aws:lambda/function:Function": lambda _: {"memorySize": 512, "architectures": ["arm64"], "role": "r"},
    "aws:dynamodb/table:Table": lambda _: {"billingMode": "PAY_PER_REQUEST", "hashKey": "id"},
    "aws:lb/loadBalancer:LoadBalancer": lambda _: {"loadBalancerType": "application", "internal": True},
    "aws:ec2/securityGroup:SecurityGroup": lambda _: {
        "ingress": [{"fromPort": 443, "toPort": 443, "protocol": "tcp", "cidrBlocks": ["10.0.0.0/8"]}]
    },
    "aws:iam/role:Role": lambda _: {"assumeRolePolicy": "{}"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda _: {"metricName": "CPUUtilization", "period": 60},
    "aws:cloudwatch/logGroup:LogGroup": lambda _: {"retentionInDays": 30},
    "aws:autoscaling/group:Group": lambda i: {
        "minSize": 1,
        "maxSize": 4,
        "launchTemplate": {"id": f"lt-{i % 50}"},
    },
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _: {"instanceType": "m5.large"},
    "kubernetes:apps/v1:Deployment": lambda i: {
        "metadata": {"name": f"api-{i}", "namespace": "shop"},
        "spec": {
            "replicas": 2,
            "template": {
                "spec": {
                    "containers": [
                        {"name": "api", "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}}}
                    ]
                }
            },
        },
    },
}


def steps(count: int) -> Iterator[dict[str, Any]]:
    chooser = random.Random(1)
    for region in REGIONS:
        urn = f"{BASE}::pulumi:providers:aws::{region}"
        state = {"urn": urn, "custom": True, "type": "pulumi:providers:aws", "inputs": {"region": region}}
        yield {"op": "same", "urn": urn, "oldState": state, "newState": state}
    kinds = list(KINDS.items())
    for index in range(count):
        token, make = kinds[index % len(kinds)]
        region = REGIONS[index // len(kinds) % 2]
        urn = f"{BASE}::{token}::r{index}"
        new = {
            "urn": urn,
            "custom": True,
            "type": token,
            "inputs": make(index),
            "provider": f"{BASE}::pulumi:providers:aws::{region}::1",
        }
        identity = f"lt-{index // len(kinds)}" if "launchTemplate" in token else f"id-{index}"
        old = {**new, "id": identity, "outputs": {**make(index), "arn": f"arn:aws:x:::{index}"}}
        op = chooser.choice(OPS)
        step: dict[str, Any] = {"op": op, "urn": urn, "provider": new["provider"]}
        if op != "create":
            step["oldState"] = old
        if op != "delete":
            step["newState"] = new
        yield step


def measured(*command: str, environment: dict[str, str]) -> tuple[float, float, float]:
    """Elapsed seconds, CPU seconds and peak memory in MB of a process, start included."""
    script = (
        "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss); sys.exit(code > 1)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, *command], check=True, capture_output=True, text=True, env=environment
    )
    elapsed = time.perf_counter() - start
    cpu, kilobytes = done.stdout.split()[-2:]
    return elapsed, float(cpu), int(kilobytes) / 1024


def with_compiled_modules(folder: Path) -> dict[str, str]:
    """The environment in which Python finds the modules of a review compiled, as after an installation."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    preview = folder / "empty.json"
    preview.write_text(json.dumps({"steps": [next(steps(0))]}))
    review = (sys.executable, "-m", "teei_finops", "review", str(preview), "--format", "json")
    measured(*review, environment=environment)
    return environment


def load_times() -> dict[str, float]:
    """Seconds in which the prices of each Region load in this process; the smallest of three runs."""
    times: dict[str, float] = {}
    for region in regions():
        runs = []
        for _ in range(3):
            region_rows.cache_clear()
            start = time.perf_counter()
            region_rows(region)
            runs.append(time.perf_counter() - start)
        times[region] = min(runs)
    return times


def main() -> None:
    times = load_times()
    ordered = sorted(times, key=times.__getitem__)
    print("| Region | prices | load |")
    print("|---|---:|---:|")
    for region in (ordered[len(ordered) // 2], ordered[-1]):
        print(f"| {region} | {len(region_rows(region)):,} | {times[region] * 1000:.0f} ms |")
    print()
    print("| resources | preview | only parse the JSON (CPU) | review as JSON (CPU) | ratio (CPU) | memory |")
    print("|---:|---:|---:|---:|---:|---:|")
    load = "import json, sys; json.load(open(sys.argv[1]))"
    with tempfile.TemporaryDirectory() as folder:
        environment = with_compiled_modules(Path(folder))
        for size in SIZES:
            preview = Path(folder) / f"{size}.json"
            config = {"aws:region": REGIONS[0]}
            document = {"config": config, "steps": list(steps(size)), "changeSummary": {}}
            preview.write_text(json.dumps(document, indent=2))
            parse, parse_cpu, _ = measured(sys.executable, "-c", load, str(preview), environment=environment)
            output = ("--format", "json", "--output", str(Path(folder) / "out.json"))
            review = (sys.executable, "-m", "teei_finops", "review", str(preview), *output)
            elapsed, cpu, memory = measured(*review, environment=environment)
            print(
                f"| {size:,} | {preview.stat().st_size / 1e6:.0f} MB | {parse:.2f} s ({parse_cpu:.2f} s) "
                f"| {elapsed:.2f} s ({cpu:.2f} s) | {cpu / parse_cpu:.1f} × | {memory:.0f} MB |"
            )


if __name__ == "__main__":
    parser(__doc__).parse_args()
    main()
