-- FOCUS 1.0 to 1.2 columns as charges. A negative correction is a refund.
SELECT
    SUBSTR(charge_period_start, 1, 10) AS day,
    SUBSTR(billing_period_start, 1, 10) AS billing_period,
    provider,
    billing_account,
    account,
    region,
    service,
    usage_type,
    COALESCE(sku_meter, service_subcategory) AS meter,
    CASE
        WHEN charge_class = 'Correction' AND billed LIKE '-%' THEN 'refund'
        WHEN LOWER(charge_category) IN ('usage', 'credit', 'refund', 'tax', 'purchase')
            THEN LOWER(charge_category)
        ELSE 'adjustment'
    END AS charge_category,
    tags,
    currency,
    billed,
    effective,
    CASE WHEN LOWER(charge_category) = 'usage' THEN CAST(quantity AS DECIMAL(38, 10)) END AS quantity,
    CAST(billed AS DECIMAL(38, 28)) AS billed_amount,
    CAST(effective AS DECIMAL(38, 28)) AS effective_amount
FROM columns
