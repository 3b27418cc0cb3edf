# ruff: noqa: ARG002 every handler method takes the same arguments
"""SES email and domain identities."""

from teei_finops.sandbox.providers.aws.api import AwsError, Clients, tag_list
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles


@handles("aws:ses/emailIdentity:EmailIdentity")
class EmailIdentity(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        if "@" not in inputs["email"]:
            raise AwsError(f"InvalidParameterValue: Invalid email address {inputs['email']}")
        aws.call("ses", "VerifyEmailIdentity", EmailAddress=inputs["email"])
        return ResourceState(
            id=inputs["email"],
            outputs={"arn": f"arn:aws:ses:{aws.region}:{aws.account}:identity/{inputs['email']}"},
        )

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call("ses", "DeleteIdentity", Identity=resource_id)


@handles("aws:ses/domainIdentity:DomainIdentity")
class DomainIdentity(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        token = aws.call("ses", "VerifyDomainIdentity", Domain=inputs["domain"])["VerificationToken"]
        arn = f"arn:aws:ses:{aws.region}:{aws.account}:identity/{inputs['domain']}"
        return ResourceState(id=inputs["domain"], outputs={"arn": arn, "verificationToken": token})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call("ses", "DeleteIdentity", Identity=resource_id)


@handles("aws:sesv2/emailIdentity:EmailIdentity")
class EmailIdentityV2(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        name = inputs["emailIdentity"]
        created = aws.call(
            "sesv2", "CreateEmailIdentity", EmailIdentity=name, Tags=tag_list(inputs.get("tags")) or None
        )
        arn = f"arn:aws:ses:{aws.region}:{aws.account}:identity/{name}"
        return ResourceState(
            id=name, outputs={"arn": arn, "identityType": created.get("IdentityType", "DOMAIN")}
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "sesv2", "DeleteEmailIdentity", not_found=["NotFoundException"], EmailIdentity=resource_id
        )
