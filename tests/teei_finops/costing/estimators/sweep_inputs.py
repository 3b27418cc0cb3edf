"""Inputs under which every usage key of a type matters, for the sweep over all types.

By type: a list of variants of `inputs`, with further `usage` and `related` resources of the plan where they
are needed. A type that needs no input is not listed.
"""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import resource
from tests.teei_finops.costing.estimators.sweep_resources import (
    IPAM_POOL,
    SIZES,
    SPOT_TEMPLATE,
    TASK,
    TEMPLATE,
    Variant,
)

VARIANTS: dict[str, list[Variant]] = {
    "aws:ec2/instance:Instance": [
        Variant({"instanceType": "t3.large", **market})
        for market in ({}, {"instanceMarketOptions": {"marketType": "spot"}})
    ],
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": [Variant({"instanceType": "t3.large"})],
    "aws:ec2/dedicatedHost:DedicatedHost": [Variant({"instanceFamily": "c5"})],
    "aws:autoscaling/group:Group": [
        Variant({"minSize": 1, "maxSize": 4, "launchTemplate": {"id": name}}, related=(template,))
        for name, template in (("lt-1", TEMPLATE), ("lt-2", SPOT_TEMPLATE))
    ],
    "aws:ebs/volume:Volume": [Variant({"size": 10, "type": "standard"})],
    "aws:ec2/vpcEndpoint:VpcEndpoint": [Variant({"vpcEndpointType": "Interface", "subnetIds": ["a"]})],
    "aws:ec2/vpnConnection:VpnConnection": [Variant({"transitGatewayId": "tgw-1"})],
    "aws:directconnect/gatewayAssociation:GatewayAssociation": [Variant({"associatedGatewayId": "tgw-1"})],
    "aws:ec2/vpcIpamPoolCidr:VpcIpamPoolCidr": [
        Variant({"ipamPoolId": "pool", "netmaskLength": 28}, related=(IPAM_POOL,))
    ],
    "aws:cognito/userPoolClient:UserPoolClient": [Variant({"allowedOauthFlows": ["client_credentials"]})],
    "aws:cognito/managedUserPoolClient:ManagedUserPoolClient": [
        Variant({"allowedOauthFlows": ["client_credentials"]})
    ],
    "aws:lambda/eventSourceMapping:EventSourceMapping": [
        Variant({"eventSourceArn": f"arn:aws:{service}:::", "provisionedPollerConfig": {"minimumPollers": 2}})
        for service in ("sqs", "kafka")
    ],
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": [Variant({"metricTransformation": {"name": "errors"}})],
    "aws:acm/certificate:Certificate": [
        Variant({"domainName": "example.com", "options": {"export": "ENABLED"}})
    ],
    "aws:directconnect/connection:Connection": [Variant({"bandwidth": "1Gbps"})],
    "aws:rds/instance:Instance": [
        Variant(
            {
                "engine": "postgres",
                "instanceClass": "db.t4g.large",
                "allocatedStorage": 100,
                "storageType": "standard",
            }
        )
    ],
    "aws:rds/cluster:Cluster": [
        Variant({"engine": "aurora-postgresql"}),
        Variant(
            {
                "engine": "postgres",
                "dbClusterInstanceClass": "db.r6gd.large",
                "allocatedStorage": 100,
                "storageType": "gp3",
            }
        ),
    ],
    "aws:rds/clusterInstance:ClusterInstance": [
        Variant({"engine": "aurora-postgresql", "instanceClass": "db.t3.medium"}),
        Variant({"engine": "aurora-postgresql", "instanceClass": "db.serverless"}, {"average_acu": 1}),
    ],
    "aws:rds/proxy:Proxy": [Variant(usage={"target_vcpus": 4}), Variant(usage={"target_average_acu": 10})],
    "aws:rds/snapshot:Snapshot": [Variant(usage={"storage_gb": 1})],
    "aws:docdb/clusterInstance:ClusterInstance": [Variant({"instanceClass": "db.t3.medium"})],
    "aws:neptune/clusterInstance:ClusterInstance": [Variant({"instanceClass": "db.t3.medium"})],
    "aws:elasticache/cluster:Cluster": [Variant({"engine": "redis", "nodeType": "cache.t4g.micro"})],
    "aws:elasticache/replicationGroup:ReplicationGroup": [Variant({"nodeType": "cache.t4g.micro"})],
    "aws:elasticache/serverlessCache:ServerlessCache": [Variant({"engine": "valkey"})],
    "aws:memorydb/cluster:Cluster": [Variant({"nodeType": "db.t4g.small"})],
    "aws:redshift/cluster:Cluster": [Variant({"nodeType": "ra3.large"})],
    "aws:dax/cluster:Cluster": [Variant({"nodeType": "dax.t3.small", "replicationFactor": 1})],
    "aws:timestreaminfluxdb/dbInstance:DbInstance": [
        Variant({"dbInstanceType": "db.influx.large", "allocatedStorage": 20})
    ],
    "aws:dynamodb/table:Table": [Variant({}), Variant({"billingMode": "PAY_PER_REQUEST"})],
    "aws:efs/fileSystem:FileSystem": [Variant({"throughputMode": "elastic"})],
    "aws:fsx/windowsFileSystem:WindowsFileSystem": [
        Variant({"storageCapacity": 100, "throughputCapacity": 32})
    ],
    "aws:fsx/lustreFileSystem:LustreFileSystem": [Variant({"storageCapacity": 1200})],
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": [
        Variant({"deploymentType": "SINGLE_AZ_1", "storageCapacity": 100, "throughputCapacity": 64})
    ],
    "aws:fsx/ontapFileSystem:OntapFileSystem": [
        Variant({"deploymentType": "SINGLE_AZ_1", "storageCapacity": 1024, "throughputCapacity": 128})
    ],
    "aws:eks/nodeGroup:NodeGroup": [
        Variant({"instanceTypes": ["t3.large"], "scalingConfig": SIZES, "capacityType": kind})
        for kind in ("ON_DEMAND", "SPOT")
    ],
    "aws:ecs/service:Service": [
        Variant({"taskDefinition": "shop", "desiredCount": 1, **provider}, related=(TASK,))
        for provider in (
            {"launchType": "FARGATE"},
            {"capacityProviderStrategies": [{"capacityProvider": "FARGATE_SPOT"}]},
        )
    ],
    "aws:batch/computeEnvironment:ComputeEnvironment": [
        Variant({"computeResources": {"type": "FARGATE", "maxVcpus": 4}}),
        Variant({"computeResources": {"type": "SPOT", "maxVcpus": 4, "instanceTypes": ["m5.large"]}}),
    ],
    "aws:emr/cluster:Cluster": [
        Variant({"masterInstanceGroup": {"instanceType": "m5.xlarge", **bid}})
        for bid in ({}, {"bidPrice": "1"})
    ],
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": [
        Variant({"productionVariants": [{"variantName": "a", "instanceType": "ml.m5.xlarge"}]})
    ],
    "aws:sagemaker/notebookInstance:NotebookInstance": [Variant({"instanceType": "ml.t3.medium"})],
    "aws:lightsail/instance:Instance": [Variant({"bundleId": "nano_3_0"})],
    "aws:elasticbeanstalk/environment:Environment": [
        Variant(),
        Variant({"settings": [{"namespace": "aws:ec2:instances", "name": "EnableSpot", "value": "true"}]}),
        Variant(
            {
                "settings": [
                    {
                        "namespace": "aws:elasticbeanstalk:environment",
                        "name": "LoadBalancerType",
                        "value": "application",
                    }
                ]
            }
        ),
    ],
    "aws:msk/cluster:Cluster": [
        Variant(
            {
                "numberOfBrokerNodes": 3,
                "brokerNodeGroupInfo": {
                    "instanceType": "kafka.m7g.large",
                    "storageInfo": {"ebsStorageInfo": {"volumeSize": 10}},
                },
            }
        )
    ],
    "aws:mq/broker:Broker": [Variant({"engineType": "RabbitMQ", "hostInstanceType": "mq.m5.large"})],
    "aws:dms/replicationInstance:ReplicationInstance": [
        Variant({"replicationInstanceClass": "dms.t3.micro"})
    ],
    "aws:workspaces/workspace:Workspace": [Variant({"bundleId": "wsb-1"})],
    "aws:ebs/snapshot:Snapshot": [Variant(usage={"storage_gb": 1})],
    "aws:ebs/snapshotCopy:SnapshotCopy": [Variant(usage={"storage_gb": 1})],
    "aws:backup/vault:Vault": [Variant(usage={"dynamodb_storage_gb": 1})],
    "aws:apigateway/stage:Stage": [Variant({"cacheClusterEnabled": True})],
    "aws:apigatewayv2/api:Api": [Variant({"protocolType": kind}) for kind in ("HTTP", "WEBSOCKET")],
    "aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput": [
        Variant({"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/m", "modelUnits": 1})
    ],
    "aws:codebuild/project:Project": [
        Variant({"environment": {"computeType": "BUILD_GENERAL1_SMALL", "type": "LINUX_CONTAINER"}})
    ],
    "aws:codepipeline/pipeline:Pipeline": [Variant({"pipelineType": "V2"})],
    "aws:kinesis/stream:Stream": [
        Variant({"shardCount": 1, "retentionPeriod": 400}),
        Variant({"streamModeDetails": {"streamMode": "ON_DEMAND"}}),
    ],
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": [
        Variant({"functionName": "f", "provisionedConcurrentExecutions": 1}, {"monthly_requests": 1000})
    ],
    "aws:route53/healthCheck:HealthCheck": [Variant({"type": "HTTP"})],
    "aws:route53/resolverEndpoint:ResolverEndpoint": [Variant({"ipAddresses": [{"subnetId": "a"}]})],
    "aws:scheduler/schedule:Schedule": [Variant({"scheduleExpression": "rate(5 minutes)"})],
    "aws:sfn/stateMachine:StateMachine": [Variant({"type": kind}) for kind in ("STANDARD", "EXPRESS")],
    "aws:sns/topicSubscription:TopicSubscription": [Variant({"protocol": "https"})],
    "aws:ssm/parameter:Parameter": [Variant({"tier": "Advanced"})],
    "aws:synthetics/canary:Canary": [Variant({"schedule": {"expression": "rate(5 minutes)"}})],
    "aws:athena/capacityReservation:CapacityReservation": [Variant({"targetDpus": 24})],
    "aws:cloudtrail/eventDataStore:EventDataStore": [
        Variant({"billingMode": f"{mode}_RETENTION_PRICING"}) for mode in ("EXTENDABLE", "FIXED")
    ],
    "aws:cloudwatch/internetMonitor:InternetMonitor": [Variant({"resources": ["arn:aws:ec2:x:1:vpc/a"]})],
    "aws:ebs/volumeCopy:VolumeCopy": [Variant({"size": 10, "volumeType": "gp3"})],
    "aws:ec2/capacityReservation:CapacityReservation": [
        Variant({"instanceType": "m5.large", "instanceCount": 2, "instancePlatform": "Linux/UNIX"})
    ],
    "aws:ec2/fleet:Fleet": [
        Variant(
            {
                "launchTemplateConfigs": [{"launchTemplateSpecification": {"launchTemplateId": "lt-1"}}],
                "targetCapacitySpecification": {
                    "totalTargetCapacity": 4,
                    "defaultTargetCapacityType": kind,
                },
            },
            related=(TEMPLATE,),
        )
        for kind in ("on-demand", "spot")
    ],
    "aws:ec2/spotFleetRequest:SpotFleetRequest": [
        Variant(
            {
                "targetCapacity": 4,
                "onDemandTargetCapacity": 1,
                "launchSpecifications": [{"instanceType": "t3.large", "associatePublicIpAddress": True}],
            }
        )
    ],
    "aws:ecs/taskSet:TaskSet": [
        Variant(
            {"service": "web", "taskDefinition": "shop", **provider},
            related=(TASK, resource("aws:ecs/service:Service", {"desiredCount": 2}, name="web", id="web")),
        )
        for provider in (
            {"launchType": "FARGATE"},
            {"capacityProviderStrategies": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]},
        )
    ],
    "aws:elasticsearch/domain:Domain": [
        Variant({"clusterConfig": {"instanceType": "m5.large.elasticsearch"}})
    ],
    "aws:emr/instanceGroup:InstanceGroup": [
        Variant({"instanceType": "m5.xlarge", **bid}) for bid in ({}, {"bidPrice": "1"})
    ],
    "aws:emr/instanceFleet:InstanceFleet": [
        Variant(
            {
                "instanceTypeConfigs": [{"instanceType": "m5.xlarge"}],
                "targetOnDemandCapacity": 1,
                "targetSpotCapacity": 1,
            }
        )
    ],
    "aws:fsx/backup:Backup": [
        Variant(
            {"fileSystemId": "fs-1"},
            related=(
                resource(
                    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
                    {"storageCapacity": 100},
                    name="files",
                    id="fs-1",
                ),
            ),
        )
    ],
    "aws:guardduty/detectorFeature:DetectorFeature": [
        Variant({"name": name, "status": "ENABLED"})
        for name in (
            "S3_DATA_EVENTS",
            "LAMBDA_NETWORK_LOGS",
            "RDS_LOGIN_EVENTS",
            "RUNTIME_MONITORING",
            "EBS_MALWARE_PROTECTION",
            "EKS_AUDIT_LOGS",
        )
    ],
    "aws:kinesis/streamConsumer:StreamConsumer": [
        Variant(
            {"streamArn": "arn:stream"},
            related=(
                resource(
                    "aws:kinesis/stream:Stream",
                    {"shardCount": 2},
                    name="stream",
                    outputs={"arn": "arn:stream"},
                    op="same",
                ),
            ),
        )
    ],
    "aws:kinesisanalyticsv2/application:Application": [Variant({"runtimeEnvironment": "FLINK-1_20"})],
    "aws:lightsail/containerService:ContainerService": [Variant({"power": "nano", "scale": 1})],
    "aws:lightsail/database:Database": [Variant({"bundleId": "micro_2_0"})],
    "aws:lightsail/disk:Disk": [Variant({"sizeInGb": 8})],
    "aws:mskconnect/connector:Connector": [
        Variant({"capacity": {"provisionedCapacity": {"workerCount": 1, "mcuCount": 1}}})
    ],
    "aws:organizations/account:Account": [Variant(usage={"monthly_budget_reports": 1})],
    "aws:eks/cluster:Cluster": [Variant(), Variant({"computeConfig": {"enabled": True}})],
    "aws:quicksight/dataSet:DataSet": [Variant({"importMode": "SPICE"})],
    "aws:quicksight/user:User": [
        Variant({"userRole": role}) for role in ("READER", "AUTHOR", "READER_PRO", "AUTHOR_PRO")
    ],
    "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList": [
        Variant({"domains": ["example.com."]})
    ],
    "aws:sagemaker/trainingJob:TrainingJob": [
        Variant({"resourceConfig": {"instanceType": "ml.m5.xlarge", "instanceCount": 1}})
    ],
    "aws:sesv2/dedicatedIpPool:DedicatedIpPool": [Variant({"scalingMode": "MANAGED"})],
    "aws:wafv2/webAcl:WebAcl": [Variant({"scope": "REGIONAL", "rules": []})],
}
