"""The number of connections that an RDS instance class allows."""

import pytest

from components.settings.ai_budget.service import estimated_max_connections


@pytest.mark.parametrize(
    ("instance_class", "connections"),
    [("db.t4g.micro", 84), ("db.t4g.medium", 337), ("db.m7g.large", 675), ("db.r8g.xlarge", 2703)],
)
def test_three_quarters_of_the_memory_of_an_instance_class_count_for_its_connections(
    instance_class, connections
):
    assert estimated_max_connections(instance_class) == connections


def test_more_memory_than_postgresql_can_use_gives_no_more_connections():
    assert estimated_max_connections("db.m7g.16xlarge") == 5000


def test_an_unknown_family_or_size_counts_as_the_smallest():
    assert estimated_max_connections("db.q9.large") < estimated_max_connections("db.t4g.large")
    assert estimated_max_connections("db.m7g.metal") < estimated_max_connections("db.m7g.small")
