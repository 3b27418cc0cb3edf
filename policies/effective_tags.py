"""The tags that a resource ends up with: its own, its provider's default tags, or an object's labels."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from components import tags
from policies import kubernetes_types as kubernetes
from policies.properties import UNKNOWN, Property
from policies.resources import Resource
from policies.taggable_types import MAP


@dataclass(frozen=True)
class EffectiveTags:
    """`tags` by key, without the prefix of a label; `shown` is what a message shows of them.

    `path` is that of the property which holds them, `undetermined_path` that of an unknown property which may
    hold more.
    """

    path: str
    tags: Mapping[str, Property]
    shown: Any
    undetermined_path: str = ""
    prefix: str = ""


def takes_tags(taggable: Mapping[str, str]) -> Callable[[str], bool]:
    """Selects the types whose tags `tags_of` reads."""
    return lambda token: token in taggable or kubernetes.is_object(token)


def tags_of(
    resource: Resource, taggable: Mapping[str, str], keys: Collection[str], label_prefix: str
) -> EffectiveTags:
    """The tags of an AWS resource, or the labels of a Kubernetes object whose names end in one of `keys`.

    `label_prefix` is for objects without such labels.
    """
    if resource.type in taggable:
        return aws_tags(resource, taggable)
    return _labels(resource, keys, label_prefix)


def aws_tags(resource: Resource, taggable: Mapping[str, str]) -> EffectiveTags:
    """The tags of an AWS resource of a taggable type."""
    own = resource.inputs["tags"]
    if taggable[resource.type] == MAP:
        own_tags = {} if own.unknown else dict(own.entries())
        defaults, undetermined_default = _default_tags(resource.provider)
    else:
        own_tags = {} if own.unknown else _pairs(own)
        defaults, undetermined_default = {}, ""
    merged = {key: value for key, value in {**defaults, **own_tags}.items() if not value.absent}
    unknown_key = next((value.path for value in merged.values() if value.path.endswith(".key")), "")
    shown = {key: value.data for key, value in merged.items()}
    undetermined_path = own.path if own.unknown else unknown_key or undetermined_default
    return EffectiveTags(own.path, merged, shown, undetermined_path)


def _pairs(own: Property) -> dict[str, Property]:
    """Tags as a list of key and value; one with an unknown key stands under the path of that key."""
    values = {}
    for pair in own.items():
        key = pair["key"]
        if key.unknown:
            values[key.path] = Property(UNKNOWN, f"{pair.path}.key")
        else:
            values[key.text()] = pair["value"]
    return values


def _default_tags(provider: Property) -> tuple[dict[str, Property], str]:
    """The provider's default tags, and the path of what is unknown among them.

    The engine passes the inputs of a provider as JSON text, so `defaultTags` may be text or an object.
    """
    settings = provider["defaultTags"]
    if isinstance(settings.data, str):
        try:
            settings = Property(json.loads(settings.data), settings.path)
        except json.JSONDecodeError:
            return {}, ""
    defaults = settings["tags"]
    if defaults.unknown:
        return {}, f"provider.{defaults.path}"
    if not isinstance(defaults.data, Mapping):
        return {}, ""
    return dict(defaults.entries()), ""


def _labels(resource: Resource, keys: Collection[str], label_prefix: str) -> EffectiveTags:
    """The cost labels of a Kubernetes object, without their prefix."""
    labels = resource.inputs["metadata"]["labels"]
    if labels.unknown:
        return EffectiveTags(labels.path, {}, None, labels.path, label_prefix)
    by_name = {name: value for name, value in labels.entries() if not value.absent}
    cost: dict[str, Property] = tags.from_labels(by_name, keys)  # pyrefly: ignore - returns the values it was given
    prefixes = (value.path.removeprefix(f"{labels.path}.").removesuffix(key) for key, value in cost.items())
    prefix = next(prefixes, label_prefix)
    shown = {name: value.data for name, value in by_name.items()}
    return EffectiveTags(labels.path, cost, shown, "", prefix)
