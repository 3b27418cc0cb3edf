# ruff: noqa: ARG002 every handler method takes the same arguments
"""IAM roles and policies."""

from teei_finops.sandbox.providers.aws.api import Clients, json_text, tag_list
from teei_finops.sandbox.providers.aws.moto_support.managed_policies import load_managed_policy
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_NOT_FOUND = ["NoSuchEntity"]


@handles("aws:iam/role:Role")
class Role(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
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
            load_managed_policy(aws, arn)
            aws.call("iam", "AttachRolePolicy", RoleName=inputs["name"], PolicyArn=arn)
        return ResourceState(id=inputs["name"], outputs={"arn": role["Arn"], "uniqueId": role["RoleId"]})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
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
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        inline = aws.call_if_exists("iam", "ListRolePolicies", not_found=_NOT_FOUND, RoleName=resource_id)
        if inline is None:
            return
        for name in inline["PolicyNames"]:
            aws.call("iam", "DeleteRolePolicy", RoleName=resource_id, PolicyName=name)
        for item in aws.call("iam", "ListAttachedRolePolicies", RoleName=resource_id)["AttachedPolicies"]:
            aws.call("iam", "DetachRolePolicy", RoleName=resource_id, PolicyArn=item["PolicyArn"])
        aws.call("iam", "DeleteRole", RoleName=resource_id)


@handles("aws:iam/policy:Policy")
class Policy(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        policy = aws.call(
            "iam",
            "CreatePolicy",
            PolicyName=inputs["name"],
            Path=inputs.get("path"),
            Description=inputs.get("description"),
            PolicyDocument=json_text(inputs["policy"], "policy"),
            Tags=tag_list(inputs.get("tags")),
        )["Policy"]
        return ResourceState(id=policy["Arn"], outputs={"arn": policy["Arn"], "policyId": policy["PolicyId"]})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        if olds.get("policy") != inputs["policy"]:
            self._delete_old_versions(aws, resource_id)
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
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        if aws.call_if_exists("iam", "GetPolicy", not_found=_NOT_FOUND, PolicyArn=resource_id) is None:
            return
        self._delete_old_versions(aws, resource_id)
        aws.call("iam", "DeletePolicy", PolicyArn=resource_id)

    def _delete_old_versions(self, aws: Clients, arn: str) -> None:
        """Delete all versions but the default: a policy can have five, and DeletePolicy requires just one."""
        for version in aws.call("iam", "ListPolicyVersions", PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                aws.call("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])


@handles("aws:iam/rolePolicy:RolePolicy")
class RolePolicy(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        aws.call(
            "iam",
            "PutRolePolicy",
            RoleName=inputs["role"],
            PolicyName=inputs["name"],
            PolicyDocument=json_text(inputs["policy"], "policy"),
        )
        return ResourceState(id=f"{inputs['role']}:{inputs['name']}")

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        role, _, name = resource_id.partition(":")
        aws.call_if_exists("iam", "DeleteRolePolicy", not_found=_NOT_FOUND, RoleName=role, PolicyName=name)


@handles("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
class RolePolicyAttachment(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        role = _role_name(inputs["role"])
        load_managed_policy(aws, inputs["policyArn"])
        aws.call("iam", "AttachRolePolicy", RoleName=role, PolicyArn=inputs["policyArn"])
        return ResourceState(id=f"{role}-{inputs['policyArn'].rsplit('/', 1)[-1]}")

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "iam",
            "DetachRolePolicy",
            not_found=_NOT_FOUND,
            RoleName=_role_name(inputs["role"]),
            PolicyArn=inputs["policyArn"],
        )


@handles("aws:iam/instanceProfile:InstanceProfile")
class InstanceProfile(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        profile = aws.call(
            "iam", "CreateInstanceProfile", InstanceProfileName=inputs["name"], Path=inputs.get("path")
        )["InstanceProfile"]
        self._set_role(aws, inputs)
        return ResourceState(
            id=inputs["name"], outputs={"arn": profile["Arn"], "uniqueId": profile["InstanceProfileId"]}
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        self._remove_roles(aws, resource_id)
        self._set_role(aws, inputs)
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        self._remove_roles(aws, resource_id)
        aws.call_if_exists(
            "iam", "DeleteInstanceProfile", not_found=_NOT_FOUND, InstanceProfileName=resource_id
        )

    def _set_role(self, aws: Clients, inputs: Inputs) -> None:
        if inputs.get("role"):
            aws.call(
                "iam",
                "AddRoleToInstanceProfile",
                InstanceProfileName=inputs["name"],
                RoleName=_role_name(inputs["role"]),
            )

    def _remove_roles(self, aws: Clients, name: str) -> None:
        response = aws.call_if_exists(
            "iam", "GetInstanceProfile", not_found=_NOT_FOUND, InstanceProfileName=name
        )
        for role in response["InstanceProfile"]["Roles"] if response else []:
            aws.call(
                "iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=role["RoleName"]
            )


def _role_name(role: str) -> str:
    """The name of a role, which the provider also takes as an ARN."""
    return role.rsplit("/", 1)[-1]
