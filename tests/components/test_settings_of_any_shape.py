"""Whatever stands in the stack file is accepted or answered in one line."""

import json

import pytest

from components import settings
from tests.components.stack_config import config

JUNK = (None, "", "two\nlines", -1, 0.5, 10**30, float("1e400"), True, [], [[]], {}, {"x": {}}, "ü" * 500)
PROD = config("prod")
DOCUMENT = {key: json.loads(value) for key, value in PROD.items() if value.startswith(("{", "["))}


def places(value, path=()):
    """Every place in the document, as the keys that lead to it."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def with_junk(path, junk):
    document = json.loads(json.dumps(DOCUMENT))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = junk
    return {**PROD, **{key: json.dumps(value) for key, value in document.items()}}


def answer(path, junk):
    """The error's text, or None where the junk is accepted."""
    try:
        settings.parse(with_junk(path, junk))
    except settings.SettingsError as error:
        return str(error)
    return None


@pytest.mark.parametrize("section", DOCUMENT)
def test_junk_at_any_place_is_accepted_or_answered_in_one_line_about_its_section(section):
    answers = []
    for number, path in enumerate(places(DOCUMENT[section], (section,))):
        # Two kinds at each place keep this fast; all of them come round.
        for junk in (JUNK[number % len(JUNK)], JUNK[(number + 5) % len(JUNK)]):
            answers.append(found := answer(path, junk))
            # A budget or a retention that is gone is missed where another section names it.
            elsewhere = section in ("teei-finops:budgets", "teei-finops:loki")
            assert found is None or "\n" not in found, (path, junk)
            assert found is None or section in found or elsewhere, (path, junk)
            assert found is None or len(found) < 900, (path, junk)
    assert any(answers)
