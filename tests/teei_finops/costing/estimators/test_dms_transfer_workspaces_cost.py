"""DMS, Transfer Family, Directory Service and WorkSpaces."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.bills import EU, D, bill, dollars, resource
from tests.teei_finops.costing.estimators.line_items import bill_with, line_items, lines

DMS = "aws:dms/replicationInstance:ReplicationInstance"
SERVER = "aws:transfer/server:Server"
DIRECTORY = "aws:directoryservice/directory:Directory"


def test_a_replication_instance_bills_hours_and_storage_above_the_included():
    inputs = {"replicationInstanceClass": "dms.t2.micro", "multiAz": True, "allocatedStorage": 80}
    assert lines(bill(DMS, inputs, usage={"monthly_hours": 100})) == {
        "dms.t2.micro, multi-az": (D(100), D("3.6")),
        "Storage above the included": (D(30), D("6.9")),
    }
    single = {"replicationInstanceClass": "dms.t2.micro"}
    assert dollars(bill(DMS, single)) == 730 * D("0.018")
    assert bill(DMS, {**single, "allocatedStorage": 51}).reason.startswith(
        "no price in this region: AWSDatabaseMigrationSvc storage-single-az gp2"
    )
    assert bill(DMS, single, usage={"monthly_surplus_cpu_credit_hours": 1}).reason.startswith(
        "no price in this region"
    )
    assert bill(DMS, {"replicationInstanceClass": "dms.r6i.large"}).reason.startswith(
        "no price in this region"
    )


def test_a_transfer_server_bills_each_protocol_and_the_data():
    usage = {"monthly_upload_gb": 10, "monthly_download_gb": 20}
    assert dollars(bill(SERVER, {}, usage=usage)) == 219 + D("1.2")
    both = lines(bill(SERVER, {"protocols": ["SFTP", "FTPS"]}, usage={**usage, "monthly_hours": 100}))
    assert both["FTPS endpoint"] == (D(100), D(30))
    assert bill(SERVER, {"protocols": ["AS2"]}).reason.startswith(
        "no price in this region: AWSTransfer endpoint as2"
    )
    assert bill(SERVER, {}, region=EU).reason.startswith("no price in this region")


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
    assert dollars(bill(DIRECTORY, inputs)) == 730 * D(hourly)
    assert dollars(bill(DIRECTORY, inputs, usage={"monthly_hours": 100})) == 100 * D(hourly)


def test_directories_elsewhere_and_desktops_are_unpriced():
    assert bill(DIRECTORY, {}, region=EU).reason.startswith("no price in this region: AWSDirectoryService")
    workspace = "aws:workspaces/workspace:Workspace"
    assert bill(workspace, {"bundleId": "wsb-1"}).reason.startswith(
        "no price in this region: AmazonWorkSpaces always-on-month wsb-1"
    )
    stopping = {"bundleId": "wsb-1", "workspaceProperties": {"runningMode": "AUTO_STOP"}}
    assert "auto-stop-month" in bill(workspace, stopping).reason


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
    assert dollars(bill_with(rows, resource(workspace, {"bundleId": "wsb-1"}))) == 35
    assert dollars(bill_with(rows, resource(workspace, stopping), usage={"monthly_hours": 73})) == 1 + D(
        "36.5"
    )
    large = {"replicationInstanceClass": "dms.r6i.large", "allocatedStorage": 150, "publiclyAccessible": True}
    assert lines(bill_with(rows, resource(DMS, large))) == {
        "dms.r6i.large, single-az": (D(730), D(146)),
        "Storage above the included": (D(50), D("5.75")),
        "Public IPv4 address": (D(730), D("3.65")),
    }
    credits = bill_with(
        rows,
        resource(DMS, {"replicationInstanceClass": "dms.t3.micro"}),
        usage={"monthly_surplus_cpu_credit_hours": 10},
    )
    assert lines(credits)["Surplus CPU credits"] == (D(10), D("0.5"))


def test_transfers_that_nobody_states_are_assumed():
    _, up, down = line_items(bill(SERVER, {}))
    for line in (up, down):
        assert (line.quantity.low, line.quantity.expected, line.quantity.high) == (0, 10, 100)
