"""The EKS cluster, its node groups and its logs."""

import json

import pulumi
import pulumi_aws as aws
from settings import Settings

VERSION = "1.36"


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Cluster(pulumi.ComponentResource):
    def __init__(
        self, name: str, settings: Settings, subnet_ids, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("platform:cluster:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = settings.tags("cluster")
        role = aws.iam.Role(
            f"{name}-control", assume_role_policy=trust("eks.amazonaws.com"), tags=tags, opts=child
        )
        node_role = aws.iam.Role(
            f"{name}-nodes", assume_role_policy=trust("ec2.amazonaws.com"), tags=tags, opts=child
        )
        key = aws.kms.Key(f"{name}-secrets", description="Secrets of the cluster", tags=tags, opts=child)
        cluster = aws.eks.Cluster(
            f"{name}-eks",
            version=VERSION,
            role_arn=role.arn,
            vpc_config={"subnet_ids": subnet_ids},
            encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
            tags=tags,
            opts=child,
        )
        for group, size in settings.nodes.items():
            aws.eks.NodeGroup(
                f"{name}-{group}",
                cluster_name=cluster.name,
                node_role_arn=node_role.arn,
                subnet_ids=subnet_ids,
                instance_types=[size["type"]],
                disk_size=100,
                tags=settings.tags(group),
                scaling_config={
                    "min_size": size["min"],
                    "desired_size": size["desired"],
                    "max_size": size["max"],
                },
                opts=child,
            )
        for log in ("application", "audit"):
            aws.cloudwatch.LogGroup(
                f"{name}-{log}", name=f"/platform/{log}", retention_in_days=30, tags=tags, opts=child
            )
        repository = aws.ecr.Repository(f"{name}-images", tags=tags, opts=child)
        aws.ecr.LifecyclePolicy(
            f"{name}-images",
            repository=repository.name,
            policy=json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "action": {"type": "expire"},
                            "selection": {
                                "tagStatus": "untagged",
                                "countType": "sinceImagePushed",
                                "countUnit": "days",
                                "countNumber": 14,
                            },
                        }
                    ]
                }
            ),
            opts=child,
        )
        self.register_outputs({"name": cluster.name})
