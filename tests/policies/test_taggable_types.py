import csv

import pytest

from policies import taggable_types as taggable
from policies.pack import billable_types


def test_the_list_matches_the_installed_sdk():
    assert taggable.taggable_types() == taggable.from_sdk()


@pytest.mark.parametrize(
    ("token", "how"),
    [
        ("aws:s3/bucket:Bucket", "map"),
        ("aws:rds/instance:Instance", "map"),
        ("aws:autoscaling/group:Group", "list"),
        ("aws:budgets/budget:Budget", "map"),
        ("aws:s3/bucketPolicy:BucketPolicy", None),
        ("aws:route53/record:Record", None),
        ("aws:inspector/resourceGroup:ResourceGroup", None),
        ("aws:devopsguru/resourceCollection:ResourceCollection", None),
    ],
)
def test_types_that_take_tags_and_how(token, how):
    assert taggable.taggable_types().get(token) == how


def test_the_sdk_has_hundreds_of_taggable_types():
    assert len(taggable.from_sdk()) > 800


def test_generating_the_list_again_gives_the_same_file(tmp_path, monkeypatch):
    written = tmp_path / "list.csv"
    committed = taggable.LIST.read_bytes()
    monkeypatch.setattr(taggable, "LIST", written)
    taggable.write()
    assert written.read_bytes() == committed
    with written.open(newline="") as file:
        assert next(csv.reader(file)) == ["type", "tags"]


def test_without_the_sdk_the_list_cannot_be_generated(monkeypatch):
    monkeypatch.setattr(taggable, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match="pulumi_aws is not installed; run make setup"):
        taggable.from_sdk()


def test_billable_types_are_the_priced_ones_and_those_billed_by_usage():
    billable = billable_types()
    assert {"aws:rds/instance:Instance", "aws:route53/record:Record"} <= billable
    assert "aws:iam/role:Role" not in billable
    assert len(billable) > 120
