-- The statements of the reviews, each after its name. Amounts are US dollars, a month is its first day, and `last`
-- is the first day after the span.

-- name: save_review
INSERT INTO reports.reviews (kind, period, state, document)
VALUES (%(kind)s, %(period)s, %(state)s, %(document)s)
ON CONFLICT (kind, period, state) DO UPDATE SET document = excluded.document;

-- name: review
SELECT document FROM reports.reviews WHERE kind = %(kind)s AND period = %(period)s AND state = %(state)s;

-- name: stored_forecasts
-- What AWS forecast for a month, as the draft of the month before recorded it. A review that was made later has
-- the forecast of a later month.
SELECT (document -> 'aws_forecast' ->> 'month')::date, (document -> 'aws_forecast' ->> 'mean')::numeric
FROM reports.reviews
WHERE kind = 'monthly' AND state = 'draft'
    AND (document -> 'aws_forecast' ->> 'month')::date = period + interval '1 month'
ORDER BY 1;

-- name: read_times
-- When the sources of a month's costs were last read or seen unchanged: the first and the last of them.
SELECT min(GREATEST(r.read_at, r.confirmed_at)), max(GREATEST(r.read_at, r.confirmed_at))
FROM (
    SELECT DISTINCT read_id FROM cost_data.daily_costs WHERE day >= %(first)s AND day < %(last)s
) c
JOIN cost_data.reads r ON r.id = c.read_id;

-- name: monthly_costs
-- billed, effective, and what counts against an AWS budget: billed without credits and refunds.
SELECT date_trunc('month', day)::date, sum(billed), sum(effective),
    COALESCE(sum(billed) FILTER (WHERE charge_category NOT IN ('credit', 'refund')), 0), min(day), max(day)
FROM cost_data.daily_totals
WHERE day >= %(first)s AND day < %(last)s
GROUP BY 1 ORDER BY 1;

-- name: daily_costs
-- By day: what recurs (usage, taxes, adjustments), and purchases.
SELECT day,
    COALESCE(sum(billed) FILTER (WHERE charge_category IN ('usage', 'tax', 'adjustment')), 0),
    COALESCE(sum(billed) FILTER (WHERE charge_category = 'purchase'), 0)
FROM cost_data.daily_totals
WHERE day >= %(first)s AND day < %(last)s
GROUP BY day ORDER BY day;

-- name: service_costs
SELECT service, COALESCE(sum(billed) FILTER (WHERE month = %(month)s), 0),
    COALESCE(sum(billed) FILTER (WHERE month = %(before)s), 0)
FROM cost_data.monthly_totals
WHERE month IN (%(month)s, %(before)s)
GROUP BY service ORDER BY 2 DESC, 1;

-- name: area_costs
-- Regions by the area in their name; those of neither area, and charges without a Region, are `Other`.
SELECT month,
    CASE WHEN region LIKE 'us-%%' THEN 'US' WHEN region LIKE 'eu-%%' THEN 'EU' ELSE 'Other' END,
    sum(billed)
FROM cost_data.monthly_totals
WHERE month >= %(first)s AND month < %(last)s
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: usage_costs
-- Usage of two months by what has one unit and one price.
SELECT service, usage_type_group, usage_type, region,
    COALESCE(sum(billed) FILTER (WHERE day >= %(month)s), 0),
    COALESCE(sum(billed) FILTER (WHERE day < %(month)s), 0),
    sum(quantity) FILTER (WHERE day >= %(month)s),
    sum(quantity) FILTER (WHERE day < %(month)s)
FROM cost_data.daily_costs
WHERE day >= %(before)s AND day < %(last)s AND charge_category = 'usage'
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;

-- name: category_costs
SELECT charge_category,
    COALESCE(sum(billed) FILTER (WHERE day >= %(month)s), 0),
    COALESCE(sum(billed) FILTER (WHERE day < %(month)s), 0)
