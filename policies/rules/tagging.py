"""Cost tags: every resource that takes tags has the required ones, with allowed values."""

from collections.abc import Iterator, Mapping

from pulumi_policy import Policy

from components import tags
from policies.effective_tags import tags_of, takes_tags
from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation
from policies.properties import Undetermined
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option

_RULES = {rule.key: rule for rule in tags.REQUIRED}
_KEYS_OPTION = {"keys": text_list_option("the keys that are checked", tags.KEYS)}


def required_tags(context: EvaluationContext, taggable: Mapping[str, str]) -> Policy:
    """Checks AWS tags (a map, or a list on Auto Scaling groups) and Kubernetes labels."""
    rule = Rule("required-tags", _KEYS_OPTION)

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
    rule = Rule("allowed-tag-values", _KEYS_OPTION)

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
