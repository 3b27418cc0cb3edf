# ruff: noqa: ARG002 every handler method takes the same arguments
"""Secrets Manager secrets, their versions and resource policies."""

from teei_finops.sandbox.providers.aws.api import Clients, json_text, tag_list
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_NOT_FOUND = ["ResourceNotFoundException"]


@handles("aws:secretsmanager/secret:Secret")
class Secret(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        arn = aws.call(
            "secretsmanager",
            "CreateSecret",
            Name=inputs["name"],
            Description=inputs.get("description"),
            KmsKeyId=inputs.get("kmsKeyId"),
            Tags=tag_list(inputs.get("tags")),
        )["ARN"]
        return ResourceState(id=arn, outputs={"arn": arn})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        aws.call(
            "secretsmanager",
            "UpdateSecret",
            SecretId=resource_id,
            Description=inputs.get("description"),
            KmsKeyId=inputs.get("kmsKeyId"),
        )
        if inputs.get("tags"):
            aws.call("secretsmanager", "TagResource", SecretId=resource_id, Tags=tag_list(inputs["tags"]))
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        days = inputs.get("recoveryWindowInDays", 30)
        aws.validate(
            "secretsmanager", "DeleteSecret", SecretId=resource_id, RecoveryWindowInDays=days or None
        )
        # AWS reserves the name for the recovery window; `destroy` leaves nothing in the sandbox.
        aws.call_if_exists(
            "secretsmanager",
            "DeleteSecret",
            not_found=_NOT_FOUND,
            SecretId=resource_id,
            ForceDeleteWithoutRecovery=True,
        )


@handles("aws:secretsmanager/secretVersion:SecretVersion")
class SecretVersion(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        created = aws.call(
            "secretsmanager",
            "PutSecretValue",
            SecretId=inputs["secretId"],
            SecretString=inputs.get("secretString"),
            VersionStages=inputs.get("versionStages"),
        )
        return ResourceState(
            id=f"{inputs['secretId']}|{created['VersionId']}",
            outputs={
                "arn": created["ARN"],
                "versionId": created["VersionId"],
                "versionStages": created.get("VersionStages", ["AWSCURRENT"]),
            },
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        """A version is deleted with its secret: Secrets Manager has no operation for it."""


@handles("aws:secretsmanager/secretPolicy:SecretPolicy")
class SecretPolicy(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        text = json_text(inputs["policy"], "the resource policy")
        aws.call("secretsmanager", "PutResourcePolicy", SecretId=inputs["secretArn"], ResourcePolicy=text)
        return ResourceState(id=inputs["secretArn"])

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "secretsmanager", "DeleteResourcePolicy", not_found=_NOT_FOUND, SecretId=resource_id
        )
