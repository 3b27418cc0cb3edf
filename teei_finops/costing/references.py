"""Finds the resource that another one names: by id, ARN or name, and for unknown values by dependency.

A plan has two sides. `before` holds the old states, `after` the new ones; a join never crosses sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from teei_finops.costing.preview.plan import Plan, Resource, State, is_secret, is_unknown

BEFORE, AFTER = "before", "after"

# Inputs by which AWS names a resource, beside its id and ARN.
_NAMES = (
    "name",
    "bucket",
    "clusterIdentifier",
    "identifier",
    "clusterId",
    "replicationGroupId",
    "domainName",
    "functionName",
    "family",
    "clusterName",
    "nodeGroupName",
    "queueUrl",
)
_KEEPS_ITS_ID = frozenset({"same", "update", "refresh", "import"})


class Side:
    """One side of a plan: its resources with their states, indexed when first asked."""

    def __init__(self, plan: Plan, name: str) -> None:
        self.plan = plan
        self.name = name
        self._states: dict[str, tuple[Resource, State]] = {}
        self._by_type: dict[str, list[str]] = {}
        for resource in plan.resources:
            state = self._state_of(resource)
            if state is not None and resource.custom:
                self._states[resource.urn] = (resource, state)
                self._by_type.setdefault(resource.type, []).append(resource.urn)
        self._identities: dict[str, dict[str, list[str]]] = {}
        self._referring: dict[tuple[str, str], tuple[dict[str, list[str]], bool]] = {}
        self._values: dict[tuple[str, str], dict[Any, list[str]]] = {}
        self._found: dict[tuple[str, tuple[str, ...], str | None], str | None] = {}
        self.memo: dict[str, Any] = {}

    def _state_of(self, resource: Resource) -> State | None:
        if self.name == BEFORE:
            return resource.new if resource.op in ("import", "read") else resource.old
        if resource.op in ("delete", "discard"):
            return resource.old if resource.retain_on_delete else None
        return resource.new

    def get(self, urn: str) -> tuple[Resource, State] | None:
        return self._states.get(urn)

    def of_type(self, token: str) -> list[str]:
        return self._by_type.get(token, [])

    def known_id(self, urn: str) -> str:
        """The provider's id, empty while it is not known."""
        resource, state = self._states[urn]
        value = state.id
        if not value and resource.op in _KEEPS_ITS_ID and resource.old:
            value = resource.old.id
        return "" if is_unknown(value) else value

    def output(self, urn: str, name: str) -> Any:
        """A value the provider computes, from the last deploy where the plan has none."""
        resource, state = self._states[urn]
        value = state.outputs.get(name)
        if (value is None or is_unknown(value)) and resource.op in _KEEPS_ITS_ID and resource.old:
            value = resource.old.outputs.get(name)
        return None if is_unknown(value) else value

    def find(self, reference: str, types: tuple[str, ...], region: str | None) -> str | None:
        """The URN of the resource of one of `types` that `reference` (an id, an ARN or a name) means."""
        key = (reference, types, region)
        if key not in self._found:
            self._found[key] = self._find(reference, types, region)
        return self._found[key]

    def _find(self, reference: str, types: tuple[str, ...], region: str | None) -> str | None:
        tail = reference.rpartition("/")[2] if "/" in reference else reference.rpartition(":")[2]
        wanted = [reference]
        if reference.startswith("arn:") or (tail != reference and ":" in reference):
            wanted += [tail, reference.rpartition("/")[2].partition(":")[0], reference.partition(":")[0]]
        for token in types:
            index = self._index(token)
            for key in wanted:
                urns = index.get(key)
                if not urns:
                    continue
                if len(urns) == 1:
                    return urns[0]
                near = [urn for urn in urns if self.region_hint(urn) == region]
                if near:
                    return near[0]
        return None

    @cached_property
    def home_region(self) -> str | None:
        """The Region of the plan's AWS providers where they have only one, else the config's `aws:region`."""
        found = {
            (resource.new or resource.old or State({})).inputs.get("region")
            for resource in self.plan.resources
            if resource.type == "pulumi:providers:aws"
        }
        regions = [region for region in found if isinstance(region, str) and not is_unknown(region)]
        region = regions[0] if len(regions) == 1 else self.plan.config.get("aws:region")
        return region if isinstance(region, str) else None

    def region_hint(self, urn: str) -> str | None:
        from teei_finops.costing.regions import region_of

        resource, state = self._states[urn]
        try:
            return region_of(self.plan, resource, state, None)
        except Exception:
            return None

    def _index(self, token: str) -> dict[str, list[str]]:
        index = self._identities.get(token)
        if index is None:
            index = self._identities[token] = {}
            for urn in self.of_type(token):
                for identity in self._identities_of(urn):
                    urns = index.setdefault(identity, [])
                    if urn not in urns:
                        urns.append(urn)
        return index

    def _identities_of(self, urn: str) -> Iterator[str]:
        resource, state = self._states[urn]
        states = [state]
        if resource.op in _KEEPS_ITS_ID and resource.old:
            states.append(resource.old)
        for one in states:
            metadata = one.inputs.get("metadata")
            values = [one.id, one.outputs.get("arn"), one.outputs.get("id")]
            values += [one.inputs.get(name) for name in _NAMES]
            values += [one.outputs.get(name) for name in _NAMES]
            values.append(metadata.get("name") if isinstance(metadata, dict) else None)
            for value in values:
                if isinstance(value, str) and value and not is_unknown(value) and not is_secret(value):
                    yield value

    def dependencies(self, urn: str, prop: str, types: tuple[str, ...]) -> list[str]:
        """What an unknown input was made from, as the single document says; empty in the stream."""
        _, state = self._states[urn]
        names = state.property_dependencies.get(prop) or ()
        return [name for name in names if name in self._states and self._states[name][0].type in types]

    def by_value(self, token: str, path: str) -> dict[Any, list[str]]:
        """URNs of a type by the known value at `path`."""
        key = (token, path)
        found = self._values.get(key)
        if found is None:
            found = self._values[key] = {}
            for urn in self.of_type(token):
                value = walk(self._states[urn][1].inputs, path)
                if isinstance(value, (str, int, bool)):
                    found.setdefault(value, []).append(urn)
        return found

    def referring(self, target: str, token: str, path: str) -> tuple[list[str], bool]:
        """Resources of type `token` that name `target` at `path`; True when some name nobody knows whom."""
        kind = self._states[target][0].type
        key = (token, f"{kind}|{path}")
        found = self._referring.get(key)
        if found is None:
            links: dict[str, list[str]] = {}
            lost = False
            for urn in self.of_type(token):
                value = walk(self._states[urn][1].inputs, path)
                if is_unknown(value) or is_secret(value):
                    made_from = self.dependencies(urn, path.partition(".")[0].partition("[")[0], (kind,))
                    lost = lost or not made_from
                    for source in made_from:
                        links.setdefault(source, []).append(urn)
                elif isinstance(value, str):
                    named = self.find(value, (kind,), self.region_hint(urn))
                    if named:
                        links.setdefault(named, []).append(urn)
            found = self._referring[key] = (links, lost)
        links, lost = found
        return links.get(target, []), lost


def walk(value: Any, path: str) -> Any:
    """The value at a dotted path (`launchTemplate.id`, `rules.0.ebs`), None where there is none."""
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif is_unknown(value) or is_secret(value):
            return value
        else:
            return None
        if value is None:
            return None
    return value
