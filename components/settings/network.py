"""The VPC and the EKS cluster, which the platform team owns and the stack uses."""

from typing import Annotated

from pydantic import Field

from components.settings.types import DnsName, Section, SecurityGroupId, Unique, default, text

SubnetId = Annotated[str, text("a subnet id", r"subnet-[0-9a-f]{8,17}", "subnet-0a1b2c3d4e5f60001")]


class Network(Section):
    """The VPC, which the platform team owns."""

    vpc_id: Annotated[str, text("a VPC id", r"vpc-[0-9a-f]{8,17}", "vpc-0a1b2c3d4e5f60001")]
    """The VPC."""
    private_subnet_ids: Annotated[tuple[SubnetId, ...], Unique, Field(min_length=2)]
    """Private subnets in at least two zones."""
    client_security_group_id: SecurityGroupId
    """The security group of the pods, which may connect to the load balancer."""


class Cluster(Section):
    """The EKS cluster, which the platform team owns."""

    name: DnsName
    """The name of the EKS cluster."""
    context: Annotated[str, text("a context of the kubeconfig", r"\S{1,253}", "prod-us-east-1")]
    """The context of the kubeconfig that is deployed to; it pins the cluster."""
    namespace: DnsName = default("teei", "chosen: the namespace of the teei-* services")
    """The namespace of the services."""
