"""What the configuration file of the AI budget service is made of: the settings of the stack."""

import json
from decimal import Decimal

from components.settings import Settings

PORT = 3010
HOST = "ai-budget"  # the host of the guide's curl examples, in the namespace of the services


def service_config(settings: Settings) -> str:
    """The configuration file of the service (TOML): budget of a new tenant, e-mail addresses, callers."""
    tenant, mail = settings.ai_budget, settings.ai_budget_service.mail
    return "\n".join(
        [
            f"default_model = {json.dumps(tenant.model)}",
            f"default_monthly_limit_usd = {_plain(tenant.default_limit)}",
            *([f"https_url = {json.dumps(address)}"] if (address := https_url(settings)) else []),
            "[notifications]",
            f"sender = {json.dumps(mail.sender)}",
            f"tenant_admin = {json.dumps(mail.tenant_admin)}",
            f"account_manager = {json.dumps(mail.account_manager)}",
            *(
                f"[[callers]]\nname = {json.dumps(caller.name)}\ntenants = {json.dumps(caller.tenants)}"
                for caller in settings.ai_budget_service.callers
            ),
            "",
        ]
    )


def https_url(settings: Settings) -> str | None:
    """The address of the HTTPS listener, None without one."""
    https = settings.ai_budget_service.https
    return f"https://{https.host}" if https else None


def sender_identities(settings: Settings, sender: str) -> list[str]:
    """The SES identities that may cover a sender: the address itself, or its domain."""
    prefix = f"arn:aws:ses:{settings.region}:{settings.account_id}:identity"
    return [f"{prefix}/{identity}" for identity in (sender, sender.partition("@")[2])]


def _plain(amount: Decimal) -> str:
    """The amount without an exponent, which TOML does not accept in every form."""
    return f"{amount:f}"
