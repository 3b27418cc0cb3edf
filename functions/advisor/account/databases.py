"""RDS instances: idle, oversized, of a previous generation; databases and clusters in extended support."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from functions.advisor.account.context import Account, Metric, tags_of
from functions.advisor.account.database_memory import fits_smaller
from functions.advisor.account.sizes import family, in_family, smaller
from functions.advisor.findings import BillLine, Commitment, Confidence, Finding
from teei_finops.aws_limits.generations import CURRENT_DATABASE_FAMILY, PREVIOUS_DATABASE_FAMILIES
from teei_finops.costing.estimators.database_instances import engine_family
from teei_finops.costing.estimators.support_windows import window_of

INSTANCE = "aws:rds/instance:Instance"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
_SERVICE = "Amazon Relational Database Service"


def _instances(account: Account) -> Iterator[dict[str, Any]]:
    for instance in account.items("rds", "describe_db_instances", "DBInstances"):
        if instance["DBInstanceStatus"] == "available":
            yield instance


def _is_aurora(instance: dict[str, Any]) -> bool:
    return instance["Engine"].startswith("aurora")


def _inputs(instance: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The inputs of a Pulumi instance that decide its price, from DescribeDBInstances."""
    inputs = {
        "engine": instance["Engine"],
        "engineVersion": instance["EngineVersion"],
        "instanceClass": instance["DBInstanceClass"],
        "multiAz": instance.get("MultiAZ", False),
        "allocatedStorage": instance["AllocatedStorage"],
        "storageType": instance.get("StorageType", "gp2"),
        "engineLifecycleSupport": instance.get("EngineLifecycleSupport"),
        "iops": instance.get("Iops"),
        "storageThroughput": instance.get("StorageThroughput"),
        **changes,
    }
    return {name: value for name, value in inputs.items() if value is not None}


def _instance_month(account: Account, instance: dict[str, Any], instance_class: str) -> Decimal | None:
    """US dollars a month of the instance hours alone, without storage."""
    engine = engine_family(instance["Engine"])
    if _is_aurora(instance):
        storage = "io-optimized" if instance.get("StorageType") == "aurora-iopt1" else "standard"
        prices = f"{engine}-{storage}"
    else:
        prices = f"{engine}-{'multi' if instance.get('MultiAZ') else 'single'}-az"
    return account.prices.hourly_month(account.region, "AmazonRDS", prices, instance_class)


def _metrics(
    account: Account, instances: list[dict[str, Any]], name: str, statistic: str = "Maximum"
) -> list[list[float]]:
    return account.values(
        [
            Metric("AWS/RDS", name, statistic, {"DBInstanceIdentifier": instance["DBInstanceIdentifier"]})
            for instance in instances
        ]
    )


def idle_databases(account: Account) -> Iterator[Finding]:
    """Instances that had no connection in the window, or since they were created."""
    instances = list(_instances(account))
    connections = _metrics(account, instances, "DatabaseConnections")
    for instance, values in zip(instances, connections, strict=True):
        if not values or max(values) > 0:
            continue
        name = instance["DBInstanceIdentifier"]
        saving = (
            _instance_month(account, instance, instance["DBInstanceClass"])
            if _is_aurora(instance)
            else account.prices.monthly(INSTANCE, account.region, _inputs(instance))
        )
        yield _finding(
            account,
            "idle-database",
            instance,
            evidence=f"{_described(instance)}; no connection in {_days(account, instance)}",
            change=f"verify before deleting: aws rds delete-db-instance --region {account.region} "
            f"--db-instance-identifier {name}{_final_snapshot(instance)}",
            saving=saving,
            confidence=account.confidence(instance["InstanceCreateTime"], Confidence.HIGH),
        )


def _final_snapshot(instance: dict[str, Any]) -> str:
    """The option of delete-db-instance on the final snapshot.

    A read replica has none, and must state so; the data of an Aurora instance is its cluster's, which stays:
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html, 2026-11
    """
    if _is_aurora(instance):
        return ""
    if instance.get("ReadReplicaSourceDBInstanceIdentifier"):
        return " --skip-final-snapshot"
    return f" --final-db-snapshot-identifier {instance['DBInstanceIdentifier']}-final"


def oversized_databases(account: Account) -> Iterator[Finding]:
    """Instances whose CPU stayed below the setting, and whose memory and connections fit one size less."""
    instances = list(_instances(account))
    processor = _metrics(account, instances, "CPUUtilization")
    free = _metrics(account, instances, "FreeableMemory", "Minimum")
    connections = _metrics(account, instances, "DatabaseConnections")
    limit = account.settings.oversized_cpu
    for number, instance in enumerate(instances):
        kind, values = smaller(instance["DBInstanceClass"]), processor[number]
        if not kind or not values or max(values) >= float(limit * 100):
            continue
        before = _instance_month(account, instance, instance["DBInstanceClass"])
        after = _instance_month(account, instance, kind)
        if before is None or after is None:
            continue  # the family does not have this size, or the price book has no price for it
        fits = fits_smaller(account, instance, kind, free[number], connections[number])
        if not fits.fits:
            continue
        yield _finding(
            account,
            "oversized-database",
            instance,
            evidence=f"{_described(instance)}; CPU at most {max(values):.0f} % in "
            f"{_days(account, instance)}; {fits.evidence}",
            change=f"aws rds modify-db-instance --region {account.region} --db-instance-identifier "
            f"{instance['DBInstanceIdentifier']} --db-instance-class {kind}",
            saving=before - after,
            inputs=f"instance_class: {kind}",
            confidence=account.confidence(instance["InstanceCreateTime"], fits.confidence),
        )


