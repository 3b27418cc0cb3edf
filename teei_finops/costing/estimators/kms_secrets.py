"""KMS keys, Secrets Manager secrets, Systems Manager parameters, certificates and their authorities."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import MONTH_DAYS, ZERO, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage

# A rotated key costs one more key month after each of its first two rotations; KMS pricing page, 2026-10.
ROTATIONS = Range(ZERO, ZERO, Decimal(2), assumed=True)
KEY_REQUESTS = (0, 100_000, 1_000_000)
API_REQUESTS = (0, 10_000, 100_000)
# Public certificates are valid for 198 days and renewed 45 days before they expire
# (https://aws.amazon.com/about-aws/whats-new/2026/02/aws-certificate-manager-updates-default/, 2026-02-18).
RENEWAL_DAYS = 198 - 45
# Usage key → line, price key; symmetric requests, which have an assumed range, are not among them.
OTHER_REQUESTS = {
    "monthly_asymmetric_requests": ("Asymmetric requests", "asymmetric-other"),
    "monthly_rsa2048_requests": ("RSA 2048 requests", "asymmetric-rsa2048"),
    "monthly_ecc_datakeypair_requests": ("ECC data-key-pair requests", "datakeypair-ecc"),
    "monthly_rsa_datakeypair_requests": ("RSA data-key-pair requests", "datakeypair-rsa"),
}


@estimates(
    "aws:kms/key:Key",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/externalKey:ExternalKey",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
)
def key(ctx: EstimationContext) -> None:
    """The key by the month, its rotations, and requests by key type."""
    ctx.charge("Customer managed key", "awskms", "keys", "customer-managed-key", ctx.months())
    if ctx.flag("enableKeyRotation"):
        ctx.charge("Rotated key material", "awskms", "keys", "customer-managed-key", ctx.months() * ROTATIONS)
        ctx.note("rotation adds a key month after the first and after the second rotation")
    spec = ctx.text("customerMasterKeySpec", "SYMMETRIC_DEFAULT")
    assumed = {
        "monthly_symmetric_requests": spec == "SYMMETRIC_DEFAULT" or spec.startswith("HMAC"),
        "monthly_rsa2048_requests": spec == "RSA_2048",
    }
    assumed["monthly_asymmetric_requests"] = not any(assumed.values())
    for usage_key, (what, price) in {
        "monthly_symmetric_requests": ("Symmetric requests", "symmetric"),
        **OTHER_REQUESTS,
    }.items():
        requests = ctx.from_usage(usage_key)
        if requests is None and assumed.get(usage_key):
            requests = ctx.usage(usage_key, *KEY_REQUESTS)
        if requests is not None:
            allowance = "requests" if price == "symmetric" else None
            ctx.charge(what, "awskms", "requests", price, requests, allowance=allowance)


@estimates("aws:secretsmanager/secret:Secret")
def secret(ctx: EstimationContext) -> None:
    """The secret, and each replica in its own Region."""
    ctx.charge("Secret", "AWSSecretsManager", "secrets", "secret", ctx.months())
    for replica in ctx.items("replicas"):
        region = replica.text("region")
        ctx.charge(
            f"Replica in {region}", "AWSSecretsManager", "secrets", "secret", ctx.months(), region=region
        )
    requests = ctx.usage("monthly_api_requests", *API_REQUESTS)
    ctx.charge("API requests", "AWSSecretsManager", "secrets", "api-requests", requests)


@estimates("aws:ssm/parameter:Parameter")
def parameter(ctx: EstimationContext) -> None:
    """An advanced parameter by the month; requests, advanced or at higher throughput, from usage."""
    tier = ctx.text("tier", "Standard")
    advanced = {"Advanced": Range.of(1), "Intelligent-Tiering": Range(ZERO, ZERO, Decimal(1), assumed=True)}
    if tier == "Intelligent-Tiering":
        ctx.note("becomes an advanced parameter only when its size or policies require it")
    ctx.charge(
        "Advanced parameter",
        "AWSSystemsManager",
        "parameter-store",
        "advanced-parameter",
        ctx.months() * advanced.get(tier, Range.of(0)),
    )
    charge_from_usage(
        ctx,
        "monthly_api_requests",
        "API requests",
        "AWSSystemsManager",
        "parameter-store",
        "api-higher-throughput",
    )


@estimates("aws:acmpca/certificateAuthority:CertificateAuthority")
def certificate_authority(ctx: EstimationContext) -> None:
    """The authority by the month and mode, prorated by its hours, and certificates."""
    short = ctx.text("usageMode", "GENERAL_PURPOSE") == "SHORT_LIVED_CERTIFICATE"
    mode = "short-lived" if short else "general-purpose"
    service = "AWSCertificateManager"
    ctx.charge(f"Private CA, {mode}", service, "private-ca", mode, ctx.months())
    certificates = ctx.usage("monthly_certificates", 0, 10, 100)
    ctx.charge(f"Certificates, {mode}", service, "private-certificate", mode, certificates)


@estimates("aws:acm/certificate:Certificate")
def certificate(ctx: EstimationContext) -> None:
    """Free, except public certificates that may be exported: by domain name, at issue and at each renewal."""
    if ctx.text("options.export", "DISABLED") != "ENABLED":
        return
    names = {ctx.text("domainName"), *ctx.texts("subjectAlternativeNames")}
    ctx.note(f"billed when it is issued and renewed, every {RENEWAL_DAYS} days: the mean of a month")
    for key, count in (
        ("fqdn", sum(not name.startswith("*.") for name in names)),
        ("wildcard", sum(name.startswith("*.") for name in names)),
    ):
        service = "AWSCertificateManager"
        share = count * MONTH_DAYS / RENEWAL_DAYS
        ctx.charge(f"Exportable certificate, {key}", service, "exportable-certificate", key, share)
