# ruff: noqa: ARG002 every maker is called in the same way
"""Application and network load balancers."""

from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.resources.platform import (
    ensure_security_groups,
    ensure_subnets,
    ensure_vpc,
)
from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    makes,
    pascal,
    tag_list,
    without_none,
)

_GONE = ["LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound", "RuleNotFound"]


@makes("aws:lb/loadBalancer:LoadBalancer")
class LoadBalancer(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        subnets = inputs.get("subnets") or [item["subnetId"] for item in inputs.get("subnetMappings") or []]
        ensure_subnets(aws, subnets)
        ensure_security_groups(aws, inputs.get("securityGroups") or [])
        if len(inputs["name"]) > 32:
            raise RefusedError(
                f"ValidationError: Load balancer name {inputs['name']} is longer than 32 characters"
            )
        found = aws.call(
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
        arn = found["LoadBalancerArn"]
        return Made(
            id=arn,
            outputs={
                "arn": arn,
                "arnSuffix": arn.partition(":loadbalancer/")[2],
                "dnsName": found["DNSName"],
                "vpcId": found["VpcId"],
                "zoneId": found["CanonicalHostedZoneId"],
            },
        )

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        if inputs.get("securityGroups") and olds.get("securityGroups") != inputs["securityGroups"]:
            ensure_security_groups(aws, inputs["securityGroups"])
            groups = inputs["securityGroups"]
            aws.call("elbv2", "SetSecurityGroups", LoadBalancerArn=resource_id, SecurityGroups=groups)
        if inputs.get("subnets") and olds.get("subnets") != inputs["subnets"]:
            ensure_subnets(aws, inputs["subnets"])
            aws.call("elbv2", "SetSubnets", LoadBalancerArn=resource_id, Subnets=inputs["subnets"])
        _tag(aws, resource_id, inputs)
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        if inputs.get("enableDeletionProtection") is True:
            raise RefusedError("OperationNotPermitted: the load balancer has deletion protection")
        aws.attempt("elbv2", "DeleteLoadBalancer", absent=_GONE, LoadBalancerArn=resource_id)


@makes("aws:lb/targetGroup:TargetGroup")
class TargetGroup(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        if inputs.get("vpcId"):
            ensure_vpc(aws, inputs["vpcId"])
        found = aws.call(
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
        arn = found["TargetGroupArn"]
        return Made(id=arn, outputs={"arn": arn, "arnSuffix": arn.rsplit(":", 1)[-1]})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        aws.call("elbv2", "ModifyTargetGroup", TargetGroupArn=resource_id, **_health_check(inputs))
        _tag(aws, resource_id, inputs)
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("elbv2", "DeleteTargetGroup", absent=_GONE, TargetGroupArn=resource_id)


@makes("aws:lb/targetGroupAttachment:TargetGroupAttachment")
class TargetGroupAttachment(Maker):
    """moto does not follow a Lambda target, so the call is only checked."""

    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        aws.only_validate(
            "elbv2", "RegisterTargets", TargetGroupArn=inputs["targetGroupArn"], Targets=_targets(inputs)
        )
        return Made(id=f"{inputs['targetGroupArn']}-{inputs['targetId']}")

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        arn = inputs["targetGroupArn"]
        aws.only_validate("elbv2", "DeregisterTargets", TargetGroupArn=arn, Targets=_targets(inputs))


@makes("aws:lb/listener:Listener")
class Listener(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        balancer = inputs["loadBalancerArn"]
        found = aws.call("elbv2", "CreateListener", LoadBalancerArn=balancer, **_listener(inputs))[
            "Listeners"
        ][0]
        if inputs.get("tags"):
            _tag(aws, found["ListenerArn"], inputs)
        return Made(id=found["ListenerArn"], outputs={"arn": found["ListenerArn"]})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        aws.call("elbv2", "ModifyListener", ListenerArn=resource_id, **_listener(inputs))
        _tag(aws, resource_id, inputs)
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("elbv2", "DeleteListener", absent=_GONE, ListenerArn=resource_id)


@makes("aws:lb/listenerRule:ListenerRule")
class ListenerRule(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        arn = aws.call(
            "elbv2",
            "CreateRule",
            ListenerArn=inputs["listenerArn"],
            Priority=int(inputs.get("priority", 1)),
            Conditions=[_condition(item) for item in inputs["conditions"]],
            Actions=[_action(item) for item in inputs["actions"]],
        )["Rules"][0]["RuleArn"]
        return Made(id=arn, outputs={"arn": arn})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        aws.call(
            "elbv2",
            "ModifyRule",
            RuleArn=resource_id,
            Conditions=[_condition(item) for item in inputs["conditions"]],
            Actions=[_action(item) for item in inputs["actions"]],
        )
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("elbv2", "DeleteRule", absent=_GONE, RuleArn=resource_id)


def _tag(aws: Clients, arn: str, inputs: Mapping[str, Any]) -> None:
    if inputs.get("tags"):
        aws.call("elbv2", "AddTags", ResourceArns=[arn], Tags=tag_list(inputs["tags"]))


def _health_check(inputs: Mapping[str, Any]) -> dict[str, Any]:
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


def _targets(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [without_none({"Id": inputs["targetId"], "Port": inputs.get("port")})]


def _listener(inputs: Mapping[str, Any]) -> dict[str, Any]:
    certificate = inputs.get("certificateArn")
    default = "HTTP" if "/app/" in inputs["loadBalancerArn"] else None
    return {
        "Protocol": inputs.get("protocol") or default,
        "Port": inputs.get("port"),
        "SslPolicy": inputs.get("sslPolicy"),
        "Certificates": [{"CertificateArn": certificate}] if certificate else None,
        "DefaultActions": [_action(item) for item in inputs["defaultActions"]],
    }


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"Type": action["type"]}
    for key, name in (("targetGroupArn", "TargetGroupArn"), ("order", "Order")):
        if action.get(key) is not None:
            result[name] = action[key]
    if action.get("fixedResponse"):
        result["FixedResponseConfig"] = pascal(action["fixedResponse"])
    if action.get("redirect"):
        result["RedirectConfig"] = pascal(action["redirect"])
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
    raise RefusedError("ValidationError: a condition names a path, a host, a header or a method")
