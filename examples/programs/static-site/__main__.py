"""A site with a certificate and a DNS record, which use lists that AWS fills in."""

import pulumi
import pulumi_aws as aws

zone = aws.route53.get_zone(name="example.com")
lifecycle = {
    "enabled": True,
    "noncurrent_version_expiration": {"days": 30},
    "abort_incomplete_multipart_upload_days": 7,
}
bucket = aws.s3.Bucket("site", versioning={"enabled": True}, lifecycle_rules=[lifecycle])
virginia = aws.Provider("virginia", region="us-east-1")
certificate = aws.acm.Certificate(
    "site",
    domain_name="www.example.com",
    validation_method="DNS",
    opts=pulumi.ResourceOptions(provider=virginia),
)
option = certificate.domain_validation_options[0]
record = aws.route53.Record(
    "validation",
    zone_id=zone.zone_id,
    name=option.resource_record_name,
    type=option.resource_record_type,
    records=[option.resource_record_value],
    ttl=60,
)
distribution = aws.cloudfront.Distribution(
    "site",
    enabled=True,
    price_class="PriceClass_100",
    origins=[{"origin_id": "site", "domain_name": bucket.bucket_regional_domain_name}],
    default_cache_behavior={
        "target_origin_id": "site",
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
    },
    restrictions={"geo_restriction": {"restriction_type": "none"}},
    viewer_certificate={"acm_certificate_arn": certificate.arn, "ssl_support_method": "sni-only"},
)
aws.route53.Record(
    "www",
    zone_id=zone.zone_id,
    name="www",
    type="A",
    aliases=[
        {
            "name": distribution.domain_name,
            "zone_id": distribution.hosted_zone_id,
            "evaluate_target_health": False,
        }
    ],
)
