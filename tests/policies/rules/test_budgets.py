import json

import pytest

from policies.stack_context import StackContext
from tests.policies.compliant_aws import TAGS, aws_resource, budget
from tests.policies.pack_client import PROD, ROOT, UNKNOWN, FakeResource, Pack, with_property

NO_BUDGETS = {"demo:environment": "prod"}


def queue(name="queue"):
    return aws_resource("aws:sqs/queue:Queue", name)


def test_a_stack_without_a_budget_is_reported_once_for_its_first_billable_resource():
    resource = [queue(name) for name in ("d", "c", "b", "a")]
    (diagnostic,) = Pack(config=NO_BUDGETS).evaluate(*resource)
    assert (diagnostic.policy, diagnostic.level, diagnostic.urn) == (
        "stack-has-a-budget",
        "mandatory",
        resource[3].urn,
    )
    assert "value: a, b, c and 1 more" in diagnostic.message


def test_up_to_three_billable_resources_are_listed():
    (diagnostic,) = Pack(config=NO_BUDGETS).evaluate(*[queue(name) for name in ("c", "b", "a")])
    assert "value: a, b, c\n" in diagnostic.message


def test_a_billable_type_without_tags_needs_a_budget_in_the_stack_but_no_budget_tag():
    record = FakeResource("aws:route53/record:Record", "record", {"name": "a"})
    assert [diagnostic.policy for diagnostic in Pack(config=NO_BUDGETS).evaluate(record)] == [
        "stack-has-a-budget"
    ]
    assert Pack().evaluate(record) == []


def test_a_stack_of_free_resources_needs_no_budget():
    role = aws_resource("aws:iam/role:Role", "role")
    assert Pack(config=NO_BUDGETS).evaluate(role) == []


def test_a_budget_tag_may_name_a_budget_of_the_stack():
    assert Pack(config=NO_BUDGETS).evaluate(queue(), budget()) == []


def test_a_budget_tag_must_match_the_name_of_a_budget():
    other = with_property(budget(), "name", "cloud-rds")
    diagnostics = Pack(config=NO_BUDGETS).evaluate(queue(), other)
    assert {(diagnostic.policy, diagnostic.urn) for diagnostic in diagnostics} == {
        ("budget-tag-names-a-budget", queue().urn)
    }
    assert "set the tag budget to one of cloud-rds, or declare the budget" in diagnostics[0].message


@pytest.mark.parametrize("name", [UNKNOWN, None])
def test_a_budget_with_an_unknown_name_leaves_the_tag_undetermined(name):
    unnamed = with_property(budget(), "name", name)
    diagnostics = Pack(config=NO_BUDGETS).evaluate(queue(), unnamed)
    assert {diagnostic.level for diagnostic in diagnostics} == {"advisory"}
    assert (
        "tags.budget is 'cloud-s3', and the name of budget s3 is unknown until deploy"
        in diagnostics[0].message
    )


def test_a_budget_name_that_the_provider_generated_counts():
    given = with_property(budget(), "name")
    given.outputs = {**given.inputs, "name": "cloud-s3"}
    assert Pack(config=NO_BUDGETS).evaluate(queue(), given) == []


def test_budgets_outside_of_the_stack_can_be_listed_in_the_config_of_the_pack():
    elsewhere = {"budgets": ["cloud-s3"]}
    pack = Pack(config=NO_BUDGETS).configure(
        budget_tag_names_a_budget=dict(elsewhere), stack_has_a_budget=dict(elsewhere)
    )
    assert pack.evaluate(queue()) == []


def test_the_key_of_the_budget_tag_is_an_option():
    resource = aws_resource("aws:sqs/queue:Queue", "q")
    resource.inputs["tags"] = {**TAGS, "charge": "cloud-nothing"}
    pack = Pack().configure(budget_tag_names_a_budget={"tag": "charge"})
    (diagnostic,) = pack.evaluate(resource)
    assert "tags.charge: is not the name of a budget" in diagnostic.message


def test_a_forecast_alert_is_required_only_of_a_budget_with_a_subscriber():
    silent = with_property(budget(), "notifications", [{"notificationType": "ACTUAL"}])
    assert [diagnostic.policy for diagnostic in Pack().evaluate(silent)] == ["budget-notifies-somebody"]


