-- name: check
SELECT * FROM ai_budget_check(%(now)s, %(tenant_id)s, %(default_model)s, %(default_limit)s, %(max_open)s, %(calls)s::jsonb);

-- name: track
SELECT status, cost_usd, settlement AS reservation, to_char(recorded_at, 'YYYY-MM') AS month FROM ai_budget_track(
    %(now)s, %(tenant_id)s, %(default_model)s, %(default_limit)s, %(warning_percent)s, %(calls)s::jsonb);

-- name: release
SELECT ai_budget_release(%(tenant_id)s, %(reservation_id)s) AS status;

-- name: extend
SELECT * FROM ai_budget_extend(%(now)s, %(tenant_id)s, %(reservation_id)s, %(reservation_seconds)s);

-- name: set
SELECT * FROM ai_budget_set(%(now)s, %(tenant_id)s, %(model)s, %(monthly_limit_usd)s, %(tier)s, %(raise_usd)s,
    %(raise_until)s, %(actor)s, %(warning_percent)s);

-- name: estimate
-- The percentile of the last completions of a tenant, model and report type.
SELECT percentile_disc(%(percentile)s) WITHIN GROUP (ORDER BY tokens) AS tokens
FROM ai_budget_usage_totals, unnest(recent_completions) AS tokens
WHERE tenant_id = %(tenant_id)s AND model = %(model)s AND report_type = %(report_type)s;

-- name: budgets
SELECT * FROM ai_budget_positions(COALESCE(%(now)s, now())) ORDER BY tenant_id, model;

-- name: tenant
SELECT * FROM ai_budget_positions(COALESCE(%(now)s, now())) WHERE tenant_id = %(tenant_id)s ORDER BY model;

-- name: tenants
-- Of the tenants with a budget in one of the states at most `limit`, and at most `rows` budgets but at least one tenant.
WITH matching AS (
    SELECT tenant_id, count(*) AS budgets
    FROM ai_budget_positions(COALESCE(%(now)s, now())) WHERE tenant_id > %(after)s GROUP BY tenant_id
    HAVING bool_or(CASE
        WHEN spent_usd >= monthly_limit_usd THEN 'exceeded'
        WHEN spent_usd * 100 > monthly_limit_usd * %(warning_percent)s THEN 'warning' ELSE 'ok'
        END = ANY (%(states)s))
), numbered AS (
    SELECT tenant_id, sum(budgets) OVER w AS total, row_number() OVER w AS n, lead(tenant_id) OVER w AS next
    FROM matching WINDOW w AS (ORDER BY tenant_id)
)
SELECT p.*, q.next IS NOT NULL AS more
FROM ai_budget_positions(COALESCE(%(now)s, now())) AS p JOIN numbered AS q USING (tenant_id)
WHERE n = 1 OR (n <= %(limit)s AND total <= %(rows)s) ORDER BY tenant_id, model;

-- name: usage_days
SELECT date_trunc('day', "timestamp" AT TIME ZONE 'UTC')::date AS date, model, report_type, count(*) AS requests,
    sum(prompt_tokens + cache_read_tokens + cache_write_tokens + cache_write_1h_tokens)::bigint AS input_tokens,
    sum(completion_tokens)::bigint AS output_tokens, sum(cost_usd) AS cost_usd
FROM ai_token_usage WHERE tenant_id = %(tenant_id)s AND "timestamp" >= %(start)s AND "timestamp" < %(end)s
GROUP BY date, model, report_type ORDER BY date DESC, model, report_type;

-- name: months
SELECT to_char(month, 'YYYY-MM') AS month, model, monthly_limit_usd, spent_usd, token_count_input, token_count_output
FROM ai_budget_months m WHERE tenant_id = %(tenant_id)s ORDER BY m.month DESC, model LIMIT 240;

-- name: changes
SELECT changed_at, changed_by, source, model, field, old_value, new_value
FROM ai_budget_changes WHERE tenant_id = %(tenant_id)s ORDER BY id DESC LIMIT %(limit)s;

-- name: unpriced
SELECT tenant_id, model, model_sent, report_type, prompt_tokens, completion_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_1h_tokens, web_search_requests, service_tier, speed, inference_geo, tracked_at,
    reservation_id, request_id, fingerprint
FROM ai_unpriced_usage WHERE (tenant_id, request_id) > (%(after_tenant)s, %(after_request)s)
ORDER BY tenant_id, request_id LIMIT %(limit)s;

