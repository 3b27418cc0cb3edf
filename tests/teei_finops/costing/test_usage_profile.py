from decimal import Decimal

import pytest

from teei_finops.costing.amounts import Range
from teei_finops.costing.usage.profile import read_usage
from teei_finops.costing.yaml_file import SettingError
from tests.teei_finops.costing.preview_builder import BUCKET, QUEUE, urn

WHOLE = """
version: 1
defaults:
  aws:sqs/queue:Queue: {monthly_requests: 1, request_size_kb: 4}
  aws:ec2/instance:Instance: {operating_system: windows}
resources:
  "job*": {monthly_requests: 2}
  "jobs-*": {monthly_requests: 3}
  jobs-eu: {monthly_requests: {low: 1, expected: 4, high: 9}}
  jobs-us: {monthly_requests: 7}
  urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs-us: {monthly_requests: 0}
"""


def read(tmp_path, text: str):
    path = tmp_path / "usage.yaml"
    path.write_text(text)
    return read_usage(path)


@pytest.mark.parametrize(
    ("name", "requests"),
    [
        ("other", Range.of(1)),
        ("jobless", Range.of(2)),
        ("jobs-x", Range.of(3)),
        ("jobs-eu", Range(Decimal(1), Decimal(4), Decimal(9))),
        ("jobs-us", Range.of(0)),
    ],
)
def test_a_urn_wins_over_a_name_over_a_glob_over_the_type_key_by_key(tmp_path, name, requests):
    usage = read(tmp_path, WHOLE).of(urn(QUEUE, name), name, QUEUE)
    assert usage == {"monthly_requests": requests, "request_size_kb": Range.of(4)}


def test_entries_that_match_nothing_are_named(tmp_path):
    profile = read(tmp_path, WHOLE)
    jobs_us = {"jobs-us", urn(QUEUE, "jobs-us")}
    assert set(profile.unmatched([urn(QUEUE, "jobs-eu")])) == jobs_us
    assert set(profile.unmatched([urn(BUCKET, "x")])) == {"job*", "jobs-*", "jobs-eu"} | jobs_us


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "must be a mapping"),
        ("version: 2", "version must be 1"),
        ("version: true", "version must be 1"),
        ("version: 1\ndefault: {}", "did you mean 'defaults'?"),
        (
            "version: 1\ndefaults: {aws:sqs/queue:Queu: {}}",
            "unknown type; did you mean 'aws:sqs/queue:Queue'?",
        ),
        (
            "version: 1\ndefaults: {aws:sqs/queue:Queue: {monthly_request: 1}}",
            "did you mean 'monthly_requests'?",
        ),
        ("version: 1\nresources: {jobs: {monthly_reqests: 1}}", "did you mean 'monthly_requests'?"),
        (
            "version: 1\ndefaults: {aws:sqs/queue:Queue: {storage_gb: 1}}",
            "usage key 'storage_gb' does not apply to this type",
        ),
        (
            "version: 1\nresources: {jobs: {monthly_requests: many}}",
            "must be a number of 0 or more, not 'many'",
        ),
        ("version: 1\nresources: {jobs: {monthly_requests: '5'}}", "must be a number"),
        ("version: 1\nresources: {jobs: {monthly_requests: -1}}", "must be a number"),
        ("version: 1\nresources: {jobs: {monthly_requests: .inf}}", "must be a number"),
        ("version: 1\nresources: {jobs: {monthly_requests: yes}}", "must be a number"),
        ("version: 1\nresources: {jobs: {monthly_requests: null}}", "must be a number"),
        ("version: 1\nresources: {jobs: {monthly_requests: [1, 2]}}", "must be a number"),
        ("version: 1\nresources: {jobs: {monthly_requests: {low: 1, high: 2}}}", "expected missing"),
        (
            "version: 1\nresources: {jobs: {monthly_requests: {low: 3, expected: 2, high: 4}}}",
            "must not decrease",
        ),
        (
            "version: 1\nresources: {jobs: {monthly_requests: {low: 1, expected: 2, hihg: 4}}}",
            "did you mean 'high'?",
        ),
        ("version: 1\nresources: {vm: {operating_system: solaris}}", "must be one of linux"),
        ("version: 1\nresources: {vm: {operating_system: {low: 1}}}", "must be one of linux"),
        ("version: 1\nresources: [jobs]", "must be a mapping"),
        ("version: 1\nresources: {jobs: 5}", "must be a mapping"),
        ("version: 1\nresources: {jobs: {}, jobs: {}}", "is duplicated"),
        ("version: 1\nresources: {7: {}}", "must be text"),
        ("version: 1\n\tx", "not YAML"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
    ],
)
def test_a_mistake_in_the_profile_is_named_in_one_line(tmp_path, text, problem):
    with pytest.raises(SettingError) as caught:
        read(tmp_path, text)
    assert problem in str(caught.value)
    assert "usage.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_profile_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingError, match=r"none\.yaml: No such file"):
        read_usage(tmp_path / "none.yaml")
