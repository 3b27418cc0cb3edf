# ruff: noqa: ARG002 every handler method takes the same arguments
"""Lambda functions, versions, aliases, permissions, event sources and invocations."""

import hashlib
from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.archives import zip_of
from teei_finops.sandbox.providers.aws.api import AwsError, Clients, json_text, pascal_case, without_none
from teei_finops.sandbox.providers.aws.moto_support.existing_network import (
    ensure_security_groups,
    ensure_subnets,
)
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_NOT_FOUND = ["ResourceNotFoundException"]
_PUBLISHED_VERSION = "__published"  # private state: the number of the last published version
# Inputs of the function as a whole: a change publishes no version (terraform-provider-aws,
# needsFunctionConfigUpdate).
_UNVERSIONED_INPUTS = {"tags", "reservedConcurrentExecutions", "skipDestroy", "publish"}


@handles("aws:lambda/function:Function")
class Function(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        self._ensure_network(aws, inputs)
        package_type = inputs.get("packageType", "Zip")
        if package_type == "Zip" and not (inputs.get("handler") and inputs.get("runtime")):
            raise AwsError(
                "InvalidParameterValueException: handler and runtime are required for package type Zip"
            )
        created = aws.call(
            "lambda",
            "CreateFunction",
            FunctionName=inputs["name"],
            Code=_code(inputs),
            PackageType=package_type,
            Publish=inputs.get("publish"),
            Architectures=inputs.get("architectures"),
            Tags=inputs.get("tags"),
            **_configuration(inputs),
        )
        self._put_concurrency(aws, inputs)
        return self._state(aws, created)

    def restore(self, aws: Clients, inputs: Inputs) -> ResourceState:
        """Publish as many versions as there were, all with the current configuration."""
        state = self.create(aws, inputs)
        for _ in range(1, int(inputs.get(_PUBLISHED_VERSION) or 1)):
            aws.call("lambda", "UpdateFunctionConfiguration", FunctionName=state.id, **_configuration(inputs))
            aws.call("lambda", "PublishVersion", FunctionName=state.id)
        return state

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        self._ensure_network(aws, inputs)
        if any(
            olds.get(key) != inputs.get(key)
            for key in ("code", "imageUri", "s3Key", "s3Bucket", "s3ObjectVersion")
        ):
            aws.call("lambda", "UpdateFunctionCode", FunctionName=resource_id, **_code(inputs))
        function = aws.call(
            "lambda", "UpdateFunctionConfiguration", FunctionName=resource_id, **_configuration(inputs)
        )
        if inputs.get("tags"):
            aws.call("lambda", "TagResource", Resource=function["FunctionArn"], Tags=inputs["tags"])
        self._put_concurrency(aws, inputs)
        if publishes_version(olds, inputs):
            return self._state(aws, aws.call("lambda", "PublishVersion", FunctionName=resource_id))
        private = {_PUBLISHED_VERSION: olds[_PUBLISHED_VERSION]} if _PUBLISHED_VERSION in olds else {}
        outputs = {"lastModified": function["LastModified"]}
        return ResourceState(id=resource_id, outputs=outputs, private=private)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("lambda", "DeleteFunction", not_found=_NOT_FOUND, FunctionName=resource_id)

    def recomputed_outputs(self, olds: Inputs, news: Inputs) -> frozenset[str]:
        return frozenset({"version", "qualifiedArn"}) if publishes_version(olds, news) else frozenset()

    def _ensure_network(self, aws: Clients, inputs: Inputs) -> None:
        network = inputs.get("vpcConfig") or {}
        ensure_subnets(aws, network.get("subnetIds") or [])
        ensure_security_groups(aws, network.get("securityGroupIds") or [])

    def _put_concurrency(self, aws: Clients, inputs: Inputs) -> None:
        reserved = inputs.get("reservedConcurrentExecutions")
        if reserved is not None and reserved >= 0:
            aws.call(
                "lambda",
                "PutFunctionConcurrency",
                FunctionName=inputs["name"],
                ReservedConcurrentExecutions=reserved,
            )

    def _state(self, aws: Clients, function: Mapping[str, Any]) -> ResourceState:
        name, version = function["FunctionName"], str(function.get("Version", "$LATEST"))
        arn = f"arn:aws:lambda:{aws.region}:{aws.account}:function:{name}"
        outputs = {
            "arn": arn,
            "invokeArn": _invoke_arn(aws, arn),
            "qualifiedArn": f"{arn}:{version}",
            "version": version,
            "lastModified": function.get("LastModified", ""),
            "sourceCodeSize": function.get("CodeSize", 0),
        }
        return ResourceState(
            id=name, outputs=outputs, private={_PUBLISHED_VERSION: version} if version.isdigit() else {}
        )


@handles("aws:lambda/permission:Permission")
class Permission(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        statement = inputs.get("statementId") or f"pulumi-{inputs['principal'].replace('.', '-')}"
        aws.call(
            "lambda",
            "AddPermission",
            FunctionName=inputs["function"],
            Qualifier=inputs.get("qualifier"),
            StatementId=statement,
            Action=inputs["action"],
            Principal=inputs["principal"],
            SourceArn=inputs.get("sourceArn"),
            SourceAccount=inputs.get("sourceAccount"),
        )
        return ResourceState(id=statement, outputs={"statementId": statement})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "lambda",
            "RemovePermission",
            not_found=_NOT_FOUND,
            FunctionName=inputs["function"],
            StatementId=resource_id,
        )


@handles("aws:lambda/eventSourceMapping:EventSourceMapping")
class EventSourceMapping(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        created = aws.call(
            "lambda",
            "CreateEventSourceMapping",
            FunctionName=inputs["functionName"],
            EventSourceArn=inputs.get("eventSourceArn"),
            **self._settings(inputs),
        )
        return ResourceState(
            id=created["UUID"], outputs={"uuid": created["UUID"], "functionArn": created["FunctionArn"]}
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        aws.call(
            "lambda",
            "UpdateEventSourceMapping",
            UUID=resource_id,
            FunctionName=inputs["functionName"],
            **self._settings(inputs),
        )
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("lambda", "DeleteEventSourceMapping", not_found=_NOT_FOUND, UUID=resource_id)

    def _settings(self, inputs: Inputs) -> dict[str, Any]:
        return {
            "BatchSize": inputs.get("batchSize"),
            "Enabled": inputs.get("enabled"),
            "MaximumBatchingWindowInSeconds": inputs.get("maximumBatchingWindowInSeconds"),
            "FunctionResponseTypes": inputs.get("functionResponseTypes"),
            "ScalingConfig": pascal_case(inputs.get("scalingConfig")),
        }


@handles("aws:lambda/alias:Alias")
class Alias(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        created = aws.call("lambda", "CreateAlias", **self._parameters(inputs))
        arn = created["AliasArn"]
        return ResourceState(id=arn, outputs={"arn": arn, "invokeArn": _invoke_arn(aws, arn)})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        aws.call("lambda", "UpdateAlias", **self._parameters(inputs))
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        name = _function_name(inputs["functionName"])
        aws.call_if_exists(
            "lambda", "DeleteAlias", not_found=_NOT_FOUND, FunctionName=name, Name=inputs["name"]
        )

    def _parameters(self, inputs: Inputs) -> dict[str, Any]:
        return {
            "FunctionName": _function_name(inputs["functionName"]),
            "Name": inputs["name"],
            "FunctionVersion": inputs["functionVersion"],
            "Description": inputs.get("description"),
            "RoutingConfig": pascal_case(inputs.get("routingConfig")),
        }


@handles("aws:lambda/invocation:Invocation")
class Invocation(ResourceHandler):
    """Checks that the function exists; its code does not run, and the result is empty."""

    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        name, qualifier = _function_name(inputs["functionName"]), inputs.get("qualifier")
        text = json_text(inputs["input"], "input") or ""
        aws.validate("lambda", "Invoke", FunctionName=name, Qualifier=qualifier, Payload=text.encode())
        aws.call("lambda", "GetFunction", FunctionName=name, Qualifier=qualifier)
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        return ResourceState(id=f"{name}_{qualifier or '$LATEST'}_{digest}", outputs={"result": ""})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        """The provider calls the function on deletion only with `lifecycleScope: CRUD`."""


def publishes_version(olds: Inputs, news: Inputs) -> bool:
    """Whether an update publishes a version: a change of the code or the configuration does."""
    changed = {key for key in {*olds, *news} if olds.get(key) != news.get(key) and not key.startswith("__")}
    return news.get("publish") is True and bool(changed - _UNVERSIONED_INPUTS)


def _invoke_arn(aws: Clients, arn: str) -> str:
    return f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


def _function_name(name: str) -> str:
    """The name of a function, which the provider also takes as an ARN."""
    return name.rsplit(":", 1)[-1]


def _configuration(inputs: Inputs) -> dict[str, Any]:
    environment = (inputs.get("environment") or {}).get("variables")
    tracing, storage = inputs.get("tracingConfig"), inputs.get("ephemeralStorage")
    dead_letters, network = inputs.get("deadLetterConfig"), inputs.get("vpcConfig")
    return {
        "Role": inputs["role"],
        "Handler": inputs.get("handler"),
        "Runtime": inputs.get("runtime"),
        "Description": inputs.get("description"),
        "Timeout": inputs.get("timeout"),
        "MemorySize": inputs.get("memorySize"),
        "Layers": inputs.get("layers"),
        "KMSKeyArn": inputs.get("kmsKeyArn"),
        "Environment": {"Variables": {key: str(value) for key, value in environment.items()}}
        if environment
        else None,
        "TracingConfig": {"Mode": tracing["mode"]} if tracing else None,
        "EphemeralStorage": {"Size": storage["size"]} if storage else None,
        "DeadLetterConfig": {"TargetArn": dead_letters["targetArn"]} if dead_letters else None,
        "LoggingConfig": pascal_case(inputs.get("loggingConfig")),
        "VpcConfig": {"SubnetIds": network["subnetIds"], "SecurityGroupIds": network["securityGroupIds"]}
        if network
        else None,
    }


def _code(inputs: Inputs) -> dict[str, Any]:
    if inputs.get("imageUri"):
        return {"ImageUri": inputs["imageUri"]}
    if inputs.get("s3Bucket"):
        return without_none(
            {
                "S3Bucket": inputs["s3Bucket"],
                "S3Key": inputs.get("s3Key"),
                "S3ObjectVersion": inputs.get("s3ObjectVersion"),
            }
        )
    return {"ZipFile": zip_of(inputs.get("code") or {})}
