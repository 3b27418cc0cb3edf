import pytest

from teei_finops.review.render import money
from tests.teei_finops.review.sample_report import amount


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "$0.00"),
        ("1234.565", "$1,234.57"),
        ("-3", "−$3.00"),
        ("0.0001", "<$0.01"),
        ("-0.0001", "−<$0.01"),
    ],
)
def test_an_amount_that_is_not_zero_is_never_written_as_zero(value, text):
    assert money.dollars(value) == text


def test_a_range_is_written_only_where_low_and_high_differ():
    assert money.with_range(amount("1", "2", "3")) == "$2.00 ($1.00 to $3.00)"
    assert money.with_range(amount("2")) == "$2.00"


def test_a_change_in_percent_is_left_out_where_nothing_was_before():
    assert money.percent("5", "40") == " (+12.5 %)"
    assert money.percent("-5", "40") == " (−12.5 %)"
    assert money.percent("5", "0") == ""
