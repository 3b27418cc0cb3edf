"""The recommendations and reviews: their functions, the bucket, and who gets them by mail."""

from typing import Annotated

from pydantic import Field

from components.settings.monitoring import BaseUrl
from components.settings.storage import Bucket, NoncurrentVersions
from components.settings.types import (
    REGIONS,
    CostAllocation,
    DataClass,
    Days,
    Email,
    LogRetentionDays,
    Region,
    Section,
    Unique,
    cost_allocation,
    default,
    integer,
    text,
)

CONTACTS = "guide, Support Contacts"
Recipients = Annotated[tuple[Email, ...], Unique, Field(min_length=1, max_length=50)]


class ReportBucket(Bucket):
    """The bucket for recommendations and reviews."""

    data_class: DataClass = default("confidential", "chosen: reviews name the usage of tenants")
    """The value of the tag `data-class`."""
    expiration_days: Days = default(1100, "chosen: three years of reviews")
    """The age at which an object is deleted."""
    noncurrent_versions: NoncurrentVersions = default(
        NoncurrentVersions(days=30), "chosen: a review that was replaced is missed within a month"
    )
    """How long replaced and deleted versions stay."""


class Reporting(Section):
    """The recommendations of every Monday, and the reviews of the 2nd and the 15th."""

    cost_allocation: CostAllocation = cost_allocation("cost-reports", "cloud-other")
    """The cost tags of the functions and the bucket."""
    name: Annotated[
        str,
        text(
            "a name of 3 to 32 lower case letters, digits and hyphens",
            r"[a-z][a-z0-9-]{1,30}[a-z0-9]",
            "teei-prod-us-east-1-reports",
        ),
    ]
    """What the names of the functions and schedules start with; a change replaces them."""
    bucket: ReportBucket
    """The bucket of the reports."""
    sender: Email = default("finops@teei.io", CONTACTS)
    """The sender of the mails; an identity of SES."""
    recommendation_recipients: Recipients = default(("finops@teei.io", "eng-lead@teei.io"), CONTACTS)
    """Who gets the five recommendations of a week that save most."""
    monthly_recipients: Recipients = default(("finops@teei.io", "eng-lead@teei.io"), CONTACTS)
    """Who gets the monthly review."""
    executive_recipients: Recipients = default(
        ("cfo@teei.io", "cto@teei.io", "finops@teei.io"),
        "guide, Quarterly Executive Review; Support Contacts",
    )
    """Who gets the quarterly review."""
    prometheus_url: BaseUrl | None = None
    """The Prometheus of the cluster, on port 443 in the VPC; without it only AWS is looked at."""
    regions: Annotated[tuple[Region, ...], Unique, Field(min_length=1)] = default(
        REGIONS, "guide, Cost Breakdown: the two Regions"
    )
    """The Regions of the account that recommendations are made for."""
    link_hours: Annotated[int, integer("hours", 1, 12)] = default(
        12, "chosen: a working day; AWS ends the links with the function's credentials"
    )
    """How long the links in the mail of a review are valid."""
    plan_discount_percent: Annotated[int, integer("percent", 1, 99)] = default(
        27, "chosen: a Compute Savings Plan of a year without upfront payment for m6i"
    )
    """The discount of a Savings Plan that the quarterly review assesses."""
    memory_mib: Annotated[int, integer("MiB", 512, 10240)] = default(
        1024, "chosen: 0.6 vCPU; a review needs less than 300 MB"
    )
    """Memory of each function."""
    log_retention_days: LogRetentionDays = default(30, "guide, Loki: hot storage")
    """How long CloudWatch keeps the logs of the functions."""
