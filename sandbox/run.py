"""One run of the engine with the language host and the stand-ins attached."""

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import grpc
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

from sandbox.engine import find_engine
from sandbox.environment import Place, engine_environment
from sandbox.language_host import LanguageHost
from sandbox.provider import StandIn
from sandbox.stacks import ensure_stack, stack_named_in

_MESSAGE_BYTES = 400 * 1024 * 1024  # what the engine itself allows


def run_pulumi(arguments: Sequence[str], place: Place) -> int:
    """Run pulumi with these arguments on the project of a place; gives pulumi's exit code."""
    engine = find_engine()
    stack = stack_named_in(arguments)
    if stack and list(arguments[:2]) != ["stack", "init"]:
        ensure_stack(place, stack)
    language, language_port = _serve(
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server, LanguageHost(place.project)
    )
    add_provider = provider_pb2_grpc.add_ResourceProviderServicer_to_server
    aws, aws_port = _serve(add_provider, StandIn(version("pulumi_aws")))
    kubernetes, kubernetes_port = _serve(add_provider, StandIn(version("pulumi_kubernetes")))
    environment = engine_environment(
        os.environ,
        place,
        language_port=language_port,
        provider_ports={"aws": aws_port, "kubernetes": kubernetes_port},
    )
    return subprocess.call([engine, *arguments], cwd=place.project, env=environment)


def _serve(add_to_server, servicer) -> tuple[grpc.Server, int]:
    limits = [
        ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ]
    server = grpc.server(ThreadPoolExecutor(16), options=limits)
    add_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
