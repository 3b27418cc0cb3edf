"""Providers without an SDK in this environment, beside random values and keys."""

import pulumi
import pulumi_aws as aws


class Resource(pulumi.CustomResource):
    result: pulumi.Output[str]


suffix = Resource(
    "random:index/randomString:RandomString", "suffix", {"length": 8, "special": False, "result": None}
)
Resource("tls:index/privateKey:PrivateKey", "key", {"algorithm": "ED25519"})
lifecycle = {"enabled": True, "expiration": {"days": 30}, "abort_incomplete_multipart_upload_days": 7}
name = suffix.result.apply(lambda text: f"uploads-{text.lower()}")
aws.s3.Bucket("uploads", bucket=name, lifecycle_rules=[lifecycle])
Resource("cloudflare:index/record:Record", "www", {"zoneId": "1", "name": "www", "type": "CNAME"})
Resource("github:index/repository:Repository", "shop", {"name": "shop"})
Resource("null:index/resource:Resource", "trigger", {"triggers": {"version": "1"}})
