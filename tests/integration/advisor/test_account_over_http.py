"""The command of the guide on an AWS account that it reaches over HTTP, with AWS_ENDPOINT_URL."""

import csv
import os
import subprocess
from contextlib import closing
from pathlib import Path

import boto3

from teei_finops.sandbox.providers.aws.account import FakeAccount
from teei_finops.sandbox.providers.aws.endpoint import aws_endpoint

SCRIPT = Path(__file__).parents[3] / "scripts" / "finops" / "cost-recommendations.sh"
REGION = "eu-central-1"


def test_the_command_reads_the_account_at_the_endpoint_of_the_environment(tmp_path):
    with closing(FakeAccount(None)) as account, aws_endpoint(account) as url:
        session = boto3.Session("testing", "testing", region_name=REGION)
        ec2 = session.client("ec2", endpoint_url=url)
        tags = [{"ResourceType": "volume", "Tags": [{"Key": "team", "Value": "data"}]}]
        volume = ec2.create_volume(
            AvailabilityZone=f"{REGION}a", Size=100, VolumeType="gp3", TagSpecifications=tags
        )["VolumeId"]
        session.client("s3", endpoint_url=url).create_bucket(
            Bucket="plain", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        done = subprocess.run(
            [SCRIPT, "--format=csv", "--output", tmp_path], capture_output=True, text=True, check=False,
            env={
                "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_DEFAULT_REGION": REGION,
            },
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with Path(done.stdout.strip()).open(newline="") as report:
        rows = {row["rule"]: row for row in csv.DictReader(report)}
    found = rows["unattached-volume"]
    assert found["resource"].endswith(f":volume/{volume}")
    # 100 GiB of gp3 at $0.0952 in eu-central-1
    assert (found["monthly_saving_list_usd"], found["owner"]) == ("9.52", "data")
    assert rows["bucket-has-a-lifecycle"]["resource"] == "arn:aws:s3:::plain"
    assert not [line for line in done.stderr.splitlines() if "was not evaluated" in line]
