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
_OPTIONS = {
    "keys": text_list_option("the keys that are checked", tags.KEYS),
    "values": {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
        "description": "the allowed values of keys, [] for any; other keys have those of components/tags.py",
        "default": {},
    },
    "label_prefix": {
        "type": "string",
        "description": "the prefix of the keys as labels of Kubernetes objects without any of them",
        "default": tags.LABEL_PREFIX,
    },
}


def required_tags(context: EvaluationContext, taggable: Mapping[str, str]) -> Policy:
    """Checks AWS tags (a map, or a list on Auto Scaling groups) and Kubernetes labels."""
    rule = Rule("required-tags", _OPTIONS)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        tagged = tags_of(resource, taggable, options["keys"], options["label_prefix"])
        missing = [key for key in options["keys"] if key not in tagged.tags]
        if missing and tagged.undetermined_path:
            yield Undetermined(tagged.undetermined_path)
        elif missing:
            yield Violation(
                tagged.path,
                f"missing {', '.join(missing)}",
                tagged.shown,
                "add " + "; ".join(f"{tagged.prefix}{key}: {_allowed(key, options)}" for key in missing),
            )

    return resource_policy(rule, context, takes_tags(taggable), check)


def allowed_tag_values(context: EvaluationContext, taggable: Mapping[str, str]) -> Policy:
    """Compares the values exactly, as AWS cost allocation does."""
    rule = Rule("allowed-tag-values", _OPTIONS)

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        tagged = tags_of(resource, taggable, options["keys"], options["label_prefix"])
        for key in options["keys"]:
            value = tagged.tags.get(key)
            if value is None:
                continue
            if value.unknown:
                yield Undetermined(value.path)
            elif not _is_allowed(key, value.data, options):
                what = f"has a value that is not allowed for {tagged.prefix}{key}"
                yield Violation(value.path, what, value.data, f"set it to {_allowed(key, options)}")

    return resource_policy(rule, context, takes_tags(taggable), check)


def _is_allowed(key: str, value: object, options: Options) -> bool:
    if key in options["values"]:
        allowed = options["values"][key]
        return value in allowed if allowed else _is_text(value)
    return _RULES[key].accepts(value) if key in _RULES else _is_text(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _allowed(key: str, options: Options) -> str:
    if options["values"].get(key):
        return f"one of {', '.join(options['values'][key])}"
    is_ours = key in _RULES and key not in options["values"]
    return _RULES[key].allows if is_ours else "a value that is not blank"
