"""The outputs of other stacks, for a program's stack references."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from teei_finops.sandbox.errors import SandboxError
from teei_finops.sandbox.program.output_reads import Reads, output_reads
from teei_finops.sandbox.providers.plausible_values import Subject, plausible_value
from teei_finops.sandbox.workspace import Workspace

FILE = "stack-outputs.yaml"


@dataclass(frozen=True)
class StackOutputs:
    """What answers a program's stack references.

    `sandbox_stacks` are those with a state, as `project/stack`. `stated` has the outputs of
    `stack-outputs.yaml` by stack. `invented` has those that the program reads, for all other stacks.
    """

    sandbox_stacks: Sequence[str] = ()
    stated: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    invented: Mapping[str, Any] = field(default_factory=dict)


def stack_outputs(workspace: Workspace) -> StackOutputs:
    """The outputs that answer a program's stack references; raises SandboxError for an invalid file."""
    folder = workspace.state / ".pulumi" / "stacks"
    states = sorted(f"{file.parent.name}/{file.stem}" for file in folder.glob("*/*.json"))
    return StackOutputs(states, _stated_outputs(workspace.project / FILE), _invented(workspace.project))


def _invented(project: Path) -> Mapping[str, Any]:
    """A plausible value for each output that a file of the program reads by its name."""
    reads: Reads = {}
    for file in sorted(project.rglob("*.py")):
        if "site-packages" not in file.parts:
            output_reads(file.read_bytes(), reads)
    return {str(name): _invented_value(str(name), parts) for name, parts in reads.items()}


def _invented_value(name: str, parts: Reads) -> Any:
    """A mapping or a list when the program reads its items; else a list of texts for a plural such as
    `private-subnet-ids`, or a text."""
    if any(isinstance(key, str) for key in parts):
        return {str(key): _invented_value(str(key), items) for key, items in parts.items()}
    items = {key: value for nested in parts.values() for key, value in nested.items()}
    if items:
        return [_invented_value(name, items)] * (max(map(int, parts)) + 1)
    first, *others = re.split("[_-]", name)
    camel_case = first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in others)
    is_list = parts or re.search(r"(Ids|Arns|Names|Subnets|Groups|Zones)$", camel_case)
    subject = Subject(name, "us-east-1", "123456789012")
    return plausible_value(camel_case, Sequence[str] if is_list else str, subject)


def _stated_outputs(file: Path) -> Mapping[str, Mapping[str, Any]]:
    if not file.exists():
        return {}
    try:
        document = yaml.safe_load(file.read_text()) or {}
    except yaml.YAMLError as error:
        raise SandboxError(f"{file}: invalid YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(document, dict) or not all(isinstance(outputs, dict) for outputs in document.values()):
        raise SandboxError(
            f"{file}: must have a mapping of outputs for each stack, by its name such as acme/network/prod"
        )
    return {str(stack): outputs for stack, outputs in document.items()}
