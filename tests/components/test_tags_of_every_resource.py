"""Every resource that can carry the cost tags carries all six, in every stack."""

import json

import pytest

from components import tags
from components.settings import parse
from tests.components.recorded import record
from tests.components.stack_config import STACKS, config
from tests.components.taggable import can_be_tagged


@pytest.mark.parametrize("stack", STACKS)
def test_every_taggable_aws_resource_carries_all_six_tags(stack):
    budgets = parse(config(stack)).budgets
    made = [each for each in record(stack).resources if each.type.startswith("aws:")]
    taggable = [each for each in made if can_be_tagged(each.type)]
    assert len({each.type for each in taggable}) >= 8
    for each in taggable:
        assert tags.problems(each.inputs.get("tags", {})) == (), each.name
        assert each.inputs["tags"]["budget"] in budgets, each.name


@pytest.mark.parametrize("stack", STACKS)
def test_every_kubernetes_object_and_pod_template_carries_all_six_labels(stack):
    objects = list(record(stack).kubernetes())
    assert len(objects) > 20
    for each in objects:
        for metadata in metadata_of(each.inputs):
            assert tags.problems(tags.from_labels(metadata["labels"])) == (), each.name


def metadata_of(value):
    """The metadata of an object and of every template in it."""
    if isinstance(value, dict):
        if "metadata" in value and ("spec" in value or "data" in value):
            yield value["metadata"]
        for inner in value.values():
            yield from metadata_of(inner)


@pytest.mark.parametrize("stack", STACKS)
def test_the_provider_gives_all_six_tags_to_what_aws_makes_by_itself(stack):
    provider = record(stack).one("pulumi:providers:aws")
    assert tags.problems(json.loads(provider.inputs["defaultTags"])["tags"]) == ()


@pytest.mark.parametrize("stack", STACKS)
def test_no_two_resources_of_a_type_share_a_name(stack):
    names = [(each.type, each.name) for each in record(stack).resources]
    assert len(set(names)) == len(names)
