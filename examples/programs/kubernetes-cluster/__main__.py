"""A cluster and what runs on it, with a kubeconfig that the program writes."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

role = aws.iam.Role("cluster", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
cluster = aws.eks.Cluster("main", role_arn=role.arn, vpc_config={"subnet_ids": ["subnet-a", "subnet-b"]})
aws.eks.NodeGroup(
    "general",
    cluster_name=cluster.name,
    node_role_arn=role.arn,
    subnet_ids=["subnet-a"],
    instance_types=["m7i.large"],
    scaling_config={"desired_size": 3, "min_size": 1, "max_size": 5},
)


def kubeconfig(values: list[str]) -> str:
    endpoint, authority = values
    entry = {"name": "main", "cluster": {"server": endpoint, "certificate-authority-data": authority}}
    return json.dumps({"apiVersion": "v1", "kind": "Config", "clusters": [entry]})


access = pulumi.Output.all(cluster.endpoint, cluster.certificate_authority.data).apply(kubeconfig)
provider = kubernetes.Provider("main", kubeconfig=access)
there = pulumi.ResourceOptions(provider=provider)
labels = {"app": "web"}
container = {
    "name": "web",
    "image": "nginxinc/nginx-unprivileged:1.27",
    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
pod = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [container],
}
web = kubernetes.apps.v1.Deployment(
    "web",
    spec={
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    },
    opts=there,
)
target = {"type": "Utilization", "averageUtilization": 60}
kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
    "web",
    spec={
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": web.metadata["name"]},
        "minReplicas": 2,
        "maxReplicas": 6,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    },
    opts=there,
)
kubernetes.core.v1.Service("web", spec={"selector": labels, "ports": [{"port": 80}]}, opts=there)
kubernetes.helm.v3.Release("metrics", chart="metrics-server", version="3.12.2", opts=there)
