"""What `plan`, `apply` and `verify` do and print."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from retention.deployment import PULUMI, SANDBOX, backend
from retention.economics import TransitionCost, transition_costs
from retention.errors import RetentionError
from retention.metrics import write_metrics
from retention.object_sizes import ObjectSize, object_sizes
from retention.output import document, lines, summary
from retention.stack import DEFAULT_STACK, Stack, read_stack
from retention.stores.aws import Aws
from retention.stores.clickhouse import Server
from retention.verification import Sources, verify
from teei_finops.costing.prices.price_book import list_prices


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Runs the command of the options; returns its exit code. Raises RetentionError."""
    name = options.stack or environment.get("PULUMI_STACK") or DEFAULT_STACK
    stack = read_stack(options.directory.resolve(), name)
    if options.command == "verify":
        return _verify(options, environment, stack)
    return _deploy(options, stack)


def _deploy(options: argparse.Namespace, stack: Stack) -> int:
    chosen = backend(options.backend, stack.directory)
    place = chosen.description()
    print(f"{options.command}: stack {stack.name} {place}", file=sys.stderr, flush=True)
    settings = stack.settings
    reads_aws = chosen.name == PULUMI and not options.no_aws
    account = Aws(settings.account_id, settings.region) if reads_aws else None
    given = dict(options.object_kb)
    sizes = dict(object_sizes(stack.buckets, given, account, datetime.now(UTC)))
    book = list_prices()
    costs = [
        (cost, sizes[key])
        for key, bucket in stack.buckets.items()
        for cost in transition_costs(key, bucket, settings.region, sizes[key].kb, book)
    ]
    refused = any(cost.loses for cost, _ in costs)
    if not options.json:
        for cost, size in costs:
            if cost.loses or options.command == "plan":
                print(_transition_line(cost, size), flush=True)
    changes: list[dict[str, Any]] = []
    if not refused and options.command == "plan":
        changes = chosen.plan(stack.name, as_json=options.json)
    elif not refused:
        changes = chosen.apply(stack.name, yes=options.yes, as_json=options.json)
    if options.json:
        result = {
            "stack": stack.name,
            "backend": chosen.name,
            "transitions": [_transition(cost, size) for cost, size in costs],
            "applied": options.command == "apply" and not refused,
            "changes": changes,
        }
        print(json.dumps(result, indent=2, default=str))  # amounts as text stay exact
    if refused:
        print(
            f"{options.command}: refused: a transition costs more than it saves; remove it", file=sys.stderr
        )
    return 1 if refused else 0


def _transition_line(cost: TransitionCost, size: ObjectSize) -> str:
    verdict = "costs more than it saves" if cost.loses else "saves"
    if cost.moves_nothing:
        verdict = "moves nothing"
    return f"{cost.setting} ({cost.storage_class}) {verdict}: {cost.arithmetic} (size {size.origin})"


def _transition(cost: TransitionCost, size: ObjectSize) -> dict[str, Any]:
    return {
        **asdict(cost),
        "saving": cost.saving,
        "size_origin": size.origin,
        "refused": cost.loses,
        "arithmetic": cost.arithmetic,
    }


def _verify(options: argparse.Namespace, environment: Mapping[str, str], stack: Stack) -> int:
    def source(option: str, variable: str) -> str | None:
        return getattr(options, option) or environment.get(variable) or None

    clickhouse_url = source("clickhouse_url", "CLICKHOUSE_URL")
    user, password = (environment.get(f"CLICKHOUSE_{name}", "") for name in ("USER", "PASSWORD"))
    with _account(options, stack) as aws:
        sources = Sources(
            aws=aws,
            loki_url=source("loki_url", "LOKI_URL"),
            clickhouse=Server(clickhouse_url, user, password) if clickhouse_url else None,
            database_url=source("database_url", "DATABASE_URL"),
        )
        verification = verify(stack, sources, datetime.now(UTC))
    if options.metrics_file:
        write_metrics(verification, options.metrics_file)
    if options.json:
        print(json.dumps(document(verification), indent=2))
    else:
        for line in lines(verification):
            print(line)
    for error in verification.errors.values():
        print(f"verify: {error}", file=sys.stderr)
    print(summary(verification), file=sys.stderr)
    return verification.exit_code


@contextmanager
def _account(options: argparse.Namespace, stack: Stack) -> Iterator[Callable[[], Aws] | None]:
    """What opens the account to read; None with --no-aws. Raises RetentionError for an unknown project."""
    settings = stack.settings
    if options.no_aws:
        yield None
    elif options.backend != SANDBOX:
        yield lambda: Aws(settings.account_id, settings.region)
    else:
        from teei_finops.sandbox.errors import SandboxError
        from teei_finops.sandbox.providers.attached import account_of
        from teei_finops.sandbox.stacks import Project
        from teei_finops.sandbox.workspace import Workspace

        try:
            project = Project.at(stack.directory)
            account = account_of(
                Workspace.at(stack.directory, stack.directory / "build"), project, stack.name
            )
        except SandboxError as error:
            raise RetentionError(str(error)) from None
        try:
            with account.session(settings.region) as session:
                yield lambda: Aws(settings.account_id, settings.region, session)
        finally:
            account.close()
