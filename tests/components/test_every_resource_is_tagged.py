"""Every resource that can have tags or labels has all six cost tags, in every stack."""

import json

import pytest

from components import tags
from components.settings import parse
from tests.components.recorded import record
from tests.components.stack_config import STACKS, config
from tests.components.taggable import can_be_tagged


@pytest.mark.parametrize("stack", STACKS)
def test_every_taggable_aws_resource_has_all_six_tags(stack):
    budgets = parse(config(stack)).budgets
    resources = [resource for resource in record(stack).resources if resource.type.startswith("aws:")]
    taggable = [resource for resource in resources if can_be_tagged(resource.type)]
    assert len({resource.type for resource in taggable}) >= 8
    for resource in taggable:
        assert tags.problems(resource.inputs.get("tags", {})) == (), resource.name
        assert resource.inputs["tags"]["budget"] in budgets, resource.name


@pytest.mark.parametrize("stack", STACKS)
def test_every_kubernetes_object_and_pod_template_has_all_six_labels(stack):
    objects = list(record(stack).kubernetes())
    assert len(objects) > 20
    for resource in objects:
        for metadata in metadata_of(resource.inputs):
            assert tags.problems(tags.from_labels(metadata["labels"])) == (), resource.name


def metadata_of(value):
    """The metadata of an object and of every template in it."""
    if isinstance(value, dict):
        if "metadata" in value and ("spec" in value or "data" in value):
            yield value["metadata"]
        for inner in value.values():
            yield from metadata_of(inner)


@pytest.mark.parametrize("stack", STACKS)
def test_the_default_tags_of_the_provider_are_all_six(stack):
    provider = record(stack).one("pulumi:providers:aws")
    assert tags.problems(json.loads(provider.inputs["defaultTags"])["tags"]) == ()


@pytest.mark.parametrize("stack", STACKS)
def test_no_two_resources_of_a_type_share_a_name(stack):
    names = [(resource.type, resource.name) for resource in record(stack).resources]
    assert len(set(names)) == len(names)
