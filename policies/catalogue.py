"""docs/policies.md, written from the pack itself: `python -m policies.catalogue` writes it anew.

It also writes the list of taggable types that the pack reads, from the installed AWS SDK.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pulumi_policy import Policy, ResourceValidationPolicy

from policies import messages, pack
from policies import taggable_types as taggable
from policies.exemptions import LONGEST_DAYS, Exemptions
from policies.rules.exemption_policies import NEVER_EXEMPT

PAGE = Path(__file__).resolve().parent.parent / "docs" / "policies.md"

_HEAD = f"""# Policies

Generated from the pack by `python -m policies.catalogue`; a test keeps it true.

The pack runs in `make review`, `make preview` and `make up`, and with the official CLI as
`pulumi preview --policy-pack policies`. A mandatory violation stops the deploy. An advisory one is shown.

Options are set per policy in the file of `--policy-pack-config`, as
`{{"log-group-has-retention": {{"enforcementLevel": "mandatory", "maximum_days": 365}}}}`. None is needed.

What it knows about a stack besides its resources is in the stack's config: `environment` (production is
`prod`), the names of the `budgets`, and `database.backup_retention_days`.

A value that is unknown until deploy is never a mandatory violation: the policy reports, as advisory, that it
is `{messages.NOT_DECIDED.rstrip(":")}` and names the property.

An exemption in `exemptions.yaml` takes one resource, or those whose whole name a pattern matches, out of one
policy for at most {LONGEST_DAYS} days; docs/configuration.md shows a filled one. Every use is reported."""


def page() -> str:
    """The whole page."""
    policies, _ = pack.build({}, date.min, lambda *_: Exemptions())
    by_concern: dict[str, list[Policy]] = {}
    for policy in policies:
        by_concern.setdefault((policy.tags or [""])[0], []).append(policy)
    lines = [_HEAD, "", *_overview(policies)]
    for concern, group in by_concern.items():
        lines += ["", f"## {concern.capitalize()}"]
        for policy in group:
            lines += _entry(policy)
    return "\n".join(lines) + "\n"


def _overview(policies: list[Policy]) -> Iterator[str]:
    yield "| policy | severity | enforcement | looks at |"
    yield "|---|---|---|---|"
    for policy in policies:
        cells = [f"[{policy.name}](#{policy.name})", _severity(policy), _level(policy), _looks_at(policy)]
        yield f"| {' | '.join(cells)} |"


def _entry(policy: Policy) -> Iterator[str]:
    framework = policy.framework
    yield from ["", f"### {policy.name}", "", policy.description, ""]
    yield f"- **Severity** {_severity(policy)}, **{_level(policy)}**, looks at {_looks_at(policy)}."
    yield f"- **What to do**: {policy.remediation_steps}"
    if framework:
        yield f"- **From**: {framework.name} {framework.version}, {framework.specification}."
    if policy.name in NEVER_EXEMPT:
        yield "- Cannot be exempted from."
    properties = policy.config_schema.properties if policy.config_schema else {}
    for name, schema in properties.items():
        default = json.dumps(schema["default"], ensure_ascii=False)
        yield f"- **Option** `{name}` ({schema['type']}): {schema['description']}. Default: `{default}`."


def _severity(policy: Policy) -> str:
    return policy.severity.value if policy.severity else ""


def _level(policy: Policy) -> str:
    return policy.enforcement_level.value if policy.enforcement_level else ""


def _looks_at(policy: Policy) -> str:
    return "one resource" if isinstance(policy, ResourceValidationPolicy) else "the stack"


def main() -> None:
    taggable.write()
    PAGE.write_text(page(), "utf-8")
    print(f"{taggable.LIST}\n{PAGE}")


if __name__ == "__main__":
    main()
