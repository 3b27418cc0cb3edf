import re
from pathlib import Path

from teei_finops.review import render
from teei_finops.review.outcome import HEADLINES
from teei_finops.review.render import labels


def test_operations_are_counted_in_words_and_in_a_fixed_order():
    counts = {"same": 76, "replace": 1, "create": 2, "discard": 0}
    assert labels.operation_counts(counts) == ["2 to create", "1 to replace", "76 unchanged"]


def test_an_operation_that_is_not_in_the_table_is_shown_by_its_name():
    assert labels.operation("create").label == "+ create"
    assert labels.operation("teleport").label == "teleport"


def test_every_tone_has_a_colour_on_the_page():
    css = (Path(render.__file__).parent / "templates" / "review.css").read_text()
    tones = {operation.tone for operation in labels.OPERATIONS.values()}
    tones |= {labels.tone(word) for word in (*HEADLINES, "critical", "mandatory", "within", "waived")}
    assert tones == {"positive", "caution", "negative", "neutral"}
    for tone in tones - {"neutral"}:
        assert re.search(rf"^\.badge\.{tone} \{{", css, re.MULTILINE), tone
