from teei_finops.review.render import table
from tests.teei_finops.review.sample_report import NO_POLICY_RESULTS, sample_report


def test_the_table_lists_every_changed_resource_with_its_operation():
    lines = table.render(sample_report()).splitlines()
    assert lines[0].split() == ["OPERATION", "RESOURCE", "TYPE", "BEFORE", "AFTER", "CHANGE", "A", "MONTH"]
    assert lines[1].startswith("~ update   ledger")
    assert lines[1].endswith("$100.50   $402.25  +$301.75")
    assert any(line.startswith("- delete   scratch") for line in lines)


def test_the_table_names_violations_and_unpriced_resources():
    lines = table.render(sample_report()).splitlines()
    assert (
        "mandatory policy database-multi-az: ledger: multiAz is false in prod; set multiAz = true." in lines
    )
    assert (
        "unpriced odd|<b>name</b> (aws:quantum/thing:Thing): type unknown: aws:quantum/thing:Thing" in lines
    )


def test_the_table_ends_with_totals_and_the_outcome():
    assert table.render(sample_report()).splitlines()[-4:] == [
        "change +$294.15 (+$293.75 to +$297.75) a month",
        "fail: Blocked by policy or budget.",
        "- over budget: platform",
        "- blocked by mandatory policies: database-multi-az",
    ]


def test_the_table_of_a_change_that_passes_ends_with_its_outcome():
    report = sample_report(verdict="pass", budgets=[], policy=NO_POLICY_RESULTS)
    assert table.render(report).splitlines()[-1] == "pass: No blocking findings."
