"""Cost tags: every resource that takes tags has the required ones, with allowed values."""

from collections.abc import Iterator, Mapping

from pulumi_policy import Policy, Severity

from components import tags
from policies.effective_tags import tags_of, takes_tags
from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.properties import Undetermined
from policies.resources import Resource
from policies.rule import GuideSection, Options, Rule, resource_policy, text_list_option

_RULES = {rule.key: rule for rule in tags.REQUIRED}
_KEYS_OPTION = {"keys": text_list_option("the keys that are checked", tags.KEYS)}


def required_tags(context: EvaluationContext, taggable: Mapping[str, str]) -> Policy:
    """Checks AWS tags (a map, or a list on Auto Scaling groups) and Kubernetes labels."""
    rule = Rule(
        id="required-tags",
        description="Taggable AWS resources and Kubernetes objects must have all required cost tags.",
        severity=Severity.HIGH,
        section=GuideSection.COST_TRACKING,
        fix="Add the missing keys to the tags of the resource (the labels of a Kubernetes object) or to the"
        " default_tags of its provider. An Auto Scaling group gets no default_tags: tag the group itself.",
        options=_KEYS_OPTION,
        tags=("tagging",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        tagged = tags_of(resource, taggable)
        missing = [key for key in options["keys"] if key not in tagged.tags]
        if missing and tagged.undetermined_path:
            yield Undetermined(tagged.undetermined_path)
        elif missing:
            yield Violation(
                tagged.path,
                f"missing {', '.join(missing)}",
                tagged.shown,
                "add " + "; ".join(f"{tagged.prefix}{key}: {_allowed(key)}" for key in missing),
            )

    return resource_policy(rule, context, takes_tags(taggable), check)


def allowed_tag_values(context: EvaluationContext, taggable: Mapping[str, str]) -> Policy:
    """Compares the values exactly, as AWS cost allocation does."""
    rule = Rule(
        id="allowed-tag-values",
        description="Required cost tags must have an allowed value, which is compared case-sensitively.",
        severity=Severity.MEDIUM,
        section=GuideSection.COST_TRACKING,
        fix="Set the tag to one of the allowed values, or to a value of the required form.",
        options=_KEYS_OPTION,
        tags=("tagging",),
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        tagged = tags_of(resource, taggable)
        for key in options["keys"]:
            value = tagged.tags.get(key)
            if value is None:
                continue
            if value.unknown:
                yield Undetermined(value.path)
            elif not _is_allowed(key, value.data):
                what = f"has a value that is not allowed for {tagged.prefix}{key}"
                yield Violation(value.path, what, value.data, f"set it to {_allowed(key)}")

    return resource_policy(rule, context, takes_tags(taggable), check)


def _is_allowed(key: str, value: object) -> bool:
    rule = _RULES.get(key)
    return rule.accepts(value) if rule else isinstance(value, str) and bool(value.strip())


def _allowed(key: str) -> str:
    return _RULES[key].allows if key in _RULES else "a value that is not blank"
