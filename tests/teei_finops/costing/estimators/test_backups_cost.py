"""EBS snapshots and AWS Backup vaults."""

from __future__ import annotations

from tests.teei_finops.costing.estimators.bills import EU, UNKNOWN, D, bill, dollars, resource
from tests.teei_finops.costing.estimators.line_items import lines

VOLUME, SNAPSHOT = "aws:ebs/volume:Volume", "aws:ebs/snapshot:Snapshot"
VAULT = "aws:backup/vault:Vault"


def test_a_snapshot_is_at_most_as_big_as_its_volume():
    volume = resource(VOLUME, {"size": 200}, name="data")
    after = bill(SNAPSHOT, {"volumeId": UNKNOWN}, volume, made_from={"volumeId": (VOLUME, "data")}).after
    assert (after.low, after.expected, after.high) == (0, 10, 10)
    copy = "aws:ebs/snapshotCopy:SnapshotCopy"
    first = resource(SNAPSHOT, {"volumeId": "vol-1"}, name="first", id="snap-1")
    volume = resource(VOLUME, {"size": 200}, name="data", id="vol-1")
    assert dollars(bill(copy, {"sourceSnapshotId": "snap-1"}, first, volume, region=EU)) == D("10.8")


def test_stated_snapshots_are_prorated_and_archives_cheaper():
    usage = {"storage_gb": 100, "monthly_hours": 365}
    assert dollars(bill(SNAPSHOT, {"volumeId": "gone"}, usage=usage)) == D("2.5")
    archive = bill(SNAPSHOT, {"volumeId": "gone", "storageTier": "archive"}, usage={"storage_gb": 100})
    assert dollars(archive) == D("1.25")


def test_what_nobody_states_about_a_backup_is_not_stated():
    assert bill(SNAPSHOT, {"volumeId": "gone"}).reason == "usage missing: storage_gb"
    assert bill(VAULT, {}).reason.startswith("usage missing: ebs_storage_gb")


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
    amounts = {what: amount for what, (_, amount) in lines(bill(VAULT, {}, region=EU, usage=usage)).items()}
    assert amounts == {
        "EBS recovery points": D("5.4"),
        "EFS recovery points": 6,
        "RDS recovery points": D("10.3"),
        "Aurora recovery points": D("2.3"),
        "DynamoDB recovery points": D("12.24"),
        "S3 recovery points": 6,
        "Restores from dynamodb": D("1.836"),
    }
    assert bill(VAULT, {}, usage={"s3_storage_gb": 1}).reason.startswith(
        "no price in this region: AWSBackup s3"
    )
    assert dollars(bill(VAULT, {}, usage={"efs_storage_gb": 10, "monthly_restored_gb": 10})) == D("0.7")
    assert dollars(bill(VAULT, {}, usage={"ebs_storage_gb": 0, "monthly_restored_gb": 10})) == 0
