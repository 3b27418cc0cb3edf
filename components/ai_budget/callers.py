"""The secrets with the tokens of the services that call the AI budget API."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.settings import Settings
from components.tags import CostTags

RECOVERY_DAYS = 30  # the default of Secrets Manager


@dataclass(frozen=True)
class CallerSecretsArgs:
    settings: Settings
    tags: CostTags


class CallerSecrets(pulumi.ComponentResource):
    """One secret for each caller, created without a value.

    The migration function puts a random token into it, so that no token is in the state of the stack, in a
    log or in an output. `arns` has the secrets by the names of their callers.
    """

    prefix: str
    arns: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: CallerSecretsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:ai_budget:CallerSecrets", name, None, opts)
        service = args.settings.ai_budget_service
        self.prefix = f"{service.name}/callers/"
        self.arns = {
            caller.name: aws.secretsmanager.Secret(
                f"{name}-{caller.name}",
                name=f"{self.prefix}{caller.name}",
                description=f"Token of {caller.name} for the AI budget API",
                recovery_window_in_days=recovery_window_days(args.settings),
                tags=args.tags.as_tags(),
                opts=pulumi.ResourceOptions(parent=self),
            ).arn
            for caller in service.callers
        }
        self.register_outputs({"arns": dict(self.arns)})


def recovery_window_days(settings: Settings) -> int:
    """How long a deleted secret can be restored; outside prod not at all, since its name stays in use."""
    return RECOVERY_DAYS if settings.environment == "prod" else 0
