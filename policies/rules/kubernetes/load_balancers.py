"""Kubernetes Services: one load balancer for many instead of one each."""

from collections.abc import Iterator
from itertools import groupby

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import ResourceFinding, Violation
from policies.kubernetes_types import is_service
from policies.properties import Undetermined
from policies.resources import Resource, Stack
from policies.rule import Options, Rule, integer_option, stack_policy

LOAD_BALANCER = "LoadBalancer"
HTTP_PORTS = frozenset({80, 443, 8080, 8443})


def services_share_a_load_balancer(context: EvaluationContext) -> Policy:
    """Services with other ports than those of HTTP are left out, since an Ingress does not serve them."""
    rule = Rule(
        "services-share-a-load-balancer",
        {"maximum": integer_option("the most load balancers for HTTP of one provider", 1, minimum=1)},
    )

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        balanced: list[Resource] = []
        for service in stack.resources(is_service):
            try:
                if _is_balanced_http(service):
                    balanced.append(service)
            except Undetermined as undetermined:
                yield service, undetermined
        for _, group in groupby(sorted(balanced, key=_cluster), key=_cluster):
            services = list(group)
            for service in services[int(options["maximum"]) :]:
                yield (
                    service,
                    Violation(
                        "spec.type",
                        f"is one of {len(services)} load balancers for HTTP services",
                        LOAD_BALANCER,
                        "set it to ClusterIP, and route to the Service with an Ingress",
                    ),
                )

    return stack_policy(rule, context, check)


def _is_balanced_http(service: Resource) -> bool:
    """It has a load balancer of its own, on ports of HTTP alone."""
    spec = service.inputs["spec"]
    if spec["type"].text() != LOAD_BALANCER:
        return False
    ports = spec["ports"].items()
    return bool(ports) and all(port["port"].number() in HTTP_PORTS for port in ports)


def _cluster(service: Resource) -> str:
    """The provider's inputs, which name the cluster."""
    return str(service.provider.data)
