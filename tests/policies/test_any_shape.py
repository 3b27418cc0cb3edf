"""Whatever the values of a resource are, the pack reports or passes them and never crashes."""

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policies.compliant_stack import FACTORIES
from tests.policies.pack_client import UNKNOWN, Pack

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 5000), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", " ", "x", "-1", "Enabled", "prod", "%p", UNKNOWN, "2026-13-45", "{", "nan", "inf"]),
    st.sampled_from([[], {}, [None], [UNKNOWN, 1], {"a": UNKNOWN}, [["x"]]]),
)  # fmt: skip


@st.composite
def odd_resources(draw):
    """A compliant resource with up to three properties, at any depth, replaced by odd values."""
    resource = draw(st.sampled_from(FACTORIES))()
    resource.inputs = copy.deepcopy(resource.inputs)
    for _ in range(draw(st.integers(1, 3))):
        at = resource.inputs
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(at[key], dict | list) and draw(st.booleans()):
                at = at[key]
                continue
            at[key] = copy.deepcopy(draw(ODD))
            break
    return resource


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(odd_resources(), odd_resources())
def test_odd_values_anywhere_never_crash_the_pack(one, other):
    other.name = "other"
    for diagnostic in Pack().evaluate(one, other):
        assert diagnostic.message
