# ruff: noqa: ARG002 every handler method takes the same arguments
"""Application and network load balancers."""

from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.api import AwsError, Clients, pascal_case, tag_list, without_none
from teei_finops.sandbox.providers.aws.moto_support.existing_certificates import ensure_certificate
from teei_finops.sandbox.providers.aws.moto_support.existing_network import (
    ensure_security_groups,
    ensure_subnets,
    ensure_vpc,
)
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_NOT_FOUND = ["LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound", "RuleNotFound"]


@handles("aws:lb/loadBalancer:LoadBalancer")
class LoadBalancer(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        subnets = inputs.get("subnets") or [item["subnetId"] for item in inputs.get("subnetMappings") or []]
        ensure_subnets(aws, subnets)
        ensure_security_groups(aws, inputs.get("securityGroups") or [])
        if len(inputs["name"]) > 32:
            raise AwsError(
                f"ValidationError: Load balancer name {inputs['name']} is longer than 32 characters"
            )
        load_balancer = aws.call(
            "elbv2",
            "CreateLoadBalancer",
            Name=inputs["name"],
            Subnets=subnets,
            SecurityGroups=inputs.get("securityGroups"),
            Scheme="internal" if inputs.get("internal") is True else "internet-facing",
            Type=inputs.get("loadBalancerType"),
            IpAddressType=inputs.get("ipAddressType"),
            Tags=tag_list(inputs.get("tags")) or None,
        )["LoadBalancers"][0]
        arn = load_balancer["LoadBalancerArn"]
        return ResourceState(
            id=arn,
            outputs={
                "arn": arn,
                "arnSuffix": arn.partition(":loadbalancer/")[2],
                "dnsName": load_balancer["DNSName"],
                "vpcId": load_balancer["VpcId"],
                "zoneId": load_balancer["CanonicalHostedZoneId"],
            },
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        if inputs.get("securityGroups") and olds.get("securityGroups") != inputs["securityGroups"]:
            ensure_security_groups(aws, inputs["securityGroups"])
            groups = inputs["securityGroups"]
            aws.call("elbv2", "SetSecurityGroups", LoadBalancerArn=resource_id, SecurityGroups=groups)
        if inputs.get("subnets") and olds.get("subnets") != inputs["subnets"]:
            ensure_subnets(aws, inputs["subnets"])
            aws.call("elbv2", "SetSubnets", LoadBalancerArn=resource_id, Subnets=inputs["subnets"])
        _tag(aws, resource_id, inputs)
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        if inputs.get("enableDeletionProtection") is True:
            raise AwsError("OperationNotPermitted: the load balancer has deletion protection")
        aws.call_if_exists("elbv2", "DeleteLoadBalancer", not_found=_NOT_FOUND, LoadBalancerArn=resource_id)


@handles("aws:lb/targetGroup:TargetGroup")
class TargetGroup(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        if inputs.get("vpcId"):
            ensure_vpc(aws, inputs["vpcId"])
        target_group = aws.call(
            "elbv2",
            "CreateTargetGroup",
            Name=inputs["name"],
            Protocol=inputs.get("protocol"),
            ProtocolVersion=inputs.get("protocolVersion"),
            Port=inputs.get("port"),
            VpcId=inputs.get("vpcId"),
            TargetType=inputs.get("targetType"),
            IpAddressType=inputs.get("ipAddressType"),
            Tags=tag_list(inputs.get("tags")) or None,
            **_health_check(inputs),
        )["TargetGroups"][0]
        arn = target_group["TargetGroupArn"]
        return ResourceState(id=arn, outputs={"arn": arn, "arnSuffix": arn.rsplit(":", 1)[-1]})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        aws.call("elbv2", "ModifyTargetGroup", TargetGroupArn=resource_id, **_health_check(inputs))
        _tag(aws, resource_id, inputs)
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("elbv2", "DeleteTargetGroup", not_found=_NOT_FOUND, TargetGroupArn=resource_id)


@handles("aws:lb/targetGroupAttachment:TargetGroupAttachment")
class TargetGroupAttachment(ResourceHandler):
    """Only checked against the service's model: moto does not support Lambda targets."""

    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        aws.validate(
            "elbv2", "RegisterTargets", TargetGroupArn=inputs["targetGroupArn"], Targets=_targets(inputs)
        )
        return ResourceState(id=f"{inputs['targetGroupArn']}-{inputs['targetId']}")

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        arn = inputs["targetGroupArn"]
        aws.validate("elbv2", "DeregisterTargets", TargetGroupArn=arn, Targets=_targets(inputs))


@handles("aws:lb/listener:Listener")
class Listener(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        _ensure_certificate(aws, inputs)
        response = aws.call(
            "elbv2",
            "CreateListener",
            LoadBalancerArn=inputs["loadBalancerArn"],
            **_listener_parameters(inputs),
        )
        arn = response["Listeners"][0]["ListenerArn"]
        _tag(aws, arn, inputs)
        return ResourceState(id=arn, outputs={"arn": arn})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        _ensure_certificate(aws, inputs)
        aws.call("elbv2", "ModifyListener", ListenerArn=resource_id, **_listener_parameters(inputs))
        _tag(aws, resource_id, inputs)
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("elbv2", "DeleteListener", not_found=_NOT_FOUND, ListenerArn=resource_id)


@handles("aws:lb/listenerRule:ListenerRule")
class ListenerRule(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        arn = aws.call(
            "elbv2",
            "CreateRule",
            ListenerArn=inputs["listenerArn"],
            Priority=int(inputs.get("priority", 1)),
            Conditions=[_condition(condition) for condition in inputs["conditions"]],
            Actions=[_action(action) for action in inputs["actions"]],
        )["Rules"][0]["RuleArn"]
        return ResourceState(id=arn, outputs={"arn": arn})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        aws.call(
            "elbv2",
            "ModifyRule",
            RuleArn=resource_id,
            Conditions=[_condition(condition) for condition in inputs["conditions"]],
            Actions=[_action(action) for action in inputs["actions"]],
        )
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("elbv2", "DeleteRule", not_found=_NOT_FOUND, RuleArn=resource_id)


def _ensure_certificate(aws: Clients, inputs: Inputs) -> None:
    if inputs.get("certificateArn"):
        ensure_certificate(aws, inputs["certificateArn"])


def _tag(aws: Clients, arn: str, inputs: Inputs) -> None:
    if inputs.get("tags"):
        aws.call("elbv2", "AddTags", ResourceArns=[arn], Tags=tag_list(inputs["tags"]))


def _health_check(inputs: Inputs) -> dict[str, Any]:
    check = inputs.get("healthCheck") or {}
    return {
        "HealthCheckEnabled": check.get("enabled"),
        "HealthCheckPath": check.get("path"),
        "HealthCheckPort": check.get("port"),
        "HealthCheckProtocol": check.get("protocol"),
        "HealthCheckIntervalSeconds": check.get("interval"),
        "HealthCheckTimeoutSeconds": check.get("timeout"),
        "HealthyThresholdCount": check.get("healthyThreshold"),
        "UnhealthyThresholdCount": check.get("unhealthyThreshold"),
        "Matcher": {"HttpCode": str(check["matcher"])} if check.get("matcher") else None,
    }


def _targets(inputs: Inputs) -> list[dict[str, Any]]:
    return [without_none({"Id": inputs["targetId"], "Port": inputs.get("port")})]


def _listener_parameters(inputs: Inputs) -> dict[str, Any]:
    certificate = inputs.get("certificateArn")
    default = "HTTP" if "/app/" in inputs["loadBalancerArn"] else None
    return {
        "Protocol": inputs.get("protocol") or default,
        "Port": inputs.get("port"),
        "SslPolicy": inputs.get("sslPolicy"),
        "Certificates": [{"CertificateArn": certificate}] if certificate else None,
        "DefaultActions": [_action(action) for action in inputs["defaultActions"]],
    }


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"Type": action["type"]}
    for key, name in (("targetGroupArn", "TargetGroupArn"), ("order", "Order")):
        if action.get(key) is not None:
            result[name] = action[key]
    if action.get("fixedResponse"):
        result["FixedResponseConfig"] = pascal_case(action["fixedResponse"])
    if action.get("redirect"):
        result["RedirectConfig"] = pascal_case(action["redirect"])
    return result


def _condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    if condition.get("pathPattern"):
        return {"Field": "path-pattern", "PathPatternConfig": {"Values": condition["pathPattern"]["values"]}}
    if condition.get("hostHeader"):
        return {"Field": "host-header", "HostHeaderConfig": {"Values": condition["hostHeader"]["values"]}}
    if condition.get("httpRequestMethod"):
        values = condition["httpRequestMethod"]["values"]
        return {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": values}}
    if condition.get("httpHeader"):
        header = condition["httpHeader"]
        inner = {"HttpHeaderName": header["httpHeaderName"], "Values": header["values"]}
        return {"Field": "http-header", "HttpHeaderConfig": inner}
    raise AwsError("ValidationError: the sandbox supports conditions on path, host, header and method only")
