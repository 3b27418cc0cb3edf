# ruff: noqa: ARG002 every handler method takes the same arguments
"""RDS instances, parameter groups and subnet groups."""

from collections.abc import Mapping
from typing import Any

from teei_finops.aws_limits import rds_parameters
from teei_finops.sandbox.providers.aws.api import AwsError, Clients, tag_list
from teei_finops.sandbox.providers.aws.moto_support.existing_network import (
    ensure_security_groups,
    ensure_subnets,
)
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_STORAGE_TYPES = ("gp2", "gp3", "io1", "io2", "standard")
_DEFAULT_PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306}

# The parameter of CreateDBInstance and ModifyDBInstance for each property.
_PARAMETERS = {
    "allocatedStorage": "AllocatedStorage",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "backupWindow": "PreferredBackupWindow",
    "caCertIdentifier": "CACertificateIdentifier",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "databaseInsightsMode": "DatabaseInsightsMode",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "deletionProtection": "DeletionProtection",
    "engineVersion": "EngineVersion",
    "instanceClass": "DBInstanceClass",
    "iops": "Iops",
    "licenseModel": "LicenseModel",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "manageMasterUserPassword": "ManageMasterUserPassword",
    "masterUserSecretKmsKeyId": "MasterUserSecretKmsKeyId",
    "maxAllocatedStorage": "MaxAllocatedStorage",
    "monitoringInterval": "MonitoringInterval",
    "monitoringRoleArn": "MonitoringRoleArn",
    "multiAz": "MultiAZ",
    "networkType": "NetworkType",
    "optionGroupName": "OptionGroupName",
    "parameterGroupName": "DBParameterGroupName",
    "password": "MasterUserPassword",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "publiclyAccessible": "PubliclyAccessible",
    "storageThroughput": "StorageThroughput",
    "storageType": "StorageType",
    "vpcSecurityGroupIds": "VpcSecurityGroupIds",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "performanceInsightsEnabled": "EnablePerformanceInsights",
}
# The parameter of CreateDBInstance only.
_CREATE_PARAMETERS = {
    "availabilityZone": "AvailabilityZone",
    "characterSetName": "CharacterSetName",
    "dbName": "DBName",
    "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
    "engine": "Engine",
    "kmsKeyId": "KmsKeyId",
    "port": "Port",
    "storageEncrypted": "StorageEncrypted",
    "timezone": "Timezone",
    "username": "MasterUsername",
}


