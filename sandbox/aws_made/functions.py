# ruff: noqa: ARG002 every maker is called in the same way
"""Lambda functions and EventBridge schedules."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.aws_made.base import Clients, Made, Maker, RefusedError, makes, pascal, without_none
from sandbox.aws_made.platform import ensure_security_groups, ensure_subnets

_NOT_FOUND = ["ResourceNotFoundException"]
_EXPRESSION = re.compile(
    r"(rate\(\d+ (minutes?|hours?|days?)\)|cron\([^)]+\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\))"
)


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
            Architectures=inputs.get("architectures"),
            Tags=inputs.get("tags"),
            **_configuration(inputs),
        )
        self._reserve(aws, inputs)
        return Made(id=inputs["name"], outputs=self._outputs(aws, created))

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        self._ensure_network(aws, inputs)
        if any(
            olds.get(key) != inputs.get(key)
            for key in ("code", "imageUri", "s3Key", "s3Bucket", "s3ObjectVersion")
        ):
            aws.call("lambda", "UpdateFunctionCode", FunctionName=resource_id, **_code(inputs))
        changed = aws.call(
            "lambda", "UpdateFunctionConfiguration", FunctionName=resource_id, **_configuration(inputs)
        )
        if inputs.get("tags"):
            aws.call("lambda", "TagResource", Resource=changed["FunctionArn"], Tags=inputs["tags"])
        self._reserve(aws, inputs)
        return Made(id=resource_id, outputs=self._outputs(aws, changed))

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("lambda", "DeleteFunction", absent=_NOT_FOUND, FunctionName=resource_id)

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

    def _outputs(self, aws: Clients, function: Mapping[str, Any]) -> dict[str, Any]:
        arn = f"arn:aws:lambda:{aws.region}:{aws.account}:function:{function['FunctionName']}"
        path = f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
        return {
            "arn": arn,
            "invokeArn": path,
            "qualifiedArn": f"{arn}:$LATEST",
            "version": "$LATEST",
            "lastModified": function.get("LastModified", ""),
            "sourceCodeSize": function.get("CodeSize", 0),
        }


@makes("aws:lambda/permission:Permission")
class Permission(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        statement = inputs.get("statementId") or f"pulumi-{inputs['principal'].replace('.', '-')}"
        aws.call(
            "lambda",
            "AddPermission",
            FunctionName=inputs["function"],
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


@makes("aws:scheduler/schedule:Schedule")
class Schedule(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        arn = aws.call("scheduler", "CreateSchedule", **self._parameters(inputs))["ScheduleArn"]
        return Made(id=f"{inputs.get('groupName', 'default')}/{inputs['name']}", outputs={"arn": arn})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        aws.call("scheduler", "UpdateSchedule", **self._parameters(inputs))
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        group, _, name = resource_id.partition("/")
        aws.attempt("scheduler", "DeleteSchedule", absent=_NOT_FOUND, Name=name, GroupName=group)

    def _parameters(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        expression = inputs["scheduleExpression"]
        if not _EXPRESSION.fullmatch(expression):
            raise RefusedError(f"ValidationException: Invalid Schedule Expression {expression}")
        window = inputs["flexibleTimeWindow"]
        target = inputs["target"]
        retry = target.get("retryPolicy")
        return {
            "Name": inputs["name"],
            "GroupName": inputs.get("groupName"),
            "Description": inputs.get("description"),
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": inputs.get("scheduleExpressionTimezone"),
            "State": inputs.get("state"),
            "KmsKeyArn": inputs.get("kmsKeyArn"),
            "FlexibleTimeWindow": pascal(window),
            "Target": without_none(
                {
                    "Arn": target["arn"],
                    "RoleArn": target["roleArn"],
                    "Input": target.get("input"),
                    "DeadLetterConfig": pascal(target.get("deadLetterConfig")),
                    "RetryPolicy": pascal(retry),
                }
            ),
        }


@makes("aws:scheduler/scheduleGroup:ScheduleGroup")
class ScheduleGroup(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        tags = [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()]
        arn = aws.call("scheduler", "CreateScheduleGroup", Name=inputs["name"], Tags=tags)["ScheduleGroupArn"]
        return Made(id=inputs["name"], outputs={"arn": arn, "state": "ACTIVE"})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        arn = f"arn:aws:scheduler:{aws.region}:{aws.account}:schedule-group/{resource_id}"
        tags = [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()]
        aws.call("scheduler", "TagResource", ResourceArn=arn, Tags=tags)
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("scheduler", "DeleteScheduleGroup", absent=_NOT_FOUND, Name=resource_id)


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
