# ruff: noqa: ARG002 every maker is called in the same way
"""Lambda functions, their versions and what calls them."""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from teei_finops.sandbox.providers.aws.resources.platform import ensure_security_groups, ensure_subnets
from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    json_text,
    makes,
    pascal,
    without_none,
)

_NOT_FOUND = ["ResourceNotFoundException"]
# What belongs to the function and not to its versions; terraform-provider-aws, needsFunctionConfigUpdate.
_PUBLISHED = "__published"  # the number of the last version
_OF_NO_VERSION = {"tags", "reservedConcurrentExecutions", "skipDestroy", "publish"}


@makes("aws:lambda/function:Function")
class Function(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        self._ensure_network(aws, inputs)
        kind = inputs.get("packageType", "Zip")
        if kind == "Zip" and not (inputs.get("handler") and inputs.get("runtime")):
            raise RefusedError(
                "InvalidParameterValueException: handler and runtime are needed for package type Zip"
            )
        created = aws.call(
            "lambda",
            "CreateFunction",
            FunctionName=inputs["name"],
            Code=_code(inputs),
            PackageType=kind,
            Publish=inputs.get("publish"),
            Architectures=inputs.get("architectures"),
            Tags=inputs.get("tags"),
            **_configuration(inputs),
        )
        self._reserve(aws, inputs)
        return self._made(aws, created)

    def again(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        """All versions that there were, each as the last one is."""
        made = self.create(aws, inputs)
        for _ in range(1, int(inputs.get(_PUBLISHED) or 1)):
            aws.call("lambda", "UpdateFunctionConfiguration", FunctionName=made.id, **_configuration(inputs))
            aws.call("lambda", "PublishVersion", FunctionName=made.id)
        return made

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
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
        self._reserve(aws, inputs)
        if publishes(olds, inputs):
            return self._made(aws, aws.call("lambda", "PublishVersion", FunctionName=resource_id))
        kept = {_PUBLISHED: olds[_PUBLISHED]} if _PUBLISHED in olds else {}
        return Made(id=resource_id, outputs={"lastModified": function["LastModified"]}, kept=kept)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("lambda", "DeleteFunction", absent=_NOT_FOUND, FunctionName=resource_id)

    def unknown_again(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> frozenset[str]:
        return frozenset({"version", "qualifiedArn"}) if publishes(olds, news) else frozenset()

    def _ensure_network(self, aws: Clients, inputs: Mapping[str, Any]) -> None:
        network = inputs.get("vpcConfig") or {}
        ensure_subnets(aws, network.get("subnetIds") or [])
        ensure_security_groups(aws, network.get("securityGroupIds") or [])

    def _reserve(self, aws: Clients, inputs: Mapping[str, Any]) -> None:
        reserved = inputs.get("reservedConcurrentExecutions")
        if reserved is not None and reserved >= 0:
            aws.call(
                "lambda",
                "PutFunctionConcurrency",
                FunctionName=inputs["name"],
                ReservedConcurrentExecutions=reserved,
            )

    def _made(self, aws: Clients, function: Mapping[str, Any]) -> Made:
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
        return Made(id=name, outputs=outputs, kept={_PUBLISHED: version} if version.isdigit() else {})


@makes("aws:lambda/permission:Permission")
class Permission(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
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
        return Made(id=statement, outputs={"statementId": statement})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt(
            "lambda",
            "RemovePermission",
            absent=_NOT_FOUND,
            FunctionName=inputs["function"],
            StatementId=resource_id,
        )


@makes("aws:lambda/eventSourceMapping:EventSourceMapping")
class EventSourceMapping(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        created = aws.call(
            "lambda",
            "CreateEventSourceMapping",
            FunctionName=inputs["functionName"],
            EventSourceArn=inputs.get("eventSourceArn"),
            **self._settings(inputs),
        )
        return Made(
            id=created["UUID"], outputs={"uuid": created["UUID"], "functionArn": created["FunctionArn"]}
        )

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        settings = self._settings(inputs)
        aws.call(
            "lambda",
            "UpdateEventSourceMapping",
            UUID=resource_id,
            FunctionName=inputs["functionName"],
            **settings,
        )
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("lambda", "DeleteEventSourceMapping", absent=_NOT_FOUND, UUID=resource_id)

    def _settings(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "BatchSize": inputs.get("batchSize"),
            "Enabled": inputs.get("enabled"),
            "MaximumBatchingWindowInSeconds": inputs.get("maximumBatchingWindowInSeconds"),
            "FunctionResponseTypes": inputs.get("functionResponseTypes"),
            "ScalingConfig": pascal(inputs.get("scalingConfig")),
        }


@makes("aws:lambda/alias:Alias")
class Alias(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        created = aws.call("lambda", "CreateAlias", **self._parameters(inputs))
        arn = created["AliasArn"]
        return Made(id=arn, outputs={"arn": arn, "invokeArn": _invoke_arn(aws, arn)})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        aws.call("lambda", "UpdateAlias", **self._parameters(inputs))
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        name = _function_name(inputs["functionName"])
        aws.attempt("lambda", "DeleteAlias", absent=_NOT_FOUND, FunctionName=name, Name=inputs["name"])

    def _parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "FunctionName": _function_name(inputs["functionName"]),
            "Name": inputs["name"],
            "FunctionVersion": inputs["functionVersion"],
            "Description": inputs.get("description"),
            "RoutingConfig": pascal(inputs.get("routingConfig")),
        }


@makes("aws:lambda/invocation:Invocation")
class Invocation(Maker):
    """The function must be there; its code is not run, and so its result is empty."""

    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        name, qualifier = _function_name(inputs["functionName"]), inputs.get("qualifier")
        text = json_text(inputs["input"], "input") or ""
        aws.only_validate("lambda", "Invoke", FunctionName=name, Qualifier=qualifier, Payload=text.encode())
        aws.call("lambda", "GetFunction", FunctionName=name, Qualifier=qualifier)
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        return Made(id=f"{name}_{qualifier or '$LATEST'}_{digest}", outputs={"result": ""})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        """Only with `lifecycleScope: CRUD` does the provider call the function once more."""


def publishes(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether a change of a function makes a new version: one of its code or configuration does."""
    changed = {key for key in {*olds, *news} if olds.get(key) != news.get(key) and not key.startswith("__")}
    return news.get("publish") is True and bool(changed - _OF_NO_VERSION)


def _invoke_arn(aws: Clients, arn: str) -> str:
    return f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


def _function_name(name: str) -> str:
    """The provider also takes a function's ARN."""
    return name.rsplit(":", 1)[-1]


def _configuration(inputs: Mapping[str, Any]) -> dict[str, Any]:
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
        "LoggingConfig": pascal(inputs.get("loggingConfig")),
        "VpcConfig": {"SubnetIds": network["subnetIds"], "SecurityGroupIds": network["securityGroupIds"]}
        if network
        else None,
    }


def _code(inputs: Mapping[str, Any]) -> dict[str, Any]:
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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_files(inputs.get("code") or {}, "")):
            archive.writestr(zipfile.ZipInfo(name), content)
    return {"ZipFile": buffer.getvalue()}


def _files(asset: Mapping[str, Any], name: str) -> Iterator[tuple[str, bytes]]:
    """The files of an archive as the engine describes it."""
    if asset.get("assets"):
        for child, value in asset["assets"].items():
            yield from _files(value, f"{name}/{child}" if name else child)
    elif asset.get("text") is not None:
        yield name or "file", asset["text"].encode()
    elif asset.get("path"):
        path = Path(asset["path"])
        if path.is_dir():
            for file in path.rglob("*"):
                if file.is_file() and "__pycache__" not in file.parts:
                    yield "/".join(filter(None, [name, file.relative_to(path).as_posix()])), file.read_bytes()
        elif path.suffix in (".zip", ".jar") and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield "/".join(filter(None, [name, member])), archive.read(member)
        elif path.is_file():
            yield name or path.name, path.read_bytes()
