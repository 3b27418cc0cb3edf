"""Resources as policies see them: the inputs that the program declares, and what the whole stack holds.

The engine shows each resource with its inputs before it is created. At the end it shows all resources of the
stack with their outputs, in which the provider filled in what the program left out. Policies check the
inputs where the engine showed them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pulumi.runtime.proto.analyzer_pb2 import AnalyzeRequest, AnalyzerResource

from policies.properties import ABSENT, Property, read

ROOT = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Resource:
    """`provider` holds the inputs of its provider, `dependencies` the URNs that each property comes from."""

    type: str
    urn: str
    name: str
    inputs: Property
    outputs: Property = ABSENT
    provider: Property = ABSENT
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_request(cls, request: AnalyzeRequest) -> "Resource":
        """A single resource; it has no outputs yet, so that its inputs stand for them."""
        inputs = read(request.properties)
        return cls(request.type, request.urn, request.name, inputs, inputs, _provider(request))


class Stack:
    """The resources of a stack, decoded only when a policy asks for them.

    `shown` are the resources that the engine showed before, by URN. They belong to this stack where its root
    is among them, as in every run of the engine; otherwise outputs take the place of inputs.
    """

    def __init__(
        self, resources: Iterable[AnalyzerResource] = (), shown: Mapping[str, Resource] | None = None
    ) -> None:
        self._resources = sorted(resources, key=lambda resource: resource.urn)
        shown = shown or {}
        is_shown = any(resource.type == ROOT and resource.urn in shown for resource in self._resources)
        self._shown = shown if is_shown else {}
        self._decoded: dict[str, Resource] = {}

    def resources(self, applies: Callable[[str], bool]) -> list[Resource]:
        """The resources of the types that `applies` selects, in the order of their URNs.

        Resources that the program only reads (`Bucket.get`) are left out: the engine lists them here, but
        never shows them one by one.
        """
        return [
            self._decode(resource)
            for resource in self._resources
            if applies(resource.type) and (not self._shown or resource.urn in self._shown)
        ]

    def _decode(self, resource: AnalyzerResource) -> Resource:
        decoded = self._decoded.get(resource.urn)
        if decoded is None:
            outputs = read(resource.properties)
            shown = self._shown.get(resource.urn)
            dependencies = {
                name: tuple(dependency.urns) for name, dependency in resource.propertyDependencies.items()
            }
            decoded = self._decoded[resource.urn] = Resource(
                resource.type, resource.urn, resource.name, shown.inputs if shown else outputs, outputs,
                _provider(resource), dependencies,
            )  # fmt: skip
        return decoded


def _provider(request: AnalyzeRequest | AnalyzerResource) -> Property:
    return read(request.provider.properties) if request.HasField("provider") else ABSENT
