"""CodeBuild and CodePipeline."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import ZERO, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject

MINUTES = (0, 100, 1_000)
SYSTEMS = {
    "LINUX_CONTAINER": "linux-general1",
    "LINUX_GPU_CONTAINER": "linux-gpu1",
    "ARM_CONTAINER": "arm1",
    "WINDOWS_CONTAINER": "windows-general1",
    "WINDOWS_SERVER_2019_CONTAINER": "windows-general1",
    "WINDOWS_SERVER_2022_CONTAINER": "windows-general1",
}


@estimates("aws:codebuild/project:Project")
def build_project(r: Subject) -> None:
    """Minutes at the rate of its compute type (`BUILD_GENERAL1_SMALL` on Linux is `linux-general1.small`)."""
    compute = r.text("environment.computeType")
    system = r.text("environment.type")
    size = compute.rpartition("1_")[2].lower().replace("_", "")
    kind = SYSTEMS.get(system, system.lower())
    if compute.startswith("BUILD_LAMBDA"):
        kind, size = "lambda", compute.removeprefix("BUILD_LAMBDA_").lower()
    minutes = r.usage("monthly_build_minutes", *MINUTES)
    r.charge(f"Build minutes, {kind}.{size}", "CodeBuild", "build", f"{kind}.{size}", minutes)


@estimates("aws:codepipeline/pipeline:Pipeline")
def pipeline(r: Subject) -> None:
    """V1: a month in which a change ran through it. V2: action minutes. V1 is the provider's default."""
    if r.text("pipelineType", "V1") == "V1":
        active = Range(ZERO, Decimal(1), Decimal(1), assumed=True)
        r.charge("Active pipeline", "AWSCodePipeline", "v1", "active-pipeline", active)
        return
    minutes = r.usage("monthly_action_minutes", *MINUTES)
    r.charge("Action minutes", "AWSCodePipeline", "v2", "action-execution", minutes)
