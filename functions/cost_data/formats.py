"""The columns of billing files: FOCUS 1.0 to 1.2 and AWS CUR 2.0.

Sources (2026-11): https://focus.finops.org/focus-specification/ and
https://docs.aws.amazon.com/cur/latest/userguide/dataexports-table-dictionary.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from functions.cost_data.records import CostDataError


@dataclass(frozen=True)
class Format:
    """A billing format: the file's columns by the name that our SQL uses, and how to recognize it.

    `statement` is the file in `sql/` that turns these columns into charges; `maps` are the columns that hold
    key-value pairs, as JSON text or as a map.
    """

    name: str
    statement: str
    signature: str
    mandatory: Mapping[str, str]
    optional: Mapping[str, str]
    maps: tuple[str, ...]


FOCUS = Format(
    name="FOCUS",
    statement="focus.sql",
    signature="BilledCost",
    mandatory={
        "billed": "BilledCost",
        "effective": "EffectiveCost",
        "billing_account": "BillingAccountId",
        "currency": "BillingCurrency",
        "billing_period_start": "BillingPeriodStart",
        "charge_category": "ChargeCategory",
        "charge_period_start": "ChargePeriodStart",
        "provider": "ProviderName",
        "service": "ServiceName",
    },
    optional={
        "account": "SubAccountId",
        "region": "RegionId",
        "charge_class": "ChargeClass",
        "usage_type": "x_UsageType",
        "quantity": "ConsumedQuantity",
        "sku_meter": "SkuMeter",
        "service_subcategory": "ServiceSubcategory",
        "tags": "Tags",
    },
    maps=("tags",),
)
CUR = Format(
    name="CUR 2.0",
    statement="cur.sql",
    signature="line_item_unblended_cost",
    mandatory={
        "unblended": "line_item_unblended_cost",
        "line_item_type": "line_item_line_item_type",
        "product_code": "line_item_product_code",
        "usage_start": "line_item_usage_start_date",
        "billing_account": "bill_payer_account_id",
        "billing_period_start": "bill_billing_period_start_date",
        "currency": "line_item_currency_code",
    },
    optional={
        "account": "line_item_usage_account_id",
        "usage_type": "line_item_usage_type",
        "quantity": "line_item_usage_amount",
        "region": "product_region_code",
        "product": "product",
        "tags": "resource_tags",
        "reservation_arn": "reservation_reservation_a_r_n",
        "reservation_effective": "reservation_effective_cost",
        "reservation_unused_upfront": "reservation_unused_amortized_upfront_fee_for_billing_period",
        "reservation_unused_recurring": "reservation_unused_recurring_fee",
        "savings_plan_effective": "savings_plan_savings_plan_effective_cost",
        "savings_plan_commitment": "savings_plan_total_commitment_to_date",
        "savings_plan_used": "savings_plan_used_commitment",
    },
    maps=("product", "tags"),
)
FORMATS = (FOCUS, CUR)


def recognize(columns: Mapping[str, str], name: str) -> Format:
    """The format of a file or table from its columns (name: SQL type).

    Raises CostDataError if it is neither FOCUS nor CUR 2.0, or lacks a mandatory column.
    """
    present = {column.lower() for column in columns}
    for candidate in FORMATS:
        missing = [c for c in candidate.mandatory.values() if c.lower() not in present]
        if len(missing) < len(candidate.mandatory) / 2:
            if missing:
                raise CostDataError(
                    f"{name}: {candidate.name} file without the mandatory column"
                    f"{'s' if len(missing) > 1 else ''} {', '.join(missing)}; export all columns"
                )
            return candidate
    raise CostDataError(
        f"{name}: neither FOCUS (column {FOCUS.signature}) nor CUR 2.0 (column {CUR.signature}); "
        "export it in one of these formats"
    )


def columns_query(bill: Format, columns: Mapping[str, str], source: exp.Expression) -> exp.Select:
    """SELECT of a file or table: each column by our name as text, empty text and `NULL` as null.

    `columns` gives the SQL type by the name in the file; a column that the file lacks is null, and a map is
    JSON text.
    """
    names = {column.lower(): column for column in columns}
    selected = []
    value: exp.Expression
    for alias, column in {**bill.mandatory, **bill.optional}.items():
        actual = names.get(column.lower())
        if actual is None:
            value = exp.cast(exp.null(), "varchar")
        else:
            value = exp.column(actual, quoted=True)
            if alias in bill.maps and columns[actual].upper().startswith("MAP"):
                value = exp.JSONFormat(this=exp.cast(value, "json"))
            value = exp.cast(value, "varchar")
            for empty in ("", "NULL"):
                value = exp.Nullif(this=value, expression=exp.Literal.string(empty))
        selected.append(exp.alias_(value, alias))
    return exp.select(*selected).from_(source)
