"""A service behind a load balancer; the container definitions are JSON of outputs."""

import json

import pulumi
import pulumi_aws as aws

subnets = ["subnet-a", "subnet-b"]
cluster = aws.ecs.Cluster("main")
logs = aws.cloudwatch.LogGroup("app", retention_in_days=14)
repository = aws.ecr.Repository("app", image_scanning_configuration={"scan_on_push": True})
last_images = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 30},
    "action": {"type": "expire"},
}
aws.ecr.LifecyclePolicy("app", repository=repository.name, policy=json.dumps({"rules": [last_images]}))
balancer = aws.lb.LoadBalancer("app", subnets=subnets, security_groups=["sg-web"])
targets = aws.lb.TargetGroup("app", port=8080, protocol="HTTP", target_type="ip", vpc_id="vpc-0a")
listener = aws.lb.Listener(
    "app",
    load_balancer_arn=balancer.arn,
    port=80,
    default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
)
container = {
    "name": "app",
    "image": pulumi.Output.concat(repository.repository_url, ":latest"),
    "portMappings": [{"containerPort": 8080}],
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": logs.name}},
}
task = aws.ecs.TaskDefinition(
    "app",
    family="app",
    cpu="512",
    memory="1024",
    network_mode="awsvpc",
    requires_compatibilities=["FARGATE"],
    execution_role_arn="arn:aws:iam::123456789012:role/ecs",
    container_definitions=pulumi.Output.json_dumps([container]),
)
aws.ecs.Service(
    "app",
    cluster=cluster.arn,
    task_definition=task.arn,
    desired_count=3,
    launch_type="FARGATE",
    network_configuration={"subnets": subnets, "security_groups": ["sg-app"]},
    load_balancers=[{"target_group_arn": targets.arn, "container_name": "app", "container_port": 8080}],
    opts=pulumi.ResourceOptions(depends_on=[listener]),
)
pulumi.export("url", pulumi.Output.concat("http://", balancer.dns_name))
