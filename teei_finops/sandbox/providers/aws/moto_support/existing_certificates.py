"""ACM certificates outside the stack, created in moto when the stack refers to them."""

from unittest.mock import patch

from teei_finops.sandbox.providers.aws.api import Clients


def ensure_certificate(aws: Clients, arn: str) -> None:
    """Create a certificate with this ARN unless it exists. One of another Region is left to be rejected."""
    if f":acm:{aws.region}:{aws.account}:" not in arn:
        return
    not_found = ["ResourceNotFoundException"]
    if aws.call_if_exists("acm", "DescribeCertificate", not_found=not_found, CertificateArn=arn) is None:
        with patch("moto.acm.models.make_arn_for_certificate", return_value=arn):
            aws.call("acm", "RequestCertificate", DomainName="exists-outside-the-stack.example")
