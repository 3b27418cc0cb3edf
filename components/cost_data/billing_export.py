"""The billing data export of the account: FOCUS 1.2 with AWS columns, as Parquet in a bucket of its own."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.settings import Settings
from components.settings import cost_data as settings_cost_data
from components.storage_retention import Bucket, BucketArgs
from components.tags import CostTags

REGION = "us-east-1"  # of Data Exports, which has one endpoint for the account
TABLE = "FOCUS_1_2_AWS"
PREFIX = "exports"
# The columns that functions/cost_data/formats.py reads, with their types for Athena.
# https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-focus-1-2-aws-columns.html, 2026-11.
COLUMNS = {
    "BilledCost": "double",
    "BillingAccountId": "string",
    "BillingCurrency": "string",
    "BillingPeriodStart": "timestamp",
    "ChargeCategory": "string",
    "ChargeClass": "string",
    "ChargePeriodStart": "timestamp",
    "ConsumedQuantity": "double",
    "EffectiveCost": "double",
    "ProviderName": "string",
    "RegionId": "string",
    "ServiceName": "string",
    "ServiceSubcategory": "string",
    "SkuMeter": "string",
    "SubAccountId": "string",
    "Tags": "map<string,string>",
}


@dataclass(frozen=True)
class BillingExportArgs:
    """`name` is the name of the export; `access_logs` the bucket for the access logs of its bucket."""

    settings: Settings
    name: str
    bucket: settings_cost_data.BillingExportBucket
    access_logs: Bucket
    tags: CostTags


class BillingExport(pulumi.ComponentResource):
    """AWS delivers the current month up to three times a day, and a closed month while it still changes.

    `bucket` is where it delivers, `location` the export in it: s3://BUCKET/PREFIX/EXPORT-NAME.
    """

    bucket: Bucket
    location: pulumi.Output[str]

    def __init__(
        self, name: str, args: BillingExportArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("finops:cost_data:BillingExport", name, None, opts)
        settings = args.settings
        self.bucket = Bucket(
            f"{name}-storage",
            BucketArgs(
                settings=args.bucket,
                account_id=settings.account_id,
                access_logs=args.access_logs,
                tags=args.tags,
                statements=[_delivery(settings.account_id)],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        # A delivery replaces the one before, so that no charge is in the bucket twice.
        output = aws.bcmdata.ExportExportDestinationConfigurationS3DestinationS3OutputConfigurationArgs(
            format="PARQUET", compression="PARQUET", output_type="CUSTOM", overwrite="OVERWRITE_REPORT"
        )
        destination = aws.bcmdata.ExportExportDestinationConfigurationS3DestinationArgs(
            s3_bucket=self.bucket.name,
            s3_prefix=PREFIX,
            s3_region=settings.region,
            s3_output_configurations=[output],
        )
        aws.bcmdata.Export(
            f"{name}-export",
            export=aws.bcmdata.ExportExportArgs(
                name=args.name,
                description="The costs of the account by day, for cost_data",
                data_queries=[
                    aws.bcmdata.ExportExportDataQueryArgs(
                        query_statement=f"SELECT {', '.join(COLUMNS)} FROM {TABLE}",
                        table_configurations={TABLE: {"TIME_GRANULARITY": "DAILY"}},
                    )
                ],
                destination_configurations=[
                    aws.bcmdata.ExportExportDestinationConfigurationArgs(s3_destinations=[destination])
                ],
                refresh_cadences=[aws.bcmdata.ExportExportRefreshCadenceArgs(frequency="SYNCHRONOUS")],
            ),
            tags=args.tags.as_tags(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.bucket.policy]),
        )
        self.location = pulumi.Output.concat("s3://", self.bucket.name, f"/{PREFIX}/{args.name}")
        self.register_outputs({"location": self.location})


def _delivery(account_id: str) -> dict[str, object]:
    """Lets Data Exports write for this account only.

    https://docs.aws.amazon.com/cur/latest/userguide/dataexports-s3-bucket.html, 2026-11.
    """
    return {
        "Sid": "DataExports",
        "Effect": "Allow",
        "Principal": {"Service": ["billingreports.amazonaws.com", "bcm-data-exports.amazonaws.com"]},
        "Action": ["s3:PutObject", "s3:GetBucketPolicy"],
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account_id},
            "ArnLike": {
                "aws:SourceArn": [
                    f"arn:aws:cur:{REGION}:{account_id}:definition/*",
                    f"arn:aws:bcm-data-exports:{REGION}:{account_id}:export/*",
                ]
            },
        },
    }
