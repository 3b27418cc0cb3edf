"""Every link into the runbook leads to an existing heading."""

import re

from tests.components.recorded import record
from tests.components.stack_config import ROOT

ANCHOR = re.compile(r"runbook\.md#([a-z0-9-]+)")


def headings():
    lines = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8").splitlines()
    titles = [line.lstrip("# ").lower() for line in lines if line.startswith("## ")]
    return {re.sub(r"[^a-z0-9 -]", "", title).replace(" ", "-") for title in titles}


def test_every_alarm_of_the_stacks_has_a_heading():
    alarms = record("prod").of("cloudwatch/metricAlarm:MetricAlarm")
    anchors = {anchor for alarm in alarms for anchor in ANCHOR.findall(alarm.inputs["alarmDescription"])}
    assert len(anchors) == len(alarms)
    assert anchors <= headings()


def test_every_link_of_the_code_and_the_decisions_has_a_heading():
    sources = [*(ROOT / "components").rglob("*.py"), *(ROOT / "docs").rglob("*.md")]
    anchors = {
        anchor
        for path in sources
        for anchor in ANCHOR.findall(path.read_text(encoding="utf-8"))
        if "{" not in anchor and not anchor.endswith("-")
    }
    assert len(anchors) >= 2
    assert anchors <= headings()
