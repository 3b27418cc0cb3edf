-- The statements of store.py, each after its name. Parameters are named.

-- name: start_read
INSERT INTO cost_data.reads (kind, source, origin, fingerprint, read_at, confirmed_at, bytes_scanned, error)
VALUES (%(kind)s, %(source)s, %(origin)s, %(fingerprint)s, %(at)s, %(at)s, %(bytes_scanned)s, %(error)s)
RETURNING id;

-- name: finish_read
UPDATE cost_data.reads r
SET first_day = s.first_day, last_day = s.last_day, charges = s.charges, billed = s.billed,
    effective = s.effective, rounded_amounts = %(rounded)s
FROM (
    SELECT COALESCE(%(first)s, min(day)) AS first_day, COALESCE(%(last)s, max(day)) AS last_day,
        COALESCE(sum(charges), 0) AS charges, COALESCE(sum(billed), 0) AS billed,
        COALESCE(sum(effective), 0) AS effective
    FROM incoming
) s
WHERE r.id = %(read_id)s;

-- name: create_incoming
CREATE TEMPORARY TABLE incoming (LIKE cost_data.daily_costs INCLUDING DEFAULTS) ON COMMIT DROP;

-- name: copy_incoming
COPY incoming (day, billing_period, provider, billing_account, account, region, service, usage_type_group,
    charge_category, tag_team, tag_service, tag_environment, tag_cost_center, billed, effective, charges,
    usage_type, quantity)
FROM STDIN;

-- name: lock_costs
-- One writer at a time; readers are not held up.
LOCK TABLE cost_data.daily_costs IN SHARE ROW EXCLUSIVE MODE;

-- name: create_affected_days
CREATE TEMPORARY TABLE affected_days (day date PRIMARY KEY) ON COMMIT DROP;

-- name: deliveries_of_incoming
SELECT provider, billing_account, billing_period, min(day), max(day)
FROM incoming
GROUP BY provider, billing_account, billing_period;

-- name: delete_replaced
-- A delivery replaces the days from its first to its last. An earlier delivery of the same bill that begins
-- within these days is replaced whole, so that days that a corrected file no longer has do not stay behind.
WITH deleted AS (
    DELETE FROM cost_data.daily_costs c
    WHERE c.provider = %(provider)s AND c.billing_account = %(billing_account)s
        AND c.billing_period = %(billing_period)s
        AND (%(categories)s::text[] IS NULL OR c.charge_category = ANY (%(categories)s::text[]))
        AND (
            c.day BETWEEN %(first_day)s AND %(last_day)s
            OR (%(categories)s::text[] IS NULL AND c.read_id IN (
                SELECT d.read_id
                FROM cost_data.deliveries d
                WHERE d.provider = %(provider)s AND d.billing_account = %(billing_account)s
                    AND d.billing_period = %(billing_period)s
                    AND d.first_day BETWEEN %(first_day)s AND %(last_day)s
            ))
        )
    RETURNING c.day
)
INSERT INTO affected_days SELECT DISTINCT day FROM deleted ON CONFLICT DO NOTHING;

-- name: delete_empty_deliveries
DELETE FROM cost_data.deliveries d
WHERE d.provider = %(provider)s AND d.billing_account = %(billing_account)s
    AND d.billing_period = %(billing_period)s
    AND NOT EXISTS (SELECT FROM cost_data.daily_costs c WHERE c.read_id = d.read_id
        AND c.provider = d.provider AND c.billing_account = d.billing_account
        AND c.billing_period = d.billing_period);

-- name: insert_delivery
INSERT INTO cost_data.deliveries (read_id, provider, billing_account, billing_period, first_day, last_day)
VALUES (%(read_id)s, %(provider)s, %(billing_account)s, %(billing_period)s, %(first_day)s, %(last_day)s);

-- name: insert_costs
INSERT INTO cost_data.daily_costs (day, billing_period, provider, billing_account, account, region, service,
    usage_type_group, charge_category, tag_team, tag_service, tag_environment, tag_cost_center, billed, effective,
    charges, usage_type, quantity, final, read_id)
SELECT day, billing_period, provider, billing_account, account, region, service, usage_type_group,
    charge_category, tag_team, tag_service, tag_environment, tag_cost_center, billed, effective, charges,
    usage_type, quantity, day <= %(last_final_day)s, %(read_id)s
FROM incoming;

-- name: add_incoming_days
INSERT INTO affected_days SELECT DISTINCT day FROM incoming ON CONFLICT DO NOTHING;

-- name: delete_daily_totals
DELETE FROM cost_data.daily_totals WHERE day IN (SELECT day FROM affected_days);

-- name: insert_daily_totals
INSERT INTO cost_data.daily_totals
SELECT day, region, service, charge_category, sum(billed), sum(effective), bool_and(final)
FROM cost_data.daily_costs
WHERE day IN (SELECT day FROM affected_days)
GROUP BY day, region, service, charge_category;

-- name: delete_monthly_totals
DELETE FROM cost_data.monthly_totals
WHERE month IN (SELECT date_trunc('month', day)::date FROM affected_days);