-- name: unpriced_counts
SELECT model, count(*) AS calls, sum(prompt_tokens + completion_tokens + cache_read_tokens + cache_write_tokens
    + cache_write_1h_tokens)::bigint AS tokens, count(DISTINCT tenant_id) AS tenants, min(tracked_at) AS oldest,
    count(*) FILTER (WHERE tracked_at > coalesce(%(now)s::timestamptz, now()) - interval '1 day') AS last_day
FROM ai_unpriced_usage GROUP BY model ORDER BY model;

-- name: totals
-- The sums of the audit log by model and report type, of one tenant or of all.
SELECT model, report_type, sum(cost_usd) AS cost_usd, sum(requests)::bigint AS requests,
    sum(input_tokens)::bigint AS input_tokens, sum(output_tokens)::bigint AS output_tokens
FROM ai_budget_usage_totals WHERE %(tenant)s::text IS NULL OR tenant_id = %(tenant)s GROUP BY 1, 2 ORDER BY 1, 2;

-- name: prices
SELECT model, effective_from, above_input_tokens, input_usd_per_mtok, output_usd_per_mtok, cache_read_usd_per_mtok,
    cache_write_usd_per_mtok, cache_write_1h_usd_per_mtok, web_search_usd_per_1000, fast_multiplier FROM ai_model_prices;

-- name: ping
SELECT 1;

-- name: tidy
SELECT ai_budget_tidy(%(now)s, %(warning_percent)s, %(keep)s) AS forgotten;

-- name: expand_notices
-- Creates a delivery of each new notice for each of its targets.
WITH fresh AS (
    UPDATE ai_budget_outbox SET expanded_at = %(now)s WHERE expanded_at IS NULL RETURNING id, tenant_id, threshold
), targets AS (
    SELECT f.id, 'email' AS channel, CASE WHEN f.threshold = 100
        THEN COALESCE(c.account_manager_email, %(account_manager)s)
        ELSE COALESCE(c.tenant_admin_email, %(tenant_admin)s) END AS target, NULL AS secret
    FROM fresh f LEFT JOIN ai_budget_contacts c USING (tenant_id)
    UNION ALL
    SELECT f.id, 'webhook', c.webhook_url, c.webhook_secret FROM fresh f JOIN ai_budget_contacts c USING (tenant_id)
    WHERE c.webhook_url IS NOT NULL
    UNION ALL
    SELECT f.id, 'webhook', w.url, w.secret
    FROM fresh f CROSS JOIN unnest(%(urls)s::text[], %(secrets)s::text[]) AS w (url, secret)
)
INSERT INTO ai_budget_deliveries (notice_id, channel, target, secret, next_attempt_at)
SELECT id, channel, target, secret, %(now)s FROM targets ON CONFLICT DO NOTHING;

-- name: claim_deliveries
-- Those never tried come first. A claimed row comes due again at retry_at unless its result is stored before.
WITH due AS (
    SELECT id FROM ai_budget_deliveries WHERE state = 'pending' AND next_attempt_at <= %(now)s
    ORDER BY attempts, next_attempt_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE ai_budget_deliveries d SET attempts = d.attempts + 1, next_attempt_at = %(retry_at)s
FROM due, ai_budget_outbox n WHERE d.id = due.id AND n.id = d.notice_id
RETURNING d.id, n.id AS notice_id, d.channel, d.target, d.secret, d.attempts, n.tenant_id, n.model, n.month,
    n.threshold, n.monthly_limit_usd, n.spent_usd, n.created_at;

-- name: finish_delivery
-- A late failure does not overwrite what a later attempt has stored.
UPDATE ai_budget_deliveries SET state = %(state)s, next_attempt_at = %(next_attempt_at)s, last_error = %(error)s,
    finished_at = CASE WHEN %(state)s <> 'pending' THEN %(now)s::timestamptz END
WHERE id = %(id)s AND state = 'pending' AND (attempts = %(attempts)s OR %(state)s = 'sent') RETURNING id;

-- name: notice_counts
-- A notice that has no deliveries yet has no channel.
SELECT channel, state, count(*) AS count FROM ai_budget_deliveries GROUP BY channel, state
UNION ALL SELECT NULL, 'pending', count(*) FROM ai_budget_outbox WHERE expanded_at IS NULL;
