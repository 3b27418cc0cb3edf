"""What becomes of findings from one report to the next, and what a person may decide."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from functions.advisor.errors import AdvisorError
from functions.advisor.findings import BillLine, Confidence, Finding, Risk, Status
from functions.advisor.report import Examination, Source, make_report
from functions.advisor.settings import Settings
from functions.advisor.tracking.status_file import NAME, StatusFile
from functions.advisor.tracking.statuses import Examined, decide, follow

MONDAY = date(2026, 11, 30)
WEEK = timedelta(days=7)
FINDING = Finding(
    rule="gp2-volume", resource="arn:aws:ec2:us-east-1:1:volume/vol-1", evidence="500 GiB gp2",
    change="aws ec2 modify-volume", saving_list=Decimal(5), saving_effective=Decimal(4),
    confidence=Confidence.HIGH, risk=Risk.LOW, owner="data",
)  # fmt: skip
EVERYTHING = Examined({"gp2-volume"})


def report(records, findings, day, examined=EVERYTHING):
    """(the statuses of the findings, the records)."""
    shown, records = follow(records, findings, examined, day)
    return [finding.status for finding in shown], records


def decided(status, **details):
    """The record of a finding that a person decided on."""
    _, (record,) = report([], [FINDING], MONDAY)
    return decide(record, status, MONDAY, **details)


def test_a_finding_is_new_in_its_first_report_and_open_in_the_next():
    statuses, records = report([], [FINDING], MONDAY)
    assert statuses == [Status.NEW]
    assert report(records, [FINDING], MONDAY)[0] == [Status.NEW]  # the same day's report again
    assert report(records, [FINDING], MONDAY + WEEK)[0] == [Status.OPEN]


def test_what_is_no_longer_found_is_done_on_that_day():
    _, records = report([], [FINDING], MONDAY)
    _, (record,) = report(records, [], MONDAY + WEEK)
    assert (record.status, record.done_on, record.last_seen) == (Status.DONE, MONDAY + WEEK, MONDAY)


@pytest.mark.parametrize("found", [[FINDING], []])
def test_a_report_of_an_earlier_day_changes_no_record(found):
    _, records = report([], [FINDING], MONDAY)
    _, records = report(records, [FINDING], MONDAY + WEEK)
    cheaper = [replace(finding, saving_list=Decimal(1)) for finding in found]
    assert report(records, cheaper, MONDAY - WEEK)[1] == records


@pytest.mark.parametrize(
    "examined", [Examined(set()), Examined({"gp2-volume"}, {FINDING.resource})], ids=["rule", "resource"]
)
def test_what_could_not_be_examined_is_not_done(examined):
    _, records = report([], [FINDING], MONDAY)
    _, (record,) = report(records, [], MONDAY + WEEK, examined)
    assert record.status is Status.NEW


def test_what_is_in_a_region_that_was_not_read_is_not_done():
    found = replace(FINDING, bill=BillLine("", "EBS", "us-east-1"))
    _, records = report([], [found], MONDAY)
    for region, status in (("eu-central-1", Status.NEW), ("us-east-1", Status.DONE)):
        examined = Examined({"gp2-volume"}, regions={region})
        _, (record,) = report(records, [], MONDAY + WEEK, examined)
        assert record.status is status


def test_what_is_found_again_after_it_was_done_is_open():
    _, records = report([], [FINDING], MONDAY)
    _, records = report(records, [], MONDAY + WEEK)
    statuses, (record,) = report(records, [FINDING], MONDAY + 2 * WEEK)
    assert statuses == [Status.OPEN]
    assert (record.done_on, record.realized) == (None, None)


def test_a_snooze_ends_on_its_date():
    record = decided(Status.SNOOZED, until=MONDAY + 2 * WEEK, reason="migration in progress")
    assert report([record], [FINDING], MONDAY + WEEK)[0] == [Status.SNOOZED]
    assert report([record], [FINDING], MONDAY + 2 * WEEK)[0] == [Status.OPEN]


def test_a_rejected_finding_stays_rejected():
    record = decided(Status.REJECTED, reason="needed for audits")
    assert report([record], [FINDING], MONDAY + WEEK)[0] == [Status.REJECTED]
    _, (gone,) = report([record], [], MONDAY + WEEK)
    assert gone.status is Status.REJECTED


def test_an_accepted_finding_keeps_its_owner_and_deadline_until_it_is_done():
    record = decided(Status.ACCEPTED, owner="Maria", deadline=MONDAY + WEEK)
    statuses, (record,) = report([record], [FINDING], MONDAY + WEEK)
    assert statuses == [Status.ACCEPTED]
    _, (record,) = report([record], [], MONDAY + 2 * WEEK)
    assert (record.status, record.owner, record.deadline) == (Status.DONE, "Maria", MONDAY + WEEK)


@pytest.mark.parametrize(
    ("status", "details", "message"),
    [
        (Status.SNOOZED, {"until": MONDAY + WEEK}, "needs --reason"),
        (Status.SNOOZED, {"reason": "later"}, "needs --until"),
        (Status.SNOOZED, {"reason": "later", "until": MONDAY}, "not in the future"),
        (Status.ACCEPTED, {}, "needs --owner and --deadline"),
        (Status.REJECTED, {}, "needs --reason"),
        (Status.NEW, {}, "use open"),
    ],
)
def test_a_decision_without_what_it_needs_is_an_error(status, details, message):
    with pytest.raises(AdvisorError, match=message):
        decided(status, **details)


def test_the_status_file_keeps_every_field(tmp_path):
    record = replace(
        decided(Status.ACCEPTED, owner="Maria", deadline=MONDAY + WEEK), realized=Decimal("1.50")
    )
    StatusFile(tmp_path).save([record])
    other = replace(record, resource="another")
    StatusFile(tmp_path).save([other])
    assert StatusFile(tmp_path).records() == [other, record]


def test_a_broken_status_file_is_an_error_with_its_path(tmp_path):
    (tmp_path / NAME).write_text("{")
    with pytest.raises(AdvisorError, match=f"{NAME}: .*correct it or delete it"):
        StatusFile(tmp_path).records()


def test_a_source_that_had_nothing_to_judge_is_named_for_the_alarm_and_changes_no_status(tmp_path):
    kept = StatusFile(tmp_path)
    full = Source("Prometheus", lambda: Examination([FINDING], frozenset({"gp2-volume"})))
    empty = Source("Prometheus", lambda: Examination(notes=("Prometheus: no sample",)))
    now = datetime(2026, 11, 30, tzinfo=UTC)
    assert make_report([full], Settings(), now, kept).failed == []
    outcome = make_report([empty], Settings(), now + WEEK, kept)
    assert outcome.failed == ["Prometheus: no sample"]
    assert outcome.report.sources == ("Prometheus",)
    assert [record.status for record in kept.records()] == [Status.NEW]
