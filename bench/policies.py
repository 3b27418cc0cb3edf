"""What the policy pack costs in time: `python -m bench.policies` prints a Markdown table.

An evaluation is one resource judged by the whole pack, the resources being those of a stack in which all is
right. The baseline of evaluations is decoding the same requests once with protobuf, that of a preview the
same preview without the pack, which takes its turn with it. Of each the best run counts, which other
work on the machine disturbs least.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from google.protobuf import json_format

from tests.policies.analyzer import Made, Pack, analyze_request, stack_request
from tests.policies.good import stack

ROOT = Path(__file__).resolve().parents[1]
EVALUATIONS = 1000
REPEATS = 5
STACK = "prod"
NOT_COPIED = shutil.ignore_patterns("build", ".*", "__pycache__")


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def resources() -> list[Made]:
    """A thousand resources: those of the good stack over and over, under new names."""
    made: list[Made] = []
    while len(made) < EVALUATIONS:
        round_ = f"-{len(made)}"
        for each in stack().values():
            props = (
                {**each.props, "bucket": each.props["bucket"] + round_}
                if "bucket" in each.props
                else each.props
            )
            if "metadata" in props:
                props = {**props, "metadata": {**props["metadata"], "namespace": f"teei{round_}"}}
            made.append(replace(each, name=each.name + round_, props=props))
    return made


def evaluations() -> tuple[list[float], list[float]]:
    """Seconds for a thousand evaluations, and to decode the same requests."""
    requests = [analyze_request(made) for made in resources()]
    analyzer = Pack().analyzer
    judged, decoded = [], []
    for _ in range(REPEATS):
        decoded.append(seconds(lambda: [json_format.MessageToDict(each.properties) for each in requests]))
        judged.append(seconds(lambda: [analyzer.Analyze(each, None) for each in requests]))
    return judged, decoded


def whole_stack() -> tuple[list[float], list[float]]:
    """Seconds for the stack policies on a stack of a thousand resources, and to decode it."""
    request = stack_request(resources())
    analyzer = Pack().analyzer
    judged, decoded = [], []
    for _ in range(REPEATS):
        decoded.append(
            seconds(lambda: [json_format.MessageToDict(each.properties) for each in request.resources])
        )
        judged.append(seconds(lambda: analyzer.AnalyzeStack(request, None)))
    return judged, decoded


def previews() -> tuple[list[float], list[float]]:
    """Seconds for a preview of a real stack with the pack, and without it."""
    with_pack, without = [], []
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "project"
        shutil.copytree(ROOT, project, ignore=NOT_COPIED)
        preview = [
            *(sys.executable, "-m", "teei_finops", "sandbox", "-C", str(project), "--"),
            *("preview", "--stack", STACK, "--json", "--non-interactive"),
        ]
        with_policies = [*preview, "--policy-pack", str(project / "policies")]
        run(preview)  # makes the stack
        for _ in range(REPEATS):
            without.append(seconds(lambda: run(preview)))
            with_pack.append(seconds(lambda: run(with_policies)))
    return with_pack, without


def run(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    print(f"| best of {REPEATS} | with the pack | baseline | ratio | difference |")
    print("|---|---|---|---|---|")
    for name, measure in (
        (f"{EVALUATIONS} evaluations / decoding their requests", evaluations),
        (f"a stack of {EVALUATIONS} resources as a whole / decoding it", whole_stack),
        (f"preview of {STACK} / the same without the pack", previews),
    ):
        ours, baseline = (min(each) for each in measure())
        figures = f"{ours:.2f} s | {baseline:.2f} s | {ours / baseline:.1f} | {ours - baseline:+.2f} s"
        print(f"| {name} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
