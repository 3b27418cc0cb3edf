"""The collector may do at AWS what its code calls, and nothing else; docs/cost-data.md lists it."""

import ast
import json
import re

import boto3
import pytest
from sqlglot import exp

from components.cost_data import permissions
from functions.cost_data.aggregate import aggregate_query
from functions.cost_data.formats import FOCUS, columns_query, recognize
from tests.components.cost_data.other_settings import recorded_with
from tests.components.recorded import record
from tests.components.stack_config import ROOT

SOURCES = ROOT / "functions/cost_data/sources"
ACCOUNT = "123456789012"
# IAM names some services and actions otherwise than boto3; STS needs no permission.
PREFIXES = {"opensearch": "es"}
ACTIONS = {
    "budgets:DescribeBudgets": "budgets:ViewBudget",
    "budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
    "budgets:DescribeSubscribersForNotification": "budgets:ViewBudget",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:DownloadFile": "s3:GetObject",
    "rds:GenerateDbAuthToken": "rds-db:connect",
    "sts:GetCallerIdentity": None,
}
# What Athena asks for on behalf of a query.
BY_ATHENA = {"glue:GetDatabase", "glue:GetTable", "glue:GetPartitions", "s3:GetBucketLocation"}
BY_LAMBDA = re.compile(r"ec2:(?!DescribeReserved)|logs:|xray:")
SERVICES = (
    "ce", "budgets", "savingsplans", "ec2", "rds", "elasticache", "opensearch", "redshift", "cloudwatch",
    "s3", "sts", "athena",
)  # fmt: skip


def called_actions():
    """The actions of every boto3 method that the sources name, by the service named beside it."""
    methods = {}
    for service in SERVICES:
        client = boto3.client(service, region_name="us-east-1")
        methods[service] = client.meta.method_to_api_mapping
    actions = set()
    for path in SOURCES.glob("*.py"):
        tree = ast.parse(path.read_text())
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and arg.value]
            service = texts[0] if texts and texts[0] in methods else "ce"
            names = [methods[service][text] for text in texts if text in methods[service]]
            actions |= {f"{PREFIXES.get(service, service)}:{name}" for name in names}
        if "download_file" in path.read_text():
            actions.add("s3:DownloadFile")
        if "generate_db_auth_token" in path.read_text():
            actions.add("rds:GenerateDbAuthToken")
    translated = {ACTIONS.get(action, action) for action in actions}
    return {action for action in translated if action}


def allowed(stack, function="collect"):
    """The resources of each action that the role of a function allows."""
    (policy,) = [
        json.loads(item.inputs["policy"])
        for item in stack.of("iam/rolePolicy:RolePolicy")
        if item.name == f"cost-data-{function}-permissions"
    ]
    result = {}
    for statement in policy["Statement"]:
        for action in statement["Action"] if statement["Effect"] == "Allow" else ():
            result.setdefault(action, []).extend(statement["Resource"])
    return {action: resources for action, resources in result.items() if not BY_LAMBDA.match(action)}


def test_the_calls_of_the_sources_are_found():
    assert len(called_actions()) > 20
    assert {"ce:GetCostForecast", "athena:StartQueryExecution", "s3:GetObject"} <= called_actions()


def test_the_collector_may_do_what_its_code_calls_and_nothing_else():
    athena = recorded_with(("cost_data.engine", "athena"))
    assert allowed(athena).keys() - BY_ATHENA == called_actions()
    without_athena = {action for action in called_actions() if not action.startswith("athena:")}
    assert allowed(record("prod")).keys() == without_athena
    cost_explorer = recorded_with(("cost_data.source", "cost-explorer"))
    assert allowed(cost_explorer).keys() == {
        action for action in without_athena if not action.startswith("s3:")
    }


def test_a_resource_is_named_wherever_aws_allows_one():
    athena = allowed(recorded_with(("cost_data.engine", "athena")))
    assert {action for action, resources in athena.items() if "*" in resources} == set(
        permissions.WITHOUT_RESOURCE
    )
    for resources in athena.values():
        for arn in resources:
            assert arn == "*" or ACCOUNT in arn or "arn:aws:mock" in arn, arn
    assert athena["rds-db:connect"] == [f"arn:aws:rds-db:us-east-1:{ACCOUNT}:dbuser:db-MOCK/cost_data"]


def test_the_exporter_may_only_log_in_to_the_database():
    assert allowed(record("prod"), "metrics") == {
        "rds-db:connect": [f"arn:aws:rds-db:us-east-1:{ACCOUNT}:dbuser:db-MOCK/cost_data"]
    }


def test_the_page_on_cost_data_lists_every_permission():
    page = (ROOT / "docs/cost-data.md").read_text().split("## Permissions")[1].split("\n## ")[0]
    listed = set(re.findall(r"`([a-z0-9-]+:[A-Za-z]+)`", page))
    assert listed == allowed(recorded_with(("cost_data.engine", "athena"))).keys()


def test_the_athena_table_is_what_the_collector_asks_for_and_its_workgroup_bounds_a_query():
    stack = recorded_with(("cost_data.engine", "athena"))
    workgroup = stack.one("athena/workgroup:Workgroup").inputs
    assert workgroup["configuration"]["bytesScannedCutoffPerQuery"] == 20 * 1024**3
    assert workgroup["configuration"]["enforceWorkgroupConfiguration"] is True
    table = stack.one("glue/catalogTable:CatalogTable").inputs
    (function,) = [
        item.inputs
        for item in stack.of("lambda/function:Function")
        if item.name == "cost-data-collect-function"
    ]
    variables = function["environment"]["variables"]
    assert variables["COST_DATA_ATHENA_TABLE"] == table["name"]
    assert variables["COST_DATA_ATHENA_DATABASE"] == table["databaseName"]
    assert variables["COST_DATA_ATHENA_WORKGROUP"] == workgroup["name"]
    location = variables["COST_DATA_EXPORT"]
    template = table["parameters"]["storage.location.template"]
    assert template == f"{location}/data/BILLING_PERIOD=${{billing_period}}/"
    assert [key["name"] for key in table["partitionKeys"]] == ["billing_period"]
    columns = {column["name"]: column["type"] for column in table["storageDescriptor"]["columns"]}
    assert recognize(columns, table["name"]) is FOCUS
    period = columns_query(FOCUS, columns, exp.table_(table["name"], db=table["databaseName"]))
    assert "FROM teei_prod_us_east_1_cost_data.focus" in aggregate_query([(FOCUS, period)], "athena")


@pytest.mark.parametrize("source", ["export", "cost-explorer"])
def test_a_bucket_and_an_export_exist_only_for_that_source(source):
    resources = recorded_with(("cost_data.source", source)).part("cost-data").resources
    types = {item.type for item in resources}
    assert ("aws:bcmdata/export:Export" in types) == (source == "export")
    assert ("aws:s3/bucket:Bucket" in types) == (source == "export")