def test_the_number_and_type_of_notifications_are_options():
    pack = Pack().configure(budget_notifies_somebody={"notifications": 3})
    assert [diagnostic.policy for diagnostic in pack.evaluate(budget())] == ["budget-notifies-somebody"]
    pack = Pack().configure(budget_alerts_on_forecast={"type": "ACTUAL"})
    assert pack.evaluate(with_property(budget(), "notifications.1")) == []


def test_the_config_in_configure_stack_replaces_that_of_the_environment():
    from pulumi.runtime.proto import analyzer_pb2

    pack = Pack(config={})
    request = analyzer_pb2.AnalyzerStackConfigureRequest(config=PROD, stack="prod", tags={"a": "b"})
    pack.analyzer.ConfigureStack(request, None)
    assert pack.evaluate(queue()) == []
    pack.analyzer.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="prod"), None)
    assert pack.evaluate(queue()) == []
    pack.analyzer.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(config={"a:b": "c"}), None)
    assert [diagnostic.policy for diagnostic in pack.evaluate(queue())] == ["stack-has-a-budget"]


def test_resources_that_the_program_only_reads_are_not_checked():
    pack = Pack(config=NO_BUDGETS)
    read = queue("read")
    pack.analyze(ROOT)
    assert pack.analyze_stack(ROOT, read) == []
    assert [diagnostic.policy for diagnostic in pack.evaluate(read)] == ["stack-has-a-budget"]


def test_a_stack_without_its_root_is_checked_by_its_outputs():
    pack = Pack(config=NO_BUDGETS)
    role = aws_resource("aws:iam/role:Role", "role")
    pack.analyze(ROOT)
    pack.analyze(role)
    for resources in ([queue()], [role, queue()]):
        policies = [diagnostic.policy for diagnostic in pack.analyze_stack(*resources)]
        assert policies == ["stack-has-a-budget"]


def test_a_stack_whose_root_was_not_shown_before_is_checked_by_its_outputs():
    diagnostics = Pack(config=NO_BUDGETS).analyze_stack(ROOT, queue())
    assert [diagnostic.policy for diagnostic in diagnostics] == ["stack-has-a-budget"]


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
    assert StackContext.from_config({"x:budgets": json.dumps(budgets)}).budgets == names


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
    assert StackContext.from_config({"x:database": database}).backup_days == days


def test_without_config_the_stack_context_is_empty():
    assert StackContext.from_config({}) == StackContext("", frozenset(), None)
    assert StackContext.from_config({"any-project:environment": "prod"}).environment == "prod"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Amazon S3", "Amazon Simple Storage Service"),
        ("AmazonEC2", "Amazon Elastic Compute Cloud - Compute"),
        ("Amazon Elastic Compute Cloud", "Amazon Elastic Compute Cloud - Compute"),
        ("EKS", "Amazon Elastic Container Service for Kubernetes"),
        ("aws lambda", "AWS Lambda"),
        ("Amazon CloudWatch", "AmazonCloudWatch"),
    ],
)
def test_another_spelling_of_a_service_is_reported_with_the_name_of_cost_explorer(name, meant):
    (diagnostic,) = Pack().evaluate(with_property(budget(), "costFilters.0.values.0", name))
    assert (diagnostic.policy, diagnostic.level) == ("budget-filters-match", "mandatory")
    assert f"fix: write {meant}" in diagnostic.message


@pytest.mark.parametrize(("name", "hint"), [("Amazon Q", "did you mean 'Amazon MQ'?"), ("Datadog Pro", "")])
def test_a_name_that_may_be_a_service_is_not_blocked(name, hint):
    (diagnostic,) = Pack().evaluate(with_property(budget(), "costFilters.0.values.0", name))
    assert (diagnostic.policy, diagnostic.level) == ("budget-filters-match", "advisory")
    assert f"is {name!r}, which is not a known name of Cost Explorer" in diagnostic.message
    assert hint in diagnostic.message
    pack = Pack().configure(budget_filters_match={"services": [name]})
    assert pack.evaluate(with_property(budget(), "costFilters.0.values.0", name)) == []
