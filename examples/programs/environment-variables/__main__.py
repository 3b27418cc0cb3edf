"""Settings from environment variables, with defaults."""

import os

import pulumi_aws as aws

size = os.environ.get("CACHE_NODE_TYPE", "cache.t4g.micro")
region = os.environ["AWS_DEFAULT_REGION"]
aws.elasticache.Cluster(
    "sessions", engine="redis", node_type=size, num_cache_nodes=1, tags={"region": region}
)
