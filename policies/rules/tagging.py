"""Cost tags: every resource that can carry tags carries the required ones, with values that are allowed."""

from collections.abc import Iterator, Mapping

from pulumi_policy import Policy, Severity

from components import tags
from policies.effective_tags import tag_reader
from policies.rule import Breach, Context, Finding, Options, Resource, Rule, resource_policy
from policies.values import Open

SECTION = "Cloud Cost Tracking"
_RULES = {rule.key: rule for rule in tags.REQUIRED}

_KEYS = {
    "keys": {
        "type": "array",
        "items": {"type": "string"},
        "description": "the keys that are looked at",
        "default": list(tags.KEYS),
    }
}


def required_tags(context: Context, taggable: Mapping[str, str]) -> Policy:
    """AWS tags (as a map, or as a list on Auto Scaling groups) and Kubernetes labels."""
    rule = Rule(
        id="required-tags",
        description="Give every taggable AWS resource and every Kubernetes object all required cost tags.",
        severity=Severity.HIGH,
        section=SECTION,
        fix="Add the missing keys to the resource's tags (labels of a Kubernetes object), or to the"
        " default_tags of its provider. An Auto Scaling group takes no default_tags: tag it itself.",
        options=_KEYS,
        tags=("tagging",),
    )
    reads, applies = tag_reader(taggable)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        tagged = reads(resource)
        missing = [key for key in options["keys"] if key not in tagged.tags]
        if missing and tagged.open_path:
            yield Open(tagged.open_path)
        elif missing:
            yield Breach(
                f"{tagged.what}: missing {', '.join(missing)}",
                tagged.shown,
                "add " + "; ".join(f"{tagged.prefix}{key}: {_allows(key)}" for key in missing),
            )

    return resource_policy(rule, context, applies, check)


def allowed_tag_values(context: Context, taggable: Mapping[str, str]) -> Policy:
    """Each required key that is there holds a value that its rule allows, compared exactly."""
    rule = Rule(
        id="allowed-tag-values",
        description="Write required cost tags with the values the cost allocation knows, letter by letter.",
        severity=Severity.MEDIUM,
        section=SECTION,
        fix="Set the tag to one of the allowed values, or to a value of the form that is asked for.",
        options=_KEYS,
        tags=("tagging",),
    )
    reads, applies = tag_reader(taggable)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        tagged = reads(resource)
        for key in options["keys"]:
            value = tagged.tags.get(key)
            if value is None:
                continue
            if value.unknown:
                yield Open(value.path)
            elif not _accepts(key, value.data):
                yield Breach(
                    f"{tagged.what}: {tagged.prefix}{key} has a value that is not allowed",
                    value.data,
                    f"set it to {_allows(key)}",
                )

    return resource_policy(rule, context, applies, check)


def _accepts(key: str, value: object) -> bool:
    rule = _RULES.get(key)
    return rule.accepts(value) if rule else isinstance(value, str) and bool(value.strip())


def _allows(key: str) -> str:
    return _RULES[key].allows if key in _RULES else "a value that is not blank"
