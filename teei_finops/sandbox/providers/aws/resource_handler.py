# ruff: noqa: ARG002 every handler method takes the same arguments
"""The interface of a resource handler, which creates, updates and deletes one resource type through boto3."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from teei_finops.sandbox.providers.aws.api import Clients

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class ResourceState:
    """A resource after a call: its id and the outputs that the provider reads from AWS's response.

    `private` is stored in the journal beside the inputs and is part of `olds` and `inputs` in later calls;
    its keys begin with two underscores.
    """

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict)


class ResourceHandler(ABC):
    """Every method raises AwsError when AWS rejects the request, and moto's NotImplementedError as it is."""

    @abstractmethod
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        """Create the resource in the account."""

    def restore(self, aws: Clients, inputs: Inputs) -> ResourceState:
        """Create in this process what an earlier process created."""
        return self.create(aws, inputs)

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        """Apply changed inputs; by default with the creating call, for an API that replaces as a whole."""
        return self.create(aws, inputs)

    @abstractmethod
    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        """Delete the resource from the account."""

    def recomputed_outputs(self, olds: Inputs, news: Inputs) -> frozenset[str]:
        """The outputs of an existing resource that are unknown in the preview of such an update."""
        return frozenset()


_HANDLERS: dict[str, ResourceHandler] = {}


def handles(*tokens: str) -> Callable[[type[ResourceHandler]], type[ResourceHandler]]:
    """Registers a class as the handler of resource types such as `aws:s3/bucket:Bucket`."""

    def register(handler: type[ResourceHandler]) -> type[ResourceHandler]:
        for token in tokens:
            _HANDLERS[token] = handler()
        return handler

    return register


def handler_for(token: str) -> ResourceHandler | None:
    """The handler of a resource type; None for a type that has none."""
    return _HANDLERS.get(token)
