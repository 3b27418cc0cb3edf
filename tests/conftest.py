"""The order of the tests: the slow ones first, so that no worker ends long after the other."""

import pytest

pytest.register_assert_rewrite("tests.functions")  # fixtures that test modules import before pytest does
SLOW = ("tests/integration/", "tests/workflows/")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))
