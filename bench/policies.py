"""How much time the policy pack takes: `python -m bench.policies` prints a Markdown table.

The resources are those of a preview of our own stack, repeated under new names. An evaluation is one resource
checked by the whole pack; its baseline is decoding the same request once with protobuf. The baseline of a
preview is the same preview without the pack. Both run alternately, and the best run of each counts.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel

from bench.support.command_line import parser
from policies import analyzer, pack

ROOT = Path(__file__).resolve().parents[1]
EVALUATIONS = 1000
REPEATS = 5
STACK = "prod"
NOT_COPIED = shutil.ignore_patterns("build", ".*", "__pycache__")
Timings = tuple[list[float], list[float]]


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Project:
    """A copy of this project, whose stack is previewed in the sandbox."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
        self._preview = [
            *(sys.executable, "-m", "teei_finops", "sandbox", "-C", str(folder)),
            *("--state", str(folder / "build"), "--"),
            *("preview", "--stack", STACK, "--json", "--non-interactive"),
        ]
        self._pack = ["--policy-pack", str(folder / "policies")]

    def preview(self, *, with_pack: bool = False) -> dict[str, Any]:
        command = [*self._preview, *(self._pack if with_pack else [])]
        return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


def repeated_resources(preview: dict[str, Any]) -> list[analyzer_pb2.AnalyzeRequest]:
    """A thousand resources: those of the preview over and over, under new names."""
    states = [step["newState"] for step in preview["steps"] if "newState" in step]
    requests = []
    for number in range(EVALUATIONS):
        state = states[number % len(states)]
        properties = struct_pb2.Struct()
        properties.update(state.get("inputs", {}))
        name = f"{state['urn'].rpartition('::')[2]}-{number}"
        requests.append(
            analyzer_pb2.AnalyzeRequest(
                type=state["type"], urn=f"{state['urn']}-{number}", name=name, properties=properties
            )
        )
    return requests


def pack_analyzer(config: dict[str, Any]) -> analyzer.Analyzer:
    policies, context = pack.build(config, datetime.now(UTC).date())
    return analyzer.analyzer_for(context)(pack.NAME, "0.0.1", policies, EnforcementLevel.MANDATORY)


def evaluations(preview: dict[str, Any]) -> Timings:
    """Seconds for a thousand evaluations, and to decode the same requests."""
    requests = repeated_resources(preview)
    servicer = pack_analyzer(preview["config"])
    evaluated, decoded = [], []
    for _ in range(REPEATS):
        decoded.append(seconds(lambda: [json_format.MessageToDict(item.properties) for item in requests]))
        evaluated.append(seconds(lambda: [servicer.Analyze(item, None) for item in requests]))
    return evaluated, decoded


def whole_stack(preview: dict[str, Any]) -> Timings:
    """Seconds for the stack policies on a stack of a thousand resources, and to decode it."""
    request = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=item.type, urn=item.urn, name=item.name, properties=item.properties
            )
            for item in repeated_resources(preview)
        ]
    )
    servicer = pack_analyzer(preview["config"])
    evaluated, decoded = [], []
    for _ in range(REPEATS):
        decoded.append(
            seconds(lambda: [json_format.MessageToDict(item.properties) for item in request.resources])
        )
        evaluated.append(seconds(lambda: servicer.AnalyzeStack(request, None)))
    return evaluated, decoded


def previews(project: Project) -> Timings:
    """Seconds for a preview of a real stack with the pack, and without it."""
    with_pack, without = [], []
    for _ in range(REPEATS):
        without.append(seconds(project.preview))
        with_pack.append(seconds(lambda: project.preview(with_pack=True)))
    return with_pack, without


def main() -> None:
    print(f"| best of {REPEATS} | with the pack | baseline | ratio | difference |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        project = Project(Path(scratch) / "project")
        preview = project.preview()
        for name, measure in (
            (f"{EVALUATIONS} evaluations / decoding their requests", lambda: evaluations(preview)),
            (f"a stack of {EVALUATIONS} resources as a whole / decoding it", lambda: whole_stack(preview)),
            (f"preview of {STACK} / the same without the pack", lambda: previews(project)),
        ):
            measured, baseline = (min(timings) for timings in measure())
            ratio, difference = measured / baseline, measured - baseline
            figures = f"{measured:.2f} s | {baseline:.2f} s | {ratio:.1f} | {difference:+.2f} s"
            print(f"| {name} | {figures} |", flush=True)


if __name__ == "__main__":
    parser(__doc__).parse_args()
    main()
