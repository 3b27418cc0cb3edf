"""EBS snapshots and AWS Backup vaults."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    UNKNOWN,
    D,
    dollars,
    estimate_of,
    lines_by_name,
    resource,
)

VOLUME, SNAPSHOT = "aws:ebs/volume:Volume", "aws:ebs/snapshot:Snapshot"
VAULT = "aws:backup/vault:Vault"


def test_a_snapshot_is_at_most_as_big_as_its_volume():
    volume = resource(VOLUME, {"size": 200}, name="data")
    after = estimate_of(
        SNAPSHOT, {"volumeId": UNKNOWN}, volume, depends_on={"volumeId": (VOLUME, "data")}
    ).after
    assert (after.low, after.expected, after.high) == (0, 10, 10)
    copy = "aws:ebs/snapshotCopy:SnapshotCopy"
    first = resource(SNAPSHOT, {"volumeId": "vol-1"}, name="first", id="snap-1")
    volume = resource(VOLUME, {"size": 200}, name="data", id="vol-1")
    assert dollars(estimate_of(copy, {"sourceSnapshotId": "snap-1"}, first, volume, region=EU)) == D("10.8")


def test_snapshots_from_usage_are_prorated_and_archives_cheaper():
    usage = {"storage_gb": 100, "monthly_hours": 365}
    assert dollars(estimate_of(SNAPSHOT, {"volumeId": "gone"}, usage=usage)) == D("2.5")
    archive = estimate_of(SNAPSHOT, {"volumeId": "gone", "storageTier": "archive"}, usage={"storage_gb": 100})
    assert dollars(archive) == D("1.25")


def test_a_backup_without_usage_is_unpriced():
    assert estimate_of(SNAPSHOT, {"volumeId": "gone"}).reason == "usage missing: storage_gb"
    assert estimate_of(VAULT, {}).reason.startswith("usage missing: ebs_storage_gb")


def test_a_vault_bills_what_each_kind_of_recovery_point_costs():
    usage = {
        "ebs_storage_gb": 100,
        "efs_storage_gb": 100,
        "rds_storage_gb": 100,
        "aurora_storage_gb": 100,
        "dynamodb_storage_gb": 100,
        "s3_storage_gb": 100,
        "monthly_restored_gb": 10,
    }
    amounts = {
        what: amount
        for what, (_, amount) in lines_by_name(estimate_of(VAULT, {}, region=EU, usage=usage)).items()
    }
    assert amounts == {
        "EBS recovery points": D("5.4"),
        "EFS recovery points": 6,
        "RDS recovery points": D("10.3"),
        "Aurora recovery points": D("2.3"),
        "DynamoDB recovery points": D("12.24"),
        "S3 recovery points": 6,
        "Restores from dynamodb": D("1.836"),
    }
    assert estimate_of(VAULT, {}, usage={"s3_storage_gb": 1}).reason.startswith(
        "no price in this region: AWSBackup s3"
    )
    assert dollars(estimate_of(VAULT, {}, usage={"efs_storage_gb": 10, "monthly_restored_gb": 10})) == D(
        "0.7"
    )
    assert dollars(estimate_of(VAULT, {}, usage={"ebs_storage_gb": 0, "monthly_restored_gb": 10})) == 0
