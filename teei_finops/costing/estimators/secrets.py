"""KMS keys, Secrets Manager secrets, Systems Manager parameters, private certificate authorities."""

from __future__ import annotations

from decimal import Decimal

from teei_finops.costing.amounts import ZERO, Range
from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.from_usage import charge_stated

# A rotated key costs one more key month after each of its first two rotations; KMS pricing page, 2026-10.
ROTATIONS = Range(ZERO, ZERO, Decimal(2), assumed=True)
KEY_REQUESTS = (0, 100_000, 1_000_000)
API_REQUESTS = (0, 10_000, 100_000)
# Usage key → line, price key. Symmetric requests are apart: only those have an assumed range.
OTHER_REQUESTS = {
    "monthly_asymmetric_requests": ("Asymmetric requests", "asymmetric-other"),
    "monthly_rsa2048_requests": ("RSA 2048 requests", "asymmetric-rsa2048"),
    "monthly_ecc_datakeypair_requests": ("ECC data-key-pair requests", "datakeypair-ecc"),
    "monthly_rsa_datakeypair_requests": ("RSA data-key-pair requests", "datakeypair-rsa"),
}


@estimates("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")
def key(r: Subject) -> None:
    """The key month, those of its rotations, and requests of the kind that the key takes."""
    r.charge("Customer managed key", "awskms", "keys", "customer-managed-key", r.months())
    if r.flag("enableKeyRotation"):
        r.charge("Rotated key material", "awskms", "keys", "customer-managed-key", r.months() * ROTATIONS)
        r.note("rotation adds a key month after the first and after the second rotation")
    spec = r.text("customerMasterKeySpec", "SYMMETRIC_DEFAULT")
    assumed = {
        "monthly_symmetric_requests": spec == "SYMMETRIC_DEFAULT" or spec.startswith("HMAC"),
        "monthly_rsa2048_requests": spec == "RSA_2048",
    }
    assumed["monthly_asymmetric_requests"] = not any(assumed.values())
    for usage_key, (what, price) in {
        "monthly_symmetric_requests": ("Symmetric requests", "symmetric"),
        **OTHER_REQUESTS,
    }.items():
        requests = r.stated(usage_key)
        if requests is None and assumed.get(usage_key):
            requests = r.usage(usage_key, *KEY_REQUESTS)
        if requests is not None:
            allowance = "requests" if price == "symmetric" else None
            r.charge(what, "awskms", "requests", price, requests, allowance=allowance)


@estimates("aws:secretsmanager/secret:Secret")
def secret(r: Subject) -> None:
    """The secret, and each replica in its own Region."""
    r.charge("Secret", "AWSSecretsManager", "secrets", "secret", r.months())
    for replica in r.items("replicas"):
        region = replica.text("region")
        r.charge(f"Replica in {region}", "AWSSecretsManager", "secrets", "secret", r.months(), region=region)
    requests = r.usage("monthly_api_requests", *API_REQUESTS)
    r.charge("API requests", "AWSSecretsManager", "secrets", "api-requests", requests)


@estimates("aws:ssm/parameter:Parameter")
def parameter(r: Subject) -> None:
    """An advanced parameter's month. Requests cost only advanced or at higher throughput: when stated."""
    tier = r.text("tier", "Standard")
    advanced = {"Advanced": Range.of(1), "Intelligent-Tiering": Range(ZERO, ZERO, Decimal(1), assumed=True)}
    if tier == "Intelligent-Tiering":
        r.note("becomes an advanced parameter only when it needs to")
    r.charge(
        "Advanced parameter",
        "AWSSystemsManager",
        "parameter-store",
        "advanced-parameter",
        r.months() * advanced.get(tier, Range.of(0)),
    )
    charge_stated(
        r,
        "monthly_api_requests",
        "API requests",
        "AWSSystemsManager",
        "parameter-store",
        "api-higher-throughput",
    )


@estimates("aws:acmpca/certificateAuthority:CertificateAuthority")
def certificate_authority(r: Subject) -> None:
    """The authority's month by mode (it scales with its hours), and certificates."""
    short = r.text("usageMode", "GENERAL_PURPOSE") == "SHORT_LIVED_CERTIFICATE"
    mode = "short-lived" if short else "general-purpose"
    service = "AWSCertificateManager"
    r.charge(f"Private CA, {mode}", service, "private-ca", mode, r.months())
    certificates = r.usage("monthly_certificates", 0, 10, 100)
    r.charge(f"Certificates, {mode}", service, "private-certificate", mode, certificates)
