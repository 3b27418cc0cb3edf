"""The platform of the guide in one region: about $60,000 a month in the US, $40,000 in the EU."""

import budgets
import pulumi
import pulumi_kubernetes as kubernetes
import settings as stack_settings
from cluster import Cluster
from databases import Databases
from network import Network
from storage import Storage
from workloads import Workloads

settings = stack_settings.load()
aws_provider = stack_settings.provider(settings)
on_aws = pulumi.ResourceOptions(providers=[aws_provider])

network = Network("network", settings, on_aws)
Cluster("cluster", settings, network.private_ids, on_aws)
Databases("databases", settings, network.private_ids, network.security_group_id, on_aws)
Storage("storage", settings, on_aws)

in_cluster = kubernetes.Provider("kubernetes", context=f"platform-{pulumi.get_stack()}")
Workloads("workloads", settings, pulumi.ResourceOptions(providers=[in_cluster]))

if settings.account:
    budgets.declare(settings, pulumi.ResourceOptions(provider=aws_provider))

pulumi.export("vpc_id", network.vpc_id)
