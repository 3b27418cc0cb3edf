"""An HTTP API with a function and a table."""

import pulumi
import pulumi_aws as aws

table = aws.dynamodb.Table(
    "orders",
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
)
role = aws.iam.Role("api", assume_role_policy=aws.iam.get_policy_document(statements=[]).json)
function = aws.lambda_.Function(
    "api",
    role=role.arn,
    runtime="nodejs22.x",
    handler="index.handler",
    memory_size=256,
    architectures=["arm64"],
    code=pulumi.FileArchive("./handler"),
    environment={"variables": {"TABLE": table.name}},
)
aws.cloudwatch.LogGroup("api", name=pulumi.Output.concat("/aws/lambda/", function.name), retention_in_days=14)
api = aws.apigatewayv2.Api("orders", protocol_type="HTTP")
integration = aws.apigatewayv2.Integration(
    "orders", api_id=api.id, integration_type="AWS_PROXY", integration_uri=function.invoke_arn
)
aws.apigatewayv2.Route(
    "orders",
    api_id=api.id,
    route_key="ANY /{proxy+}",
    target=integration.id.apply(lambda integration_id: f"integrations/{integration_id}"),
)
aws.apigatewayv2.Stage("orders", api_id=api.id, name="$default", auto_deploy=True)
aws.lambda_.Permission(
    "api",
    action="lambda:InvokeFunction",
    function=function.name,
    principal="apigateway.amazonaws.com",
    source_arn=pulumi.Output.concat(api.execution_arn, "/*/*"),
)
pulumi.export("url", api.api_endpoint)
