"""A stream into a bucket, with a catalog and a search domain."""

import pulumi_aws as aws

lifecycle = {"enabled": True, "expiration": {"days": 365}, "abort_incomplete_multipart_upload_days": 7}
lake = aws.s3.Bucket("lake", lifecycle_rules=[lifecycle])
stream = aws.kinesis.Stream("events", shard_count=2, retention_period=24)
aws.kinesis.FirehoseDeliveryStream(
    "events",
    destination="extended_s3",
    kinesis_source_configuration={"kinesis_stream_arn": stream.arn, "role_arn": "arn:aws:iam::1:role/f"},
    extended_s3_configuration={"bucket_arn": lake.arn, "role_arn": "arn:aws:iam::1:role/f"},
)
catalog = aws.glue.CatalogDatabase("events")
aws.athena.Workgroup("analysts", configuration={"enforce_workgroup_configuration": True})
aws.opensearch.Domain(
    "search",
    engine_version="OpenSearch_2.19",
    cluster_config={"instance_type": "r7g.large.search", "instance_count": 2},
    ebs_options={"ebs_enabled": True, "volume_size": 100, "volume_type": "gp3"},
)
