"""Attachments of transit gateways: VPC, peering, Connect, and Direct Connect through its gateway."""

from __future__ import annotations

from teei_finops.costing.amounts import UNKNOWN_UNTIL_DEPLOY, Unpriced
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.vpc import processed

SERVICE, FAMILY = "AmazonVPC", "transit-gateway"
TRANSIT_GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"
VPN_GATEWAY = "aws:ec2/vpnGateway:VpnGateway"


@estimates("aws:ec2transitgateway/vpcAttachment:VpcAttachment")
def vpc_attachment(ctx: EstimationContext) -> None:
    ctx.charge("VPC attachment", SERVICE, FAMILY, "vpc-attachment", ctx.hours())
    ctx.charge("Data processed", SERVICE, FAMILY, "data-processed", processed(ctx))


@estimates(
    "aws:ec2transitgateway/peeringAttachment:PeeringAttachment",
    "aws:ec2transitgateway/peeringAttachmentAccepter:PeeringAttachmentAccepter",
)
def peering_attachment(ctx: EstimationContext) -> None:
    """The owner of each of the two gateways pays for its side; data between them is not billed as processed
    (https://aws.amazon.com/transit-gateway/pricing/, 2026-10).
    """
    ctx.charge("Peering attachment", SERVICE, FAMILY, "peering-attachment", ctx.hours())


@estimates("aws:ec2transitgateway/connect:Connect")
def connect_attachment(ctx: EstimationContext) -> None:
    ctx.charge("Connect attachment", SERVICE, FAMILY, "connect-attachment", ctx.hours())
    ctx.note("its data is billed on the attachment that transports it")


@estimates("aws:directconnect/gatewayAssociation:GatewayAssociation")
def direct_connect_association(ctx: EstimationContext) -> None:
    """With a transit gateway it is an attachment, with a virtual private gateway it is free
    (https://aws.amazon.com/transit-gateway/pricing/, 2026-10).
    """
    if not ctx.has("associatedGatewayId"):
        raise Unpriced(UNKNOWN_UNTIL_DEPLOY, "associatedGatewayId: the proposal names the gateway")
    gateway = ctx.related("associatedGatewayId", TRANSIT_GATEWAY, VPN_GATEWAY)
    if gateway.type == VPN_GATEWAY if gateway else ctx.text("associatedGatewayId").startswith("vgw-"):
        ctx.note("an association with a virtual private gateway is free")
        return
    ctx.charge("Direct Connect attachment", SERVICE, FAMILY, "direct-connect-attachment", ctx.hours())
    ctx.charge("Data processed", SERVICE, FAMILY, "data-processed-direct-connect", processed(ctx))
