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
from teei_finops.policy_report import Remedy

LOAD_BALANCER = "LoadBalancer"
# https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/, 2026-11.
ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer"
HTTP_PORTS = frozenset({80, 443, 8080, 8443})


def services_share_a_load_balancer(context: EvaluationContext) -> Policy:
    """Services with other ports than those of HTTP are left out, since an Ingress does not serve them."""
    rule = Rule(
        "services-share-a-load-balancer",
        {
            "maximum": integer_option(
                "the most internal, and public, load balancers for HTTP of one cluster", 1, minimum=1
            )
        },
    )

    def check(stack: Stack, options: Options) -> Iterator[ResourceFinding]:
        balanced: list[Resource] = []
        for service in stack.resources(is_service):
            try:
                if _is_balanced_http(service):
                    balanced.append(service)
            except Undetermined as undetermined:
                yield service, undetermined
        for _, group in groupby(sorted(balanced, key=_network), key=_network):
            services = list(group)
            for service in services[int(options["maximum"]) :]:
                yield (
                    service,
                    Violation(
                        "spec.type",
                        f"is one of {len(services)} load balancers for HTTP services",
                        LOAD_BALANCER,
                        "set it to ClusterIP, and route to the Service with an Ingress",
                        Remedy(merges=(service.urn,)),
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


def _network(service: Resource) -> tuple[str, bool]:
    """The provider's inputs, which name the cluster, and whether the load balancer is an internal one."""
    annotations = service.inputs["metadata"]["annotations"]
    scheme, internal = (annotations[f"{ANNOTATION}-{name}"].data for name in ("scheme", "internal"))
    return str(service.provider.data), scheme == "internal" or str(internal).lower() == "true"
