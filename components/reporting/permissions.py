"""What the functions of the reports may do at AWS."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from components.ai_budget.service_config import sender_identities
from components.lambda_functions.roles import Statement, allow
from components.settings import Settings
from components.storage_retention import Bucket

# The advisor's rules by id, each with the read-only actions that it needs.
RULES = Path(__file__).parents[2] / "functions" / "advisor" / "rules.toml"


def account_statements() -> list[Statement]:
    """What the rules of the advisor read. They look at every resource of the account."""
    rules: Mapping[str, Any] = tomllib.loads(RULES.read_text(encoding="utf-8"))
    return [
        allow(sorted({action for rule in rules.values() for action in rule.get("permissions", ())}), ["*"])
    ]


def delivery_statements(settings: Settings, bucket: Bucket, sender: str) -> list[Statement]:
    """The objects of the report bucket, and mail from one sender."""
    return [
        allow(["s3:ListBucket"], [bucket.arn]),
        allow(["s3:GetObject", "s3:PutObject"], [pulumi.Output.concat(bucket.arn, "/*")]),
        allow(["ses:SendEmail"], sender_identities(settings, sender)),
    ]
