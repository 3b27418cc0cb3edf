"""The simulated clusters of the tests."""

from datetime import UTC, datetime

from tests.functions.advisor.simulation import (
    GIB,
    MIB,
    Claim,
    Hpa,
    Simulated,
    SimulatedCluster,
    constant,
)

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday; the report is of Monday, 30 November


def _hours(inside: float, outside: float, first: int, last: int):
    """One load between two hours of each day, another in the rest."""
    return lambda day: inside if first <= (day % 1) * 24 < last else outside


STEADY = Simulated(
    "steady", 1, 2 * GIB, constant(0.6), constant(512 * MIB), replicas=3, labels={"team": "platform"}
)
SPIKY = Simulated(
    "spiky", 1, 512 * MIB, lambda d: 0.95 if round(d * 144) % 144 == 70 else 0.05, constant(300 * MIB)
)
NIGHTLY = Simulated("nightly", 2, GIB, _hours(1.9, 0.1, 1, 3), constant(700 * MIB))
BATCH = Simulated("batch", 4, GIB, constant(1), constant(900 * MIB), job=True)
RETIRED = Simulated("retired", 4, GIB, constant(1), constant(900 * MIB), job=True, until=19)
GROWING = Simulated("growing", 2, GIB, lambda day: 0.2 + 0.02 * day, constant(800 * MIB))
SCALED = Simulated("scaled", 1, GIB, _hours(3.5, 1.4, 8, 18), constant(600 * MIB), hpa=Hpa(2, 20, 0.7))
MINIMUM = Simulated("minimum", 1, GIB, _hours(2, 1, 12, 18), constant(700 * MIB), hpa=Hpa(6, 20, 0.7))
FLOOR = Simulated("floor", 1, GIB, constant(0.2), constant(700 * MIB), hpa=Hpa(2, 20, 0.7))
JVM = Simulated(
    "orders", 1, 4 * GIB, constant(0.4), constant(1.2 * GIB), replicas=2, memory_limit=4 * GIB,
    image="registry/eclipse-temurin:21-jre",
)  # fmt: skip
CRASHING = Simulated("crashing", 1, GIB, constant(0.01), constant(50 * MIB), restarts_an_hour=6)
WITH_INIT = Simulated("with-init", 0.5, 256 * MIB, constant(0.05), constant(200 * MIB), init_cpu=0.5)
SMALL = tuple(
    Simulated(name, 0.02, GIB, constant(0.01), constant(900 * MIB), namespace="tools", bytes_a_second=100)
    for name in ("wiki", "calendar")
)
CLAIMS = (
    Claim("forgotten", 100, "gp3", volume="vol-0123"),
    Claim("in-use", 100, "gp3", mounted_by="steady"),
    Claim("young", 100, "gp3", created=25),
)
CLUSTER = SimulatedCluster(
    (
        STEADY, SPIKY, NIGHTLY, BATCH, RETIRED, GROWING, SCALED, MINIMUM, FLOOR, JVM, CRASHING, WITH_INIT,
        *SMALL,
    ),
    CLAIMS,
    nodes={"busy": "m6i.large", "lonely": "m6i.large"},
    budgets={"orders-pdb": 2},
)  # fmt: skip
