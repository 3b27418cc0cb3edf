"""The tags of a planned resource, by which its cost will be allocated."""

from __future__ import annotations

import json
from typing import Any

from teei_finops.costing.preview.plan import Plan, Resource, State
from teei_finops.costing.preview.values import is_secret, is_unknown


class ResourceTags:
    """Reads the tags of one plan's resources."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._defaults: dict[str, Any] = {}

    def of(self, resource: Resource, state: State | None) -> dict[str, str]:
        """The default tags of its provider, overridden by computed tags, overridden by its own."""
        if state is None or not resource.type.startswith("aws:"):
            return {}
        reference = state.provider or resource.provider
        if reference not in self._defaults:
            self._defaults[reference] = _default_tags(self._plan, reference)
        inputs = state.inputs
        tags: dict[str, str] = {}
        for raw in (
            self._defaults[reference],
            state.outputs.get("tagsAll"),
            inputs.get("tagsAll"),
            inputs.get("tags"),
        ):
            if isinstance(raw, dict):
                tags.update((k, v) for k, v in raw.items() if isinstance(v, str) and not _hidden(v))
        return tags


def _default_tags(plan: Plan, reference: str) -> Any:
    urn = reference.rpartition("::")[0] if reference.count("::") > 3 else reference
    provider = plan.by_urn.get(urn)
    if provider is not None:
        raw = provider.state.inputs.get("defaultTags")
    elif urn.rpartition("::")[2].startswith("default"):
        raw = plan.config.get("aws:defaultTags")
    else:
        raw = None
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            return None
    return raw.get("tags") if isinstance(raw, dict) else None


def _hidden(value: str) -> bool:
    return is_unknown(value) or is_secret(value)
