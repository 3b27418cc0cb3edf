# ruff: noqa: ARG002 every handler method takes the same arguments
"""EC2 security groups and their rules."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from teei_finops.sandbox.providers.aws.api import Clients, tag_list, without_none
from teei_finops.sandbox.providers.aws.moto_support.existing_network import ensure_security_groups, ensure_vpc
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_NOT_FOUND = ["InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound"]


@handles("aws:ec2/securityGroup:SecurityGroup")
class SecurityGroup(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        if inputs.get("vpcId"):
            ensure_vpc(aws, inputs["vpcId"])
        group_id = aws.call(
            "ec2",
            "CreateSecurityGroup",
            GroupName=inputs["name"],
            Description=inputs.get("description", "Managed by Pulumi"),
            VpcId=inputs.get("vpcId"),
        )["GroupId"]
        _tag(aws, group_id, inputs)
        self._set_rules(aws, group_id, inputs)
        arn = f"arn:aws:ec2:{aws.region}:{aws.account}:security-group/{group_id}"
        return ResourceState(id=group_id, outputs={"arn": arn, "ownerId": aws.account})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        _tag(aws, resource_id, inputs)
        group = aws.call("ec2", "DescribeSecurityGroups", GroupIds=[resource_id])["SecurityGroups"][0]
        if inputs.get("ingress") is not None and group["IpPermissions"]:
            aws.call(
                "ec2", "RevokeSecurityGroupIngress", GroupId=resource_id, IpPermissions=group["IpPermissions"]
            )
        if inputs.get("egress") is not None and group["IpPermissionsEgress"]:
            permissions = group["IpPermissionsEgress"]
            aws.call("ec2", "RevokeSecurityGroupEgress", GroupId=resource_id, IpPermissions=permissions)
        self._set_rules(aws, resource_id, inputs)
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("ec2", "DeleteSecurityGroup", not_found=_NOT_FOUND, GroupId=resource_id)

    def _set_rules(self, aws: Clients, group_id: str, inputs: Inputs) -> None:
        ingress = [_permission(aws, rule, group_id) for rule in inputs.get("ingress") or []]
        egress = [_permission(aws, rule, group_id) for rule in inputs.get("egress") or []]
        if ingress:
            aws.call("ec2", "AuthorizeSecurityGroupIngress", GroupId=group_id, IpPermissions=ingress)
        everything = [permission for permission in egress if permission["IpProtocol"] != "-1"]
        if everything:  # a new group already lets everything out
            aws.call("ec2", "AuthorizeSecurityGroupEgress", GroupId=group_id, IpPermissions=everything)


@handles("aws:ec2/securityGroupRule:SecurityGroupRule")
class SecurityGroupRule(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        group_id = inputs["securityGroupId"]
        operation = (
            "AuthorizeSecurityGroupIngress" if inputs["type"] == "ingress" else "AuthorizeSecurityGroupEgress"
        )
        permission = _permission(aws, inputs, group_id)
        created = aws.call("ec2", operation, GroupId=group_id, IpPermissions=[permission])
        rules = created.get("SecurityGroupRules") or [{"SecurityGroupRuleId": f"sgrule-{group_id}"}]
        rule_id = rules[0]["SecurityGroupRuleId"]
        return ResourceState(id=rule_id, outputs={"securityGroupRuleId": rule_id})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        operation = (
            "RevokeSecurityGroupIngress" if inputs["type"] == "ingress" else "RevokeSecurityGroupEgress"
        )
        group_id = inputs["securityGroupId"]
        permission = _permission(aws, inputs, group_id)
        aws.call_if_exists(
            "ec2", operation, not_found=_NOT_FOUND, GroupId=group_id, IpPermissions=[permission]
        )


class SingleRule(ResourceHandler):
    """A rule with one source or destination."""

    direction = ""

    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        group_id = inputs["securityGroupId"]
        sources = {
            "cidrBlocks": [inputs["cidrIpv4"]] if inputs.get("cidrIpv4") else None,
            "ipv6CidrBlocks": [inputs["cidrIpv6"]] if inputs.get("cidrIpv6") else None,
            "sourceSecurityGroupId": inputs.get("referencedSecurityGroupId"),
        }
        rule = {**inputs, **without_none(sources), "protocol": inputs["ipProtocol"]}
        permission = _permission(aws, rule, group_id)
        if self.direction == "Egress" and inputs["ipProtocol"] == "-1":
            current = aws.call("ec2", "DescribeSecurityGroups", GroupIds=[group_id])["SecurityGroups"][0]
            if current["IpPermissionsEgress"]:
                open_rules = current["IpPermissionsEgress"]
                aws.call("ec2", "RevokeSecurityGroupEgress", GroupId=group_id, IpPermissions=open_rules)
        created = aws.call(
            "ec2", f"AuthorizeSecurityGroup{self.direction}", GroupId=group_id, IpPermissions=[permission]
        )
        rule_id = created["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        arn = f"arn:aws:ec2:{aws.region}:{aws.account}:security-group-rule/{rule_id}"
        return ResourceState(id=rule_id, outputs={"securityGroupRuleId": rule_id, "arn": arn})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        """Replace the rule under its id: moto cannot modify a rule, nor create one with a given id."""
        self.delete(aws, resource_id, olds)
        with patch("moto.ec2.models.security_groups.random_security_group_rule_id", return_value=resource_id):
            return self.create(aws, inputs)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        group_id = inputs["securityGroupId"]
        aws.call_if_exists(
            "ec2",
            f"RevokeSecurityGroup{self.direction}",
            not_found=_NOT_FOUND,
            GroupId=group_id,
            SecurityGroupRuleIds=[resource_id],
        )


@handles("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
class IngressRule(SingleRule):
    direction = "Ingress"


@handles("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
class EgressRule(SingleRule):
    direction = "Egress"


def _permission(aws: Clients, rule: Mapping[str, Any], group_id: str) -> dict[str, Any]:
    groups = list(rule.get("securityGroups") or [])
    if rule.get("sourceSecurityGroupId"):
        groups.append(rule["sourceSecurityGroupId"])
    if rule.get("self") is True:
        groups.append(group_id)
    ensure_security_groups(aws, [group for group in groups if group != group_id])
    description = without_none({"Description": rule.get("description")})
    permission: dict[str, Any] = {
        "IpProtocol": str(rule["protocol"]),
        "IpRanges": [{"CidrIp": cidr, **description} for cidr in rule.get("cidrBlocks") or []],
        "Ipv6Ranges": [{"CidrIpv6": cidr, **description} for cidr in rule.get("ipv6CidrBlocks") or []],
        "UserIdGroupPairs": [{"GroupId": group, **description} for group in groups],
    }
    if permission["IpProtocol"] != "-1":
        permission["FromPort"], permission["ToPort"] = int(rule["fromPort"]), int(rule["toPort"])
    return permission


def _tag(aws: Clients, resource_id: str, inputs: Inputs) -> None:
    if inputs.get("tags"):
        aws.call("ec2", "CreateTags", Resources=[resource_id], Tags=tag_list(inputs["tags"]))
