# ruff: noqa: ARG002 every maker is called in the same way
"""Secrets Manager and KMS."""

from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    json_text,
    makes,
    tag_list,
)

_NOT_FOUND = ["ResourceNotFoundException"]


@makes("aws:secretsmanager/secret:Secret")
class Secret(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        arn = aws.call(
            "secretsmanager",
            "CreateSecret",
            Name=inputs["name"],
            Description=inputs.get("description"),
            KmsKeyId=inputs.get("kmsKeyId"),
            Tags=tag_list(inputs.get("tags")),
        )["ARN"]
        return Made(id=arn, outputs={"arn": arn})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        aws.call(
            "secretsmanager",
            "UpdateSecret",
            SecretId=resource_id,
            Description=inputs.get("description"),
            KmsKeyId=inputs.get("kmsKeyId"),
        )
        if inputs.get("tags"):
            aws.call("secretsmanager", "TagResource", SecretId=resource_id, Tags=tag_list(inputs["tags"]))
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        days = inputs.get("recoveryWindowInDays", 30)
        aws.only_validate(
            "secretsmanager", "DeleteSecret", SecretId=resource_id, RecoveryWindowInDays=days or None
        )
        # A deleted secret keeps its name during the recovery window; in the sandbox destroy leaves nothing.
        aws.attempt(
            "secretsmanager",
            "DeleteSecret",
            absent=_NOT_FOUND,
            SecretId=resource_id,
            ForceDeleteWithoutRecovery=True,
        )


@makes("aws:secretsmanager/secretVersion:SecretVersion")
class SecretVersion(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        created = aws.call(
            "secretsmanager",
            "PutSecretValue",
            SecretId=inputs["secretId"],
            SecretString=inputs.get("secretString"),
            VersionStages=inputs.get("versionStages"),
        )
        return Made(
            id=f"{inputs['secretId']}|{created['VersionId']}",
            outputs={
                "arn": created["ARN"],
                "versionId": created["VersionId"],
                "versionStages": created.get("VersionStages", ["AWSCURRENT"]),
            },
        )

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        """A version goes with its secret; Secrets Manager has no operation that deletes one."""


@makes("aws:secretsmanager/secretPolicy:SecretPolicy")
class SecretPolicy(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        text = json_text(inputs["policy"], "the resource policy")
        aws.call("secretsmanager", "PutResourcePolicy", SecretId=inputs["secretArn"], ResourcePolicy=text)
        return Made(id=inputs["secretArn"])

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("secretsmanager", "DeleteResourcePolicy", absent=_NOT_FOUND, SecretId=resource_id)


@makes("aws:kms/key:Key")
class Key(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        key = aws.call(
            "kms",
            "CreateKey",
            Description=inputs.get("description"),
            KeyUsage=inputs.get("keyUsage"),
            KeySpec=inputs.get("customerMasterKeySpec"),
            Policy=json_text(inputs.get("policy"), "the key policy"),
            Tags=tag_list(inputs.get("tags"), "TagKey", "TagValue"),
        )["KeyMetadata"]
        if inputs.get("enableKeyRotation") is True:
            aws.call("kms", "EnableKeyRotation", KeyId=key["KeyId"])
        return Made(id=key["KeyId"], outputs={"arn": key["Arn"], "keyId": key["KeyId"]})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        rotation = "EnableKeyRotation" if inputs.get("enableKeyRotation") is True else "DisableKeyRotation"
        aws.call("kms", rotation, KeyId=resource_id)
        if inputs.get("description") is not None:
            aws.call("kms", "UpdateKeyDescription", KeyId=resource_id, Description=inputs["description"])
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        days = inputs.get("deletionWindowInDays", 30)
        aws.attempt(
            "kms",
            "ScheduleKeyDeletion",
            absent=["NotFoundException"],
            KeyId=resource_id,
            PendingWindowInDays=days,
        )


@makes("aws:kms/alias:Alias")
class Alias(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        aws.call("kms", "CreateAlias", AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return Made(
            id=inputs["name"], outputs={"arn": f"arn:aws:kms:{aws.region}:{aws.account}:{inputs['name']}"}
        )

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        aws.call("kms", "UpdateAlias", AliasName=resource_id, TargetKeyId=inputs["targetKeyId"])
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("kms", "DeleteAlias", absent=["NotFoundException"], AliasName=resource_id)
