from teei_finops.review.render import markdown
from teei_finops.review.report_schema import Report
from tests.teei_finops.review.sample_report import (
    NO_POLICY_RESULTS,
    ZERO,
    amount,
    resource,
    sample_report,
)


def test_the_comment_starts_with_its_marker_the_change_and_the_outcome():
    lines = markdown.render(sample_report()).splitlines()
    assert lines[0] == "<!-- teei-finops cost review -->"
    assert lines[1] == (
        "## Cost review: at least $403.65 a month (+$294.15); "
        r"1 resource is not priced (odd\|&lt;b>name&lt;/b>: type unknown)"
    )
    assert lines[3] == "❌ **Blocked by policy or budget.**"
    assert lines[5:7] == ["- over budget: platform", "- blocked by mandatory policies: database-multi-az"]


def test_the_comment_lists_the_largest_change_first_and_names_unpriced_resources():
    text = markdown.render(sample_report())
    table = text[text.index("Changes, largest first") :]
    assert table.index("**ledger**") < table.index("**scratch**") < table.index("**tracks**")
    assert "type unknown: aws:quantum/thing:Thing" in text
    assert "db.t4g.medium → db.r7g.large" in text


def test_the_comment_lists_mandatory_violations_first_and_links_to_their_documentation():
    text = markdown.render(sample_report())
    assert text.index("[`database-multi-az`]") < text.index("[`prefer-gp3`]")
    assert "](../blob/HEAD/docs/policies.md#database-multi-az)" in text


def test_a_message_of_several_lines_stays_in_its_table_cell():
    report = sample_report()
    report["policy"]["violations"][0]["message"] = "ledger: storageType\nvalue: gp2 | gp3\nfix: use gp3"
    assert r"ledger: storageType<br>value: gp2 \| gp3<br>fix: use gp3 |" in markdown.render(report)


def test_the_comment_lists_a_change_of_the_high_end_alone():
    before, after = amount("10", "20", "30"), amount("10", "20", "60")
    nodes = resource("prod", "aws:eks/nodeGroup:NodeGroup", "nodes", "update", "priced", before, after)
    text = markdown.render(sample_report(resources=[nodes], plan=[]))
    assert "| ~ update | **nodes**" in text
    assert "$0.00 ($0.00 to +$30.00)" in text


def test_a_resource_name_cannot_break_the_comment():
    text = markdown.render(sample_report())
    assert "<b>name" not in text
    assert r"odd\|&lt;b>name&lt;/b>" in text


def report_on_many_resources(count: int) -> Report:
    rows = [
        resource("prod", "aws:sqs/queue:Queue", f"queue-{n}", "create", "usage", ZERO, amount("0", "1", "2"))
        if n % 3 == 0
        else resource(
            "prod", "aws:quantum/thing:Thing", f"thing-{n}", "create", "unpriced", None, None,
            reason="type unknown",
        )
        for n in range(count)
    ]  # fmt: skip
    return sample_report(resources=rows, plan=[])


def test_the_comment_on_ten_thousand_resources_is_within_the_limit_of_github_and_counts_the_rest():
    text = markdown.render(report_on_many_resources(10_000))
    assert len(text) < 65_536
    listed = text.count("| + create |")
    assert listed > 20
    assert f"… and {10_000 - listed} more." in text


def test_the_comment_mentions_policies_only_where_a_pack_checked_the_plan():
    assert "Policy violations" not in markdown.render(sample_report(policy=NO_POLICY_RESULTS))
    checked = NO_POLICY_RESULTS | {"packs": {"teei-finops": "1"}}
    assert "Policy violations: 0 mandatory" in markdown.render(sample_report(policy=checked))
