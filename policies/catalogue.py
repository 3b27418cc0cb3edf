"""Generates docs/policies.md and the list of taggable types: `python -m policies.catalogue`."""

import argparse
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pulumi_policy import Policy, ResourceValidationPolicy

from policies import messages, pack
from policies import taggable_types as taggable
from policies.exemptions import LONGEST_DAYS, Exemptions
from policies.rules.exemption_policies import NEVER_EXEMPT
from teei_finops.policy_report import VARIABLE, ReportedRule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "policies.md"

_HEAD = f"""# Policies

Generated from the policy pack by `python -m policies.catalogue`; a test compares the two.

`make review`, `make preview` and `make up` run the pack, and so does the official CLI with
`pulumi preview --policy-pack policies`. A mandatory violation blocks the deployment; an advisory one is only
reported.

Policies have options, which you set in the file of `--policy-pack-config`, such as
`{{"log-group-has-retention": {{"enforcementLevel": "mandatory", "maximum_days": 365}}}}`. All have defaults.

The stack's config tells the pack the `environment` (production is `prod`), the names of the `budgets`, and
`database.backup_retention_days`.

A value that is unknown until deploy never causes a mandatory violation: the policy reports, as advisory, that
`{messages.UNDETERMINED.rstrip(":")}`, and lists them.

An exemption in `exemptions.yaml` exempts a resource, or all resources whose name matches a pattern, from one
policy for at most {LONGEST_DAYS} days; docs/configuration.md has an example. Exemptions in use are reported.

With the environment variable `{VARIABLE}` set to a path, the pack also writes a JSON
file with its findings, the exemptions in force and this list of policies. `make review` reads that file;
`teei_finops/policy_report.py` describes its format."""


def page() -> str:
    """The whole page."""
    policies, context = pack.build({}, date.min, lambda *_: Exemptions())
    entries = list(zip(policies, context.rules, strict=True))
    by_concern: dict[str, list[tuple[Policy, ReportedRule]]] = {}
    for policy, rule in entries:
        by_concern.setdefault((policy.tags or [""])[0], []).append((policy, rule))
    lines = [_HEAD, "", *_overview(entries)]
    for concern, group in by_concern.items():
        lines += ["", f"## {concern.capitalize()}"]
        for policy, rule in group:
            lines += _entry(policy, rule)
    return "\n".join(lines) + "\n"


def _overview(entries: list[tuple[Policy, ReportedRule]]) -> Iterator[str]:
    yield "| policy | severity | level | checks |"
    yield "|---|---|---|---|"
    for policy, rule in entries:
        cells = [f"[{rule.id}](#{rule.id})", rule.severity, rule.level, _scope(policy)]
        yield f"| {' | '.join(cells)} |"


def _entry(policy: Policy, rule: ReportedRule) -> Iterator[str]:
    yield from ["", f"### {rule.id}", "", rule.description, ""]
    yield f"- **Severity**: {rule.severity}. **Level**: {rule.level}. **Checks**: {_scope(policy)}."
    yield f"- **Fix**: {rule.fix}"
    framework = policy.framework
    if framework:
        yield f"- **Source**: {framework.name} {framework.version}, {framework.specification}."
    if rule.id in NEVER_EXEMPT:
        yield "- Exemptions from this policy are not possible."
    properties = policy.config_schema.properties if policy.config_schema else {}
    for name, schema in properties.items():
        default = json.dumps(schema["default"], ensure_ascii=False)
        yield f"- **Option** `{name}` ({schema['type']}): {schema['description']}. Default: `{default}`."


def _scope(policy: Policy) -> str:
    return "single resources" if isinstance(policy, ResourceValidationPolicy) else "the stack"


def main() -> None:
    argparse.ArgumentParser(prog="python -m policies.catalogue", description=__doc__).parse_args()
    taggable.write()
    PAGE.write_text(page(), "utf-8")
    print(f"{taggable.LIST}\n{PAGE}")


if __name__ == "__main__":
    main()
