"""DMS, Transfer Family, Directory Service and WorkSpaces."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    D,
    after_lines,
    dollars,
    estimate_of,
    estimate_with_prices,
    lines_by_name,
    resource,
)

DMS = "aws:dms/replicationInstance:ReplicationInstance"
SERVER = "aws:transfer/server:Server"
DIRECTORY = "aws:directoryservice/directory:Directory"


def test_a_replication_instance_bills_hours_and_storage_above_the_included():
    inputs = {"replicationInstanceClass": "dms.t2.micro", "multiAz": True, "allocatedStorage": 80}
    assert lines_by_name(estimate_of(DMS, inputs, usage={"monthly_hours": 100})) == {
        "dms.t2.micro, multi-az": (D(100), D("3.6")),
        "Storage above the included": (D(30), D("6.9")),
    }
    single = {"replicationInstanceClass": "dms.t2.micro"}
    assert dollars(estimate_of(DMS, single)) == 730 * D("0.018")
    assert estimate_of(DMS, {**single, "allocatedStorage": 51}).reason.startswith(
        "no price in this region: AWSDatabaseMigrationSvc storage-single-az gp2"
    )
    assert estimate_of(DMS, single, usage={"monthly_surplus_cpu_credit_hours": 1}).reason.startswith(
        "no price in this region"
    )
    assert estimate_of(DMS, {"replicationInstanceClass": "dms.r6i.large"}).reason.startswith(
        "no price in this region"
    )


def test_a_transfer_server_bills_each_protocol_and_the_data():
    usage = {"monthly_upload_gb": 10, "monthly_download_gb": 20}
    assert dollars(estimate_of(SERVER, {}, usage=usage)) == 219 + D("1.2")
    both = lines_by_name(
        estimate_of(SERVER, {"protocols": ["SFTP", "FTPS"]}, usage={**usage, "monthly_hours": 100})
    )
    assert both["FTPS endpoint"] == (D(100), D(30))
    assert estimate_of(SERVER, {"protocols": ["AS2"]}).reason.startswith(
        "no price in this region: AWSTransfer endpoint as2"
    )
    assert estimate_of(SERVER, {}, region=EU).reason.startswith("no price in this region")


@pytest.mark.parametrize(
    ("inputs", "hourly"),
    [
        ({}, "0.1"),
        ({"size": "Large"}, "0.3"),
        ({"type": "ADConnector", "size": "Small"}, "0.1"),
        ({"type": "MicrosoftAD"}, "0.4"),
        ({"type": "MicrosoftAD", "edition": "Standard", "desiredNumberOfDomainControllers": 3}, "0.18"),
    ],
)
def test_a_directory_bills_its_domain_controllers(inputs, hourly):
    assert dollars(estimate_of(DIRECTORY, inputs)) == 730 * D(hourly)
    assert dollars(estimate_of(DIRECTORY, inputs, usage={"monthly_hours": 100})) == 100 * D(hourly)


def test_directories_elsewhere_and_desktops_are_unpriced():
    assert estimate_of(DIRECTORY, {}, region=EU).reason.startswith(
        "no price in this region: AWSDirectoryService"
    )
    workspace = "aws:workspaces/workspace:Workspace"
    assert estimate_of(workspace, {"bundleId": "wsb-1"}).reason.startswith(
        "no price in this region: AmazonWorkSpaces always-on-month wsb-1"
    )
    stopping = {"bundleId": "wsb-1", "workspaceProperties": {"runningMode": "AUTO_STOP"}}
    assert "auto-stop-month" in estimate_of(workspace, stopping).reason


def test_desktops_and_current_replication_instances_bill_once_they_have_a_price():
    rows = {
        ("AmazonWorkSpaces", "always-on-month", "wsb-1"): "35",
        ("AmazonWorkSpaces", "auto-stop-month", "wsb-1"): "10",
        ("AmazonWorkSpaces", "auto-stop-hour", "wsb-1"): "0.5",
        ("AWSDatabaseMigrationSvc", "instance-single-az", "dms.r6i.large"): "0.2",
        ("AWSDatabaseMigrationSvc", "storage-single-az", "gp2"): "0.115",
        ("AWSDatabaseMigrationSvc", "cpu-credits", "t3"): "0.05",
        ("AWSDatabaseMigrationSvc", "instance-single-az", "dms.t3.micro"): "0.02",
    }
    workspace = "aws:workspaces/workspace:Workspace"
    stopping = {"bundleId": "wsb-1", "workspaceProperties": {"runningMode": "AUTO_STOP"}}
    assert dollars(estimate_with_prices(rows, resource(workspace, {"bundleId": "wsb-1"}))) == 35
    assert dollars(
        estimate_with_prices(rows, resource(workspace, stopping), usage={"monthly_hours": 73})
    ) == 1 + D("36.5")
    large = {"replicationInstanceClass": "dms.r6i.large", "allocatedStorage": 150, "publiclyAccessible": True}
    assert lines_by_name(estimate_with_prices(rows, resource(DMS, large))) == {
        "dms.r6i.large, single-az": (D(730), D(146)),
        "Storage above the included": (D(50), D("5.75")),
        "Public IPv4 address": (D(730), D("3.65")),
    }
    credits = estimate_with_prices(
        rows,
        resource(DMS, {"replicationInstanceClass": "dms.t3.micro"}),
        usage={"monthly_surplus_cpu_credit_hours": 10},
    )
    assert lines_by_name(credits)["Surplus CPU credits"] == (D(10), D("0.5"))


def test_missing_transfer_usage_is_assumed():
    _, up, down = after_lines(estimate_of(SERVER, {}))
    for line in (up, down):
        assert (line.quantity.low, line.quantity.expected, line.quantity.high) == (0, 10, 100)
