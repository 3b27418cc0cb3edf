"""Asks the pack through the SDK's analyzer protocol what it has against resources."""

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies import analyzer as servicer
from policies import exemptions, pack

UNKNOWN = UNKNOWN_STRING_VALUE
TODAY = date(2026, 11, 24)
BUDGET = "cloud-s3"
PROD = {
    "teei-finops:environment": "prod",
    "teei-finops:budgets": json.dumps({BUDGET: {"limit": 10000}, "cloud-rds": {"limit": 20000}}),
    "teei-finops:database": json.dumps({"backup_retention_days": 7}),
}
STAGING = {**PROD, "teei-finops:environment": "staging"}
LEVELS = {analyzer_pb2.ADVISORY: "advisory", analyzer_pb2.MANDATORY: "mandatory"}


@dataclass
class Made:
    """A resource as the engine shows it; `outputs` are the inputs where a test says nothing else."""

    type: str
    name: str
    props: dict[str, Any]
    outputs: dict[str, Any] | None = None
    provider: dict[str, Any] | None = None
    depends: dict[str, list[str]] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:prod::teei-finops::{self.type}::{self.name}"


ROOT = Made("pulumi:pulumi:Stack", "teei-finops-prod", {})


@dataclass(frozen=True)
class Report:
    policy: str
    level: str
    urn: str
    message: str


def secret(value: Any) -> dict[str, Any]:
    """A value as the engine marks a secret."""
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def provider_of(made: Made) -> analyzer_pb2.AnalyzerProviderResource | None:
    if made.provider is None:
        return None
    package = made.type.partition(":")[0]
    return analyzer_pb2.AnalyzerProviderResource(
        type=f"pulumi:providers:{package}",
        properties=struct(made.provider),
        urn=f"urn:pulumi:prod::teei-finops::pulumi:providers:{package}::own",
        name="own",
    )


def analyze_request(made: Made) -> analyzer_pb2.AnalyzeRequest:
    return analyzer_pb2.AnalyzeRequest(
        type=made.type,
        urn=made.urn,
        name=made.name,
        properties=struct(made.props),
        provider=provider_of(made),
    )


def stack_request(resources: Iterable[Made]) -> analyzer_pb2.AnalyzeStackRequest:
    return analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=made.type,
                urn=made.urn,
                name=made.name,
                properties=struct(made.props if made.outputs is None else made.outputs),
                provider=provider_of(made),
                propertyDependencies={
                    key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                    for key, urns in made.depends.items()
                },
            )
            for made in resources
        ]
    )


class Pack:
    """The whole pack in this process, asked over the protocol's messages."""

    def __init__(self, config: dict[str, str] | None = None, exempt: str = "", today: date = TODAY) -> None:
        self.policies, self.context = pack.build(
            PROD if config is None else config, today, lambda ids, day: exemptions.read(exempt, ids, day)
        )
        self.analyzer = servicer.serve_in_process("teei-finops", self.policies, self.context)

    def configure(self, **options: dict[str, Any]) -> "Pack":
        """Options of policies, as `--policy-pack-config` gives them; `_` in an id stands for `-`."""
        chosen = {}
        for name, values in options.items():
            level = values.pop("enforcementLevel", analyzer_pb2.MANDATORY)
            chosen[name.replace("_", "-")] = analyzer_pb2.PolicyConfig(
                enforcementLevel=level, properties=struct(values)
            )
        self.analyzer.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=chosen), None)
        return self

    def analyze(self, made: Made) -> list[Report]:
        """What the policies on single resources report."""
        return reports(self.analyzer.Analyze(analyze_request(made), None), made.urn)

    def analyze_stack(self, *resources: Made) -> list[Report]:
        """What the policies on the whole stack report."""
        return reports(self.analyzer.AnalyzeStack(stack_request(resources), None))

    def judge(self, *resources: Made) -> list[Report]:
        """Both, as the engine asks: each resource when it is registered, the stack's root first; then all."""
        found = [report for made in (ROOT, *resources) for report in self.analyze(made)]
        return found + self.analyze_stack(ROOT, *resources)


def reports(response: analyzer_pb2.AnalyzeResponse, urn: str = "") -> list[Report]:
    assert not response.not_applicable, "the engine's events do not carry these"
    return [
        Report(each.policyName, LEVELS[each.enforcementLevel], each.urn or urn, each.message)
        for each in response.diagnostics
    ]


def changed(made: Made, path: str, value: Any = None) -> Made:
    """The resource with the property at a path such as `spec.metrics.0.type` set, or taken out for None."""
    other = copy.deepcopy(made)
    at: Any = other.props
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parents:
        at = at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return other
