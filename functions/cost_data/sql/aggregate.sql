-- The costs of a bill by day, account, Region, service, usage type group, charge category and tags. It runs on
-- DuckDB and, translated by sqlglot, on Athena. Each amount is an exact decimal with 28 decimals; an amount
-- with more is rounded there and counted in `rounded`. The inner query groups by the text of the bill, so that
-- dates, usage types and tags are taken apart once per group and not once per charge.
-- AWS prefixes user-defined tag keys with `user:` or `user_`, and CUR 2.0 writes `_` for `-`:
-- https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2-resource-tags.html (2026-11).
WITH grouped AS (
    SELECT
        day, billing_period, provider, billing_account, account, region, service, usage_type, meter,
        charge_category, tags, currency,
        SUM(billed_amount) AS billed,
        SUM(effective_amount) AS effective,
        SUM(quantity) AS quantity,
        COUNT(*) AS charges,
        SUM(CASE WHEN billed_amount IS NULL OR effective_amount IS NULL THEN 1 ELSE 0 END) AS without_amount,
        SUM(
            CASE
                WHEN REGEXP_MATCHES(billed, '\.[0-9]{28}[0-9]*[1-9]') THEN 1
                WHEN REGEXP_MATCHES(billed, '[eE]-') THEN
                    CASE
                        WHEN COALESCE(LENGTH(REGEXP_EXTRACT(billed, '\.([0-9]+)[eE]', 1)), 0)
                            + CAST(REGEXP_EXTRACT(billed, '[eE]-([0-9]+)', 1) AS INTEGER) > 28 THEN 1
                        ELSE 0
                    END
                ELSE 0
            END
            + CASE
                WHEN REGEXP_MATCHES(effective, '\.[0-9]{28}[0-9]*[1-9]') THEN 1
                WHEN REGEXP_MATCHES(effective, '[eE]-') THEN
                    CASE
                        WHEN COALESCE(LENGTH(REGEXP_EXTRACT(effective, '\.([0-9]+)[eE]', 1)), 0)
                            + CAST(REGEXP_EXTRACT(effective, '[eE]-([0-9]+)', 1) AS INTEGER) > 28 THEN 1
                        ELSE 0
                    END
                ELSE 0
            END
        ) AS rounded
    FROM charges
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
)
SELECT
    CAST(day AS DATE) AS day,
    CAST(billing_period AS DATE) AS billing_period,
    provider,
    billing_account,
    COALESCE(account, '') AS account,
    COALESCE(region, 'global') AS region,
    service,
    COALESCE(
        SPLIT_PART(REGEXP_REPLACE(usage_type, '^((US|EU|AP|[A-Z]{3}[0-9]+)-)+', ''), ':', 1), meter, ''
    ) AS usage_type_group,
    charge_category,
    COALESCE(
        JSON_EXTRACT_STRING(tags, '$."team"'),
        JSON_EXTRACT_STRING(tags, '$."user:team"'),
        JSON_EXTRACT_STRING(tags, '$."user_team"'),
        ''
    ) AS tag_team,
    COALESCE(
        JSON_EXTRACT_STRING(tags, '$."service"'),
        JSON_EXTRACT_STRING(tags, '$."user:service"'),
        JSON_EXTRACT_STRING(tags, '$."user_service"'),
        ''
    ) AS tag_service,
    COALESCE(
        JSON_EXTRACT_STRING(tags, '$."environment"'),
        JSON_EXTRACT_STRING(tags, '$."user:environment"'),
        JSON_EXTRACT_STRING(tags, '$."user_environment"'),
        ''
    ) AS tag_environment,
    COALESCE(
        JSON_EXTRACT_STRING(tags, '$."cost-center"'),
        JSON_EXTRACT_STRING(tags, '$."user:cost-center"'),
        JSON_EXTRACT_STRING(tags, '$."user_cost-center"'),
        JSON_EXTRACT_STRING(tags, '$."user_cost_center"'),
        ''
    ) AS tag_cost_center,
    SUM(billed) AS billed,
    SUM(effective) AS effective,
    SUM(charges) AS charges,
    COALESCE(REGEXP_REPLACE(usage_type, '^((US|EU|AP|[A-Z]{3}[0-9]+)-)+', ''), meter, '') AS usage_type,
    SUM(quantity) AS quantity,
    currency,
    SUM(without_amount) AS without_amount,
    SUM(rounded) AS rounded
FROM grouped
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 17, currency
