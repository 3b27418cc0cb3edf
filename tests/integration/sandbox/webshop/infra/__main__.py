"""A web shop."""

import json

import pulumi
import pulumi_aws as aws
from network import subnets, vpc

cluster = aws.ecs.Cluster("cluster")
sg = aws.ec2.SecurityGroup(
    "web",
    vpc_id=vpc.id,
    ingress=[
        aws.ec2.SecurityGroupIngressArgs(protocol="tcp", from_port=80, to_port=80, cidr_blocks=["0.0.0.0/0"])
    ],
    egress=[
        aws.ec2.SecurityGroupEgressArgs(protocol="-1", from_port=0, to_port=0, cidr_blocks=["0.0.0.0/0"])
    ],
)
alb = aws.lb.LoadBalancer("lb", security_groups=[sg.id], subnets=[s.id for s in subnets])
tg = aws.lb.TargetGroup("tg", port=80, protocol="HTTP", target_type="ip", vpc_id=vpc.id)
listener = aws.lb.Listener(
    "l",
    load_balancer_arn=alb.arn,
    port=80,
    default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=tg.arn)],
)
role = aws.iam.Role(
    "task",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Effect": "Allow",
                }
            ],
        }
    ),
)
aws.iam.RolePolicyAttachment(
    "att", role=role.name, policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
)
td = aws.ecs.TaskDefinition(
    "app",
    family="app",
    cpu="256",
    memory="512",
    network_mode="awsvpc",
    requires_compatibilities=["FARGATE"],
    execution_role_arn=role.arn,
    container_definitions=json.dumps([{"name": "a", "image": "nginx"}]),
)
svc = aws.ecs.Service(
    "svc",
    cluster=cluster.arn,
    desired_count=3,
    launch_type="FARGATE",
    task_definition=td.arn,
    network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
        assign_public_ip=True, subnets=[s.id for s in subnets], security_groups=[sg.id]
    ),
    load_balancers=[
        aws.ecs.ServiceLoadBalancerArgs(target_group_arn=tg.arn, container_name="a", container_port=80)
    ],
    opts=pulumi.ResourceOptions(depends_on=[listener]),
)
db = aws.rds.Cluster(
    "aurora",
    engine="aurora-postgresql",
    master_username="x",
    master_password=pulumi.Config().require_secret("pw"),
    skip_final_snapshot=True,
)
ci = aws.rds.ClusterInstance("ai", cluster_identifier=db.id, instance_class="db.r6g.large", engine=db.engine)
ddb = aws.dynamodb.Table(
    "t",
    attributes=[aws.dynamodb.TableAttributeArgs(name="id", type="S")],
    hash_key="id",
    billing_mode="PAY_PER_REQUEST",
)
ami = aws.ec2.get_ami(
    most_recent=True, owners=["amazon"], filters=[aws.ec2.GetAmiFilterArgs(name="name", values=["al2023*"])]
)
i = aws.ec2.Instance(
    "web", ami=ami.id, instance_type="t3.micro", subnet_id=subnets[0].id, vpc_security_group_ids=[sg.id]
)
asg = aws.autoscaling.Group(
    "asg",
    min_size=1,
    max_size=2,
    vpc_zone_identifiers=[s.id for s in subnets],
    tags=[aws.autoscaling.GroupTagArgs(key="a", value="b", propagate_at_launch=True)],
)
z = aws.route53.Zone("z", name="example.com")
rec = aws.route53.Record(
    "r",
    zone_id=z.zone_id,
    name="www",
    type="A",
    aliases=[
        aws.route53.RecordAliasArgs(name=alb.dns_name, zone_id=alb.zone_id, evaluate_target_health=True)
    ],
)
cf = aws.cloudfront.OriginAccessIdentity("oai")
k = aws.kms.Key("k")
aws.kms.Alias("ka", target_key_id=k.id)
rule = aws.cloudwatch.EventRule("er", schedule_expression="rate(5 minutes)")
pulumi.export("url", pulumi.Output.concat("http://", alb.dns_name))
pulumi.export("ep", db.endpoint)
pulumi.export("ip", i.public_ip)
b = aws.s3.Bucket("files")
bo = aws.s3.BucketObject("index", bucket=b.id, content="<h1>hi</h1>", key="index.html")
