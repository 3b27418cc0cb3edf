"""Previews in the shapes that programs of other people and in other languages give."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from teei_finops.costing.costs import CostOptions
from teei_finops.costing.preview.reader import read_plan
from teei_finops.review.render import FORMATS, render
from teei_finops.review.report import build_report

FOLDER = Path(__file__).parent / "previews"
FILES = sorted(path.name for path in FOLDER.iterdir())


def reviewed(name: str):
    plan = read_plan((FOLDER / name).read_text(), name=name)
    return build_report([plan], CostOptions(at=date(2026, 11, 24)))


def rows(document, token: str):
    return [row for row in document["resources"] if row["type"].endswith(f":{token}")]


def reasons(document):
    return {row["name"]: row["reason"] for row in document["resources"] if row["state"] == "unpriced"}


@pytest.mark.parametrize("name", FILES)
def test_each_is_reviewed_in_every_format(name):
    document = reviewed(name)
    assert document["resources"]
    for form in FORMATS:
        assert render(document, form).strip()


def test_components_of_a_typescript_program_are_grouped_and_their_children_priced():
    document = reviewed("typescript_eks.json")
    assert not {"my-cluster", "my-vpc-component", "my-cluster-provider"} & {
        row["name"] for row in document["resources"]
    }
    (cluster,) = rows(document, "Cluster")
    assert Decimal(cluster["after"]["expected"]) == Decimal("0.6") * 730, "1.31 is in extended support"
    (nodes,) = rows(document, "NodeGroup")
    low, high = Decimal(nodes["after"]["low"]), Decimal(nodes["after"]["high"])
    disk = 80 * Decimal("0.08")
    hourly = Decimal("0.0832") * 730
    assert (low, high) == (2 * (hourly + disk), pytest.approx(6 * (hourly + disk), rel=Decimal("0.1")))
    assert [row["state"] for row in rows(document, "Deployment")] == ["free"]
    assert reasons(document) == {"wait-for-cluster": "type unknown: pulumi-nodejs:dynamic:Resource"}


def test_each_resource_bills_in_the_region_of_its_own_provider():
    document = reviewed("go_several_providers.json")
    regions = {row["name"]: row["region"] for row in document["resources"]}
    assert regions == {
        "cert": "us-east-1", "cdn": "us-east-1", "errors": "us-east-1", "replica": "us-east-1",
        "content": "eu-central-1", "orders": "eu-central-1", "orders-0": "eu-central-1",
        "orders-old": "eu-central-1", "zone": "eu-central-1",
    }  # fmt: skip
    assert reasons(document) == {}
    (zone,) = rows(document, "Zone")
    assert zone["after"]["expected"] == "0.5"
    serverless = next(row for row in document["resources"] if row["name"] == "orders-0")
    assert Decimal(serverless["after"]["low"]) > 0
    assert Decimal(serverless["after"]["high"]) == 16 * Decimal(serverless["after"]["low"])
    assert {row["team"] for row in document["resources"] if row["name"] in ("content", "zone")} == {"web"}


def test_a_stream_resolves_names_but_not_unknown_references():
    document = reviewed("python_fargate.stream.jsonl")
    assert reasons(document) == {"api": "value unknown until deploy: taskDefinition"}
    worker = next(row for row in document["resources"] if row["name"] == "worker")
    vcpu, memory = Decimal("0.5") * Decimal("0.04048"), Decimal(1) * Decimal("0.004445")
    assert Decimal(worker["after"]["expected"]) == 730 * (vcpu + memory)
    ops = {row["name"]: row["op"] for row in document["resources"]}
    assert (ops["jobs"], ops["orders"], ops["scratch"]) == ("replace", "import", "delete")
    assert document["warnings"][0]["message"].startswith("scratch is kept")


def test_a_platform_without_its_unchanged_resources_shows_the_change_only():
    document = reviewed("yaml_data_lake.json")
    assert document["totals_of"] == "change"
    (warehouse,) = rows(document, "Cluster")[:1]
    change = (3 * Decimal("3.26") - 2 * Decimal("1.086")) * 730
    assert Decimal(warehouse["change"]["expected"]) == pytest.approx(change, rel=Decimal("0.01"))


def test_a_preview_with_errors_is_incomplete_but_shows_what_it_has():
    document = reviewed("csharp_errors.json")
    assert document["verdict"] == "incomplete"
    assert reasons(document)["bastion"] == "value secret: instanceType"
    named_data = [row["type"] for row in document["resources"] if row["name"] == "data"]
    assert named_data == ["aws:s3/bucketV2:BucketV2", "aws:dynamodb/table:Table"]


def test_other_clouds_are_named_as_unpriced_and_never_free():
    document = reviewed("python_other_clouds.json")
    reason_of = reasons(document)
    for name in ("assets", "acc", "native"):
        assert reason_of[name].startswith("type unknown")
    (record,) = [row for row in document["resources"] if row["name"] == "dns"]
    assert record["notes"] == ["not billed by AWS: Cloudflare"]
    assert document["coverage"] == {"priced": 0, "free": 4, "usage": 1, "unpriced": 3, "percent": "25.0"}
