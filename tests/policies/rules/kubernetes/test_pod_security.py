"""What the findings on the security of pods say."""

import pytest

from tests.policies import compliant_kubernetes as kubernetes
from tests.policies.pack_client import Pack, with_property

POD = "spec.template.spec"


def found(path: str, value: object) -> list[str]:
    pack = Pack()
    diagnostics = pack.evaluate(with_property(kubernetes.deployment(), f"{POD}.{path}", value))
    return [item.message for item in diagnostics if item.policy == "pods-meet-the-restricted-standard"]


@pytest.mark.parametrize(
    ("path", "value", "fix"),
    [
        ("securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}], "use kernel.shm_rmid_forced"),
        ("containers.0.securityContext.procMount", "Unmasked", "use Default"),
    ],
)
def test_the_fix_names_what_is_allowed(path, value, fix):
    (message,) = found(path, value)
    assert fix in message


@pytest.mark.parametrize(("user", "reported"), [(0, True), (1, False), ("app", False)])
def test_only_the_user_0_is_root(user, reported):
    assert (
        any("is the root user" in message for message in found("securityContext.runAsUser", user)) is reported
    )
