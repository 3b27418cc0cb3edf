"""The VPC: three zones, NAT gateways, endpoints and the load balancers in front of the cluster."""

import pulumi
import pulumi_aws as aws
from settings import Settings

ZONES = ("a", "b", "c")
INTERFACE_ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "sts", "secretsmanager")


class Network(pulumi.ComponentResource):
    """Outputs: `vpc_id`, `public_ids`, `private_ids`, `security_group_id`."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:network:Network", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = settings.tags("network")
        prefix = settings.cidr.rsplit(".", 2)[0]
        vpc = aws.ec2.Vpc(
            f"{name}-vpc", cidr_block=settings.cidr, enable_dns_hostnames=True, tags=tags, opts=child
        )
        self.vpc_id = vpc.id
        gateway = aws.ec2.InternetGateway(f"{name}-internet", vpc_id=vpc.id, tags=tags, opts=child)
        public = [
            self._subnet(name, settings, vpc, zone, f"{prefix}.{index}.0/24", True)
            for index, zone in enumerate(ZONES)
        ]
        private = [
            self._subnet(name, settings, vpc, zone, f"{prefix}.{32 * (index + 1)}.0/19", False)
            for index, zone in enumerate(ZONES)
        ]
        self.public_ids = [subnet.id for subnet in public]
        self.private_ids = [subnet.id for subnet in private]
        self._gateways(name, settings, vpc, gateway, public, private)
        group = aws.ec2.SecurityGroup(
            f"{name}-internal",
            vpc_id=vpc.id,
            description="Traffic inside the VPC",
            tags=tags,
            ingress=[{"protocol": "tcp", "from_port": 0, "to_port": 65535, "cidr_blocks": [settings.cidr]}],
            egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
            opts=child,
        )
        self.security_group_id = group.id
        for service in INTERFACE_ENDPOINTS:
            aws.ec2.VpcEndpoint(
                f"{name}-{service.replace('.', '-')}",
                vpc_id=vpc.id,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{settings.region}.{service}",
                subnet_ids=self.private_ids,
                security_group_ids=[group.id],
                private_dns_enabled=True,
                tags=tags,
                opts=child,
            )
        aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{settings.region}.s3",
            tags=tags,
            opts=child,
        )
        for entry in ("api", "reports", "partners"):
            aws.lb.LoadBalancer(
                f"{name}-{entry}",
                load_balancer_type="application",
                subnets=self.public_ids,
                security_groups=[group.id],
                tags=settings.tags(entry),
                opts=child,
            )
        aws.wafv2.WebAcl(
            f"{name}-firewall",
            scope="REGIONAL",
            default_action={"allow": {}},
            visibility_config={
                "cloudwatch_metrics_enabled": True,
                "metric_name": "platform",
                "sampled_requests_enabled": False,
            },
            tags=tags,
            opts=child,
        )
        aws.lb.LoadBalancer(
            f"{name}-ingest", load_balancer_type="network", subnets=self.public_ids, tags=tags, opts=child
        )
        self.register_outputs({"vpc_id": self.vpc_id})

    def _subnet(self, name, settings, vpc, zone, cidr, public) -> aws.ec2.Subnet:
        kind = "public" if public else "private"
        return aws.ec2.Subnet(
            f"{name}-{kind}-{zone}",
            vpc_id=vpc.id,
            cidr_block=cidr,
            availability_zone=f"{settings.region}{zone}",
            map_public_ip_on_launch=public,
            tags=settings.tags("network"),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _gateways(self, name, settings, vpc, gateway, public, private) -> None:
        """One route table per private subnet; the zones share the NAT gateways."""
        child = pulumi.ResourceOptions(parent=self)
        tags = settings.tags("network")
        nats = []
        for index in range(settings.nat_gateways):
            address = aws.ec2.Eip(f"{name}-nat-{index + 1}", domain="vpc", tags=tags, opts=child)
            nats.append(
                aws.ec2.NatGateway(
                    f"{name}-nat-{index + 1}",
                    subnet_id=public[index].id,
                    allocation_id=address.id,
                    tags=tags,
                    opts=child,
                )
            )
        routes = [{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}]
        table = aws.ec2.RouteTable(f"{name}-public", vpc_id=vpc.id, routes=routes, tags=tags, opts=child)
        for zone, subnet in zip(ZONES, public, strict=True):
            aws.ec2.RouteTableAssociation(
                f"{name}-public-{zone}", subnet_id=subnet.id, route_table_id=table.id, opts=child
            )
        for index, (zone, subnet) in enumerate(zip(ZONES, private, strict=True)):
            routes = [{"cidr_block": "0.0.0.0/0", "nat_gateway_id": nats[index % len(nats)].id}]
            table = aws.ec2.RouteTable(
                f"{name}-private-{zone}", vpc_id=vpc.id, routes=routes, tags=tags, opts=child
            )
            aws.ec2.RouteTableAssociation(
                f"{name}-private-{zone}", subnet_id=subnet.id, route_table_id=table.id, opts=child
            )
