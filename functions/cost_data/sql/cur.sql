-- CUR 2.0 columns as charges. The effective cost is the amortized cost as AWS defines it per line item type:
-- https://docs.aws.amazon.com/cur/latest/userguide/amortized-reservations-and-sp.html (2026-11).
-- A Savings Plan negation takes back in the billed cost what the covered usage costs on demand, and is nothing
-- in the effective cost, where the covered usage has its Savings Plan rate. An amount that the file should
-- have and does not have stays null, and the file is refused.
SELECT
    SUBSTR(usage_start, 1, 10) AS day,
    SUBSTR(billing_period_start, 1, 10) AS billing_period,
    'AWS' AS provider,
    billing_account,
    account,
    region,
    COALESCE(JSON_EXTRACT_STRING(product, '$."product_name"'), product_code) AS service,
    usage_type,
    CAST(NULL AS VARCHAR) AS meter,
    CASE
        WHEN line_item_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation')
            OR line_item_type LIKE '%Discount' THEN 'usage'
        WHEN line_item_type = 'Credit' THEN 'credit'
        WHEN line_item_type = 'Refund' THEN 'refund'
        WHEN line_item_type = 'Tax' THEN 'tax'
        WHEN line_item_type IN ('Fee', 'RIFee', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee')
            THEN 'purchase'
        ELSE 'adjustment'
    END AS charge_category,
    tags,
    currency,
    unblended AS billed,
    CASE
        WHEN line_item_type = 'SavingsPlanCoveredUsage' THEN savings_plan_effective
        WHEN line_item_type = 'DiscountedUsage' THEN reservation_effective
        WHEN line_item_type IN ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') THEN '0'
        WHEN line_item_type = 'SavingsPlanRecurringFee' THEN savings_plan_commitment
        WHEN line_item_type = 'RIFee' THEN reservation_unused_recurring
        WHEN line_item_type = 'Fee' AND reservation_arn IS NOT NULL THEN '0'
        ELSE unblended
    END AS effective,
    CASE
        WHEN line_item_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
            THEN CAST(quantity AS DECIMAL(38, 10))
    END AS quantity,
    CAST(unblended AS DECIMAL(38, 28)) AS billed_amount,
    CASE
        WHEN line_item_type = 'SavingsPlanCoveredUsage' THEN CAST(savings_plan_effective AS DECIMAL(38, 28))
        WHEN line_item_type = 'DiscountedUsage' THEN CAST(reservation_effective AS DECIMAL(38, 28))
        WHEN line_item_type IN ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') THEN CAST('0' AS DECIMAL(38, 28))
        WHEN line_item_type = 'SavingsPlanRecurringFee'
            THEN CAST(savings_plan_commitment AS DECIMAL(38, 28))
                - COALESCE(CAST(savings_plan_used AS DECIMAL(38, 28)), CAST('0' AS DECIMAL(38, 28)))
        WHEN line_item_type = 'RIFee'
            THEN CAST(reservation_unused_recurring AS DECIMAL(38, 28))
                + COALESCE(CAST(reservation_unused_upfront AS DECIMAL(38, 28)), CAST('0' AS DECIMAL(38, 28)))
        WHEN line_item_type = 'Fee' AND reservation_arn IS NOT NULL THEN CAST('0' AS DECIMAL(38, 28))
        ELSE CAST(unblended AS DECIMAL(38, 28))
    END AS effective_amount
FROM columns
