"""The six cost tags that every resource must have, their allowed values, and their forms as tags and labels.

AWS resources have them as tags, Kubernetes objects as labels with the prefix `LABEL_PREFIX`. Keys and values
are case-sensitive, as in AWS cost allocation. Every allowed value is also a valid Kubernetes label value.

The policy pack checks `REQUIRED`. The rule of `budget` checks only the form of a name; the names of budgets
are the keys of `teei-finops:budgets` in the stack's config.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

LABEL_PREFIX = "finops.teei.io/"
MAX_LENGTH = 63  # a Kubernetes label value's limit; AWS allows 256


@dataclass(frozen=True)
class TagRule:
    """The values of a required key: one of `allowed`, or if that is empty, a full match of `pattern`."""

    key: str
    meaning: str
    example: str
    allowed: tuple[str, ...] = ()
    pattern: str = ""

    @property
    def allows(self) -> str:
        """The allowed values, in words for an error message."""
        if self.allowed:
            return "one of " + ", ".join(self.allowed)
        return f"{self.meaning} matching {self.pattern}, such as {self.example}"

    def accepts(self, value: object) -> bool:
        if not isinstance(value, str) or len(value) > MAX_LENGTH:
            return False
        if self.allowed:
            return value in self.allowed
        return re.fullmatch(self.pattern, value) is not None


# At most five lower case words joined by hyphens: a name, not a sentence.
SLUG = r"[a-z][a-z0-9]*(-[a-z0-9]+){0,4}"
ENVIRONMENTS = ("prod", "staging")
DATA_CLASSES = ("public", "internal", "confidential", "restricted")
TEAMS = ("finops", "platform", "engineering", "data", "ai")

REQUIRED: tuple[TagRule, ...] = (
    TagRule("team", "the team that owns the resource", "finops", allowed=TEAMS),
    TagRule("service", "the name of the service it serves", "ai-budget", pattern=SLUG),
    TagRule("environment", "the environment it belongs to", "prod", allowed=ENVIRONMENTS),
    TagRule("cost-center", "the cost centre that pays", "CC-1200", pattern=r"CC-[0-9]{4}"),
    TagRule("budget", "the name of the budget it is charged to", "cloud-s3", pattern=SLUG),
    TagRule("data-class", "how sensitive its data is", "internal", allowed=DATA_CLASSES),
)
KEYS = tuple(rule.key for rule in REQUIRED)


class TagError(ValueError):
    """A required tag is missing or has a value that its rule does not allow."""


@dataclass(frozen=True)
class TagProblem:
    """A required key with a value that is not allowed; `value` is None if the key is missing."""

    rule: TagRule
    value: object

    def __str__(self) -> str:
        state = "is missing" if self.value is None else f"is {self.value!r}"
        return f"tag {self.rule.key} {state}; allowed: {self.rule.allows}"


def problems(tags: Mapping[str, object]) -> tuple[TagProblem, ...]:
    """The problems of the required keys in `tags`, in the order of `REQUIRED`; other keys are not checked."""
    return tuple(
        TagProblem(rule, tags.get(rule.key)) for rule in REQUIRED if not rule.accepts(tags.get(rule.key))
    )


@dataclass(frozen=True)
class CostTags:
    """The six required tags of one resource. Raises `TagError` when a value is not allowed."""

    team: str
    service: str
    environment: str
    cost_center: str
    budget: str
    data_class: str

    def __post_init__(self) -> None:
        if invalid := problems(self.as_tags()):
            raise TagError("; ".join(map(str, invalid)))

    def as_tags(self) -> dict[str, str]:
        """The tags of an AWS resource."""
        return {field.replace("_", "-"): value for field, value in asdict(self).items()}

    def as_labels(self) -> dict[str, str]:
        """The labels of a Kubernetes object."""
        return labels(self.as_tags())


def labels(tags: Mapping[str, str]) -> dict[str, str]:
    """`tags` as Kubernetes labels: each key with `LABEL_PREFIX`."""
    return {LABEL_PREFIX + key: value for key, value in tags.items()}


def from_labels(labels: Mapping[str, object], keys: Collection[str] = KEYS) -> dict[str, object]:
    """The tags with these keys among Kubernetes labels, without a prefix or all with the same prefix.

    If several prefixes have some of the keys, the prefix with the most of them counts.
    """
    by_prefix: dict[str, dict[str, object]] = {}
    for label, value in labels.items():
        prefix, _, key = label.rpartition("/")
        if key in keys:
            by_prefix.setdefault(prefix, {})[key] = value
    return max(by_prefix.values(), key=len, default={})
