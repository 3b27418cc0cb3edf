"""The load balancers that a cluster creates for Services and Ingresses."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import MONTH, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.kubernetes_workloads import annotation
from teei_finops.costing.estimators.load_balancing import charge_application, charge_classic, charge_network

INGRESS_TYPES = (
    "kubernetes:networking.k8s.io/v1:Ingress",
    "kubernetes:networking.k8s.io/v1beta1:Ingress",
    "kubernetes:extensions/v1beta1:Ingress",
)
INGRESS_CLASS = "kubernetes:networking.k8s.io/v1:IngressClass"
# The AWS Load Balancer Controller and EKS Auto Mode.
ALB_CONTROLLERS = ("ingress.k8s.aws/alb", "eks.amazonaws.com/alb")
GROUP = "alb.ingress.kubernetes.io/group.name"
LB_TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"
LB_SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"
LB_INTERNAL = "service.beta.kubernetes.io/aws-load-balancer-internal"
ZONES = Range(Decimal(2), Decimal(2), Decimal(3), assumed=True)  # AWS requires two for an ALB


@estimates("kubernetes:core/v1:Service")
def service(ctx: EstimationContext) -> None:
    """The load balancer of a Service of type LoadBalancer.

    The AWS Load Balancer Controller creates a Network Load Balancer, the cluster itself a classic one, unless
    an annotation says otherwise (AWS Load Balancer Controller, annotations, 2026-11).
    """
    if ctx.text("spec.type", "ClusterIP") != "LoadBalancer":
        return
    kind = annotation(ctx, LB_TYPE)
    by_controller = kind in ("external", "nlb-ip") or ctx.text("spec.loadBalancerClass", "").startswith(
        ("service.k8s.aws", "eks.amazonaws.com")
    )
    if not by_controller and kind != "nlb":
        charge_classic(ctx, MONTH)
        ctx.note("the public IPv4 addresses of a classic load balancer are not in this figure")
        return
    charge_network(ctx, MONTH)
    scheme = annotation(ctx, LB_SCHEME) or ("internal" if by_controller else "internet-facing")
    if scheme == "internet-facing" and annotation(ctx, LB_INTERNAL) != "true":
        _charge_addresses(ctx)


@estimates(*INGRESS_TYPES)
def ingress(ctx: EstimationContext) -> None:
    """An Application Load Balancer, where a controller creates one; the ingresses of a group share one."""
    if not _is_alb(ctx):
        return
    group = annotation(ctx, GROUP)
    if group and ctx.once("ingress groups", lambda: _first_of_groups(ctx))[group] != ctx.urn:
        ctx.note(f"shares the load balancer of its group {group}")
        return
    charge_application(ctx, MONTH)
    if annotation(ctx, "alb.ingress.kubernetes.io/scheme") == "internet-facing":
        _charge_addresses(ctx)


def _is_alb(ctx: EstimationContext) -> bool:
    name = ctx.text("spec.ingressClassName", "") or annotation(ctx, "kubernetes.io/ingress.class")
    classes = ctx.matching(INGRESS_CLASS, "metadata.name", name) if name else []
    controllers = [item.text("spec.controller", "") for item in classes]
    return controllers[0] in ALB_CONTROLLERS if controllers else name == "alb"


def _first_of_groups(ctx: EstimationContext) -> dict[str, str]:
    """The URN of the ingress that carries the load balancer of each group."""
    first: dict[str, str] = {}
    for token in INGRESS_TYPES:
        for member in ctx.all(token):
            if _is_alb(member):
                first.setdefault(annotation(member, GROUP), member.urn)
    return first


def _charge_addresses(ctx: EstimationContext) -> None:
    ctx.charge("Public IPv4 addresses", "AmazonVPC", "public-ipv4", "in-use", MONTH, times=ZONES)
    ctx.note("one public IPv4 address in each of two to three zones assumed")
