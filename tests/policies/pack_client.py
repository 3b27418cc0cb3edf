"""Runs the pack in the process of the test, through the messages of the analyzer protocol."""

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies import analyzer, exemptions, pack
from policies.project import initial_config

UNKNOWN = UNKNOWN_STRING_VALUE
TODAY = date(2026, 11, 24)
BUDGET = "cloud-s3"
PROD = {
    "teei-finops:environment": "prod",
    "teei-finops:budgets": json.dumps({BUDGET: {"limit": 10000}, "cloud-rds": {"limit": 20000}}),
    "teei-finops:database": json.dumps({"backup_retention_days": 7}),
}
STAGING = {**PROD, "teei-finops:environment": "staging"}
AURORA_USAGE = Path(__file__).parent / "aurora_usage"  # with a usage.yaml
PROTOCOL_LEVELS = {level: analyzer_pb2.EnforcementLevel.Value(level.name) for level in EnforcementLevel}
LEVELS = {analyzer_pb2.ADVISORY: "advisory", analyzer_pb2.MANDATORY: "mandatory"}


@dataclass
class FakeResource:
    """A resource as the engine shows it; without `outputs` they are the inputs."""

    type: str
    name: str
    inputs: dict[str, Any]
    outputs: dict[str, Any] | None = None
    provider: dict[str, Any] | None = None
    dependencies: dict[str, list[str]] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:prod::teei-finops::{self.type}::{self.name}"


ROOT = FakeResource("pulumi:pulumi:Stack", "teei-finops-prod", {})


@dataclass(frozen=True)
class Diagnostic:
    """A message of the pack on the console."""

    policy: str
    level: str
    urn: str
    message: str


def secret(value: Any) -> dict[str, Any]:
    """A value as the engine marks a secret."""
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}


def _struct(values: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def _provider_of(resource: FakeResource) -> analyzer_pb2.AnalyzerProviderResource | None:
    if resource.provider is None:
        return None
    package = resource.type.partition(":")[0]
    return analyzer_pb2.AnalyzerProviderResource(
        type=f"pulumi:providers:{package}",
        properties=_struct(resource.provider),
        urn=f"urn:pulumi:prod::teei-finops::pulumi:providers:{package}::own",
        name="own",
    )


def analyze_request(resource: FakeResource) -> analyzer_pb2.AnalyzeRequest:
    return analyzer_pb2.AnalyzeRequest(
        type=resource.type,
        urn=resource.urn,
        name=resource.name,
        properties=_struct(resource.inputs),
        provider=_provider_of(resource),
    )


def stack_request(resources: Iterable[FakeResource]) -> analyzer_pb2.AnalyzeStackRequest:
    return analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=resource.type,
                urn=resource.urn,
                name=resource.name,
                properties=_struct(resource.inputs if resource.outputs is None else resource.outputs),
                provider=_provider_of(resource),
                propertyDependencies={
                    name: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                    for name, urns in resource.dependencies.items()
                },
            )
            for resource in resources
        ]
    )


def planned_resources(document: dict[str, Any]) -> list[FakeResource]:
    """The resources of a preview as the engine shows them to a pack."""
    states = [
        step["newState"]
        for step in document["steps"]
        if "newState" in step and not step["newState"]["type"].startswith("pulumi:")
    ]
    shown = {
        state["urn"]: FakeResource(state["type"], state["urn"].rpartition("::")[2], state.get("inputs", {}))
        for state in states
    }
    for state in states:
        shown[state["urn"]].dependencies = {
            key: [shown[urn].urn for urn in urns if urn in shown]
            for key, urns in state.get("propertyDependencies", {}).items()
        }
    return list(shown.values())


class Pack:
    """The whole pack in this process, called with the messages of the analyzer protocol."""

    def __init__(
        self,
        config: dict[str, str] | None = None,
        exempt: str = "",
        today: date = TODAY,
        root: Path | None = None,
    ) -> None:
        self.policies, self.context = pack.build(
            PROD if config is None else config,
            today,
            lambda ids, day: exemptions.read(exempt, ids, day),
            root or pack.ROOT,
        )
        create_analyzer = analyzer.analyzer_for(self.context)
        self.analyzer = create_analyzer(pack.NAME, "0.0.1", self.policies, EnforcementLevel.MANDATORY)

    def configure(self, **options: dict[str, Any]) -> "Pack":
        """Set options of policies, as `--policy-pack-config` does; `_` in an id stands for `-`."""
        configs = {}
        for name, values in options.items():
            properties = {key: value for key, value in values.items() if key != "enforcementLevel"}
            configs[name.replace("_", "-")] = analyzer_pb2.PolicyConfig(
                enforcementLevel=values.get("enforcementLevel", analyzer_pb2.MANDATORY),
                properties=_struct(properties),
            )
        self.analyzer.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=configs), None)
        return self

    def configure_for(self, project: Path | None) -> "Pack":
        """Set what `finops.yaml` in the folder sets, as the engine does with the initial config."""
        config = initial_config(project, self.policies)
        return self.configure(**{
            name: options | {"enforcementLevel": PROTOCOL_LEVELS[options["enforcementLevel"]]}
            for name, options in config.items()
        })  # fmt: skip

    def analyze(self, resource: FakeResource) -> list[Diagnostic]:
        """What the policies on single resources report."""
        return diagnostics(self.analyzer.Analyze(analyze_request(resource), None), resource.urn)

    def analyze_stack(self, *resources: FakeResource) -> list[Diagnostic]:
        """What the policies on the whole stack report."""
        return diagnostics(self.analyzer.AnalyzeStack(stack_request(resources), None))

    def evaluate(self, *resources: FakeResource) -> list[Diagnostic]:
        """Both, in the order of the engine: the stack's root, each resource, then all of them."""
        single = [diagnostic for resource in (ROOT, *resources) for diagnostic in self.analyze(resource)]
        return single + self.analyze_stack(ROOT, *resources)


def diagnostics(response: analyzer_pb2.AnalyzeResponse, urn: str = "") -> list[Diagnostic]:
    assert not response.not_applicable, "the engine's events do not carry these"
    return [
        Diagnostic(
            diagnostic.policyName,
            LEVELS[diagnostic.enforcementLevel],
            diagnostic.urn or urn,
            diagnostic.message,
        )
        for diagnostic in response.diagnostics
    ]


def with_property(resource: FakeResource, path: str, value: Any = None) -> FakeResource:
    """The resource with the property at a path such as `spec.metrics.0.type` set, or removed for None."""
    copied = copy.deepcopy(resource)
    parent: Any = copied.inputs
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parents:
        parent = parent[part]
    if value is None:
        del parent[last]
    else:
        parent[last] = value
    return copied
