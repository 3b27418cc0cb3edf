"""Pods that use less of their requests than they should, and autoscalers whose minimum binds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from functions.advisor.catalogue import risk_of
from functions.advisor.findings import BillLine, Commitment, Confidence, Finding, percent
from functions.advisor.kubernetes.autoscalers import Autoscaler, Load, clamped
from functions.advisor.kubernetes.patches import (
    minimum_key,
    minimum_patch,
    requests_of_containers,
    requests_patch,
)
from functions.advisor.kubernetes.requests import lowers, need, quantity, rounded_up
from functions.advisor.kubernetes.state_metrics import RESOURCES
from functions.advisor.kubernetes.workloads import Container, Workload
from functions.advisor.pricing import UnitPrices
from functions.advisor.settings import Settings

REQUESTS = "overprovisioned-requests"
MINIMUM = "hpa-minimum-binds"
# The share of the window in which the load needs less than the minimum, from which on the minimum binds.
BINDING_SHARE = 0.5
_EC2 = BillLine("", "BoxUsage")


@dataclass(frozen=True)
class Scaling:
    """How a workload scales: its autoscaler, its load, and the replicas that run after the minimum's change.

    `busier` is how much more one pod has to do after that change, at the worst instant.
    """

    scaler: Autoscaler
    load: Load
    replicas: Sequence[int]
    busier: float = 1.0


@dataclass(frozen=True)
class Advice:
    """Findings without owner, manager and link; and the workload as it would be with them carried out."""

    findings: tuple[Finding, ...]
    workload: Workload


def why_not_judged(workload: Workload, scaler: Autoscaler | None, settings: Settings) -> str:
    """Why the use of the workload does not show what it needs; empty if it does."""
    if scaler is not None and not scaler.targets and not scaler.others:
        return (
            f"what {scaler.resource} scales by is not known (kube_horizontalpodautoscaler_spec_target_metric)"
        )
    if workload.restarts >= settings.crash_restarts:
        return f"restarted {workload.restarts:.0f} times in the window; find out why first"
    if workload.measured_days < (needed := min(settings.minimum_days, settings.window_days)):
        return f"days on which its use was measured: {workload.measured_days} of at least {needed}"
    return ""


def advise(
    workload: Workload,
    scaler: Autoscaler | None,
    load: Load | None,
    settings: Settings,
    units: UnitPrices | None,
) -> Advice:
    """What to change of one workload. `load` is that of the resources the autoscaler looks at."""
    findings: list[Finding] = []
    scaling = None
    if scaler is not None and load is not None and _follows(scaler, load, workload):
        binding = _minimum(workload, scaler, load, settings, units)
        scaling = binding[1]
        findings += binding[0]
        workload = replace(workload, replicas=sum(scaling.replicas) / len(scaling.replicas))
    elif scaler is not None and scaler.targets:
        return Advice((), workload)
    elif scaler is not None:
        workload = replace(workload, replicas=workload.mean_pods)
    sized = _with_lower_requests(workload, scaling, settings)
    if sized is not None:
        changed, reasons = sized
        findings.append(_requests_finding(workload, changed, reasons, scaling, settings, units))
        workload = changed
    return Advice(tuple(findings), workload)


def _follows(scaler: Autoscaler, load: Load, workload: Workload) -> bool:
    """Whether the replicas follow from the load: it was measured, and the targets are shares of requests."""
    return any(load.use.values()) and all(workload.running(resource) for resource in scaler.targets)


def _minimum(
    workload: Workload, scaler: Autoscaler, load: Load, settings: Settings, units: UnitPrices | None
) -> tuple[list[Finding], Scaling]:
    """The finding on the minimum, if it binds, and how the workload scales then."""
    needed = load.needed(scaler, {resource: workload.running(resource) for resource in RESOURCES})
    now = clamped(needed, scaler)
    minimum = max(settings.hpa_minimum, min(needed, default=scaler.minimum))
    below = sum(count < scaler.minimum for count in needed) / len(needed)
    if below < BINDING_SHARE or minimum >= scaler.minimum or scaler.others:
        return [], Scaling(scaler, load, now)
    changed = scaler.with_minimum(minimum)
    then = clamped(needed, changed)
    requests = {resource: workload.requested(resource) for resource in RESOURCES}
    fewer = (sum(now) - sum(then)) / len(now)
    target = ", ".join(f"{resource} {percent(share)}" for resource, share in sorted(scaler.targets.items()))
    finding = Finding(
        rule=MINIMUM,
        resource=scaler.resource,
        evidence=f"for {percent(below)} of {settings.window_days} days the load needs fewer than the minimum "
        f"of {scaler.minimum} replicas (target {target}), needed: {_from_to(needed)}; "
        f"{fewer:.1f} fewer would run on average",
        change=minimum_patch(scaler, minimum),
        inputs=f"spec.{minimum_key(scaler)}: {minimum}",
        saving_list=_cost(units, requests, fewer),
        confidence=Confidence.MEDIUM,
        risk=risk_of(MINIMUM),
        commitment=Commitment.SAVINGS_PLAN,
        bill=_EC2,
    )
    busier = max(before / after for before, after in zip(now, then, strict=True))
    return [finding], Scaling(changed, load, then, busier)


def _from_to(counts: Sequence[int]) -> str:
    least, most = min(counts), max(counts)
    return f"{least}" if least == most else f"{least} to {most}"


def _with_lower_requests(
    workload: Workload, scaling: Scaling | None, settings: Settings
) -> tuple[Workload, list[str]] | None:
    """The workload with lower requests, and the reasons; None if they stay."""
    lower: dict[str, dict[str, float]] = {}
    reasons = []
    scaled = scaling.scaler.targets if scaling else {}
    for resource in RESOURCES:
        utilization = workload.utilization(resource)
        if utilization is None:
            continue
        if scaling is not None and resource in scaled:
            mean = sum(scaling.load.use[resource]) / len(scaling.load.use[resource])
            utilization = mean / (workload.replicas * workload.running(resource))
        if utilization >= float(settings.low_utilization):
            continue
        lowered = False
        for container in workload.containers:
            if container.runs_first or not container.requests.get(resource):
                continue
            if scaling is not None and resource in scaled:
                amount, reason = _under_autoscaler(workload, container, resource, scaling, settings)
            else:
                amount, reason = _of_container(workload, container, resource, scaling, settings)
            if amount is not None and lowers(amount, container.requests[resource], settings):
                lower.setdefault(container.name, {})[resource] = amount
                lowered = True
                reasons.append(
                    f"{container.name} {resource} {quantity(container.requests[resource], resource)} to "
                    f"{quantity(amount, resource)} ({reason})"
                )
        if lowered:
            reasons.append(f"{resource} used {percent(utilization)} of the requests on average")
    changed = workload.with_requests(lower)
    if all(changed.requested(resource) == workload.requested(resource) for resource in RESOURCES):
        return None  # nothing changes, or an init container reserves as much
    return changed, reasons


def _of_container(
    workload: Workload, container: Container, resource: str, scaling: Scaling | None, settings: Settings
) -> tuple[float | None, str]:
    """The lower request of a container whose replicas do not depend on it; None if it must stay."""
    if resource == "memory" and (
        is_pinned(workload, container, settings) or container.name in workload.out_of_memory
    ):
        return None, ""
    needed = need(container.use[resource], resource, settings)
    if scaling is None or scaling.busier == 1:
        return needed.amount, needed.reason
    amount = rounded_up(needed.amount * scaling.busier, resource)
    return amount, f"{needed.reason}, on fewer replicas"


def _under_autoscaler(
    workload: Workload, container: Container, resource: str, scaling: Scaling, settings: Settings
) -> tuple[float | None, str]:
    """The lower request with which the autoscaler runs as many replicas as now: only the minimum keeps them.

    Above the minimum a smaller request would change the number of replicas, and save nothing.
    """
    if resource == "memory" and is_pinned(workload, container, settings):
        return None, ""
    busiest = max(
        use / count for use, count in zip(scaling.load.use[resource], scaling.replicas, strict=True)
    )
    headroom = settings.cpu_headroom if resource == "cpu" else settings.memory_headroom
    pod = max(busiest / scaling.scaler.targets[resource], busiest * (1 + float(headroom)))
    amount = container.requests[resource] * pod / workload.running(resource)
    reason = f"the highest use of a pod at the target of {percent(scaling.scaler.targets[resource])}"
    return rounded_up(amount, resource), reason


def is_pinned(workload: Workload, container: Container, settings: Settings) -> bool:
    """Whether the memory of a container follows from its limit: its use does not show what it needs."""
    pattern = re.compile(settings.pinned_heap_pattern, re.IGNORECASE)
    names = (container.image, container.name, workload.name)
    return workload.has_jvm or any(pattern.search(name) for name in names)


def _requests_finding(
    workload: Workload,
    changed: Workload,
    reasons: Sequence[str],
    scaling: Scaling | None,
    settings: Settings,
    units: UnitPrices | None,
) -> Finding:
    less = {resource: workload.requested(resource) - changed.requested(resource) for resource in RESOURCES}
    for container in workload.containers:
        if not container.runs_first and is_pinned(workload, container, settings):
            limit = container.memory_limit
            size = f" of {quantity(limit, 'memory')}" if limit else ""
            reasons = [
                *reasons,
                f"memory of {container.name} stays: its heap follows the limit{size}, not the use",
            ]
    how = f"pods: {workload.replicas:.3g}" + (f" under {scaling.scaler.resource}" if scaling else "")
    price = f"; priced as {units.basis}" if units else ""
    return Finding(
        rule=REQUESTS,
        resource=workload.resource,
        evidence=f"{'; '.join(reasons)}; {how}; {workload.measured_days} of {settings.window_days} days "
        f"measured{price}",
        change=requests_patch(workload, changed),
        inputs=requests_of_containers(workload, changed),
        saving_list=_cost(units, less, workload.replicas),
        confidence=Confidence.MEDIUM
        if workload.measured_days >= settings.window_days / 2
        else Confidence.LOW,
        risk=risk_of(REQUESTS),
        commitment=Commitment.SAVINGS_PLAN,
        bill=_EC2,
    )


def _cost(units: UnitPrices | None, requests: Mapping[str, float], replicas: float) -> Decimal | None:
    """US dollars a month of requests, times replicas."""
    if units is None:
        return None
    return units.of(requests["cpu"], requests["memory"]) * Decimal(str(replicas))
