"""Duration of the sandbox's commands: `python -m bench.sandbox` prints a Markdown table.

The reference is a preview of an empty program. A review plans every stack of the project in temporary state
with the policy pack, estimates the costs and writes the report.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.support.command_line import parser

ROOT = Path(__file__).resolve().parents[1]
REPEATS = 3
THIRTY_RESOURCES = """
import pulumi_aws as aws

for number in range(6):
    name = f"n{number}"
    topic = aws.sns.Topic(name)
    queue = aws.sqs.Queue(name)
    aws.sns.TopicSubscription(name, topic=topic.arn, protocol="sqs", endpoint=queue.arn)
    aws.rds.Instance(name, engine="postgres", instance_class="db.t4g.micro", allocated_storage=20)
    aws.s3.Bucket(name)
"""
NOT_COPIED = shutil.ignore_patterns("build", ".*", "__pycache__", "tests", "bench")


def seconds(directory: Path, *arguments: str) -> float:
    """The duration of one run; ends this process if the run fails."""
    options = ["-C", str(directory), "--state", str(directory / "build")]
    shutil.rmtree(directory / "build", ignore_errors=True)
    started = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "teei_finops", "sandbox", *options, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit {run.returncode}\n{run.stdout}{run.stderr}")
    return time.perf_counter() - started


def main() -> None:
    """Run every command three times, in turn, and print the medians."""
    with tempfile.TemporaryDirectory() as scratch:
        empty, project = Path(scratch) / "empty", Path(scratch) / "project"
        empty.mkdir()
        (empty / "Pulumi.yaml").write_text("name: empty\nruntime: python\n")
        (empty / "__main__.py").write_text("")
        shutil.copytree(ROOT, project, ignore=NOT_COPIED)
        stacks = sorted(
            file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in project.glob("Pulumi.*.yaml")
        )
        thirty = Path(scratch) / "thirty"
        thirty.mkdir()
        (thirty / "Pulumi.yaml").write_text("name: thirty\nruntime: python\n")
        (thirty / "__main__.py").write_text(THIRTY_RESOURCES)
        preview = ["preview", "--non-interactive", "-s"]
        runs = {
            "preview of an empty program": (empty, ["--", *preview, "dev"]),
            "up of 30 AWS resources": (thirty, ["--", "up", "--yes", "--skip-preview", "-s", "dev"]),
            "preview of prod": (project, ["--", *preview, "prod"]),
            f"review of {len(stacks)} stacks": (project, ["review"]),
        }
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(REPEATS):
            for name, (directory, arguments) in runs.items():
                times[name].append(seconds(directory, *arguments))
    medians = {name: statistics.median(durations) for name, durations in times.items()}
    baseline = next(iter(medians.values()))
    print("| run | seconds (median of 3) | relative to the empty program |")
    print("|---|---:|---:|")
    for name, median in medians.items():
        print(f"| {name} | {median:.1f} | {median / baseline:.1f} × |")


if __name__ == "__main__":
    parser(__doc__).parse_args()
    main()