FROM cost_data.daily_totals
WHERE day >= %(before)s AND day < %(last)s
GROUP BY 1 ORDER BY 1;

-- name: budgets
SELECT name, monthly_limit, filtered FROM cost_data.budgets ORDER BY filtered, monthly_limit DESC, name;

-- name: aws_forecast
SELECT month, mean, low, high FROM cost_data.forecasts WHERE month = %(month)s;

-- name: has_table
SELECT to_regclass(%(table)s)::text IS NOT NULL;

-- name: ai_costs
-- By month, source and model, from the stored sums.
SELECT month, source, model, cost_usd, COALESCE(input_tokens, 0), COALESCE(output_tokens, 0)
FROM cost_data.ai_costs
WHERE month >= %(first)s AND month < %(last)s
ORDER BY 1, 2, 3;

-- name: ai_usage
-- By month and model, from the usage log of the AI budget service. Input tokens include cached ones.
SELECT date_trunc('month', timestamp)::date, model, sum(cost_usd),
    sum(prompt_tokens + cache_read_tokens + cache_write_tokens + cache_write_1h_tokens), sum(completion_tokens)
FROM ai_token_usage
WHERE timestamp >= %(first)s::date AND timestamp < %(last)s::date
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: ai_consumers
SELECT tenant_id, COALESCE(sum(cost_usd) FILTER (WHERE timestamp >= %(month)s::date), 0) AS cost,
    COALESCE(sum(cost_usd) FILTER (WHERE timestamp < %(month)s::date), 0),
    COALESCE(sum(prompt_tokens + cache_read_tokens + cache_write_tokens + cache_write_1h_tokens
        + completion_tokens) FILTER (WHERE timestamp >= %(month)s::date), 0),
    count(*) FILTER (WHERE timestamp >= %(month)s::date)
FROM ai_token_usage
WHERE timestamp >= %(before)s::date AND timestamp < %(last)s::date
GROUP BY tenant_id
HAVING sum(cost_usd) FILTER (WHERE timestamp >= %(month)s::date) > 0
ORDER BY cost DESC, tenant_id LIMIT 10;

-- name: ai_budgets
-- Every budget at an instant: its limit, what was spent of it in the month, and in the days before the instant.
SELECT b.tenant_id, b.model,
    b.monthly_limit_usd + CASE WHEN b.raise_until > %(at)s THEN b.raise_usd ELSE 0 END,
    COALESCE(sum(u.cost_usd) FILTER (WHERE u.timestamp >= %(month)s::date), 0),
    COALESCE(sum(u.cost_usd) FILTER (WHERE u.timestamp >= %(since)s), 0),
    (SELECT min(f.timestamp) FROM ai_token_usage f WHERE f.tenant_id = b.tenant_id
        AND (b.model = '*' OR f.model = b.model))
FROM ai_token_budgets b
LEFT JOIN ai_token_usage u ON u.tenant_id = b.tenant_id AND (b.model = '*' OR u.model = b.model)
    AND u.timestamp >= LEAST(%(since)s, %(month)s::date::timestamptz) AND u.timestamp < %(at)s
GROUP BY b.tenant_id, b.model ORDER BY b.tenant_id, b.model;

-- name: ai_spend_by_tier
-- Tenants that were active in a month by the tier of their budgets, with their AI cost. A budget without a tier has
-- that of the guide's Budget Tiers by its limit.
SELECT month, tier, count(*), sum(cost)
FROM (
    SELECT date_trunc('month', u.timestamp)::date AS month, u.tenant_id, sum(u.cost_usd) AS cost,
        COALESCE(
            (SELECT initcap(max(b.tier)) FROM ai_token_budgets b WHERE b.tenant_id = u.tenant_id),
            (SELECT CASE WHEN max(b.monthly_limit_usd) <= 500 THEN 'Starter'
                WHEN max(b.monthly_limit_usd) <= 2000 THEN 'Professional'
                WHEN max(b.monthly_limit_usd) <= 10000 THEN 'Enterprise' ELSE 'Custom' END
            FROM ai_token_budgets b WHERE b.tenant_id = u.tenant_id HAVING count(*) > 0),
            'No budget'
        ) AS tier
    FROM ai_token_usage u
    WHERE u.timestamp >= %(first)s::date AND u.timestamp < %(last)s::date
    GROUP BY 1, 2
) t
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: active_tenants
SELECT month, tenants FROM cost_data.active_tenants
WHERE month >= %(first)s AND month < %(last)s ORDER BY month;

