# ruff: noqa: ARG002 every maker is called in the same way
"""IAM roles and policies."""

from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.resources.iam_in_moto import ensure_managed_policy
from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    json_text,
    makes,
    tag_list,
)

_GONE = ["NoSuchEntity"]


@makes("aws:iam/role:Role")
class Role(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        role = aws.call(
            "iam",
            "CreateRole",
            RoleName=inputs["name"],
            Path=inputs.get("path"),
            AssumeRolePolicyDocument=json_text(inputs["assumeRolePolicy"], "assumeRolePolicy"),
            Description=inputs.get("description"),
            MaxSessionDuration=inputs.get("maxSessionDuration"),
            Tags=tag_list(inputs.get("tags")),
        )["Role"]
        for inline in inputs.get("inlinePolicies") or []:
            document = json_text(inline["policy"], "an inline policy")
            aws.call(
                "iam",
                "PutRolePolicy",
                RoleName=inputs["name"],
                PolicyName=inline["name"],
                PolicyDocument=document,
            )
        for arn in inputs.get("managedPolicyArns") or []:
            ensure_managed_policy(aws, arn)
            aws.call("iam", "AttachRolePolicy", RoleName=inputs["name"], PolicyArn=arn)
        return Made(id=inputs["name"], outputs={"arn": role["Arn"], "uniqueId": role["RoleId"]})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        document = json_text(inputs["assumeRolePolicy"], "assumeRolePolicy")
        aws.call("iam", "UpdateAssumeRolePolicy", RoleName=resource_id, PolicyDocument=document)
        aws.call(
            "iam",
            "UpdateRole",
            RoleName=resource_id,
            Description=inputs.get("description"),
            MaxSessionDuration=inputs.get("maxSessionDuration"),
        )
        if inputs.get("tags"):
            aws.call("iam", "TagRole", RoleName=resource_id, Tags=tag_list(inputs["tags"]))
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        found = aws.attempt("iam", "ListRolePolicies", absent=_GONE, RoleName=resource_id)
        if found is None:
            return
        for name in found["PolicyNames"]:
            aws.call("iam", "DeleteRolePolicy", RoleName=resource_id, PolicyName=name)
        for item in aws.call("iam", "ListAttachedRolePolicies", RoleName=resource_id)["AttachedPolicies"]:
            aws.call("iam", "DetachRolePolicy", RoleName=resource_id, PolicyArn=item["PolicyArn"])
        aws.call("iam", "DeleteRole", RoleName=resource_id)


@makes("aws:iam/policy:Policy")
class Policy(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        policy = aws.call(
            "iam",
            "CreatePolicy",
            PolicyName=inputs["name"],
            Path=inputs.get("path"),
            Description=inputs.get("description"),
            PolicyDocument=json_text(inputs["policy"], "policy"),
            Tags=tag_list(inputs.get("tags")),
        )["Policy"]
        return Made(id=policy["Arn"], outputs={"arn": policy["Arn"], "policyId": policy["PolicyId"]})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        if olds.get("policy") != inputs["policy"]:
            self._drop_old_versions(aws, resource_id)
            document = json_text(inputs["policy"], "policy")
            aws.call(
                "iam",
                "CreatePolicyVersion",
                PolicyArn=resource_id,
                PolicyDocument=document,
                SetAsDefault=True,
            )
        if inputs.get("tags"):
            aws.call("iam", "TagPolicy", PolicyArn=resource_id, Tags=tag_list(inputs["tags"]))
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        if aws.attempt("iam", "GetPolicy", absent=_GONE, PolicyArn=resource_id) is None:
            return
        self._drop_old_versions(aws, resource_id)
        aws.call("iam", "DeletePolicy", PolicyArn=resource_id)

    def _drop_old_versions(self, aws: Clients, arn: str) -> None:
        """A policy has at most five versions, and goes only when it has one."""
        for version in aws.call("iam", "ListPolicyVersions", PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                aws.call("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])


@makes("aws:iam/rolePolicy:RolePolicy")
class RolePolicy(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        aws.call(
            "iam",
            "PutRolePolicy",
            RoleName=inputs["role"],
            PolicyName=inputs["name"],
            PolicyDocument=json_text(inputs["policy"], "policy"),
        )
        return Made(id=f"{inputs['role']}:{inputs['name']}")

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        role, _, name = resource_id.partition(":")
        aws.attempt("iam", "DeleteRolePolicy", absent=_GONE, RoleName=role, PolicyName=name)


@makes("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
class RolePolicyAttachment(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        role = _role_name(inputs["role"])
        ensure_managed_policy(aws, inputs["policyArn"])
        aws.call("iam", "AttachRolePolicy", RoleName=role, PolicyArn=inputs["policyArn"])
        return Made(id=f"{role}-{inputs['policyArn'].rsplit('/', 1)[-1]}")

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt(
            "iam",
            "DetachRolePolicy",
            absent=_GONE,
            RoleName=_role_name(inputs["role"]),
            PolicyArn=inputs["policyArn"],
        )


@makes("aws:iam/instanceProfile:InstanceProfile")
class InstanceProfile(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        profile = aws.call(
            "iam", "CreateInstanceProfile", InstanceProfileName=inputs["name"], Path=inputs.get("path")
        )["InstanceProfile"]
        self._set_role(aws, inputs)
        return Made(
            id=inputs["name"], outputs={"arn": profile["Arn"], "uniqueId": profile["InstanceProfileId"]}
        )

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        self._clear(aws, resource_id)
        self._set_role(aws, inputs)
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        self._clear(aws, resource_id)
        aws.attempt("iam", "DeleteInstanceProfile", absent=_GONE, InstanceProfileName=resource_id)

    def _set_role(self, aws: Clients, inputs: Mapping[str, Any]) -> None:
        if inputs.get("role"):
            aws.call(
                "iam",
                "AddRoleToInstanceProfile",
                InstanceProfileName=inputs["name"],
                RoleName=_role_name(inputs["role"]),
            )

    def _clear(self, aws: Clients, name: str) -> None:
        found = aws.attempt("iam", "GetInstanceProfile", absent=_GONE, InstanceProfileName=name)
        for role in found["InstanceProfile"]["Roles"] if found else []:
            aws.call(
                "iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=role["RoleName"]
            )


def _role_name(role: str) -> str:
    """The provider also takes a role's ARN."""
    return role.rsplit("/", 1)[-1]
