"""The configuration of one AWS provider of a program."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from teei_finops.sandbox.providers.aws.identifiers import ACCOUNT


@dataclass(frozen=True)
class Settings:
    """Its Region, account and default tags, and the version of the SDK that uses it, where that is known."""

    region: str = "us-east-1"
    account: str = ACCOUNT
    default_tags: Mapping[str, str] = field(default_factory=dict)
    sdk_version: str | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, Any], fallback_region: str) -> "Settings":
        """From the provider's arguments, in which nested values are JSON texts."""
        accounts = _parsed(config.get("allowedAccountIds")) or []
        tags = _parsed(config.get("defaultTags")) or {}
        region = config.get("region")
        return cls(
            region=region if isinstance(region, str) and region else fallback_region,
            account=str(accounts[0]) if accounts and isinstance(accounts, list) else ACCOUNT,
            default_tags={key: value for key, value in (tags.get("tags") or {}).items() if value is not None}
            if isinstance(tags, dict)
            else {},
            sdk_version=config.get("version"),
        )


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value
