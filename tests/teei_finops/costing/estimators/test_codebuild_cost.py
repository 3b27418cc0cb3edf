"""CodeBuild, CodePipeline and ECR."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
)

PIPELINE = "aws:codepipeline/pipeline:Pipeline"
PROJECT = "aws:codebuild/project:Project"
REPOSITORY = "aws:ecr/repository:Repository"


@pytest.mark.parametrize(
    ("system", "compute", "key"),
    [
        ("LINUX_CONTAINER", "BUILD_GENERAL1_SMALL", "linux-general1.small"),
        ("LINUX_CONTAINER", "BUILD_GENERAL1_LARGE", "linux-general1.large"),
        ("ARM_CONTAINER", "BUILD_GENERAL1_LARGE", "arm1.large"),
        ("WINDOWS_SERVER_2019_CONTAINER", "BUILD_GENERAL1_LARGE", "windows-general1.large"),
    ],
)
def test_a_project_bills_minutes_of_its_compute_type(system, compute, key):
    inputs = {"environment": {"type": system, "computeType": compute, "image": "x"}}
    it = estimate_of(PROJECT, inputs, region=EU, usage={"monthly_build_minutes": 600})
    assert amounts_by_name(it) == {f"Build minutes, {key}": 600 * price("CodeBuild", "build", key, EU)}


@pytest.mark.parametrize(
    ("system", "compute", "key"),
    [
        ("LINUX_CONTAINER", "BUILD_GENERAL1_2XLARGE", "linux-general1.2xlarge"),
        ("LINUX_GPU_CONTAINER", "BUILD_GENERAL1_SMALL", "linux-gpu1.small"),
        ("LINUX_LAMBDA_CONTAINER", "BUILD_LAMBDA_1GB", "lambda.1gb"),
    ],
)
def test_a_compute_type_without_a_price_is_unpriced_by_name(system, compute, key):
    it = estimate_of(PROJECT, {"environment": {"type": system, "computeType": compute}})
    assert it.reason == f"no price in this region: CodeBuild build {key} in us-east-1"


def test_a_pipeline_of_version_1_costs_only_in_a_month_with_a_change():
    month = price("AWSCodePipeline", "v1", "active-pipeline")
    it = estimate_of(PIPELINE, {})
    assert (it.after.low, it.after.expected, it.after.high) == (0, month, month)
    minutes = estimate_of(PIPELINE, {"pipelineType": "V2"}, usage={"monthly_action_minutes": 700})
    assert dollars(minutes) == 700 * price("AWSCodePipeline", "v2", "action-execution")


def test_a_repository_bills_storage_and_what_leaves_aws():
    usage = {"storage_gb": 80, "monthly_internet_egress_gb": 200}
    it = estimate_of(REPOSITORY, {"name": "shop"}, usage=usage, free_tier=True)
    assert dollars(it) == 80 * price("AmazonECR", "private", "storage") + 100 * price(
        "AWSDataTransfer", "internet-out", "data"
    )
    stored = estimate_of(REPOSITORY, {"name": "shop"}, usage={"storage_gb": D("1.5")})
    assert amounts_by_name(stored) == {"Image storage": D("1.5") * price("AmazonECR", "private", "storage")}