def previous_generation_databases(account: Account) -> Iterator[Finding]:
    """Instances of a class of a previous generation, unless the current one costs as much."""
    for instance in _instances(account):
        old = instance["DBInstanceClass"]
        current = CURRENT_DATABASE_FAMILY.get(family(old))
        if family(old) not in PREVIOUS_DATABASE_FAMILIES or not current:
            continue
        kind = in_family(old, current)
        before, after = _instance_month(account, instance, old), _instance_month(account, instance, kind)
        if after is None or (before is not None and after >= before):
            continue
        yield _finding(
            account,
            "database-is-current-generation",
            instance,
            evidence=f"{_described(instance)} is of a previous generation; {kind} is a current one",
            change=f"aws rds modify-db-instance --region {account.region} --db-instance-identifier "
            f"{instance['DBInstanceIdentifier']} --db-instance-class {kind}",
            saving=None if before is None else before - after,
            inputs=f"instance_class: {kind}",
            confidence=Confidence.HIGH,
        )


def versions_in_extended_support(account: Account) -> Iterator[Finding]:
    """Databases and EKS clusters whose version costs a surcharge today."""
    for instance in _instances(account):
        window = window_of("AmazonRDS", engine_family(instance["Engine"]), instance["EngineVersion"])
        ended = window.standard_until if window else None
        if ended is None or account.prices.day <= ended:
            continue
        token = CLUSTER_INSTANCE if _is_aurora(instance) else INSTANCE
        saving = account.prices.saving(
            token, account.region, _inputs(instance), _inputs(instance, engineVersion=None)
        )
        if saving == 0:
            continue  # it opted out: AWS upgrades it instead
        yield _finding(
            account,
            "version-in-extended-support",
            instance,
            evidence=f"{instance['Engine']} {instance['EngineVersion']}: standard support ended on {ended}",
            change="upgrade to a version with standard support: aws rds modify-db-instance "
            f"--region {account.region} --db-instance-identifier {instance['DBInstanceIdentifier']} "
            "--engine-version VERSION --allow-major-version-upgrade",
            saving=saving,
            confidence=Confidence.HIGH,
            bill=BillLine(_SERVICE, "ExtendedSupport"),
            committed=False,
            inputs="engine_version",
        )
    yield from _clusters(account)


def _clusters(account: Account) -> Iterator[Finding]:
    names = [name for page in account.pages("eks", "list_clusters") for name in page["clusters"]]
    for name in names:
        cluster = account.aws.call("eks", "describe_cluster", account.region, name=name)["cluster"]
        window = window_of("AmazonEKS", "kubernetes", cluster["version"])
        ended = window.standard_until if window else None
        opted_out = cluster.get("upgradePolicy", {}).get("supportType") == "STANDARD"
        if ended is None or account.prices.day <= ended or opted_out:
            continue
        yield account.finding(
            "version-in-extended-support",
            cluster["arn"],
            evidence=f"Kubernetes {cluster['version']}: standard support ended on {ended}",
            change="upgrade one minor version at a time: aws eks update-cluster-version "
            f"--region {account.region} --name {name} --kubernetes-version VERSION",
            saving=account.prices.hourly_month(
                account.region, "AmazonEKS", "cluster", "extended-support-surcharge"
            ),
            confidence=Confidence.HIGH,
            tags=cluster.get("tags") or {},
            bill=BillLine("", "AmazonEKS-Hours"),
            inputs="version",
        )


def _days(account: Account, instance: dict[str, Any]) -> str:
    return account.days_of(instance["InstanceCreateTime"])


def _described(instance: dict[str, Any]) -> str:
    zones = ", Multi-AZ" if instance.get("MultiAZ") else ""
    return f"{instance['DBInstanceClass']}, {instance['Engine']} {instance['EngineVersion']}{zones}"


def _finding(
    account: Account,
    rule: str,
    instance: dict[str, Any],
    *,
    evidence: str,
    change: str,
    saving: Decimal | None,
    confidence: Confidence,
    bill: BillLine | None = None,
    committed: bool = True,
    inputs: str = "",
) -> Finding:
    usage = "Multi-AZUsage" if instance.get("MultiAZ") else "InstanceUsage"
    return account.finding(
        rule,
        instance["DBInstanceArn"],
        evidence=evidence,
        change=change,
        saving=saving,
        confidence=confidence,
        tags=tags_of(instance.get("TagList")),
        bill=bill or BillLine(_SERVICE, usage),
        commitment=Commitment.RESERVATION if committed else None,
        inputs=inputs,
    )
