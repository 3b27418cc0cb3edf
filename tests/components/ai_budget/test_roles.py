"""A function may do at AWS what its code calls, and the code calls nothing that it may not."""

import boto3
import botocore.client
import pytest

from components.ai_budget import service as budget_service
from components.lambda_functions import roles
from functions.ai_budget.aws import api, login, migration


@pytest.fixture
def api_calls(monkeypatch):
    """(service, operation) of every call that reaches botocore, none of which is sent."""
    from aws_lambda_powertools.utilities import parameters

    api_calls = set()

    def record(client, operation, _parameters):
        names = {api: method for method, api in client.meta.method_to_api_mapping.items()}
        api_calls.add((client.meta.service_model.service_name, names[operation]))
        return {"SecretString": '{"username": "u", "password": "p"}'}

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", record)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    parameters.clear_caches()
    yield api_calls
    parameters.clear_caches()


async def use_all_of_the_api_adapters():
    api.secret("arn:aws:secretsmanager:us-east-1:123456789012:secret:s")
    api.CallerHashes("service/callers/")("reporting")
    await api.TrackQueue("https://sqs.us-east-1.amazonaws.com/123456789012/q")({"tokens": 1})
    api.Mailer()("from@teei.io", "to@teei.io", "subject", "text", "id")


LOGIN = {("rds", "generate_db_auth_token")}  # signs a request and sends none


def test_the_calls_found_in_the_source_are_those_that_the_code_makes(api_calls):
    import asyncio

    asyncio.run(use_all_of_the_api_adapters())
    assert set().union(*map(roles.calls, budget_service.API_ADAPTERS)) == api_calls | LOGIN
    api_calls.clear()
    migration.MasterSecret("arn:aws:secretsmanager:us-east-1:123456789012:secret:s")()
    migration.CallerSecrets("service/callers/").fill(["reporting"])
    assert set().union(*map(roles.calls, budget_service.MIGRATOR_ADAPTERS)) == api_calls | LOGIN
    login.DatabaseLogin("host", "5432", "user")()


def test_each_call_has_the_permission_of_its_api_operation():
    prefixes = {"sesv2": "ses"}
    actions = {call: action for call, action in roles.ACTIONS.items() if call not in LOGIN}
    for (service, operation), action in actions.items():
        client = boto3.client(service, region_name="us-east-1")
        api = client.meta.method_to_api_mapping[operation]
        assert action == f"{prefixes.get(service, service)}:{api}"


def test_every_permission_belongs_to_a_call_in_the_code():
    adapters = {*budget_service.API_ADAPTERS, *budget_service.MIGRATOR_ADAPTERS}
    assert roles.ACTIONS.keys() == set().union(*map(roles.calls, adapters))


def test_a_call_without_a_known_permission_is_a_one_line_error(tmp_path):
    adapter = tmp_path / "aws.py"
    adapter.write_text(
        "class Q:\n"
        "    def __init__(self):\n        self._client = boto3.client('sqs')\n"
        "    def __call__(self):\n        self._client.purge_queue(QueueUrl='q')\n"
    )
    with pytest.raises(roles.UnknownCallError) as caught:
        roles.statements([adapter], {"sqs:SendMessage": ["arn"]})
    assert str(caught.value).startswith("aws.py: calls sqs purge_queue, which the function's role")
    assert "\n" not in str(caught.value)


def test_a_call_without_a_resource_is_rejected(tmp_path):
    adapter = tmp_path / "aws.py"
    adapter.write_text("def f(arn):\n    return parameters.get_secret(arn)\n")
    with pytest.raises(roles.UnknownCallError, match="get_secret_value"):
        roles.statements([adapter], {})
    (statement,) = roles.statements([adapter], {"secretsmanager:GetSecretValue": ["arn"]})
    assert statement == {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": ["arn"]}
