"""Bills in the FOCUS format."""

from datetime import UTC, datetime

import duckdb

from teei_finops.costing.bill.focus import read_bill
from tests.teei_finops.costing.bill.focus_files import charge, write_bill


def test_the_times_of_a_bill_are_utc_whatever_the_time_zone_of_the_machine(tmp_path, monkeypatch):
    month = {"ChargePeriodStart": "2026-11-01T00:00:00Z", "ChargePeriodEnd": "2026-12-01T00:00:00Z"}
    csv = write_bill(tmp_path / "bill.csv", charge("AmazonEC2", "u", "vol-1", 8, **month))
    parquet = tmp_path / "bill.parquet"
    with duckdb.connect() as database:
        columns = ", ".join(f"{name}::TIMESTAMPTZ AS {name}" for name in month)
        database.execute(f"COPY (SELECT * REPLACE ({columns}) FROM '{csv}') TO '{parquet}'")
    connect = duckdb.connect

    def connect_in_los_angeles():
        """Where November has an hour more than 30 days."""
        database = connect()
        database.execute("SET TimeZone = 'America/Los_Angeles'")
        return database

    monkeypatch.setattr(duckdb, "connect", connect_in_los_angeles)
    for file in (csv, parquet):
        bill = read_bill(file)
        assert (bill.start, bill.hours) == (datetime(2026, 11, 1, tzinfo=UTC), 720)
