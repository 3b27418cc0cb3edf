"""docs/configuration.md describes the settings model."""

from typing import Any

import yaml

from components.settings import Settings
from components.settings import reference as configuration_doc
from tests.components.stack_config import ROOT, STACKS, explicit


def sections() -> dict[str, dict[str, Any]]:
    """The keys of every section with their schemas."""
    schema = Settings.model_json_schema()
    return {"Settings": schema["properties"]} | {
        name: section["properties"] for name, section in schema["$defs"].items()
    }


def test_the_page_is_what_the_model_generates():
    page = configuration_doc.PATH.read_text(encoding="utf-8")
    assert page == configuration_doc.document(), "run python -m components.settings.reference"


def test_every_key_of_every_section_is_described():
    page = configuration_doc.document()
    for section, keys in sections().items():
        table = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
        for key in keys:
            (row,) = [line for line in table.splitlines() if line.startswith(f"| `{key}` |")]
            meaning, allowed, default = (cell.strip() for cell in row.split(" | ")[1:4])
            assert all((meaning, allowed, default)), row


def test_every_default_has_a_source():
    without = [
        f"{section}.{key}"
        for section, keys in sections().items()
        for key, schema in keys.items()
        if schema.get("default") not in (None, [], False)
        and not ("$ref" in schema and "source" not in schema)
        and not schema.get("source")
    ]
    assert without == []


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
        document = {key: value for key, value in explicit(stack).items() if key != "budgets"}
        del document["monitoring"]["labels"]  # its keys are those of the labels
        for key in keys(document):
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
