"""The collection of costs on AWS: its export, its functions, what they may do, and who may call them."""

import json

import pytest

from components.cost_data.billing_export import COLUMNS
from components.settings import SettingsError, parse
from functions.cost_data import lambda_handler
from functions.cost_data.app import PATH
from functions.cost_data.formats import FOCUS
from functions.cost_data.settings import Settings
from tests.components.recorded import record
from tests.components.stack_config import ABSENT, STACKS, config

NAME = "teei-prod-us-east-1-cost-data"
ACCOUNT = "123456789012"
BUCKET = "teei-prod-us-east-1-billing-export"


def part():
    return record("prod").part("cost-data")


def one(type_, name):
    (inputs,) = [item.inputs for item in part().of(type_) if item.name == name]
    return inputs


def function(which):
    return one("lambda/function:Function", f"cost-data-{which}-function")


def test_only_the_stack_with_the_budgets_of_the_account_collects_costs():
    names = {stack: [item.name for item in record(stack).part("cost-data").resources] for stack in STACKS}
    assert {stack for stack in STACKS if names[stack]} == {"prod"}
    with pytest.raises(SettingsError, match=r"cost_data: .* only the stack with cloud_budgets"):
        parse(config("prod", {"cloud_budgets": ABSENT}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cost_data.export_bucket": ABSENT}, r"cost_data.export_bucket: .* with source export"),
        ({"cost_data.source": "cost-explorer", "cost_data.engine": "athena"}, "cost_data.engine: .*duckdb"),
        ({"cost_data.memory_mib": 512}, "cost_data.memory_mib"),
        ({"cost_data.name": "Costs"}, "cost_data.name"),
    ],
)
def test_wrong_settings_are_one_line_that_names_the_key(changes, message):
    with pytest.raises(SettingsError, match=message) as error:
        parse(config("prod", changes))
    assert "\n" not in str(error.value)


def test_the_export_is_focus_with_all_columns_that_are_read_and_overwrites_its_files():
    export = one("bcmdata/export:Export", "cost-data-billing-export")["export"]
    (query,) = export["dataQueries"]
    assert query["queryStatement"] == f"SELECT {', '.join(COLUMNS)} FROM FOCUS_1_2_AWS"
    assert query["tableConfigurations"] == {"FOCUS_1_2_AWS": {"TIME_GRANULARITY": "DAILY"}}
    # FOCUS 1.2 with AWS columns has SkuMeter in place of x_UsageType.
    read = {*FOCUS.mandatory.values(), *FOCUS.optional.values()} - {"x_UsageType"}
    assert set(COLUMNS) == read
    (destination,) = export["destinationConfigurations"][0]["s3Destinations"]
    (output,) = destination["s3OutputConfigurations"]
    assert (output["format"], output["overwrite"]) == ("PARQUET", "OVERWRITE_REPORT")
    assert (destination["s3Bucket"], destination["s3Prefix"]) == (BUCKET, "exports")


def test_the_functions_read_the_export_that_is_declared():
    export = one("bcmdata/export:Export", "cost-data-billing-export")["export"]
    location = f"s3://{BUCKET}/exports/{export['name']}"
    for which in ("collect", "metrics"):
        settings = Settings.from_environment(function(which)["environment"]["variables"])
        assert settings.export == location
        assert (settings.engine, settings.memory_limit, settings.request_limit) == ("duckdb", "1024MB", 60)
        assert settings.regions == ("us-east-1", "eu-central-1")
        assert (settings.database_name, settings.database_port) == ("ai_budget", 5432)


def test_only_data_exports_of_the_account_writes_to_the_bucket_which_is_private_and_has_a_lifecycle():
    policy = json.loads(one("s3/bucketPolicy:BucketPolicy", "cost-data-billing-storage-policy")["policy"])
    denied, allowed = policy["Statement"]
    assert (denied["Effect"], denied["Sid"]) == ("Deny", "TlsOnly")
    assert allowed["Principal"]["Service"] == [
        "billingreports.amazonaws.com", "bcm-data-exports.amazonaws.com",
    ]  # fmt: skip
    assert allowed["Action"] == ["s3:PutObject", "s3:GetBucketPolicy"]
    assert allowed["Resource"] == [f"arn:aws:mock:::{BUCKET}", f"arn:aws:mock:::{BUCKET}/*"]
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert all(arn.split(":")[4] == ACCOUNT for arn in allowed["Condition"]["ArnLike"]["aws:SourceArn"])
    access = one(
        "s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "cost-data-billing-storage-public-access"
    )
    assert all(value is True for key, value in access.items() if key != "bucket")
    lifecycle = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    (rule,) = one(lifecycle, "cost-data-billing-storage-lifecycle")["rules"]
    assert rule["expiration"]["days"] == 450


