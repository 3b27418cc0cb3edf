"""EFS and FSx file systems."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    D,
    after_lines,
    estimate_of,
    estimate_with_prices,
    lines_by_name,
    resource,
)

EFS = "aws:efs/fileSystem:FileSystem"
WINDOWS = "aws:fsx/windowsFileSystem:WindowsFileSystem"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
OPENZFS = "aws:fsx/openZfsFileSystem:OpenZfsFileSystem"


def test_a_file_system_bills_every_class_in_usage():
    usage = {
        "standard_storage_gb": 100,
        "infrequent_access_storage_gb": 100,
        "archive_storage_gb": 100,
        "monthly_infrequent_access_read_gb": 10,
        "monthly_infrequent_access_write_gb": 10,
        "monthly_archive_read_gb": 10,
        "monthly_archive_write_gb": 10,
        "monthly_elastic_read_gb": 10,
        "monthly_elastic_write_gb": 10,
    }
    amounts = {
        what: amount
        for what, (_, amount) in lines_by_name(
            estimate_of(EFS, {"throughputMode": "elastic"}, usage=usage)
        ).items()
    }
    assert amounts == {
        "Standard storage": 30,
        "Infrequent Access storage": D("1.6"),
        "Archive storage": D("0.8"),
        "Infrequent Access read": D("0.1"),
        "Infrequent Access tiering": D("0.1"),
        "Archive read": D("0.3"),
        "Archive tiering": D("0.3"),
        "Elastic reads": D("0.3"),
        "Elastic writes": D("0.6"),
    }
    bursting = lines_by_name(estimate_of(EFS, {}, usage=usage))
    assert bursting["Infrequent Access storage"] == (D(100), D("2.5"))
    assert "Elastic reads" not in bursting


def test_provisioned_throughput_is_billed_above_what_the_storage_brings():
    inputs = {
        "throughputMode": "provisioned",
        "provisionedThroughputInMibps": 20,
        "availabilityZoneName": "x",
    }
    lines = lines_by_name(estimate_of(EFS, inputs, region=EU, usage={"standard_storage_gb": 200}))
    assert lines == {
        "Standard storage": (D(200), D("38.4")),
        "Provisioned throughput": (D(10), D(72)),
    }
    assumed = after_lines(estimate_of(EFS, inputs))[-1]
    assert (assumed.quantity.low, assumed.quantity.high, assumed.assumed) == (0, 20, True)


def test_windows_file_systems_bill_storage_throughput_and_backups():
    inputs = {"deploymentType": "MULTI_AZ_1", "storageCapacity": 1000, "throughputCapacity": 32}
    assert lines_by_name(estimate_of(WINDOWS, inputs, usage={"backup_storage_gb": 100})) == {
        "SSD storage": (D(1000), D(230)),
        "Throughput": (D(32), D(144)),
        "Backups": (D(100), D(5)),
    }
    half = lines_by_name(estimate_of(WINDOWS, inputs, usage={"backup_storage_gb": 0, "monthly_hours": 365}))
    assert half["SSD storage"] == (D(500), D(115))
    backups = after_lines(estimate_of(WINDOWS, inputs))[-1].quantity
    assert (backups.low, backups.high, backups.assumed) == (0, 1000, True)
    assert len(lines_by_name(estimate_of(WINDOWS, {**inputs, "automaticBackupRetentionDays": 0}))) == 2


@pytest.mark.parametrize(
    ("inputs", "rate"),
    [
        ({"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 250}, "0.21"),
        ({"deploymentType": "PERSISTENT_1", "perUnitStorageThroughput": 100}, "0.19"),
        (
            {
                "deploymentType": "PERSISTENT_1",
                "storageType": "HDD",
                "perUnitStorageThroughput": 12,
                "driveCacheType": "READ",
            },
            "0.041",
        ),
    ],
)
def test_lustre_bills_storage_by_its_throughput(inputs, rate):
    lines = lines_by_name(estimate_of(LUSTRE, {"storageCapacity": 1200, **inputs}))
    assert lines == {"Storage": (D(1200), 1200 * D(rate))}


def test_openzfs_bills_iops_above_three_a_gigabyte():
    inputs = {
        "deploymentType": "SINGLE_AZ_1",
        "storageCapacity": 100,
        "throughputCapacity": 64,
        "diskIopsConfiguration": {"mode": "USER_PROVISIONED", "iops": 1300},
    }
    assert lines_by_name(estimate_of(OPENZFS, inputs, region=EU, usage={"backup_storage_gb": 10})) == {
        "SSD storage": (D(100), D("10.7")),
        "Throughput": (D(64), D("22.4")),
        "SSD IOPS above included": (D(1000), D("7.2")),
        "Backups": (D(10), D("0.54")),
    }


def test_deployments_without_rows_are_unpriced_by_name():
    size = {"storageCapacity": 1200, "throughputCapacity": 64}
    assert estimate_of(WINDOWS, size).reason.startswith(
        "no price in this region: AmazonFSx windows-single-az ssd-storage"
    )
    assert estimate_of(LUSTRE, size).reason.startswith(
        "no price in this region: AmazonFSx lustre scratch-1-ssd"
    )
    multi = {**size, "deploymentType": "MULTI_AZ_1"}
    assert estimate_of(OPENZFS, multi).reason.startswith(
        "no price in this region: AmazonFSx openzfs-multi-az-1"
    )
    assert estimate_of("aws:fsx/ontapFileSystem:OntapFileSystem", multi).reason.startswith(
        "no price in this region: AmazonFSx ontap-multi-az-1"
    )
    kept = {"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 125, "storageCapacity": 1200}
    assert estimate_of(LUSTRE, kept, usage={"backup_storage_gb": 1}).reason.startswith(
        "no price in this region: AmazonFSx lustre backup"
    )


def test_ontap_and_provisioned_iops_bill_once_they_have_a_price():
    rows = {
        ("AmazonFSx", "ontap-multi-az-1", "ssd-storage"): "0.25",
        ("AmazonFSx", "ontap-multi-az-1", "throughput"): "1.2",
        ("AmazonFSx", "ontap-multi-az-1", "ssd-iops"): "0.034",
        ("AmazonFSx", "ontap", "backup"): "0.05",
        ("AmazonFSx", "lustre", "metadata-iops"): "0.055",
        ("AmazonFSx", "lustre", "backup"): "0.05",
    }
    ontap = {
        "deploymentType": "MULTI_AZ_1",
        "storageCapacity": 1024,
        "throughputCapacityPerHaPair": 128,
        "haPairs": 2,
        "diskIopsConfiguration": {"mode": "USER_PROVISIONED", "iops": 4072},
        "automaticBackupRetentionDays": 1,
    }
    storage, speed, iops, backups = after_lines(
        estimate_with_prices(rows, resource("aws:fsx/ontapFileSystem:OntapFileSystem", ontap))
    )
    assert (storage.amount.expected, speed.quantity.expected, iops.quantity.expected) == (256, 256, 1000)
    assert (backups.quantity.low, backups.quantity.expected, backups.quantity.high) == (0, 512, 1024)
    lustre = {
        "deploymentType": "PERSISTENT_2",
        "perUnitStorageThroughput": 125,
        "storageCapacity": 1200,
        "metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 1500},
    }
    lines = lines_by_name(
        estimate_with_prices(
            rows, resource(LUSTRE, lustre), usage={"monthly_hours": 365, "backup_storage_gb": 10}
        )
    )
    assert lines == {
        "Storage": (D(600), D(87)),
        "Metadata IOPS": (D(750), D("41.25")),
        "Backups": (D(10), D("0.5")),
    }


def test_what_a_file_system_assumes_stays_in_the_standard_class():
    standard, reads, writes = after_lines(estimate_of(EFS, {"throughputMode": "elastic"}))
    for line in (standard, reads, writes):
        assert (line.quantity.low, line.quantity.expected, line.quantity.high) == (0, 100, 1000)
    one_zone = {"availabilityZoneName": "x", "throughputMode": "elastic"}
    usage = {"infrequent_access_storage_gb": 100, "standard_storage_gb": 0}
    lines = lines_by_name(estimate_of(EFS, one_zone, usage=usage))
    assert lines["Infrequent Access storage"] == (D(100), D("1.33"))