@handles("aws:rds/instance:Instance")
class Instance(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        _check_values(inputs)
        ensure_security_groups(aws, inputs.get("vpcSecurityGroupIds") or [])
        created = aws.call(
            "rds",
            "CreateDBInstance",
            DBInstanceIdentifier=inputs["identifier"],
            Tags=tag_list(inputs.get("tags")),
            **_parameters(inputs, {**_PARAMETERS, **_CREATE_PARAMETERS}),
        )
        return self._state(aws, created["DBInstance"], inputs)

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        _check_values(inputs)
        ensure_security_groups(aws, inputs.get("vpcSecurityGroupIds") or [])
        changed = {key: value for key, value in inputs.items() if olds.get(key) != value}
        modified = aws.call(
            "rds",
            "ModifyDBInstance",
            DBInstanceIdentifier=inputs["identifier"],
            ApplyImmediately=inputs.get("applyImmediately"),
            **_parameters(changed, _PARAMETERS),
        )
        arn = modified["DBInstance"]["DBInstanceArn"]
        aws.call("rds", "AddTagsToResource", ResourceName=arn, Tags=tag_list(inputs.get("tags")))
        return self._state(aws, modified["DBInstance"], inputs)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        skip = inputs.get("skipFinalSnapshot") is True
        if not skip and not inputs.get("finalSnapshotIdentifier"):
            raise AwsError("finalSnapshotIdentifier is required when skipFinalSnapshot is false")
        not_found = ["DBInstanceNotFound", "DBInstanceNotFoundFault"]
        if inputs.get("deletionProtection") is True:  # only Pulumi's `protect` blocks here
            aws.call_if_exists(
                "rds",
                "ModifyDBInstance",
                not_found=not_found,
                DBInstanceIdentifier=inputs["identifier"],
                DeletionProtection=False,
            )
        aws.call_if_exists(
            "rds",
            "DeleteDBInstance",
            not_found=not_found,
            DBInstanceIdentifier=inputs["identifier"],
            SkipFinalSnapshot=True,  # `destroy` leaves nothing in the sandbox
        )

    def _state(self, aws: Clients, instance: Mapping[str, Any], inputs: Inputs) -> ResourceState:
        address = instance["Endpoint"]["Address"]
        port = instance["Endpoint"].get("Port") or _DEFAULT_PORTS.get(inputs.get("engine", ""), 5432)
        secret_arn = (
            f"arn:aws:secretsmanager:{aws.region}:{aws.account}:secret:rds!db-{instance['DbiResourceId']}"
        )
        managed = inputs.get("manageMasterUserPassword") is True
        secrets = [{"secretArn": secret_arn, "secretStatus": "active", "kmsKeyId": ""}] if managed else []
        return ResourceState(
            id=instance["DbiResourceId"],
            outputs={
                "arn": instance["DBInstanceArn"],
                "address": address,
                "endpoint": f"{address}:{port}",
                "resourceId": instance["DbiResourceId"],
                "status": "available",
                "port": port,
                "engineVersionActual": str(instance.get("EngineVersion", "")),
                "masterUserSecrets": secrets,
                "hostedZoneId": "Z2R2ITUGPM61AM",
            },
        )


@handles("aws:rds/parameterGroup:ParameterGroup")
class ParameterGroup(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        _check_parameters(inputs)
        created = aws.call(
            "rds",
            "CreateDBParameterGroup",
            DBParameterGroupName=inputs["name"],
            DBParameterGroupFamily=inputs["family"],
            Description=inputs.get("description", "Managed by Pulumi"),
            Tags=tag_list(inputs.get("tags")),
        )
        self._set(aws, inputs)
        return ResourceState(
            id=inputs["name"], outputs={"arn": created["DBParameterGroup"]["DBParameterGroupArn"]}
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        _check_parameters(inputs)
        self._set(aws, inputs)
        names = {parameter["name"] for parameter in inputs.get("parameters") or []}
        removed = [parameter for parameter in olds.get("parameters") or [] if parameter["name"] not in names]
        if removed:
            aws.validate(
                "rds",
                "ResetDBParameterGroup",
                DBParameterGroupName=resource_id,
                Parameters=_parameter_list(removed),
            )
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "rds",
            "DeleteDBParameterGroup",
            not_found=["DBParameterGroupNotFound"],
            DBParameterGroupName=resource_id,
        )

    def _set(self, aws: Clients, inputs: Inputs) -> None:
        parameters = _parameter_list(inputs.get("parameters") or [])
        for start in range(0, len(parameters), 20):  # the API takes twenty at a time
            aws.call(
                "rds",
                "ModifyDBParameterGroup",
                DBParameterGroupName=inputs["name"],
                Parameters=parameters[start : start + 20],
            )


@handles("aws:rds/subnetGroup:SubnetGroup")
class SubnetGroup(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        ensure_subnets(aws, inputs["subnetIds"])
        created = aws.call(
            "rds",
            "CreateDBSubnetGroup",
            DBSubnetGroupName=inputs["name"],
            DBSubnetGroupDescription=inputs.get("description", "Managed by Pulumi"),
            SubnetIds=inputs["subnetIds"],
            Tags=tag_list(inputs.get("tags")),
        )["DBSubnetGroup"]
        arn = f"arn:aws:rds:{aws.region}:{aws.account}:subgrp:{inputs['name']}"
        return ResourceState(id=inputs["name"], outputs={"arn": arn, "vpcId": created["VpcId"]})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        ensure_subnets(aws, inputs["subnetIds"])
        aws.call(
            "rds",
            "ModifyDBSubnetGroup",
            DBSubnetGroupName=resource_id,
            DBSubnetGroupDescription=inputs.get("description", "Managed by Pulumi"),
            SubnetIds=inputs["subnetIds"],
        )
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "rds",
            "DeleteDBSubnetGroup",
            not_found=["DBSubnetGroupNotFoundFault"],
            DBSubnetGroupName=resource_id,
        )


def _parameters(inputs: Inputs, names: Mapping[str, str]) -> dict[str, Any]:
    return {api: inputs[name] for name, api in names.items() if inputs.get(name) is not None}


def _parameter_list(parameters: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [
        {
            "ParameterName": item["name"],
            "ParameterValue": str(item["value"]),
            "ApplyMethod": item.get("applyMethod", "immediate"),
        }
        for item in parameters
    ]


def _check_parameters(inputs: Inputs) -> None:
    """RDS answers InvalidParameterValue (RDS API 2014-10-31, ModifyDBParameterGroup, 2026-11)."""
    for parameter in inputs.get("parameters") or []:
        name, value = parameter["name"], str(parameter["value"])
        allowed = rds_parameters.allowed_values(inputs["family"], name, value)
        if allowed:
            message = f"Invalid parameter value: {value} for: {name} allowed values are: {allowed}"
            raise AwsError(f"InvalidParameterValue: {message}")


def _check_values(inputs: Inputs) -> None:
    """RDS answers InvalidParameterValue or InvalidParameterCombination (RDS API 2014-10-31, 2026-11)."""
    storage_type = inputs.get("storageType", "gp2")
    if storage_type not in _STORAGE_TYPES:
        allowed = ", ".join(_STORAGE_TYPES)
        raise AwsError(f"InvalidParameterValue: storage type {storage_type!r} is not one of {allowed}")
    if not str(inputs["instanceClass"]).startswith("db."):
        raise AwsError(f"InvalidParameterValue: Invalid DB Instance class: {inputs['instanceClass']}")
    retention = inputs.get("backupRetentionPeriod", 0)
    if not 0 <= retention <= 35:
        raise AwsError(f"InvalidParameterValue: backup retention {retention} is not between 0 and 35 days")
    if inputs.get("manageMasterUserPassword") and inputs.get("password"):
        raise AwsError(
            "InvalidParameterCombination: MasterUserPassword cannot be given with ManageMasterUserPassword"
        )
