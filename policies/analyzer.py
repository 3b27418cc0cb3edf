"""The SDK's analyzer, kept aware of what the engine tells it besides resources, and quick.

The Python SDK (pulumi-policy 1.21) takes the stack's config from the variable PULUMI_CONFIG alone and ignores
the config in `ConfigureStack`, which is all that an engine sends when a language host starts the pack. It
shows a stack policy only outputs, in which a provider fills in what the program left out. And it decodes the
properties of a resource again for each policy, which is most of its time. This subclass mends the three.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import Policy, deserialize, proxy
from pulumi_policy import policy as sdk

from policies.rule import Context
from policies.stack_context import Facts
from policies.values import Value, plain


class Once:
    """A function of one argument that answers for the same object without working again, until `forget`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._answers: dict[int, tuple[Any, Any]] = {}

    def __call__(self, argument: Any, *more: Any) -> Any:
        if more:
            return self._function(argument, *more)
        known = self._answers.get(id(argument))
        if known is None or known[0] is not argument:
            known = self._answers[id(argument)] = (argument, self._function(argument))
        return known[1]

    def forget(self) -> None:
        self._answers.clear()


to_dict = Once(json_format.MessageToDict)
deserialized = Once(deserialize.deserialize_properties)
checked = Once(proxy.unknown_checking_proxy)


class Analyzer(sdk._PolicyAnalyzerServicer):
    """Serves the policies of one pack with one context."""

    context: Context

    def ConfigureStack(self, request: analyzer_pb2.AnalyzerStackConfigureRequest, _context: Any) -> Any:
        if request.config:
            self.context.facts = Facts.read(dict(request.config))
        return super().ConfigureStack(request, _context)

    def Analyze(self, request: analyzer_pb2.AnalyzeRequest, _context: Any) -> Any:
        self.context.inputs[request.urn] = Value(plain(deserialized(to_dict(request.properties))))
        return self._and_forget(super().Analyze(request, _context))

    def AnalyzeStack(self, request: analyzer_pb2.AnalyzeStackRequest, _context: Any) -> Any:
        return self._and_forget(super().AnalyzeStack(request, _context))

    def _and_forget(self, response: Any) -> Any:
        for memory in (to_dict, deserialized, checked):
            memory.forget()
        return response


def install(context: Context) -> None:
    """Let the next `PolicyPack` of this process serve with this context."""
    module: Any = sdk
    module.json_format = SimpleNamespace(MessageToDict=to_dict)
    module.deserialize_properties = deserialized
    module.unknown_checking_proxy = checked
    module._PolicyAnalyzerServicer = type("Analyzer", (Analyzer,), {"context": context})


def serve_in_process(name: str, policies: list[Policy], context: Context) -> Analyzer:
    """An analyzer without a server, for tests and measurements."""
    install(context)
    made: Any = sdk._PolicyAnalyzerServicer(name, "0.0.1", policies, sdk.EnforcementLevel.MANDATORY)
    return made
