"""CodeBuild and CodePipeline."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import ZERO, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext

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
def build_project(ctx: EstimationContext) -> None:
    """Minutes at the rate of its compute type (`BUILD_GENERAL1_SMALL` on Linux is `linux-general1.small`)."""
    compute = ctx.text("environment.computeType")
    system = ctx.text("environment.type")
    size = compute.rpartition("1_")[2].lower().replace("_", "")
    kind = SYSTEMS.get(system, system.lower())
    if compute.startswith("BUILD_LAMBDA"):
        kind, size = "lambda", compute.removeprefix("BUILD_LAMBDA_").lower()
    minutes = ctx.usage("monthly_build_minutes", *MINUTES)
    ctx.charge(f"Build minutes, {kind}.{size}", "CodeBuild", "build", f"{kind}.{size}", minutes)


@estimates("aws:codepipeline/pipeline:Pipeline")
def pipeline(ctx: EstimationContext) -> None:
    """V1: a month in which a change ran through it. V2: action minutes. V1 is the provider's default."""
    if ctx.text("pipelineType", "V1") == "V1":
        active = Range(ZERO, Decimal(1), Decimal(1), assumed=True)
        ctx.charge("Active pipeline", "AWSCodePipeline", "v1", "active-pipeline", active)
        return
    minutes = ctx.usage("monthly_action_minutes", *MINUTES)
    ctx.charge("Action minutes", "AWSCodePipeline", "v2", "action-execution", minutes)
