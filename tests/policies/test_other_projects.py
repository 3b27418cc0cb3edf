"""The pack on projects that are not ours: without config, and with a `finops.yaml` of their own."""

import asyncio
import json
import runpy
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import runtime

from tests.components.recorded import Recorder
from tests.policies.compliant_aws import aws_resource
from tests.policies.pack_client import FakeResource, Pack, planned_resources

PLATFORM = Path(__file__).parents[2] / "examples" / "platform"
PREVIEWS = Path(__file__).parents[1] / "teei_finops" / "costing" / "previews"
TYPESCRIPT = json.loads((PREVIEWS / "typescript_eks.json").read_text())


def findings(
    project: Path | None, *resources: FakeResource, config: dict[str, str] | None = None
) -> set[tuple[str, str, str]]:
    pack = Pack(config=config or {}).configure_for(project)
    names = {resource.urn: resource.name for resource in resources}
    return {(item.policy, item.level, names.get(item.urn, "")) for item in pack.evaluate(*resources)}


def test_a_typescript_program_without_config_is_checked_by_the_policies_that_need_none():
    assert findings(None, *planned_resources(TYPESCRIPT)) == {
        ("nat-gateway-without-gateway-endpoint", "advisory", "my-vpc-1"),
        ("version-in-extended-support", "advisory", "my-cluster-eksCluster"),
        ("pods-meet-the-restricted-standard", "mandatory", "cart"),
        ("workload-is-scaled", "mandatory", "cart"),
    }


def test_its_finops_file_adds_its_own_tags_and_budgets_and_disables_policies(tmp_path):
    resources = planned_resources(TYPESCRIPT)
    without = {policy for policy, _, _ in findings(None, *resources)}
    (tmp_path / "finops.yaml").write_text(
        "version: 1\ntags: {owner: []}\nbudgets: [shop]\npolicies:\n"
        + "".join(f"  {policy}: disabled\n" for policy in without)
    )
    assert {policy for policy, _, _ in findings(tmp_path, *resources)} == {"required-tags"}


def test_the_values_of_a_tag_are_those_of_the_finops_file(tmp_path):
    (tmp_path / "finops.yaml").write_text("version: 1\ntags: {team: [web], owner: []}\n")

    def policies(**tags: str) -> set[str]:
        queue = aws_resource("aws:sqs/queue:Queue", "jobs")
        queue.inputs["tags"] = tags
        return {policy for policy, _, _ in findings(tmp_path, queue)}

    assert policies(team="web", owner="Ann") == set()
    assert policies(team="finops", owner="Ann") == {"allowed-tag-values"}
    assert policies(team="web", owner=" ") == {"allowed-tag-values"}
    assert policies(team="web") == {"required-tags"}


def test_the_labels_of_kubernetes_objects_have_the_prefix_of_the_finops_file(tmp_path):
    (tmp_path / "finops.yaml").write_text("version: 1\ntags: {owner: []}\nlabel_prefix: acme.com/\n")

    def messages(**labels: str) -> list[str]:
        config_map = FakeResource(
            "kubernetes:core/v1:ConfigMap", "settings", {"metadata": {"labels": labels}, "data": {}}
        )
        return [item.message for item in Pack(config={}).configure_for(tmp_path).evaluate(config_map)]

    (message,) = messages()
    assert "fix: add acme.com/owner: a value that is not blank" in message
    assert messages(**{"acme.com/owner": "ann"}) == []
    assert messages(owner="ann") == []


class PlatformRecorder(Recorder):
    """Records resources as the engine shows them at the end, with their outputs."""

    def __init__(self, region: str) -> None:
        super().__init__()
        self.provider = {"region": region}
        self.shown: list[FakeResource] = []

    def new_resource(self, args: runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        identity, outputs = super().new_resource(args)
        outputs = {"name": identity, **outputs}
        if not args.typ.startswith(("pulumi:", "platform:")):
            shown = FakeResource(args.typ, args.name, args.inputs, outputs | {"id": identity}, self.provider)
            self.shown.append(shown)
        return identity, outputs


def recorded_resources(program: Path, config: dict[str, str], monkeypatch) -> list[FakeResource]:
    """What the program registers, whose modules are beside it."""
    recorder = PlatformRecorder(config["aws:region"])
    monkeypatch.syspath_prepend(str(program))
    for module in program.glob("*.py"):
        monkeypatch.delitem(sys.modules, module.stem, raising=False)

    @runtime.test
    def run() -> None:
        runpy.run_path(str(program / "__main__.py"), run_name="__main__")

    with closing(asyncio.new_event_loop()) as loop:
        asyncio.set_event_loop(loop)
        runtime.set_mocks(recorder, project="platform", stack="example")
        runtime.set_all_config(config)
        run()
    asyncio.set_event_loop(None)
    for module in program.glob("*.py"):
        sys.modules.pop(module.stem, None)
    return recorder.shown


@pytest.mark.parametrize(
    ("stack", "advice"), [("us", set()), ("eu", {("nat-gateways-in-prod", "advisory", "network-nat-2")})]
)
def test_the_platform_example_has_no_mandatory_finding(stack, advice, monkeypatch):
    values = yaml.safe_load((PLATFORM / f"Pulumi.{stack}.yaml").read_text())["config"]
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    resources = recorded_resources(PLATFORM, config, monkeypatch)
    assert len(resources) > 60
    assert findings(PLATFORM, *resources, config=config) == advice
