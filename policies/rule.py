"""From a rule in plain Python to a policy of the SDK: what every policy of the pack has in common.

A check yields a `Breach` for each thing that is wrong and an `Open` for each property that cannot be judged
before the deploy. The first becomes a violation unless an exemption covers the resource, the second an
advisory report of the same policy. Properties are judged as the program declares them (the resource's inputs)
where the engine has shown them; a stack policy alone sees outputs, in which the provider filled in the rest.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policies import messages
from policies.exemptions import Exemption, Exemptions
from policies.stack_context import Facts
from policies.values import ABSENT, Open, Value, plain

GUIDE = "TEEI FinOps Strategy & Implementation Guide"
GUIDE_VERSION = "1.0"
PAGE = "docs/policies.md"
ROOT = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Breach:
    """What is wrong with a resource, the value that is wrong, and what to do about it."""

    what: str
    value: Any
    fix: str


@dataclass(frozen=True)
class Resource:
    """One resource: `props` as declared, `outputs` as the stack has it, `provider` its provider's inputs."""

    type: str
    urn: str
    name: str
    props: Value
    outputs: Value = ABSENT
    provider: Value = ABSENT
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Finding = Breach | Open
Located = tuple[Resource, Finding]
Options = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """What people read about a policy. `options` are JSON schemas by name, each with its default."""

    id: str
    description: str
    severity: Severity
    section: str
    fix: str
    options: Mapping[str, Mapping[str, Any]]
    advisory: bool = False
    tags: tuple[str, ...] = ()

    def configured(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        """The options of a run: the defaults under what the pack's config says."""
        return {name: schema["default"] for name, schema in self.options.items()} | dict(given or {})

    def keywords(self) -> dict[str, Any]:
        """What the SDK's policy classes take."""
        level = EnforcementLevel.ADVISORY if self.advisory else EnforcementLevel.MANDATORY
        return {
            "name": self.id,
            "description": self.description,
            "enforcement_level": level,
            "config_schema": PolicyConfigSchema({name: dict(each) for name, each in self.options.items()}),
            "display_name": self.id.replace("-", " ").capitalize(),
            "severity": self.severity,
            "framework": PolicyComplianceFramework(GUIDE, GUIDE_VERSION, self.section, self.section),
            "tags": list(self.tags),
            "remediation_steps": self.fix,
            "url": f"{PAGE}#{self.id}",
        }


@dataclass
class Context:
    """What the policies of one run share: the stack's facts, the exemptions, and what they have seen."""

    facts: Facts
    exemptions: Exemptions = field(default_factory=Exemptions)
    inputs: dict[str, Value] = field(default_factory=dict)
    uses: dict[str, dict[Exemption, str]] = field(default_factory=dict)

    def exempt(self, policy: str, urn: str, name: str) -> bool:
        """An exemption covers the resource; that it was needed is kept for the review."""
        found = self.exemptions.covering(policy, urn, name)
        if found:
            self.uses.setdefault(urn, {})[found] = name
        return found is not None


class Undecided(UnknownValueError):
    """Makes the SDK report, as advisory, what a policy could not decide."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.message = message


ResourceCheck = Callable[[Resource, Options], Iterable[Finding]]
StackCheck = Callable[["Stack", Options], Iterable[Located]]


def resource_policy(
    rule: Rule, context: Context, applies: Callable[[str], bool], check: ResourceCheck
) -> ResourceValidationPolicy:
    """A policy that looks at one resource at a time, of the types that `applies` picks."""

    def validate(args: ResourceValidationArgs, report: Callable[..., None]) -> None:
        if not applies(args.resource_type):
            return
        provider = Value(plain(args.provider.props)) if args.provider else ABSENT
        props = context.inputs[args.urn]
        resource = Resource(args.resource_type, args.urn, args.name, props, props, provider)
        found = judged(check, resource, rule.configured(args.get_config()))
        settle(rule, context, ((resource, finding) for finding in found), report)

    return ResourceValidationPolicy(validate=validate, **rule.keywords())


def stack_policy(rule: Rule, context: Context, check: StackCheck) -> StackValidationPolicy:
    """A policy that looks at all resources of the stack and reports with the URN of the one at fault."""

    def validate(args: StackValidationArgs, report: Callable[..., None]) -> None:
        stack = Stack(args, context.inputs)
        settle(rule, context, check(stack, rule.configured(args.get_config())), report)

    return StackValidationPolicy(validate=validate, **rule.keywords())


def judged(check: Callable[..., Iterable[Finding]], *arguments: Any) -> Iterator[Finding]:
    """What a check finds; a value it cannot read becomes a finding, too."""
    try:
        yield from check(*arguments)
    except Open as unreadable:
        yield unreadable


def settle(rule: Rule, context: Context, found: Iterable[Located], report: Callable[..., None]) -> None:
    """Report what is wrong and not exempt; then let the SDK say what is open."""
    left_open = []
    for resource, finding in found:
        if context.exempt(rule.id, resource.urn, resource.name):
            continue
        if isinstance(finding, Open):
            left_open.append((resource.name, resource.urn, finding.path, finding.why))
        else:
            text = messages.breach(resource.name, finding.what, finding.value, finding.fix)
            report(text, resource.urn)
    if left_open:
        raise Undecided(messages.not_decided(dict.fromkeys(left_open)))


class Stack:
    """The resources of a stack, read only as far as a policy asks.

    `inputs` are those of the resources shown one by one before. They belong to this stack where its root is
    among them, as in every run of the engine; else the stack is judged by what it shows itself.
    """

    def __init__(self, args: StackValidationArgs, inputs: Mapping[str, Value]) -> None:
        self._resources = args.resources
        roots = (each.urn for each in args.resources if each.resource_type == ROOT)
        self._inputs = inputs if any(urn in inputs for urn in roots) else {}

    def of(self, applies: Callable[[str], bool]) -> list[Resource]:
        """The resources of some types that the program declares, in the order of their URNs.

        What it only reads (`Bucket.get`) the engine lists here, too, but never shows by itself.
        """
        declared = [
            each
            for each in self._resources
            if applies(each.resource_type) and (not self._inputs or each.urn in self._inputs)
        ]
        return [self._read(each) for each in sorted(declared, key=lambda each: each.urn)]

    def _read(self, each: Any) -> Resource:
        outputs = Value(plain(each.props))
        return Resource(
            each.resource_type,
            each.urn,
            each.name,
            self._inputs.get(each.urn, outputs),
            outputs,
            Value(plain(each.provider.props)) if each.provider else ABSENT,
            {
                key: tuple(one.urn for one in dependencies)
                for key, dependencies in each.property_dependencies.items()
            },
        )
