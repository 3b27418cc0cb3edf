import json

import pytest

from policies.stack_context import Facts
from tests.policies.analyzer import PROD, ROOT, UNKNOWN, Made, Pack, changed
from tests.policies.good import TAGS, aws, budget

NO_BUDGETS = {"demo:environment": "prod"}


def queue(name="queue"):
    return aws("aws:sqs/queue:Queue", name)


def test_a_stack_with_cost_and_no_budget_is_rejected_once_with_the_first_resource_that_costs():
    made = [queue(name) for name in ("d", "c", "b", "a")]
    (report,) = Pack(config=NO_BUDGETS).judge(*made)
    assert (report.policy, report.level, report.urn) == ("stack-has-a-budget", "mandatory", made[3].urn)
    assert "value: a, b, c and 1 more" in report.message


def test_a_short_list_of_what_costs_is_given_in_full():
    (report,) = Pack(config=NO_BUDGETS).judge(*[queue(name) for name in ("c", "b", "a")])
    assert "value: a, b, c\n" in report.message


def test_what_costs_and_has_no_tags_needs_a_budget_in_the_stack_but_names_none():
    record = Made("aws:route53/record:Record", "record", {"name": "a"})
    assert [report.policy for report in Pack(config=NO_BUDGETS).judge(record)] == ["stack-has-a-budget"]
    assert Pack().judge(record) == []


def test_a_stack_of_free_resources_needs_no_budget():
    role = aws("aws:iam/role:Role", "role")
    assert Pack(config=NO_BUDGETS).judge(role) == []


def test_a_budget_of_the_stack_may_be_named():
    assert Pack(config=NO_BUDGETS).judge(queue(), budget()) == []


def test_a_budget_with_another_name_is_not_the_one_that_is_named():
    other = changed(budget(), "name", "cloud-rds")
    found = Pack(config=NO_BUDGETS).judge(queue(), other)
    assert {(report.policy, report.urn) for report in found} == {("budget-tag-names-a-budget", queue().urn)}
    assert "set the tag budget to one of cloud-rds, or declare the budget" in found[0].message


@pytest.mark.parametrize("name", [UNKNOWN, None])
def test_a_budget_whose_name_is_unknown_leaves_the_tag_open(name):
    unnamed = changed(budget(), "name", name)
    found = Pack(config=NO_BUDGETS).judge(queue(), unnamed)
    assert {report.level for report in found} == {"advisory"}
    assert "tags.budget is 'cloud-s3', and the name of s3 is unknown" in found[0].message


def test_the_name_that_the_provider_gave_a_budget_counts():
    given = changed(budget(), "name")
    given.outputs = {**given.props, "name": "cloud-s3"}
    assert Pack(config=NO_BUDGETS).judge(queue(), given) == []


def test_budgets_kept_elsewhere_can_be_named_in_the_packs_config():
    elsewhere = {"budgets": ["cloud-s3"]}
    pack = Pack(config=NO_BUDGETS).configure(
        budget_tag_names_a_budget=dict(elsewhere), stack_has_a_budget=dict(elsewhere)
    )
    assert pack.judge(queue()) == []


def test_the_key_of_the_tag_can_be_chosen():
    made = aws("aws:sqs/queue:Queue", "q")
    made.props["tags"] = {**TAGS, "charge": "cloud-nothing"}
    pack = Pack().configure(budget_tag_names_a_budget={"tag": "charge"})
    (report,) = pack.judge(made)
    assert "its tag charge names no budget" in report.message


def test_the_forecast_is_asked_for_only_where_somebody_hears_of_the_budget_at_all():
    silent = changed(budget(), "notifications", [{"notificationType": "ACTUAL"}])
    assert [report.policy for report in Pack().judge(silent)] == ["budget-notifies-somebody"]


def test_how_many_notifications_and_of_which_type_can_be_chosen():
    pack = Pack().configure(budget_notifies_somebody={"notifications": 3})
    assert [report.policy for report in pack.judge(budget())] == ["budget-notifies-somebody"]
    pack = Pack().configure(budget_alerts_on_forecast={"type": "ACTUAL"})
    assert pack.judge(changed(budget(), "notifications.1")) == []


def test_config_sent_by_configure_stack_counts_like_that_of_the_environment():
    from pulumi.runtime.proto import analyzer_pb2

    pack = Pack(config={})
    request = analyzer_pb2.AnalyzerStackConfigureRequest(config=PROD, stack="prod", tags={"a": "b"})
    pack.analyzer.ConfigureStack(request, None)
    assert pack.judge(queue()) == []
    pack.analyzer.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="prod"), None)
    assert pack.judge(queue()) == []
    pack.analyzer.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(config={"a:b": "c"}), None)
    assert [report.policy for report in pack.judge(queue())] == ["stack-has-a-budget"]


def test_what_the_program_only_reads_is_not_judged():
    pack = Pack(config=NO_BUDGETS)
    read = queue("read")
    pack.analyze(ROOT)
    assert pack.analyze_stack(ROOT, read) == []
    assert [report.policy for report in pack.judge(read)] == ["stack-has-a-budget"]


def test_a_stack_whose_root_was_not_shown_before_is_judged_by_what_it_shows_itself():
    pack = Pack(config=NO_BUDGETS)
    pack.analyze(ROOT)
    pack.analyze(aws("aws:iam/role:Role", "role"))
    assert [report.policy for report in pack.analyze_stack(queue())] == ["stack-has-a-budget"]


@pytest.mark.parametrize(
    ("budgets", "names"),
    [
        ({"a": {"limit": 1}, "b": {}}, {"a", "b"}),
        (["a", "b"], {"a", "b"}),
        ([{"name": "a"}, {"limit": 2}, 7], {"a"}),
        ("a", set()),
        (7, set()),
    ],
)
def test_budget_names_are_read_from_an_object_or_a_list(budgets, names):
    assert Facts.read({"x:budgets": json.dumps(budgets)}).budgets == names


@pytest.mark.parametrize(
    ("database", "days"),
    [
        ('{"backup_retention_days": 14}', 14),
        ('{"backup_retention_days": "14"}', None),
        ("[]", None),
        ("{", None),
    ],
)
def test_the_backup_retention_is_read_from_the_config(database, days):
    assert Facts.read({"x:database": database}).backup_days == days


def test_facts_are_blank_where_the_config_says_nothing():
    assert Facts.read({}) == Facts("", frozenset(), None)
    assert Facts.read({"any-project:environment": "prod"}).environment == "prod"
