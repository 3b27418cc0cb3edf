# ruff: noqa: ARG002 every maker is called in the same way
"""SES identities."""

from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    makes,
    tag_list,
)


@makes("aws:ses/emailIdentity:EmailIdentity")
class EmailIdentity(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        if "@" not in inputs["email"]:
            raise RefusedError(f"InvalidParameterValue: Invalid email address {inputs['email']}")
        aws.call("ses", "VerifyEmailIdentity", EmailAddress=inputs["email"])
        return Made(
            id=inputs["email"],
            outputs={"arn": f"arn:aws:ses:{aws.region}:{aws.account}:identity/{inputs['email']}"},
        )

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.call("ses", "DeleteIdentity", Identity=resource_id)


@makes("aws:ses/domainIdentity:DomainIdentity")
class DomainIdentity(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        token = aws.call("ses", "VerifyDomainIdentity", Domain=inputs["domain"])["VerificationToken"]
        arn = f"arn:aws:ses:{aws.region}:{aws.account}:identity/{inputs['domain']}"
        return Made(id=inputs["domain"], outputs={"arn": arn, "verificationToken": token})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.call("ses", "DeleteIdentity", Identity=resource_id)


@makes("aws:sesv2/emailIdentity:EmailIdentity")
class IdentityV2(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        name = inputs["emailIdentity"]
        created = aws.call(
            "sesv2", "CreateEmailIdentity", EmailIdentity=name, Tags=tag_list(inputs.get("tags")) or None
        )
        arn = f"arn:aws:ses:{aws.region}:{aws.account}:identity/{name}"
        return Made(id=name, outputs={"arn": arn, "identityType": created.get("IdentityType", "DOMAIN")})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("sesv2", "DeleteEmailIdentity", absent=["NotFoundException"], EmailIdentity=resource_id)
