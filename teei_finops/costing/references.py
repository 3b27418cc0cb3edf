"""Resolves references between resources: by id, ARN or name, and for unknown values by dependency.

A plan has two snapshots: `before` holds the old states, `after` the new ones. A reference is resolved within
one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from teei_finops.costing.amounts import Unpriced
from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.preview.values import is_secret, is_unknown, value_at
from teei_finops.costing.regions import region_of

BEFORE, AFTER = "before", "after"

# Inputs that identify a resource for AWS, besides its id and ARN.
_NAME_PROPERTIES = (
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
_ID_UNCHANGED = frozenset({"same", "update", "refresh", "import"})


class PlanSnapshot:
    """The resources of a plan with their states before or after the change, indexed on first use."""

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
        self._referring: dict[tuple[str, str, str], tuple[dict[str, list[str]], bool]] = {}
        self._values: dict[tuple[str, str], dict[Any, list[str]]] = {}
        self._resolved: dict[tuple[str, tuple[str, ...], str | None], str | None] = {}
        self.memo: dict[str, Any] = {}
        self.regions: dict[str, str] = {}  # in which resources are billed, by URN, as far as looked up

    def _state_of(self, resource: Resource) -> State | None:
        if self.name == BEFORE:
            return resource.new if resource.op in ("import", "read") else resource.old
        if resource.op in ("delete", "discard"):
            return resource.old if resource.retain_on_delete else None
        return resource.new

    def resource(self, urn: str) -> tuple[Resource, State]:
        """A resource that one of the other methods has returned, with its state."""
        return self._states[urn]

    def of_type(self, token: str) -> list[str]:
        return self._by_type.get(token, [])

    def known_id(self, urn: str) -> str:
        """The provider's id, empty until it is known."""
        resource, state = self._states[urn]
        value = state.id
        if not value and resource.op in _ID_UNCHANGED and resource.old:
            value = resource.old.id
        return "" if is_unknown(value) else value

    def output(self, urn: str, name: str) -> Any:
        """A value that the provider computes, from the last deploy where the plan has none."""
        resource, state = self._states[urn]
        value = state.outputs.get(name)
        if (value is None or is_unknown(value)) and resource.op in _ID_UNCHANGED and resource.old:
            value = resource.old.outputs.get(name)
        return None if is_unknown(value) else value

    def find(self, reference: str, types: tuple[str, ...], region: str | None) -> str | None:
        """The URN of the resource of one of `types` that `reference` (an id, an ARN or a name) identifies."""
        key = (reference, types, region)
        if key not in self._resolved:
            self._resolved[key] = self._find(reference, types, region)
        return self._resolved[key]

    def _find(self, reference: str, types: tuple[str, ...], region: str | None) -> str | None:
        tail = reference.rpartition("/")[2] if "/" in reference else reference.rpartition(":")[2]
        names = [reference]
        if reference.startswith("arn:") or (tail != reference and ":" in reference):
            names += [tail, reference.rpartition("/")[2].partition(":")[0], reference.partition(":")[0]]
        for token in types:
            index = self._index(token)
            for name in names:
                urns = index.get(name)
                if not urns:
                    continue
                if len(urns) == 1:
                    return urns[0]
                in_region = [urn for urn in urns if self._region_or_none(urn) == region]
                if in_region:
                    return in_region[0]
        return None

    @cached_property
    def home_region(self) -> str | None:
        """The Region of the plan's AWS providers where they have only one, else the config's `aws:region`."""
        values = {
            resource.state.inputs.get("region")
            for resource in self.plan.resources
            if resource.type == "pulumi:providers:aws"
        }
        regions = [value for value in values if isinstance(value, str) and not is_unknown(value)]
        region = regions[0] if len(regions) == 1 else self.plan.config.get("aws:region")
        return region if isinstance(region, str) else None

    def _region_or_none(self, urn: str) -> str | None:
        resource, state = self._states[urn]
        try:
            return region_of(self.plan, resource, state, None)
        except Unpriced:
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
        if resource.op in _ID_UNCHANGED and resource.old:
            states.append(resource.old)
        for version in states:
            metadata = version.inputs.get("metadata")
            values = [version.id, version.outputs.get("arn"), version.outputs.get("id")]
            for properties in (version.inputs, version.outputs):
                values += [properties[name] for name in _NAME_PROPERTIES if name in properties]
            values.append(metadata.get("name") if isinstance(metadata, dict) else None)
            for value in values:
                if isinstance(value, str) and value and not is_unknown(value) and not is_secret(value):
                    yield value

    def dependencies(self, urn: str, input_name: str, types: tuple[str, ...]) -> list[str]:
        """The resources of `types` that an unknown input depends on; none in the streaming format."""
        _, state = self._states[urn]
        names = state.property_dependencies.get(input_name) or ()
        return [name for name in names if name in self._states and self._states[name][0].type in types]

    def by_value(self, token: str, path: str) -> dict[Any, list[str]]:
        """URNs of a type by the known value at `path`."""
        key = (token, path)
        urns = self._values.get(key)
        if urns is None:
            urns = self._values[key] = {}
            for urn in self.of_type(token):
                value = value_at(self._states[urn][1].inputs, path)
                if isinstance(value, (str, int, bool)):
                    urns.setdefault(value, []).append(urn)
        return urns

    def referring(self, target: str, token: str, path: str) -> tuple[list[str], bool]:
        """Resources of type `token` that refer to `target` at `path`; True when a reference is unresolved."""
        target_type = self._states[target][0].type
        key = (token, target_type, path)
        if key not in self._referring:
            self._referring[key] = self._references(token, target_type, path)
        references, has_unresolved = self._referring[key]
        return references.get(target, []), has_unresolved

    def _references(self, token: str, target_type: str, path: str) -> tuple[dict[str, list[str]], bool]:
        """The resources of type `token` by what they refer to at `path`, and whether one is unresolved."""
        references: dict[str, list[str]] = {}
        has_unresolved = False
        for urn in self.of_type(token):
            value = value_at(self._states[urn][1].inputs, path)
            targets: list[str] = []
            if is_unknown(value) or is_secret(value):
                targets = self.dependencies(urn, path.partition(".")[0].partition("[")[0], (target_type,))
                has_unresolved = has_unresolved or not targets
            elif isinstance(value, str):
                target = self.find(value, (target_type,), self._region_or_none(urn))
                targets = [target] if target else []
            for target in targets:
                references.setdefault(target, []).append(urn)
        return references, has_unresolved
