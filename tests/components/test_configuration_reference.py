"""docs/configuration.md says what the settings are."""

import yaml

from components.settings import Settings, parse
from components.settings import reference as configuration_doc
from tests.components.stack_config import ROOT, STACKS, config


def test_the_page_is_what_the_model_generates():
    page = configuration_doc.PATH.read_text(encoding="utf-8")
    assert page == configuration_doc.document(), "run python -m components.settings.reference"


def test_every_key_of_every_section_is_described():
    rows = [row for row in configuration_doc.document().splitlines() if row.startswith("| `")]
    assert len(rows) > 100
    for row in rows:
        assert all(cell.strip() for cell in row.strip("|").split("|")), row


def test_every_key_of_the_stack_files_is_on_the_page():
    page = configuration_doc.document()

    def keys(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from keys(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from keys(inner)

    for stack in STACKS:
        loaded = parse(config(stack)).model_dump(exclude={"budgets"})
        for key in keys(loaded):
            assert f"| `{key}` |" in page


def test_the_example_of_an_exemption_is_yaml_with_the_five_fields():
    page = configuration_doc.document()
    example = yaml.safe_load(page.split("```yaml\nexemptions:", 1)[1].split("```")[0])
    assert set(example[0]) == {"policy", "resource", "owner", "reason", "expires"}
    assert f"### {example[0]['policy']}\n" in (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")


def test_the_project_file_declares_exactly_the_required_keys():
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    assert {key.removeprefix("teei-finops:") for key in declared} == required
