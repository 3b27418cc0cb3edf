"""Differences between two sets of properties."""

import pytest
from pulumi.runtime.proto import provider_pb2

from teei_finops.sandbox.providers.property_diff import Difference, diff_response, differences

KINDS = provider_pb2.PropertyDiff.Kind


@pytest.mark.parametrize(
    ("olds", "news", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [Difference("a", "a", "UPDATE")]),
        ({}, {"a": 1}, [Difference("a", "a", "ADD")]),
        ({"a": 1}, {}, [Difference("a", "a", "DELETE")]),
        ({"r": [{"d": 1}]}, {"r": [{"d": 2}]}, [Difference("r[0].d", "r", "UPDATE")]),
        ({"r": [1]}, {"r": [1, 2]}, [Difference("r[1]", "r", "ADD")]),
        ({"t": {"a.b": "x"}}, {"t": {"a.b": "y"}}, [Difference('t["a.b"]', "t", "UPDATE")]),
        ({"__defaults": ["a"]}, {"__defaults": []}, []),
    ],
)
def test_a_change_has_its_path_and_kind(olds, news, expected):
    assert list(differences(olds, news)) == expected


def test_the_response_distinguishes_replacements_from_updates():
    changes = list(differences({"name": "a", "size": 1}, {"name": "b", "size": 2}))
    response = diff_response(changes, lambda change: change.top == "name", delete_before_replace=True)
    assert response.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(response.replaces) == ["name"]
    assert response.deleteBeforeReplace
    assert response.detailedDiff["name"].kind == KINDS.Value("UPDATE_REPLACE")
    assert response.detailedDiff["size"].kind == KINDS.Value("UPDATE")


def test_without_differences_nothing_changes_and_nothing_is_deleted_first():
    response = diff_response([], lambda _: True, delete_before_replace=True)
    assert response.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert not response.deleteBeforeReplace
