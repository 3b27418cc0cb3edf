"""The required tags: what they allow, and both forms they are written in."""

import re

import pytest

from components import tags

GOOD = tags.CostTags(
    team="finops",
    service="ai-budget",
    environment="prod",
    cost_center="CC-1200",
    budget="cloud-s3",
    data_class="internal",
)
KUBERNETES_LABEL_VALUE = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"


def test_good_tags_have_exactly_the_six_keys_and_no_problem():
    written = GOOD.as_tags()
    assert set(written) == {"team", "service", "environment", "cost-center", "budget", "data-class"}
    assert tags.problems(written) == ()


@pytest.mark.parametrize("rule", tags.REQUIRED, ids=lambda rule: rule.key)
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "\t",
        "prod ",
        " prod",
        "ask the platform team",
        "Some day.",
        "prod\n",
        "x" * 300,
        1200,
        True,
        [],
    ],
)
def test_every_key_rejects_empty_blank_and_prose(rule, value):
    (problem,) = tags.problems({**GOOD.as_tags(), rule.key: value})
    assert problem.rule is rule
    assert rule.key in str(problem)
    assert repr(value) in str(problem)


@pytest.mark.parametrize("rule", tags.REQUIRED, ids=lambda rule: rule.key)
def test_every_key_is_required_and_compared_exactly(rule):
    without = {key: value for key, value in GOOD.as_tags().items() if key != rule.key}
    assert [problem.rule.key for problem in tags.problems(without)] == [rule.key]
    capital = {**without, rule.key.capitalize(): GOOD.as_tags()[rule.key]}
    assert "is missing" in str(tags.problems(capital)[0])


@pytest.mark.parametrize("rule", tags.REQUIRED, ids=lambda rule: rule.key)
def test_a_value_in_another_case_is_refused(rule):
    assert not rule.accepts(rule.example.swapcase())


@pytest.mark.parametrize("rule", tags.REQUIRED, ids=lambda rule: rule.key)
def test_every_example_and_allowed_value_is_accepted_and_is_a_valid_label_value(rule):
    assert bool(rule.allowed) != bool(rule.pattern)
    for value in (rule.example, *rule.allowed):
        assert rule.accepts(value)
        assert re.fullmatch(KUBERNETES_LABEL_VALUE, value)


def test_building_wrong_tags_names_the_key_the_value_and_what_is_allowed():
    with pytest.raises(tags.TagError, match="data-class is 'secret'; allowed: one of public, internal"):
        tags.CostTags(**{**vars(GOOD), "data_class": "secret"})


def test_labels_carry_one_prefix_and_read_back():
    labels = GOOD.as_labels()
    assert labels["finops.teei.io/cost-center"] == "CC-1200"
    assert tags.from_labels(labels) == GOOD.as_tags()


def test_labels_read_back_without_prefix_and_ignore_foreign_keys():
    foreign = {"app.kubernetes.io/name": "x", "example.com/team": "other"}
    assert tags.from_labels({**foreign, **GOOD.as_tags()}) == GOOD.as_tags()
    assert tags.from_labels({**foreign, **GOOD.as_labels()}) == GOOD.as_tags()


def test_labels_of_several_prefixes_are_not_mixed():
    mixed = {
        ("a/" if index % 2 else "b/") + key: value
        for index, (key, value) in enumerate(GOOD.as_tags().items())
    }
    assert len(tags.from_labels(mixed)) == 3
    assert tags.from_labels({}) == {}
