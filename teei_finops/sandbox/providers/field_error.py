"""An input that a provider rejects."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """The path of the rejected property, such as `spec.replicas`, and why it is rejected."""

    path: str
    reason: str
