"""Calls of boto3 in the program, which reach the fake account."""

import boto3
import pulumi
import pulumi_aws as aws

account = boto3.client("sts").get_caller_identity()["Account"]
zones = boto3.client("ec2", region_name="us-east-1").describe_availability_zones()["AvailabilityZones"]
for zone in zones[:2]:
    aws.ebs.Volume(f"scratch-{zone['ZoneName']}", availability_zone=zone["ZoneName"], size=100, type="gp3")
pulumi.export("account", account)
