"""The AI budget API as pods: a Deployment of `serve` with its scaling, network access and IAM role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.ai_budget import database as budget_database
from components.ai_budget import pod_spec
from components.autoscaling import horizontal_pod_autoscaler
from components.lambda_functions import roles
from components.settings import Settings
from components.settings.ai_budget import pods as settings_pods
from components.tags import CostTags


@dataclass(frozen=True)
class BudgetPodsArgs:
    """`name` is that of the Deployment and its Service; `role_name` that of the pods' IAM role.

    `environment` and `statements` are what the API's Lambda has, too.
    """

    settings: Settings
    pods: settings_pods.BudgetPods
    name: str
    role_name: str
    port: int
    environment: Mapping[str, pulumi.Input[str]]
    statements: Sequence[roles.Statement]
    database: budget_database.AiBudgetDatabase
    tags: CostTags


class BudgetPods(pulumi.ComponentResource):
    """Pods that meet the Pod Security Standard `restricted` and write nothing but metrics in memory.

    A pod becomes ready once the database has answered it. From then on it stays ready while the database is
    away: checks are refused and tracked calls queued, which no pod could do if all became unready at once.
    """

    def __init__(self, name: str, args: BudgetPodsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:ai_budget:BudgetPods", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._labels = {args.settings.autoscaling.pod_label: args.name}
        role = self._role()
        network = self._security_group()
        account = k8s.core.v1.ServiceAccount(
            f"{name}-account",
            metadata=self._metadata({"eks.amazonaws.com/role-arn": role.arn}),
            automount_service_account_token=False,
            opts=self._child,
        )
        network_policy = k8s.networking.v1.NetworkPolicy(
            f"{name}-network-policy",
            metadata=self._metadata(),
            spec=pod_spec.network_policy(args.pods, self._labels, args.port),
            opts=self._child,
        )
        deployment = k8s.apps.v1.Deployment(
            f"{name}-deployment",
            metadata=self._metadata(),
            spec=pod_spec.deployment(
                args.pods,
                port=args.port,
                labels={**args.tags.as_labels(), **self._labels},
                selector=self._labels,
                service_account=account.metadata["name"],
                environment=args.environment,
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*network, network_policy]),
        )
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            f"{name}-autoscaler",
            metadata=self._metadata(),
            spec=horizontal_pod_autoscaler(args.pods.hpa(args.name), args.settings.autoscaling.behavior),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[deployment]),
        )
        k8s.policy.v1.PodDisruptionBudget(
            f"{name}-disruption",
            metadata=self._metadata(),
            spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
                max_unavailable=1,
                unhealthy_pod_eviction_policy="AlwaysAllow",
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=self._labels),
            ),
            opts=self._child,
        )
        self.register_outputs({"roleArn": role.arn})

    def service(self) -> Any:
        """The spec of the Service in front of the pods."""
        port = self._args.port
        return {
            "type": "ClusterIP",
            "selector": self._labels,
            "ports": [{"name": "http", "port": port, "targetPort": port, "protocol": "TCP"}],
        }

    def _metadata(self, annotations: Mapping[str, pulumi.Input[str]] | None = None) -> Any:
        metadata = {
            "name": self._args.name,
            "namespace": self._args.settings.cluster.namespace,
            "labels": {**self._args.tags.as_labels(), **self._labels},
        }
        return {**metadata, "annotations": dict(annotations)} if annotations else metadata

    def _role(self) -> aws.iam.Role:
        """The role of the service account, and of no other.

        https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html, 2026-11.
        """
        args, issuer = self._args, self._args.pods.oidc_issuer
        account, namespace = args.settings.account_id, args.settings.cluster.namespace
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{issuer}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{issuer}:aud": "sts.amazonaws.com",
                    f"{issuer}:sub": f"system:serviceaccount:{namespace}:{args.name}",
                }
            },
        }
        role = aws.iam.Role(
            f"{self._name}-role",
            name=args.role_name,
            description="The pods of the AI budget API",
            assume_role_policy=roles.policy([trust]),
            tags=args.tags.as_tags(),
            opts=self._child,
        )
        aws.iam.RolePolicy(
            f"{self._name}-permissions",
            name="pods",
            role=role.name,
            policy=roles.policy(args.statements),
            opts=self._child,
        )
        return role

    def _security_group(self) -> list[pulumi.Resource]:
        """The pods' own security group, which the database admits, beside the group of all pods.

        It needs nodes that support trunk network interfaces
        (https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html, 2026-11).
        """
        args, settings, tags = self._args, self._args.settings, self._args.tags.as_tags()
        clients, nodes = (
            settings.network.client_security_group_id,
            settings.spot_node_pool.node_security_group_id,
        )
        group = aws.ec2.SecurityGroup(
            f"{self._name}-security-group",
            name=args.role_name,
            description="The pods of the AI budget API",
            vpc_id=settings.network.vpc_id,
            tags=tags,
            opts=self._child,
        )
        ingress = (
            ("from-pods", group.id, clients, args.port, "The API from the cluster"),
            ("from-nodes", group.id, nodes, args.port, "Probes of the kubelet"),
            ("database", args.database.security_group_id, group.id, budget_database.PORT, "PostgreSQL"),
        )
        rules: list[pulumi.Resource] = [
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-{rule}",
                security_group_id=to,
                referenced_security_group_id=source,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=description,
                tags=tags,
                opts=self._child,
            )
            for rule, to, source, port, description in ingress
        ]
        rules.append(
            aws.vpc.SecurityGroupEgressRule(
                f"{self._name}-to-database",
                security_group_id=group.id,
                referenced_security_group_id=args.database.security_group_id,
                ip_protocol="tcp",
                from_port=budget_database.PORT,
                to_port=budget_database.PORT,
                description="PostgreSQL",
                tags=tags,
                opts=self._child,
            )
        )
        binding = k8s.apiextensions.CustomResource(
            f"{self._name}-security-group-policy",
            api_version="vpcresources.k8s.aws/v1beta1",
            kind="SecurityGroupPolicy",
            metadata=self._metadata(),
            spec={
                "podSelector": {"matchLabels": self._labels},
                "securityGroups": {"groupIds": [group.id, clients]},
            },
            opts=self._child,
        )
        return [*rules, binding]
