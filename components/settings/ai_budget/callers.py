"""Who may call the AI budget service, and the HTTPS address under which administrators do."""

from typing import Annotated

from pydantic import Field

from components.settings.types import HostName, Name, Section, Unique, text

TenantPattern = Annotated[
    str,
    text(
        "a tenant, a prefix that ends in *, or * for all tenants",
        r"\*|[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}\*?",
        '"acme-*"',
    ),
]


class Caller(Section):
    """A service that may call the AI budget API, with a token of its own."""

    name: Name
    """The name of the caller and, after `<ai_budget_service.name>/callers/`, of the secret with its token."""
    tenants: Annotated[tuple[TenantPattern, ...], Unique, Field(min_length=1)]
    """The tenants that it may check, track and read."""


class Https(Section):
    """The HTTPS listener of the load balancer, on port 443."""

    certificate_arn: Annotated[
        str,
        text(
            "the ARN of an ACM certificate",
            r"arn:aws:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}",
            "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-4e5f-6001-0a1b-2c3d4e5f6001",
        ),
    ]
    """A certificate for `host`, in the stack's account and region; a public or a private CA may issue it."""
    host: HostName
    """A name that resolves to the load balancer: a record that the owner of the DNS zone creates."""
