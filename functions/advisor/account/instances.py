"""EC2 instances of a previous generation."""

from collections.abc import Iterator

from functions.advisor.account.context import Account, tags_of
from functions.advisor.account.sizes import family, in_family
from functions.advisor.findings import BillLine, Commitment, Confidence, Finding
from teei_finops.aws_limits.generations import CURRENT_FAMILY

RUNNING = [{"Name": "instance-state-name", "Values": ["running"]}]


def previous_generation_instances(account: Account) -> Iterator[Finding]:
    """Running Linux instances on demand, where a current family of the same architecture costs less."""
    for reservation in account.items("ec2", "describe_instances", "Reservations", Filters=RUNNING):
        for instance in reservation["Instances"]:
            old = instance["InstanceType"]
            current = CURRENT_FAMILY.get(family(old))
            if (
                not current
                or instance.get("Platform", "").lower() == "windows"
                or instance.get("InstanceLifecycle") == "spot"
            ):
                continue
            kind = in_family(old, current)
            before = account.prices.instance_month(account.region, old)
            after = account.prices.instance_month(account.region, kind)
            if before is None or after is None or after >= before:
                continue
            name = instance["InstanceId"]
            yield account.finding(
                "previous-generation-instance",
                account.arn("ec2", f"instance/{name}"),
                evidence=f"{old} is of a previous generation; {kind} costs less and does more",
                change=f"stop the instance, aws ec2 modify-instance-attribute --region {account.region} "
                f"--instance-id {name} --instance-type {kind}, and start it; the image needs drivers for "
                "ENA and NVMe",
                saving=before - after,
                confidence=Confidence.MEDIUM,
                tags=tags_of(instance.get("Tags")),
                bill=BillLine("", "BoxUsage"),
                commitment=Commitment.SAVINGS_PLAN,
                ids=(name,),
                inputs=f"instance_type: {kind}",
            )
