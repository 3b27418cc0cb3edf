-- What the metrics show: only sums and answers, never the rows of daily_costs.

-- name: version
-- It changes with every read. Reads are counted, as they become visible in another order than that of their ids.
SELECT count(*), max(confirmed_at) FROM cost_data.reads;

-- name: top_services
SELECT service FROM cost_data.monthly_totals
GROUP BY service ORDER BY abs(sum(billed)) DESC, service LIMIT %(count)s;

-- name: top_regions
SELECT region FROM cost_data.monthly_totals
GROUP BY region ORDER BY abs(sum(billed)) DESC, region LIMIT %(count)s;

-- name: top_teams
SELECT COALESCE(NULLIF(value, ''), 'untagged') FROM cost_data.monthly_tags WHERE tag = 'team'
GROUP BY 1 ORDER BY abs(sum(billed)) DESC, 1 LIMIT %(count)s;

-- name: last_days
SELECT (SELECT max(day) FROM cost_data.daily_totals),
    (SELECT max(day) FROM cost_data.daily_totals WHERE final);

-- name: monthly
SELECT month, CASE WHEN region = ANY (%(regions)s) THEN region ELSE 'other' END,
    CASE WHEN service = ANY (%(services)s) THEN service ELSE 'other' END, sum(billed), sum(effective)
FROM cost_data.monthly_totals
WHERE month IN (SELECT DISTINCT month FROM cost_data.monthly_totals ORDER BY month DESC LIMIT %(months)s)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- name: final_day
SELECT CASE WHEN region = ANY (%(regions)s) THEN region ELSE 'other' END,
    CASE WHEN service = ANY (%(services)s) THEN service ELSE 'other' END, sum(billed), sum(effective)
FROM cost_data.daily_totals WHERE day = %(day)s
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: daily_history
SELECT day, CASE WHEN service = ANY (%(services)s) THEN service ELSE 'other' END, sum(billed), sum(effective)
FROM (
    SELECT day, service, sum(billed) AS billed, sum(effective) AS effective
    FROM cost_data.daily_totals
    WHERE day > %(last_day)s::date - %(days)s
    GROUP BY day, service
) t
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: usage_of_final_days
-- What usage cost on the last final day and on the seven days before. These are final: between two days with rows,
-- no row is no cost.
SELECT %(day)s - day, CASE WHEN service = ANY (%(services)s) THEN service ELSE 'other' END, sum(billed)
FROM cost_data.daily_totals
WHERE day BETWEEN %(day)s - 7 AND %(day)s AND charge_category = 'usage'
GROUP BY 1, 2;

-- name: categories_of_final_day
SELECT charge_category, sum(billed) FROM cost_data.daily_totals WHERE day = %(day)s GROUP BY 1 ORDER BY 1;

-- name: monthly_teams
SELECT month, CASE WHEN team = ANY (%(teams)s) THEN team ELSE 'other' END, sum(billed), sum(effective)
FROM (SELECT *, COALESCE(NULLIF(value, ''), 'untagged') AS team FROM cost_data.monthly_tags) t
WHERE tag = 'team'
    AND month IN (SELECT DISTINCT month FROM cost_data.monthly_tags ORDER BY month DESC LIMIT %(months)s)
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: untagged
-- The share of usage that carries no value of a tag, by effective cost.
SELECT month, tag, COALESCE(sum(effective) FILTER (WHERE value = ''), 0) / sum(effective)
FROM cost_data.monthly_tags
WHERE charge_category = 'usage'
    AND month IN (SELECT DISTINCT month FROM cost_data.monthly_tags ORDER BY month DESC LIMIT %(months)s)
GROUP BY 1, 2 HAVING sum(effective) > 0 ORDER BY 1, 2;

-- name: read_times
SELECT kind, max(GREATEST(read_at, confirmed_at)) FROM cost_data.reads WHERE error IS NULL
GROUP BY kind ORDER BY kind;

-- name: read_failures
-- Failed reads of a kind since its last successful one.
SELECT r.kind, count(*) FILTER (WHERE r.error IS NOT NULL AND r.read_at > COALESCE(s.at, '-infinity'))
FROM cost_data.reads r
LEFT JOIN (
    SELECT kind, max(GREATEST(read_at, confirmed_at)) AS at FROM cost_data.reads WHERE error IS NULL GROUP BY kind
) s USING (kind)
GROUP BY r.kind ORDER BY r.kind;

-- name: deliveries_of_months
-- The oldest of the last reads of the deliveries that a month consists of.
SELECT m.month, min(GREATEST(r.read_at, r.confirmed_at))
FROM (SELECT DISTINCT month FROM cost_data.monthly_totals ORDER BY month DESC LIMIT %(months)s) m
JOIN cost_data.deliveries d ON d.first_day < m.month + interval '1 month' AND d.last_day >= m.month
JOIN cost_data.reads r ON r.id = d.read_id
GROUP BY m.month ORDER BY m.month;

-- name: forecast
SELECT mean, low, high FROM cost_data.forecasts WHERE month = %(month)s;

-- name: budgets
SELECT name, monthly_limit, actual, forecast, filtered, subscribers FROM cost_data.budgets ORDER BY name;

-- name: commitments
SELECT kind, id, product, ends_at FROM cost_data.commitments
WHERE ends_at > %(now)s ORDER BY ends_at, id LIMIT 100;

-- name: commitment_usage
SELECT kind, coverage_percent, utilization_percent FROM cost_data.commitment_usage ORDER BY kind;

-- name: bucket_sizes
SELECT CASE WHEN bucket IN (
        SELECT bucket FROM cost_data.bucket_sizes GROUP BY bucket ORDER BY sum(bytes) DESC, bucket LIMIT 100
    ) THEN bucket ELSE 'other' END, storage_class, sum(bytes)
FROM cost_data.bucket_sizes GROUP BY 1, 2 ORDER BY 1, 2;

-- name: requests
SELECT requests FROM cost_data.cost_explorer_requests WHERE month = %(month)s;

-- name: scanned_bytes
SELECT COALESCE(sum(bytes_scanned), 0) FROM cost_data.reads
WHERE read_at >= %(month)s::date AND read_at < %(month)s::date + interval '1 month';

-- name: ai_costs
SELECT month, source, model, cost_usd FROM cost_data.ai_costs
WHERE month IN (SELECT DISTINCT month FROM cost_data.ai_costs ORDER BY month DESC LIMIT %(months)s)
ORDER BY 1, 2, 3;

-- name: active_tenants
SELECT month, tenants FROM cost_data.active_tenants ORDER BY month DESC LIMIT %(months)s;
