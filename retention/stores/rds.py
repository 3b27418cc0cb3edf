"""RDS: how far back a point-in-time restore reaches, whether WAL is archived, and the parameters in force."""

from datetime import datetime, timedelta

from components.settings.database import Database
from retention.findings import Findings
from retention.stores.aws import Aws

RUNBOOK = "storage-retention-postgresql"
# RDS uploads WAL every five minutes.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html, 2026-11.
ARCHIVE_LATENESS = timedelta(minutes=30)


def verify(aws: Aws, settings: Database, now: datetime) -> Findings:
    """Raises RetentionError."""
    findings = Findings("rds", RUNBOOK)
    resource = findings.of(settings.identifier)
    answer = aws.find(
        "rds",
        "describe_db_instances",
        ("DBInstanceNotFound", "DBInstanceNotFoundFault"),
        DBInstanceIdentifier=settings.identifier,
    )
    if answer is None:
        resource.check(False, "database.identifier", "the instance does not exist", settings.identifier, None)
        return findings
    [instance] = answer["DBInstances"]
    days = instance["BackupRetentionPeriod"]
    resource.equal(
        "database.backup_retention_days", "backup retention", settings.backup_retention_days, days, "days"
    )
    restorable = instance.get("LatestRestorableTime")
    late = restorable is None or now - restorable > ARCHIVE_LATENESS
    resource.check(
        not late or not days,
        "database.backup_retention_days",
        f"the newest time that can be restored is {restorable:%Y-%m-%d %H:%M} UTC: WAL is not archived"
        if restorable
        else "no time can be restored: WAL is not archived",
        f"at most {ARCHIVE_LATENESS.seconds // 60} minutes ago",
        restorable.isoformat() if restorable else None,
    )
    statuses = {
        group["DBParameterGroupName"]: group["ParameterApplyStatus"]
        for group in instance.get("DBParameterGroups", [])
    }
    pending = [name for name, status in statuses.items() if status != "in-sync"]
    text = "; ".join(f"the parameter group {name} is {statuses[name]}" for name in pending)
    resource.check(not pending, "database.engine_version", text, "in-sync", statuses)
    findings.measured[settings.identifier] = {
        "backup_retention_days": days,
        "latest_restorable_time": restorable.isoformat() if restorable else None,
    }
    return findings
