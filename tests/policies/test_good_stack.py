from tests.policies.analyzer import Pack
from tests.policies.good import stack


def test_a_stack_in_which_everything_is_right_gets_no_report_at_all():
    assert Pack().judge(*stack().values()) == []