def test_the_handlers_exist_and_the_collector_runs_twice_a_day_for_up_to_15_minutes():
    for which in ("collect", "metrics"):
        module, _, name = function(which)["handler"].rpartition(".")
        assert (module, callable(getattr(lambda_handler, name))) == (lambda_handler.__name__, True)
        assert function(which)["publish"] is True
    assert function("collect")["timeout"] == 900
    assert function("collect")["reservedConcurrentExecutions"] == 1
    rule = part().one("cloudwatch/eventRule:EventRule").inputs
    assert rule["scheduleExpression"] == "rate(720 minutes)"
    target = part().one("cloudwatch/eventTarget:EventTarget").inputs
    assert target["arn"] == f"arn:aws:mock:::{NAME}-collect:live"
    assert "deadLetterConfig" not in target


def test_new_code_runs_only_after_it_has_created_its_tables():
    migration = part().one("lambda/invocation:Invocation").inputs
    assert json.loads(migration["input"]) == {"task": "migrate"}
    assert migration["functionName"] == f"{NAME}-collect"
    assert migration["triggers"] == {"version": "7"}


def test_every_listener_sends_the_path_of_the_metrics_to_the_exporter_and_nothing_else_does():
    rules = [item.inputs for item in part().of("lb/listenerRule:ListenerRule")]
    assert len(rules) == len(record("prod").of("lb/listener:Listener")) == 2
    for rule in rules:
        assert rule["conditions"] == [{"pathPattern": {"values": [PATH]}}]
        assert [action["targetGroupArn"] for action in rule["actions"]] == [f"arn:aws:mock:::{NAME}"]
    attachment = part().one("lb/targetGroupAttachment:TargetGroupAttachment").inputs
    assert attachment["targetId"] == f"arn:aws:mock:::{NAME}-metrics:live"
    group = part().one("lb/targetGroup:TargetGroup").inputs
    assert not group.get("lambdaMultiValueHeadersEnabled")  # the handler reads and writes single headers
    principals = {
        (item.inputs["function"], item.inputs["principal"])
        for item in part().of("lambda/permission:Permission")
    }
    assert principals == {
        (f"{NAME}-metrics", "elasticloadbalancing.amazonaws.com"),
        (f"{NAME}-collect", "events.amazonaws.com"),
    }


def test_the_functions_connect_to_the_database_and_https_only():
    group = f"{NAME}-functions"
    assert function("collect")["vpcConfig"]["securityGroupIds"] == [group]
    egress = part().of("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    assert {(item.inputs["securityGroupId"], item.inputs["fromPort"]) for item in egress} == {
        (group, 443), (group, 5432),
    }  # fmt: skip
    (ingress,) = part().of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert ingress.inputs["securityGroupId"] == "teei-prod-us-east-1-ai-budget"
    assert ingress.inputs["referencedSecurityGroupId"] == group


def test_an_alarm_fires_when_a_run_fails_and_when_no_run_of_a_day_has_read_the_costs():
    errors = one("cloudwatch/metricAlarm:MetricAlarm", "cost-data-alarms-errors")
    assert (errors["metricName"], errors["threshold"], errors["treatMissingData"]) == (
        "Errors", 0, "notBreaching",
    )  # fmt: skip
    runs = {"FunctionName": f"{NAME}-collect", "Resource": f"{NAME}-collect:live"}
    assert errors["dimensions"] == runs
    missed = one("cloudwatch/metricAlarm:MetricAlarm", "cost-data-alarms-missed")
    assert (missed["comparisonOperator"], missed["threshold"], missed["treatMissingData"]) == (
        "LessThanThreshold", 1, "breaching",
    )  # fmt: skip
    *metrics, successes = missed["metricQueries"]
    assert {query["id"]: query["metric"]["metricName"] for query in metrics} == {
        "invocations": "Invocations", "errors": "Errors",
    }  # fmt: skip
    assert {json.dumps(query["metric"]["dimensions"], sort_keys=True) for query in metrics} == {
        json.dumps(runs)
    }
    assert all(query["metric"]["period"] == 86_400 for query in metrics)
    assert successes["expression"] == "FILL(invocations, 0) - FILL(errors, 0)"
