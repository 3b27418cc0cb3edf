"""Violations of the policies on what costs more than it needs to; rows as in `stack`."""

from typing import Any

Row = tuple[str, str, Any, str]

_ENDPOINT = "interface-endpoint-with-free-gateway"
_NO_ENDPOINT = "nat-gateway-without-gateway-endpoint"
_IOPS = "provisioned-iops-volume"
_S3 = "com.amazonaws.us-east-1.s3"
STORAGE: list[Row] = [
    ("volume", "type", "gp2", "gp2-volume"),
    ("volume", "type", None, "gp2-volume"),
    ("volume", "type", "standard", ""),
    ("machine", "rootBlockDevice.volumeType", "gp2", "gp2-volume"),
    ("machine", "rootBlockDevice", None, ""),
    ("machine", "ebsBlockDevices.0.volumeType", "gp2", "gp2-volume"),
    ("launch_template", "blockDeviceMappings.0.ebs.volumeType", "gp2", "gp2-volume"),
    ("machine", "ebsBlockDevices.0", {"volumeType": "io1", "volumeSize": 100, "iops": 5000}, _IOPS),
    ("machine", "rootBlockDevice", {"volumeType": "io2", "volumeSize": 100, "iops": 20000}, ""),
    (
        "launch_template",
        "blockDeviceMappings.0.ebs",
        {"volumeType": "io2", "volumeSize": 500, "iops": 16000},
        _IOPS,
    ),
    ("storage_class", "parameters.type", "gp2", "gp2-volume"),
    ("storage_class", "parameters", None, ""),
    ("storage_class", "provisioner", "kubernetes.io/aws-ebs", ""),
    ("storage_class", "provisioner", "efs.csi.aws.com", ""),
    ("fast_volume", "iops", 16000, "provisioned-iops-volume"),
    ("fast_volume", "iops", 16001, ""),
    ("fast_volume", "type", "io1", ""),
    ("attachment", "volumeId", "vol-3", "unattached-volume"),
    ("repository", "name", "teei/other", "repository-expires-images"),
    ("image_lifecycle", "repository", "teei/other", "repository-expires-images"),
    ("table", "billingMode", "PAY_PER_REQUEST", ""),
    ("on_demand_table", "billingMode", None, "provisioned-table-is-scaled"),
    ("read_target", "resourceId", "table/other", "provisioned-table-is-scaled"),
    ("write_target", "scalableDimension", "dynamodb:index:WriteCapacityUnits", "provisioned-table-is-scaled"),
    ("read_policy", "resourceId", "table/other", "provisioned-table-is-scaled"),
    ("write_policy", "scalableDimension", "dynamodb:index:WriteCapacityUnits", "provisioned-table-is-scaled"),
]
COMPUTE: list[Row] = [
    ("ai_budget_function", "architectures", None, "function-runs-on-arm"),
    ("ai_budget_function", "architectures", ["x86_64"], "function-runs-on-arm"),
    ("ai_budget_function", "memorySize", 3009, "function-memory-is-limited"),
    ("ai_budget_function", "memorySize", 3008, ""),
    ("ai_budget_function", "name", "other", "function-has-a-log-group"),
    ("ai_budget_function", "loggingConfig", {"logGroup": "shared"}, ""),
    ("function_log_group", "name", "/aws/lambda/other", "function-has-a-log-group"),
    ("machine", "instanceType", "t2.micro", "previous-generation-instance"),
    ("launch_template", "instanceType", "m4.large", "previous-generation-instance"),
    ("node_group", "instanceTypes.1", "c4.large", "previous-generation-instance"),
    ("cache", "nodeType", "cache.m4.large", "previous-generation-instance"),
    ("document_database", "instanceClass", "db.r4.large", "previous-generation-instance"),
]
NETWORK: list[Row] = [
    ("nat_gateway", "allocationId", "eipalloc-2", "unassociated-address"),
    ("interface_endpoint", "serviceName", _S3, _ENDPOINT),
    ("interface_endpoint", "serviceName", "com.amazonaws.us-east-1.dynamodb", _ENDPOINT),
    ("interface_endpoint", "serviceName", "com.amazonaws.us-east-1.s3-global.accesspoint", ""),
    ("gateway_endpoint", "serviceName", "com.amazonaws.us-east-1.dynamodb", _NO_ENDPOINT),
    ("gateway_endpoint", "vpcEndpointType", "Interface", f"{_ENDPOINT} {_NO_ENDPOINT}"),
    ("private_nat_gateway", "connectivityType", "public", "nat-gateways-in-prod"),
    ("private_nat_gateway", "connectivityType", None, "nat-gateways-in-prod"),
    ("distribution", "priceClass", None, "distribution-in-all-locations"),
    ("distribution", "priceClass", "PriceClass_All", "distribution-in-all-locations"),
    ("distribution", "priceClass", "PriceClass_200", ""),
]
SUPPORT: list[Row] = [
    ("eks_cluster", "version", "1.30", "version-in-extended-support"),
    ("eks_cluster", "version", None, ""),
    ("database", "engineVersion", "13.20", "version-in-extended-support"),
    ("database", "engineVersion", "17.6", ""),
    ("cluster", "engineVersion", "12.9", "version-in-extended-support"),
    ("cache", "engineVersion", "5.0.6", "version-in-extended-support"),
    ("cache", "engine", "memcached", ""),
]
COSTS = [*STORAGE, *COMPUTE, *NETWORK, *SUPPORT]
# The policies that only advise.
ADVISORY = {
    "gp2-volume",
    "provisioned-iops-volume",
    "unattached-volume",
    "provisioned-table-is-scaled",
    "aurora-storage-fits-the-io",
    "function-runs-on-arm",
    "function-memory-is-limited",
    "function-has-a-log-group",
    "previous-generation-instance",
    "unassociated-address",
    _ENDPOINT,
    _NO_ENDPOINT,
    "nat-gateways-in-prod",
    "distribution-in-all-locations",
    "version-in-extended-support",
}