-- name: insert_monthly_totals
INSERT INTO cost_data.monthly_totals
SELECT m.month, t.region, t.service, sum(t.billed), sum(t.effective)
FROM (SELECT DISTINCT date_trunc('month', day)::date AS month FROM affected_days) m
JOIN cost_data.daily_totals t ON t.day >= m.month AND t.day < m.month + interval '1 month'
GROUP BY m.month, t.region, t.service;

-- name: delete_monthly_tags
DELETE FROM cost_data.monthly_tags
WHERE month IN (SELECT date_trunc('month', day)::date FROM affected_days);

-- name: insert_monthly_tags
INSERT INTO cost_data.monthly_tags
SELECT c.month, t.tag, t.value, c.charge_category, sum(c.billed), sum(c.effective)
FROM (
    SELECT m.month, c.charge_category, c.tag_team, c.tag_service, c.tag_environment, c.tag_cost_center,
        sum(c.billed) AS billed, sum(c.effective) AS effective
    FROM (SELECT DISTINCT date_trunc('month', day)::date AS month FROM affected_days) m
    JOIN cost_data.daily_costs c ON c.day >= m.month AND c.day < m.month + interval '1 month'
    GROUP BY m.month, c.charge_category, c.tag_team, c.tag_service, c.tag_environment, c.tag_cost_center
) c
CROSS JOIN LATERAL (VALUES
    ('team', c.tag_team), ('service', c.tag_service), ('environment', c.tag_environment),
    ('cost-center', c.tag_cost_center)
) AS t (tag, value)
GROUP BY c.month, t.tag, t.value, c.charge_category;

-- name: delete_bedrock_costs
DELETE FROM cost_data.ai_costs
WHERE source = 'bedrock' AND month IN (SELECT date_trunc('month', day)::date FROM affected_days);

-- name: insert_bedrock_costs
-- A model sold through AWS Marketplace is a service of its own, "Claude 3.5 Sonnet (Amazon Bedrock Edition)";
-- one of Amazon's own is a usage type of "Amazon Bedrock".
INSERT INTO cost_data.ai_costs (month, source, model, cost_usd)
SELECT m.month, 'bedrock',
    CASE WHEN c.service LIKE '%% (Amazon Bedrock Edition)'
        THEN replace(c.service, ' (Amazon Bedrock Edition)', '') ELSE c.usage_type_group END,
    sum(c.billed)
FROM (SELECT DISTINCT date_trunc('month', day)::date AS month FROM affected_days) m
JOIN cost_data.daily_costs c ON c.day >= m.month AND c.day < m.month + interval '1 month'
WHERE c.service LIKE '%%Bedrock%%' AND c.charge_category = 'usage'
GROUP BY 1, 2, 3;

-- name: last_read
-- The newest successful read of a kind, and of an origin unless that is null.
SELECT id, fingerprint, read_at, confirmed_at
FROM cost_data.reads
WHERE kind = %(kind)s AND (%(origin)s::text IS NULL OR origin = %(origin)s) AND error IS NULL
ORDER BY read_at DESC, id DESC
LIMIT 1;

-- name: last_failure
SELECT max(read_at) FROM cost_data.reads WHERE kind = %(kind)s AND error IS NOT NULL;

-- name: last_read_of_day
-- The newest successful read of a kind that covers a day.
SELECT read_at FROM cost_data.reads
WHERE kind = %(kind)s AND error IS NULL AND first_day <= %(day)s AND last_day >= %(day)s
ORDER BY read_at DESC LIMIT 1;

-- name: confirm_read
UPDATE cost_data.reads SET confirmed_at = %(at)s WHERE id = %(read_id)s;

-- name: add_newly_final_days
INSERT INTO affected_days
SELECT DISTINCT day FROM cost_data.daily_costs
WHERE read_id = %(read_id)s AND NOT final AND day <= %(last_final_day)s
ON CONFLICT DO NOTHING;

-- name: mark_final
UPDATE cost_data.daily_costs SET final = true
WHERE read_id = %(read_id)s AND NOT final AND day <= %(last_final_day)s;

-- name: count_request
-- Adds one request unless the month has reached the limit; no row then.
INSERT INTO cost_data.cost_explorer_requests AS r (month, requests)
SELECT %(month)s, 1 WHERE %(limit)s > 0
ON CONFLICT (month) DO UPDATE SET requests = r.requests + 1 WHERE r.requests < %(limit)s
RETURNING requests;

-- name: month_totals
SELECT region, service, sum(billed), sum(effective)
FROM cost_data.monthly_totals WHERE month = %(month)s GROUP BY region, service ORDER BY 1, 2;

-- name: month_sources
SELECT r.id, r.kind, r.source, r.origin, r.fingerprint, r.read_at, r.confirmed_at, min(c.day), max(c.day),
    sum(c.charges), sum(c.billed), sum(c.effective)
FROM cost_data.daily_costs c JOIN cost_data.reads r ON r.id = c.read_id
WHERE c.day >= %(month)s AND c.day < %(month)s + interval '1 month'
GROUP BY r.id
ORDER BY r.id;

-- name: month_before
-- What is stored of a month before a day.
SELECT sum(billed) FROM cost_data.daily_totals WHERE day >= %(month)s AND day < %(day)s;
