# ruff: noqa: ARG002 every maker is called in the same way
"""RDS instances, parameter groups and subnet groups."""

from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.resources.platform import ensure_security_groups, ensure_subnets
from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    makes,
    tag_list,
)

_STORAGE = ("gp2", "gp3", "io1", "io2", "standard")
_PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306}

# The provider's name of each property that CreateDBInstance and ModifyDBInstance both take.
_BOTH = {
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
_AT_CREATION = {
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


@makes("aws:rds/instance:Instance")
class Instance(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        _refuse_what_moto_takes(inputs)
        ensure_security_groups(aws, inputs.get("vpcSecurityGroupIds") or [])
        created = aws.call(
            "rds",
            "CreateDBInstance",
            DBInstanceIdentifier=inputs["identifier"],
            Tags=tag_list(inputs.get("tags")),
            **_parameters(inputs, {**_BOTH, **_AT_CREATION}),
        )
        return self._made(aws, created["DBInstance"], inputs)

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        _refuse_what_moto_takes(inputs)
        ensure_security_groups(aws, inputs.get("vpcSecurityGroupIds") or [])
        changed = {key: value for key, value in inputs.items() if olds.get(key) != value}
        modified = aws.call(
            "rds",
            "ModifyDBInstance",
            DBInstanceIdentifier=inputs["identifier"],
            ApplyImmediately=inputs.get("applyImmediately"),
            **_parameters(changed, _BOTH),
        )
        arn = modified["DBInstance"]["DBInstanceArn"]
        aws.call("rds", "AddTagsToResource", ResourceName=arn, Tags=tag_list(inputs.get("tags")))
        return self._made(aws, modified["DBInstance"], inputs)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        skip = inputs.get("skipFinalSnapshot") is True
        if not skip and not inputs.get("finalSnapshotIdentifier"):
            raise RefusedError(
                "finalSnapshotIdentifier is needed while skipFinalSnapshot is false; nothing is deleted"
            )
        gone = ["DBInstanceNotFound", "DBInstanceNotFoundFault"]
        if inputs.get("deletionProtection") is True:  # in the sandbox Pulumi's own `protect` decides
            aws.attempt(
                "rds",
                "ModifyDBInstance",
                absent=gone,
                DBInstanceIdentifier=inputs["identifier"],
                DeletionProtection=False,
            )
        aws.attempt(
            "rds",
            "DeleteDBInstance",
            absent=gone,
            DBInstanceIdentifier=inputs["identifier"],
            SkipFinalSnapshot=True,  # in the sandbox destroy leaves nothing
        )

    def _made(self, aws: Clients, instance: Mapping[str, Any], inputs: Mapping[str, Any]) -> Made:
        address = instance["Endpoint"]["Address"]
        port = instance["Endpoint"].get("Port") or _PORTS.get(inputs.get("engine", ""), 5432)
        secret_arn = (
            f"arn:aws:secretsmanager:{aws.region}:{aws.account}:secret:rds!db-{instance['DbiResourceId']}"
        )
        managed = inputs.get("manageMasterUserPassword") is True
        secrets = [{"secretArn": secret_arn, "secretStatus": "active", "kmsKeyId": ""}] if managed else []
        return Made(
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


@makes("aws:rds/parameterGroup:ParameterGroup")
class ParameterGroup(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        created = aws.call(
            "rds",
            "CreateDBParameterGroup",
            DBParameterGroupName=inputs["name"],
            DBParameterGroupFamily=inputs["family"],
            Description=inputs.get("description", "Managed by Pulumi"),
            Tags=tag_list(inputs.get("tags")),
        )
        self._set(aws, inputs)
        return Made(id=inputs["name"], outputs={"arn": created["DBParameterGroup"]["DBParameterGroupArn"]})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        self._set(aws, inputs)
        kept = {item["name"] for item in inputs.get("parameters") or []}
        gone = [item for item in olds.get("parameters") or [] if item["name"] not in kept]
        if gone:
            aws.only_validate(
                "rds",
                "ResetDBParameterGroup",
                DBParameterGroupName=resource_id,
                Parameters=_parameter_list(gone),
            )
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt(
            "rds",
            "DeleteDBParameterGroup",
            absent=["DBParameterGroupNotFound"],
            DBParameterGroupName=resource_id,
        )

    def _set(self, aws: Clients, inputs: Mapping[str, Any]) -> None:
        parameters = _parameter_list(inputs.get("parameters") or [])
        for start in range(0, len(parameters), 20):  # the API takes twenty at a time
            aws.call(
                "rds",
                "ModifyDBParameterGroup",
                DBParameterGroupName=inputs["name"],
                Parameters=parameters[start : start + 20],
            )


@makes("aws:rds/subnetGroup:SubnetGroup")
class SubnetGroup(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
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
        return Made(id=inputs["name"], outputs={"arn": arn, "vpcId": created["VpcId"]})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        ensure_subnets(aws, inputs["subnetIds"])
        aws.call(
            "rds",
            "ModifyDBSubnetGroup",
            DBSubnetGroupName=resource_id,
            DBSubnetGroupDescription=inputs.get("description", "Managed by Pulumi"),
            SubnetIds=inputs["subnetIds"],
        )
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt(
            "rds", "DeleteDBSubnetGroup", absent=["DBSubnetGroupNotFoundFault"], DBSubnetGroupName=resource_id
        )


def _parameters(inputs: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
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


def _refuse_what_moto_takes(inputs: Mapping[str, Any]) -> None:
    """RDS answers InvalidParameterValue or InvalidParameterCombination (RDS API 2014-10-31, 2026-11)."""
    kind = inputs.get("storageType", "gp2")
    if kind not in _STORAGE:
        raise RefusedError(f"InvalidParameterValue: storage type {kind!r} is none of {', '.join(_STORAGE)}")
    if not str(inputs["instanceClass"]).startswith("db."):
        raise RefusedError(f"InvalidParameterValue: Invalid DB Instance class: {inputs['instanceClass']}")
    retention = inputs.get("backupRetentionPeriod", 0)
    if not 0 <= retention <= 35:
        raise RefusedError(
            f"InvalidParameterValue: backup retention {retention} is not between 0 and 35 days"
        )
    if inputs.get("manageMasterUserPassword") and inputs.get("password"):
        raise RefusedError(
            "InvalidParameterCombination: MasterUserPassword cannot be given with ManageMasterUserPassword"
        )
