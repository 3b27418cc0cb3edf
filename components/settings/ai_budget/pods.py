"""The AI budget API as pods of the cluster."""

from typing import Annotated, Self

from pydantic import model_validator

from components.settings.autoscaling import Hpa
from components.settings.types import Cpu, DnsName, Memory, Percent, Section, Unique, default, integer, text

CONNECTIONS_PER_POD = 10  # the pool of functions/ai_budget/ledger.py; a pod has one worker


class BudgetPods(Section):
    """The Deployment that serves the AI budget API, where `ai_budget_service.runtime` is `kubernetes`."""

    image: Annotated[
        str,
        text(
            "an image with its digest",
            r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9._-]+)?@sha256:[0-9a-f]{64}",
            f"123456789012.dkr.ecr.us-east-1.amazonaws.com/ai-budget@sha256:{'0' * 64}",
        ),
    ]
    """The image that CI built from `Dockerfile`."""
    oidc_issuer: Annotated[
        str,
        text(
            "the OIDC issuer of the EKS cluster without https://",
            r"oidc\.eks\.[a-z0-9-]+\.amazonaws\.com/id/[A-Z0-9]{32}",
            f"oidc.eks.us-east-1.amazonaws.com/id/{'0' * 32}",
        ),
    ]
    """Issues the tokens with which the pods assume their IAM role; the account must have it as a provider."""
    min_replicas: Annotated[int, integer("replicas", 2, 100)] = default(
        2, "chosen: one node may fail or be drained"
    )
    """The fewest pods."""
    max_replicas: Annotated[int, integer("replicas", 2, 100)] = default(
        10, f"chosen: {CONNECTIONS_PER_POD} database connections a pod, within other_connections"
    )
    """The most pods."""
    cpu_utilization: Percent = default(65, "guide, HPA Configuration: the value of teei-q2q-ai")
    """The target CPU utilization, in percent of the CPU request."""
    cpu: Cpu = default("500m", "docs/benchmarks.md: more than 50 checks and tracks a second")
    """The CPU request of a pod."""
    memory: Memory = default("512Mi", "chosen: three times what a worker uses")
    """The memory request and limit of a pod."""
    client_namespaces: Annotated[tuple[DnsName, ...], Unique] = default(
        ("monitoring",), "chosen: Prometheus reads /metrics"
    )
    """The namespaces that may connect, besides `cluster.namespace`."""

    @model_validator(mode="after")
    def _min_is_at_most_max(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise self.constraint_error("min_replicas", f"at most max_replicas ({self.max_replicas})")
        return self

    def hpa(self, target: str) -> Hpa:
        """The HorizontalPodAutoscaler of the Deployment `target`."""
        return Hpa(target=target, min=self.min_replicas, max=self.max_replicas, cpu=self.cpu_utilization)
