"""The policy SDK's analyzer, extended by what the pack cannot work without.

The pack is started by the SDK's `PolicyPack`, which creates the private class `_PolicyAnalyzerServicer` of
pulumi-policy 1.21. That name is the only one replaced here, since the SDK has no public way to

- read the stack's config from the request `ConfigureStack`, the only place that has it when a language host
  starts the pack (the SDK reads the variable PULUMI_CONFIG alone);
- check in a stack policy what the program declares: the SDK passes only outputs, in which the provider
  filled in what the program left out;
- decode a resource once: the SDK decodes its properties again for each policy, so that 1,000 resources take
  2.0 s of processor time instead of 0.6 s (2026-11-28). Therefore the SDK gets requests without properties,
  and the policies read them from the context;
- reject an option that a policy does not have, which the SDK ignores;
- answer the engine's request to remediate each resource without decoding it: no policy of the pack does.
"""

from typing import Any

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import policy as sdk

from policies.evaluation_context import EvaluationContext
from policies.project import check_options
from policies.resources import Resource, Stack
from policies.stack_context import StackContext

# The SDK reports what a remediation left wrong as mandatory.
_LEVELS = {analyzer_pb2.ADVISORY: "advisory"}


class Analyzer(sdk._PolicyAnalyzerServicer):
    """Serves the policies of one pack that share a context."""

    context: EvaluationContext

    def Configure(self, request: analyzer_pb2.ConfigureAnalyzerRequest, _context: Any) -> Any:
        for policy, config in request.policyConfig.items():
            check_options(policy, config.properties.fields, self.context.options.get(policy, ()))
        self.context.levels = {
            policy: _LEVELS.get(config.enforcementLevel, "mandatory")
            for policy, config in request.policyConfig.items()
        }
        return super().Configure(request, _context)

    def ConfigureStack(self, request: analyzer_pb2.AnalyzerStackConfigureRequest, _context: Any) -> Any:
        if request.config:
            self.context.stack_context = StackContext.from_config(request.config)
        return super().ConfigureStack(request, _context)

    def Analyze(self, request: analyzer_pb2.AnalyzeRequest, _context: Any) -> Any:
        self.context.shown[request.urn] = Resource.from_request(request)
        bare = analyzer_pb2.AnalyzeRequest(type=request.type, urn=request.urn, name=request.name)
        response = super().Analyze(bare, _context)
        self.context.save_report()
        return response

    def Remediate(self, request: analyzer_pb2.AnalyzeRequest, _context: Any) -> Any:  # noqa: ARG002
        return analyzer_pb2.RemediateResponse()

    def AnalyzeStack(self, request: analyzer_pb2.AnalyzeStackRequest, _context: Any) -> Any:
        self.context.stack = Stack(request.resources, self.context.shown)
        response = super().AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(), _context)
        self.context.save_report()
        return response


def analyzer_for(context: EvaluationContext) -> type[Analyzer]:
    """The class of analyzers that serve policies with this context."""
    return type("Analyzer", (Analyzer,), {"context": context})


def install(context: EvaluationContext) -> None:
    """Let the next `PolicyPack` of this process use an analyzer with this context."""
    sdk._PolicyAnalyzerServicer = analyzer_for(context)  # pyrefly: ignore
