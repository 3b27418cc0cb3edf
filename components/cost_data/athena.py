"""The billing export as a table of Athena, and the workgroup that bounds what a query scans."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.cost_data.billing_export import COLUMNS
from components.settings import Settings
from components.tags import CostTags

TABLE = "focus"
PARTITION = "billing_period"  # the partition column of functions/cost_data/sources/athena.py
FIRST_PERIOD = "2020-01"
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
_GIB = 1024**3


@dataclass(frozen=True)
class AthenaTableArgs:
    """`name` is the name of the workgroup and, with `_` for `-`, of the database.

    `location` is the export, s3://BUCKET/PREFIX/EXPORT-NAME; `scan_limit_gib` holds for one query.
    """

    settings: Settings
    name: str
    location: pulumi.Input[str]
    scan_limit_gib: int
    tags: CostTags


class AthenaTable(pulumi.ComponentResource):
    """Partitions are projected: Athena derives the folder of a month from its name, and none is registered.

    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html, 2026-11. AWS keeps
    the results of a query for 24 hours, so that no bucket holds them
    (https://docs.aws.amazon.com/athena/latest/ug/managed-results.html, 2026-11).
    """

    workgroup: str
    database: str

    def __init__(self, name: str, args: AthenaTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("finops:cost_data:AthenaTable", name, None, opts)
        tags, child = args.tags.as_tags(), pulumi.ResourceOptions(parent=self)
        self.workgroup, self.database = args.name, args.name.replace("-", "_")
        configuration = aws.athena.WorkgroupConfigurationArgs(
            bytes_scanned_cutoff_per_query=args.scan_limit_gib * _GIB,
            enforce_workgroup_configuration=True,
            publish_cloudwatch_metrics_enabled=True,
            managed_query_results_configuration=(
                aws.athena.WorkgroupConfigurationManagedQueryResultsConfigurationArgs(enabled=True)
            ),
        )
        aws.athena.Workgroup(
            f"{name}-workgroup",
            name=self.workgroup,
            description="Sums up the billing export",
            configuration=configuration,
            force_destroy=True,
            tags=tags,
            opts=child,
        )
        database = aws.glue.CatalogDatabase(
            f"{name}-database",
            name=self.database,
            description="The billing export",
            tags=tags,
            opts=child,
        )
        data = pulumi.Output.concat(args.location, "/data/")
        aws.glue.CatalogTable(
            f"{name}-table",
            name=TABLE,
            database_name=database.name,
            description="FOCUS 1.2 with AWS columns",
            table_type="EXTERNAL_TABLE",
            parameters={
                "classification": "parquet",
                "projection.enabled": "true",
                f"projection.{PARTITION}.type": "date",
                f"projection.{PARTITION}.format": "yyyy-MM",
                f"projection.{PARTITION}.interval": "1",
                f"projection.{PARTITION}.interval.unit": "MONTHS",
                f"projection.{PARTITION}.range": f"{FIRST_PERIOD},NOW",
                "storage.location.template": pulumi.Output.concat(data, f"BILLING_PERIOD=${{{PARTITION}}}/"),
            },
            partition_keys=[aws.glue.CatalogTablePartitionKeyArgs(name=PARTITION, type="string")],
            storage_descriptor=aws.glue.CatalogTableStorageDescriptorArgs(
                location=data,
                columns=[
                    aws.glue.CatalogTableStorageDescriptorColumnArgs(name=column.lower(), type=kind)
                    for column, kind in COLUMNS.items()
                ],
                input_format=f"{_PARQUET}.MapredParquetInputFormat",
                output_format=f"{_PARQUET}.MapredParquetOutputFormat",
                ser_de_info=aws.glue.CatalogTableStorageDescriptorSerDeInfoArgs(
                    serialization_library=f"{_PARQUET}.serde.ParquetHiveSerDe"
                ),
            ),
            opts=child,
        )
        self.register_outputs({"workgroup": self.workgroup})
