"""Amazon Cognito: user pools, and app clients of machines."""

from __future__ import annotations

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage

SERVICE = "AmazonCognito"


@estimates("aws:cognito/userPool:UserPool")
def user_pool(ctx: EstimationContext) -> None:
    """Monthly active users by feature plan; a new pool is on Essentials (Cognito guide, 2024-11)."""
    tier = ctx.text("userPoolTier", "ESSENTIALS").lower()
    users = ctx.usage("monthly_active_users", 100, 1_000, 10_000)
    allowance = "mau-lite-and-essentials" if tier in ("lite", "essentials") else None
    ctx.charge(
        f"Monthly active users, {tier}", SERVICE, f"user-pool-{tier}", "mau", users, allowance=allowance
    )
    if tier == "lite" and ctx.text("userPoolAddOns.advancedSecurityMode", "OFF") != "OFF":
        ctx.charge("Advanced security", SERVICE, "advanced-security", "mau", users)
    charge_from_usage(
        ctx,
        "monthly_federated_users",
        "Monthly active users of SAML and OIDC providers",
        SERVICE,
        "user-pool",
        "saml-oidc-mau",
    )


@estimates(
    "aws:cognito/userPoolClient:UserPoolClient",
    "aws:cognito/managedUserPoolClient:ManagedUserPoolClient",
)
def app_client(ctx: EstimationContext) -> None:
    """Token requests of a client that may use client credentials; the client itself is free since 2025-11-03
    (https://aws.amazon.com/about-aws/whats-new/2025/11/amazon-cognito-removes-machine-machine-app-client-price-dimension/).
    """
    if "client_credentials" not in ctx.texts("allowedOauthFlows"):
        return
    tokens = ctx.usage("monthly_token_requests", 0, 10_000, 100_000)
    ctx.charge("Token requests", SERVICE, "m2m", "tokens", tokens)
