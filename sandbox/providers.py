"""The stand-ins that answer for the providers a program may use."""

from importlib.metadata import version

from sandbox.environment import Place
from sandbox.provider import StandIn
from sandbox.stacks import Project


def stand_ins(place: Place, project: Project | None, stack: str | None) -> dict[str, StandIn]:
    """Each attached provider by its package name; the engine has to know them all before it starts."""
    return {
        "aws": StandIn(version("pulumi_aws")),
        "kubernetes": StandIn(version("pulumi_kubernetes")),
    }
