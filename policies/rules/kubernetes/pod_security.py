"""Pods that a namespace with the `restricted` Pod Security Standard accepts.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ (Kubernetes 1.34), 2026-11.
"""

from collections.abc import Callable, Iterator

from pulumi_policy import Policy

from policies.evaluation_context import EvaluationContext
from policies.findings import Finding, Violation, findings_of
from policies.kubernetes_types import is_workload, namespace, pod_spec
from policies.properties import Property
from policies.resources import Resource
from policies.rule import Options, Rule, resource_policy, text_list_option

VOLUMES = (
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected",
    "secret",
)  # fmt: skip
SYSCTLS = (
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
)  # fmt: skip
PROFILES = ("RuntimeDefault", "Localhost")
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_HANDLERS = (
    ("livenessProbe",), ("readinessProbe",), ("startupProbe",), ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)  # fmt: skip


def pods_meet_the_restricted_standard(context: EvaluationContext) -> Policy:
    rule = Rule(
        "pods-meet-the-restricted-standard",
        {
            "volumes": text_list_option("the types of volumes that a pod may have", VOLUMES),
            "capabilities": text_list_option(
                "the capabilities that a container may add", ["NET_BIND_SERVICE"]
            ),
            "privileged_namespaces": text_list_option(
                "the namespaces whose pods are not checked", ["kube-system"]
            ),
            "sysctls": text_list_option("the sysctls that a pod may set", SYSCTLS),
        },
    )

    def check(resource: Resource, options: Options) -> Iterator[Finding]:
        pod = pod_spec(resource)
        if pod.absent or namespace(resource).text() in options["privileged_namespaces"]:
            return
        is_windows = pod["os"]["name"].text() == "windows"
        for check_pod in (_host, _user, _profiles):
            yield from findings_of(check_pod, pod)
        yield from findings_of(_volumes_and_sysctls, pod, options)
        for key in ("initContainers", "containers", "ephemeralContainers"):
            yield from findings_of(_containers, pod, key, options, is_windows)

    return resource_policy(rule, context, is_workload, check)


def _containers(pod: Property, key: str, options: Options, is_windows: bool) -> Iterator[Finding]:
    for container in pod[key].items():
        for check_container in (_user, _profiles, _container_host):
            yield from findings_of(check_container, container)
        yield from findings_of(_inherited, container, pod, is_windows)
        if not is_windows:
            yield from findings_of(_privileges, container, options)


def _host(pod: Property) -> Iterator[Finding]:
    """Namespaces of the node."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        yield from findings_of(_is_not_true, pod[key])


def _volumes_and_sysctls(pod: Property, options: Options) -> Iterator[Finding]:
    fix = f"use one of {', '.join(options['volumes'])}"
    for volume in pod["volumes"].items():
        for key, source in volume.entries():
            if key != "name" and key not in options["volumes"] and not source.absent:
                yield Violation(source.path, "is not an allowed type of volume", source.data, fix)
    for sysctl in pod["securityContext"]["sysctls"].items():
        yield from findings_of(_is_one_of, sysctl["name"], options["sysctls"])


def _user(pod_or_container: Property) -> Iterator[Finding]:
    """What a security context says itself; what must be set is checked for each container."""
    security = pod_or_container["securityContext"]
    non_root, user = security["runAsNonRoot"], security["runAsUser"]
    if not non_root.absent and not non_root.boolean():
        yield Violation(non_root.path, "is false", non_root.data, "set runAsNonRoot to true")
    if not user.absent and user.number(1) == 0:
        yield Violation(user.path, "is the root user", user.data, "set the id of another user, or none")
    yield from findings_of(_is_not_true, security["windowsOptions"]["hostProcess"])


def _profiles(pod_or_container: Property) -> Iterator[Finding]:
    security = pod_or_container["securityContext"]
    for key in ("seccompProfile", "appArmorProfile"):
        if not security[key]["type"].absent:
            yield from findings_of(_is_one_of, security[key]["type"], PROFILES)
    selinux = security["seLinuxOptions"]
    yield from findings_of(_is_one_of, selinux["type"], SELINUX_TYPES)
    for key in ("user", "role"):
        yield from findings_of(_is_one_of, selinux[key], ("",))


def _container_host(container: Property) -> Iterator[Finding]:
    security = container["securityContext"]
    yield from findings_of(_is_not_true, security["privileged"])
    yield from findings_of(_is_one_of, security["procMount"], ("", "Default"))
    for port in container["ports"].items():
        if port["hostPort"].number() != 0:
            yield Violation(
                port["hostPort"].path, "is a port of the node", port["hostPort"].data, "remove it"
            )
    for path in _HANDLERS:
        handler = container
        for key in path:
            handler = handler[key]
        for key in ("httpGet", "tcpSocket"):
            yield from findings_of(_is_one_of, handler[key]["host"], ("",))


def _inherited(container: Property, pod: Property, is_windows: bool) -> Iterator[Finding]:
    """What must be set in a container or, for all containers, in the pod."""
    what = f"is not set for container {container['name'].text()}"
    non_root = _own_or_pods(container, pod, lambda security: security["runAsNonRoot"])
    if non_root.absent:
        yield Violation(non_root.path, what, non_root.data, "set runAsNonRoot of the pod to true")
    seccomp = _own_or_pods(container, pod, lambda security: security["seccompProfile"]["type"])
    if seccomp.absent and not is_windows:
        yield Violation(seccomp.path, what, seccomp.data, "set it in the pod to RuntimeDefault")


def _own_or_pods(container: Property, pod: Property, read: Callable[[Property], Property]) -> Property:
    own = read(container["securityContext"])
    value = read(pod["securityContext"]) if own.absent else own
    value.known()
    return value


def _privileges(container: Property, options: Options) -> Iterator[Finding]:
    security = container["securityContext"]
    escalation, dropped = security["allowPrivilegeEscalation"], security["capabilities"]["drop"]
    if escalation.boolean(True):
        what = "is not false"
        yield Violation(escalation.path, what, escalation.data, "set allowPrivilegeEscalation to false")
    if "ALL" not in [capability.text() for capability in dropped.items()]:
        yield Violation(dropped.path, "does not hold ALL", dropped.data, "drop ALL capabilities")
    for capability in security["capabilities"]["add"].items():
        yield from findings_of(_is_one_of, capability, options["capabilities"])


def _is_not_true(value: Property) -> Iterator[Finding]:
    if value.boolean():
        yield Violation(value.path, "is true", value.data, "remove it")


def _is_one_of(value: Property, allowed: tuple[str, ...]) -> Iterator[Finding]:
    if value.text() not in allowed:
        known = ", ".join(text for text in allowed if text)
        yield Violation(value.path, "is not allowed", value.data, f"use {known}" if known else "remove it")
