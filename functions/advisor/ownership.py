"""Who owns a resource and what manages it: from tags and labels, and from exports of Pulumi stacks."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from functions.advisor.errors import AdvisorError

# Labels and tags by which tools mark what they manage.
_MANAGED_BY = ("app.kubernetes.io/managed-by", "managed-by", "ManagedBy")
_STACK_TAGS = ("pulumi:stack", "aws:cloudformation:stack-name", "eks:nodegroup-name")
# Ids that AWS generates, such as vol-0a1b2c3d, and that no other resource has.
GENERATED_ID = re.compile(r"[a-z]+-[0-9a-f]{8,}")
_KUBERNETES = "kubernetes:"
_INDEX = TypeAdapter(dict[str, str])


class Ownership:
    """Answers for one report. `urns` are those of the stacks by ARN, by id and by namespace/kind/name."""

    def __init__(self, owner_keys: Iterable[str], urns: Mapping[str, str]) -> None:
        self._owner_keys = tuple(owner_keys)
        self._urns = urns

    def owner(self, *sets: Mapping[str, str]) -> str:
        """The first owner that one of the sets of tags or labels names; empty if none does."""
        return next(
            (value for tags in sets for key in self._owner_keys if (value := _value(tags, key))),
            "",
        )

    def managed_by(self, names: Iterable[str], *sets: Mapping[str, str]) -> str:
        """The URN in a stack, or else the tool that the tags or labels name; empty if neither is known."""
        for name in names:
            if name in self._urns:
                return self._urns[name]
        for tags in sets:
            tool = next((value for key in _MANAGED_BY if (value := _value(tags, key))), "")
            stack = next((f"{key}={value}" for key in _STACK_TAGS if (value := _value(tags, key))), "")
            if tool or stack:
                return " ".join(part for part in (tool, stack) if part)
        return ""


def _value(tags: Mapping[str, str], key: str) -> str:
    """The value of a tag, or of a label in the form of kube-state-metrics, such as `label_app_team`."""
    return tags.get(key) or tags.get("label_" + re.sub(r"[^a-zA-Z0-9_]", "_", key)) or ""


def change_in_stack(urn: str, inputs: str) -> str:
    """What to change in a stack: its config or program, as the next update would undo any other change."""
    stack, name = urn.split("::")[0].rpartition(":")[2], urn.rpartition("::")[2]
    if not inputs:
        return f"verify before deleting: remove {name} from the program, and run pulumi up -s {stack}"
    return f"set {inputs} of {name} in Pulumi.{stack}.yaml or the program, and run pulumi up -s {stack}"


def urns_of_exports(paths: Iterable[Path]) -> dict[str, str]:
    """URNs by ARN, by id and by namespace/kind/name, from files of `pulumi stack export`.

    Raises AdvisorError for a file that is none.
    """
    stacks = []
    for path in paths:
        try:
            deployment = json.loads(path.read_text(encoding="utf-8"))["deployment"]
            resources = deployment.get("resources") or []
            stacks.append({name: resource["urn"] for resource in resources for name in _names(resource)})
        except OSError as error:
            raise AdvisorError(f"{path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise AdvisorError(f"{path}: not a file of `pulumi stack export`") from None
    return unambiguous(stacks)


def urns_of_index(content: bytes, place: str) -> dict[str, str]:
    """URNs by name, from what `python -m functions.advisor urns` wrote. Raises AdvisorError if it is not."""
    try:
        return _INDEX.validate_json(content)
    except ValidationError:
        raise AdvisorError(
            f"{place}: not written by `python -m functions.advisor urns`; write it again or delete it"
        ) from None


def unambiguous(stacks: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The URNs of all stacks, without names that several resources have: those of two clusters."""
    urns: defaultdict[str, set[str]] = defaultdict(set)
    for stack in stacks:
        for name, urn in stack.items():
            urns[name].add(urn)
    return {name: next(iter(candidates)) for name, candidates in urns.items() if len(candidates) == 1}


def _names(resource: Mapping[str, Any]) -> list[str]:
    """What a resource of a stack is called in the account or in the cluster."""
    token, outputs = str(resource.get("type", "")), resource.get("outputs") or {}
    if not resource.get("custom") or not resource.get("id"):
        return []
    if token.startswith(_KUBERNETES):
        metadata = outputs.get("metadata") or {}
        return [f"{metadata.get('namespace', 'default')}/{token.rpartition(':')[2]}/{metadata.get('name')}"]
    names = [outputs.get("arn"), resource["id"] if GENERATED_ID.fullmatch(resource["id"]) else None]
    return [name for name in names if isinstance(name, str)]
