"""Any value in the stack config is accepted or rejected with a one-line error."""

import json
from copy import deepcopy

import pytest

from components import settings
from tests.components.stack_config import encoded, explicit

JUNK = (None, "", "two\nlines", -1, 0.5, 10**30, float("1e400"), True, [], [[]], {}, {"x": {}}, "ü" * 500)
SECTIONS = {key: value for key, value in explicit("prod").items() if isinstance(value, dict)}


def paths(value, path=()):
    """The path of every value in the document."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, key))


def error_with(path, junk):
    """The text of the error, or None if the junk is accepted."""
    document = deepcopy(explicit("prod"))
    section = document
    for key in path[:-1]:
        section = section[key]
    section[path[-1]] = junk
    try:
        settings.parse(encoded(json.loads(json.dumps(document))))
    except settings.SettingsError as error:
        return str(error)
    return None


@pytest.mark.parametrize("section", SECTIONS)
def test_junk_anywhere_is_accepted_or_rejected_with_one_line_about_its_section(section):
    errors = []
    for number, path in enumerate(paths(SECTIONS[section], (section,))):
        # Two kinds of junk for each path keep this fast; all kinds are used in turn.
        for junk in (JUNK[number % len(JUNK)], JUNK[(number + 5) % len(JUNK)]):
            error = error_with(path, junk)
            errors.append(error)
            # Another section may refer to a budget, to a retention or to the section itself, which is gone.
            elsewhere = section in ("budgets", "cloud_budgets", "cost_data", "loki")
            assert error is None or "\n" not in error, (path, junk)
            assert error is None or f"teei-finops:{section}" in error or elsewhere, (path, junk, error)
            assert error is None or len(error) < 900, (path, junk)
    assert any(errors)