-- name: bucket_sizes
SELECT bucket, storage_class, bytes, measured_at FROM cost_data.bucket_sizes
WHERE bytes > 0 ORDER BY sum(bytes) OVER (PARTITION BY bucket) DESC, bucket, bytes DESC;


-- name: stored_bytes
-- S3 storage of a month, and its early deletions, by usage type and Region: gigabyte-months, and what they cost.
SELECT region, usage_type, sum(quantity), sum(billed)
FROM cost_data.daily_costs
WHERE day >= %(first)s AND day < %(last)s AND charge_category = 'usage'
    AND (usage_type LIKE 'TimedStorage-%%' OR usage_type LIKE 'EarlyDelete-%%') AND quantity > 0
GROUP BY region, usage_type ORDER BY region, usage_type;

-- name: recommendations
-- What the advisor keeps of its findings.
SELECT rule, resource, owner, deadline, saving_effective, status, change, realized
FROM cost_data.recommendations
ORDER BY saving_effective DESC NULLS LAST, rule, resource;

-- name: spot_usage
-- Spot hours of a month by instance type and Region, what they cost, and what an hour cost on demand in the newest
-- month since `first` in which the type ran on demand.
SELECT spot.hours, spot.cost, on_demand.price
FROM (
    SELECT region, split_part(usage_type, ':', 2) AS type, sum(quantity) AS hours, sum(billed) AS cost
    FROM cost_data.daily_costs
    WHERE day >= %(month)s AND day < %(last)s AND charge_category = 'usage' AND quantity > 0
        AND usage_type LIKE 'SpotUsage:%%'
    GROUP BY 1, 2
) spot
JOIN LATERAL (
    SELECT sum(billed) / sum(quantity) AS price
    FROM cost_data.daily_costs
    WHERE day >= %(first)s AND day < %(last)s AND charge_category = 'usage' AND quantity > 0
        AND usage_type = 'BoxUsage:' || spot.type AND region = spot.region
    GROUP BY date_trunc('month', day) ORDER BY date_trunc('month', day) DESC LIMIT 1
) on_demand ON true
ORDER BY spot.region, spot.type;

-- name: daily_compute
-- What a Compute Savings Plan could cover and does not, on every stored day, at on-demand prices: EC2 instances,
-- Fargate, Lambda. A Cost Explorer source has no usage types; there the service alone decides.
SELECT day, COALESCE(sum(billed) FILTER (WHERE charge_category = 'usage' AND (
    usage_type_group IN ('BoxUsage', 'Lambda-GB-Second', 'Lambda-GB-Second-ARM')
    OR usage_type_group LIKE 'Fargate-%%'
    OR (usage_type_group = '' AND service IN ('Amazon Elastic Compute Cloud - Compute', 'AWS Lambda'))
)), 0)
FROM cost_data.daily_costs
WHERE day >= %(first)s AND day < %(last)s
GROUP BY day ORDER BY day;

-- name: was_read
-- Whether the answers of a kind were ever read.
SELECT EXISTS (SELECT FROM cost_data.reads WHERE kind = %(kind)s AND error IS NULL);

-- name: commitments
SELECT kind, id, product, ends_at FROM cost_data.commitments WHERE ends_at > %(at)s ORDER BY ends_at, id;

-- name: commitment_usage
SELECT kind, coverage_percent, utilization_percent, first_day, last_day
FROM cost_data.commitment_usage ORDER BY kind;
