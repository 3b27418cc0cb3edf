"""Keys, secrets, parameters and private certificate authorities."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    US,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
)

AUTHORITY = "aws:acmpca/certificateAuthority:CertificateAuthority"
KEY = "aws:kms/key:Key"
PARAMETER = "aws:ssm/parameter:Parameter"
SECRET = "aws:secretsmanager/secret:Secret"


@pytest.mark.parametrize("token", [KEY, "aws:kms/replicaKey:ReplicaKey"])
def test_a_key_bills_its_month_and_requests_of_each_kind(token):
    usage = {
        "monthly_hours": 365,
        "monthly_symmetric_requests": 500_000,
        "monthly_asymmetric_requests": 10_000,
        "monthly_rsa2048_requests": 20_000,
        "monthly_ecc_datakeypair_requests": 30_000,
        "monthly_rsa_datakeypair_requests": 1_000,
    }
    assert amounts_by_name(estimate_of(token, {}, usage=usage)) == {
        "Customer managed key": D("0.5") * price("awskms", "keys", "customer-managed-key"),
        "Symmetric requests": 50 * price("awskms", "requests", "symmetric"),
        "Asymmetric requests": price("awskms", "requests", "asymmetric-other"),
        "RSA 2048 requests": 2 * price("awskms", "requests", "asymmetric-rsa2048"),
        "ECC data-key-pair requests": 3 * price("awskms", "requests", "datakeypair-ecc"),
        "RSA data-key-pair requests": D("0.1") * price("awskms", "requests", "datakeypair-rsa"),
    }


def test_rotation_raises_only_the_high_end():
    usage = {"monthly_symmetric_requests": 0}
    key = price("awskms", "keys", "customer-managed-key")
    it = estimate_of(KEY, {"enableKeyRotation": True}, usage=usage)
    assert (it.after.low, it.after.expected, it.after.high) == (key, key, 3 * key)
    still = estimate_of(KEY, {"enableKeyRotation": False}, usage=usage)
    assert still.after.high == key
    assert not still.after.assumed


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("SYMMETRIC_DEFAULT", "Symmetric requests"),
        ("RSA_2048", "RSA 2048 requests"),
        ("ECC_NIST_P256", "Asymmetric requests"),
    ],
)
def test_the_key_spec_decides_which_requests_are_assumed(spec, line):
    assert set(amounts_by_name(estimate_of(KEY, {"customerMasterKeySpec": spec}))) == {
        "Customer managed key",
        line,
    }


def test_key_requests_have_a_free_allowance():
    it = estimate_of(
        KEY, {}, usage={"monthly_hours": 0, "monthly_symmetric_requests": 30_000}, free_tier=True
    )
    assert dollars(it) == price("awskms", "requests", "symmetric")


def test_a_secret_bills_replicas_in_their_own_region():
    inputs = {"replicas": [{"region": EU}, {"region": US}]}
    it = estimate_of(SECRET, inputs, usage={"monthly_hours": 365, "monthly_api_requests": 20_000})
    half = D("0.5") * price("AWSSecretsManager", "secrets", "secret")
    assert amounts_by_name(it) == {
        "Secret": half,
        "Replica in eu-central-1": D("0.5") * price("AWSSecretsManager", "secrets", "secret", EU),
        "Replica in us-east-1": half,
        "API requests": 2 * price("AWSSecretsManager", "secrets", "api-requests"),
    }


def test_a_secret_replicated_to_a_region_without_prices_is_unpriced():
    it = estimate_of(SECRET, {"replicas": [{"region": "us-gov-west-1"}]})
    assert it.reason == "no price in this region: AWSSecretsManager secrets secret in us-gov-west-1"


def test_only_an_advanced_parameter_costs_by_itself():
    month = price("AWSSystemsManager", "parameter-store", "advanced-parameter")
    assert dollars(estimate_of(PARAMETER, {"type": "String"})) == 0
    assert dollars(estimate_of(PARAMETER, {"type": "String", "tier": "Advanced"})) == month
    half = estimate_of(PARAMETER, {"tier": "Advanced"}, usage={"monthly_hours": 365})
    assert dollars(half) == month / 2
    maybe = estimate_of(PARAMETER, {"tier": "Intelligent-Tiering"})
    assert (maybe.after.expected, maybe.after.high) == (0, month)
    assert maybe.after.assumed
    assert maybe.notes == ("becomes an advanced parameter only when its size or policies require it",)
    assert estimate_of(PARAMETER, {"tier": "Standard"}).notes == ()
    with_requests = estimate_of(PARAMETER, {}, usage={"monthly_api_requests": 1_000_000})
    assert dollars(with_requests) == 100 * price(
        "AWSSystemsManager", "parameter-store", "api-higher-throughput"
    )


def test_a_certificate_authority_bills_by_mode_and_certificate():
    ca = "AWSCertificateManager"
    general = estimate_of(AUTHORITY, {}, usage={"monthly_certificates": 1_500})
    assert dollars(general) == (
        price(ca, "private-ca", "general-purpose")
        + 1_000 * price(ca, "private-certificate", "general-purpose")
        + 500 * price(ca, "private-certificate", "general-purpose", tier=1_000)
    )
    short = estimate_of(
        AUTHORITY,
        {"usageMode": "SHORT_LIVED_CERTIFICATE"},
        usage={"monthly_hours": 73, "monthly_certificates": 10},
    )
    assert dollars(short) == D("0.1") * price(ca, "private-ca", "short-lived") + 10 * price(
        ca, "private-certificate", "short-lived"
    )
    assert estimate_of(AUTHORITY, {}, region=EU).reason.startswith(
        "no price in this region: AWSCertificateManager"
    )
