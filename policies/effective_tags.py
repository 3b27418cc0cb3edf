"""The tags a resource ends up with: its own over its provider's default tags, or an object's labels."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components import tags
from policies import kubernetes_types as kubernetes
from policies.rule import Resource
from policies.taggable_types import MAP
from policies.values import UNKNOWN, Value


@dataclass(frozen=True)
class TaggedResource:
    """`tags` by key without a label's prefix; `open_path` names what is unknown and may hold more of them."""

    what: str
    tags: Mapping[str, Value]
    shown: Any
    open_path: str = ""
    prefix: str = ""


def tag_reader(
    taggable: Mapping[str, str],
) -> tuple[Callable[[Resource], TaggedResource], Callable[[str], bool]]:
    """How to read the tags of a resource, and for which types that can be done."""

    def reads(resource: Resource) -> TaggedResource:
        return aws_tags(resource, taggable) if resource.type in taggable else _labels(resource)

    return reads, lambda token: token in taggable or kubernetes.is_object(token)


def aws_tags(resource: Resource, taggable: Mapping[str, str]) -> TaggedResource:
    """The tags of an AWS resource of a taggable type."""
    own = resource.props["tags"]
    if taggable[resource.type] == MAP:
        own_tags = {} if own.unknown else dict(own.entries())
        defaults, defaults_open = _default_tags(resource.provider)
    else:
        own_tags = {} if own.unknown else _pairs(own)
        defaults, defaults_open = {}, ""
    merged = {key: value for key, value in {**defaults, **own_tags}.items() if not value.absent}
    unreadable = next((each.path for each in merged.values() if each.path.endswith(".key")), "")
    shown = {key: value.data for key, value in merged.items()}
    return TaggedResource("tags", merged, shown, own.path if own.unknown else unreadable or defaults_open)


def _pairs(own: Value) -> dict[str, Value]:
    """Tags as a list of key and value; one whose key is unknown keeps the path of that key."""
    found = {}
    for pair in own.items():
        key = pair["key"]
        if key.unknown:
            found[key.path] = Value(UNKNOWN, f"{pair.path}.key")
        else:
            found[key.text()] = pair["value"]
    return found


def _default_tags(provider: Value) -> tuple[dict[str, Value], str]:
    """The provider's default tags, and the path of what is unknown among them.

    A provider gets its settings as JSON text, so `defaultTags` may be text or an object.
    """
    settings = provider["defaultTags"]
    if isinstance(settings.data, str):
        try:
            settings = Value(json.loads(settings.data), settings.path)
        except json.JSONDecodeError:
            return {}, ""
    found = settings["tags"]
    if found.unknown:
        return {}, f"provider.{found.path}"
    if not isinstance(found.data, Mapping):
        return {}, ""
    return dict(found.entries()), ""


def _labels(resource: Resource) -> TaggedResource:
    """The cost labels of a Kubernetes object, without their prefix."""
    metadata = resource.props["metadata"]
    found = metadata["labels"]
    if found.unknown:
        return TaggedResource("labels", {}, None, found.path, tags.LABEL_PREFIX)
    labels = {name: value for name, value in found.entries() if not value.absent}
    cost: dict[str, Value] = tags.from_labels(labels)  # pyrefly: ignore - it hands back the values it was given
    named = (value.path.removeprefix(f"{found.path}.").removesuffix(key) for key, value in cost.items())
    prefix = next(named, tags.LABEL_PREFIX)
    return TaggedResource("labels", cost, {name: value.data for name, value in labels.items()}, "", prefix)
