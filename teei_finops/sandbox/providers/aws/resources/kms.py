# ruff: noqa: ARG002 every handler method takes the same arguments
"""KMS keys and aliases."""

from teei_finops.sandbox.providers.aws.api import Clients, json_text, tag_list
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_NOT_FOUND = ["NotFoundException"]


@handles("aws:kms/key:Key")
class Key(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
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
        return ResourceState(id=key["KeyId"], outputs={"arn": key["Arn"], "keyId": key["KeyId"]})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        rotation = "EnableKeyRotation" if inputs.get("enableKeyRotation") is True else "DisableKeyRotation"
        aws.call("kms", rotation, KeyId=resource_id)
        if inputs.get("description") is not None:
            aws.call("kms", "UpdateKeyDescription", KeyId=resource_id, Description=inputs["description"])
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        days = inputs.get("deletionWindowInDays", 30)
        aws.call_if_exists(
            "kms",
            "ScheduleKeyDeletion",
            not_found=_NOT_FOUND,
            KeyId=resource_id,
            PendingWindowInDays=days,
        )


@handles("aws:kms/alias:Alias")
class Alias(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        aws.call("kms", "CreateAlias", AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return ResourceState(
            id=inputs["name"], outputs={"arn": f"arn:aws:kms:{aws.region}:{aws.account}:{inputs['name']}"}
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        aws.call("kms", "UpdateAlias", AliasName=resource_id, TargetKeyId=inputs["targetKeyId"])
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("kms", "DeleteAlias", not_found=_NOT_FOUND, AliasName=resource_id)
