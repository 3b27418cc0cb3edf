"""Backups, the archive and the parameters of the instance, on moto."""

from datetime import UTC, datetime, timedelta

import pytest

from retention.stores import rds
from retention.stores.aws import Aws
from tests.retention.support import fake_account, stack, texts

SETTINGS = stack().settings
IDENTIFIER = SETTINGS.database.identifier


@pytest.fixture(scope="module")
def session():
    """An account with the instance as declared."""
    with fake_account() as session:
        session.client("rds").create_db_instance(
            DBInstanceIdentifier=IDENTIFIER,
            DBInstanceClass="db.m7g.large",
            Engine="postgres",
            AllocatedStorage=100,
            MasterUsername="postgres",
            ManageMasterUserPassword=True,
            BackupRetentionPeriod=7,
        )
        yield session


def verify(session, now=None, **changes):
    settings = stack(**changes).settings
    aws = Aws(settings.account_id, settings.region, session)
    return rds.verify(aws, settings.database, now or datetime.now(UTC))


def test_an_instance_as_declared_has_no_difference(session):
    findings = verify(session)
    assert texts(findings) == []
    assert findings.checks == 3
    assert findings.measured[IDENTIFIER]["backup_retention_days"] == 7


def test_another_backup_retention_is_a_difference(session):
    assert texts(verify(session, database__backup_retention_days=14)) == [
        "backup retention is 7 days, but 14 days is declared (database.backup_retention_days)"
    ]


def test_an_archive_that_stands_still_is_a_difference(session):
    [instance] = session.client("rds").describe_db_instances()["DBInstances"]
    restorable = instance["LatestRestorableTime"]
    [text] = texts(verify(session, restorable + timedelta(hours=1)))
    assert text.startswith(f"the newest time that can be restored is {restorable:%Y-%m-%d %H:%M} UTC")
    assert texts(verify(session, restorable + timedelta(minutes=20))) == []


def test_a_missing_instance_is_a_difference(session):
    assert texts(verify(session, database__identifier="another")) == [
        "the instance does not exist (database.identifier)"
    ]
