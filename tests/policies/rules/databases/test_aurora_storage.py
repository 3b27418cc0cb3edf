"""Aurora storage, compared by the price of the cluster with its instances and the I/O of usage.yaml."""

import pytest

from teei_finops.policy_report import Remedy, ReportedViolation
from tests.policies.compliant_aws import aws_resource
from tests.policies.pack_client import AURORA_USAGE, PROD, UNKNOWN, FakeResource, Pack

ID = "aurora-storage-fits-the-io"
CONFIG = PROD | {"aws:region": "us-east-1"}
TO_OPTIMIZED, TO_STANDARD = Remedy({"storageType": "aurora-iopt1"}), Remedy({"storageType": "aurora"})


def cluster(name: str, engine: str = "aurora-postgresql", **inputs) -> list[FakeResource]:
    """A cluster with one instance of $378.87 a month, or $492.75 with I/O-Optimized storage."""
    owner = aws_resource("aws:rds/cluster:Cluster", name, engine=engine, **inputs)
    member = aws_resource(
        "aws:rds/clusterInstance:ClusterInstance", f"{name}-1", engine=engine, instanceClass="db.r6g.xlarge",
        clusterIdentifier=UNKNOWN,
    )  # fmt: skip
    member.dependencies = {"clusterIdentifier": [owner.urn]}
    return [owner, member]


def violations(*resources: FakeResource, root=AURORA_USAGE, **options) -> list[ReportedViolation]:
    pack = Pack(CONFIG, root=root)
    if options:
        pack.configure(aurora_storage_fits_the_io=options)
    pack.evaluate(*resources)
    return [violation for violation in pack.context.report().violations if violation.policy == ID]


@pytest.mark.parametrize("storage", [{}, {"storageType": "aurora"}])
def test_standard_storage_with_much_io_is_reported(storage):
    (violation,) = violations(*cluster("busy", **storage))
    assert violation.remedy == TO_OPTIMIZED
    # 5,000 M requests at $0.20, less $0.125 more for each of 500 GB and $113.88 more for the instance.
    assert violation.what == "aurora-iopt1 costs $823.62 a month less for the I/O of usage.yaml"


def test_io_optimized_storage_with_little_io_is_reported():
    (violation,) = violations(*cluster("quiet", storageType="aurora-iopt1"))
    assert violation.remedy == TO_STANDARD


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("busy", {"storageType": "aurora-iopt1"}),
        ("quiet", {}),
        ("busy", {"engine": "postgres"}),
        ("other", {}),
        ("busy", {"storageType": UNKNOWN}),
    ],
    ids=["fits", "fits, too", "not Aurora", "no usage", "unknown"],
)
def test_other_clusters_are_not_reported(name, inputs):
    assert violations(*cluster(name, **inputs)) == []


def test_a_saving_below_the_option_is_not_reported():
    assert violations(*cluster("busy"), minimum_usd=824) == []
    assert len(violations(*cluster("busy"), minimum_usd=823)) == 1


def test_a_saving_of_exactly_the_option_is_reported(tmp_path):
    usage = "version: 1\nresources: {busy: {storage_gb: 500, monthly_io_requests: 5001900000}}\n"
    (tmp_path / "usage.yaml").write_text(usage)
    assert len(violations(*cluster("busy"), root=tmp_path, minimum_usd=824)) == 1


def test_without_a_usable_usage_file_nothing_is_reported(tmp_path):
    assert violations(*cluster("busy"), root=tmp_path) == []
    (tmp_path / "usage.yaml").write_text("version: 9")
    assert violations(*cluster("busy"), root=tmp_path) == []
