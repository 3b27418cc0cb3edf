-- name: reserve
-- Reserves a batch of checks; one row of arrays. See ai_budget_reserve. If it says `early`, as the last parameter may
-- ask for, the rows are free again before the batch is durable: whoever gives an answer has to wait for `flush`, also
-- whoever recalls one, which may be as young.
SELECT status, reserved_usd, remaining_usd, spent_usd, limit_usd,
    CASE WHEN 'known' = ANY (status) OR $17 AND 'ok' = ANY (status)
        THEN set_config('synchronous_commit', 'off', true) END AS early
FROM ai_budget_reserve($1::timestamptz, $2::boolean, $3::interval, $4::text, $5::numeric, $6::float8, $7::integer,
    $8::text[], $9::text[], $10::integer[], $11::text[], $12::numeric[], $13::numeric[], $14::uuid[], $15::text[],
    $16::uuid[]);

-- name: reserved
-- What checks were answered, by tenant and request, and whether they were the same.
SELECT r.tenant_id, r.request_id, r.fingerprint = i.fingerprint, r.id::text, r.reserved_usd, r.remaining_usd,
    r.expires_at, r.spent_usd, r.limit_usd
FROM unnest(%s::text[], %s::text[], %s::uuid[]) i (tenant_id, request_id, fingerprint)
JOIN ai_budget_reservations r USING (tenant_id, request_id);

-- name: book
-- Books a batch of tracked calls; one row of arrays. See ai_budget_book, and `reserve` for `early`.
SELECT status, month, settlement,
    CASE WHEN 'known' = ANY (status) OR $19 AND 'ok' = ANY (status)
        THEN set_config('synchronous_commit', 'off', true) END AS early
FROM ai_budget_book($1::timestamptz, $2::boolean, $3::text, $4::numeric, $5::numeric, $6::text[], $7::text[],
    $8::integer[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::numeric[],
    $15::timestamptz[], $16::text[], $17::uuid[], $18::uuid[]);

-- name: booked
-- What calls were booked as, by tenant and request, and whether they were the same.
SELECT u.tenant_id, u.request_id, u.fingerprint = i.fingerprint, u.cost_usd, u.period_start, u.settlement
FROM unnest(%s::text[], %s::text[], %s::uuid[]) i (tenant_id, request_id, fingerprint)
JOIN ai_token_usage u ON u.tenant_id = i.tenant_id COLLATE "C" AND u.request_id = i.request_id COLLATE "C";

-- name: flush
-- Returns once all that was committed before is durable, on replicas too that commits wait for: it writes to the log
-- behind them, and its own commit waits.
SELECT pg_logical_emit_message(true, 'ai_budget', '');

-- name: set_limit
-- Sets a monthly limit and returns the budget's row.
SELECT tenant_id, model, ai_budget_limit(monthly_limit_usd), current_usage_usd, token_count_input, token_count_output,
    period_start, soft_limit_notified, hard_limit_reached
FROM ai_budget_set(%s::timestamptz, %s::text, %s::text, %s::numeric, %s::text, %s::text, %s::numeric);

-- name: tenant
-- The budgets of a tenant as stored; a row of an earlier month counts as unused in the present one.
SELECT tenant_id, model, ai_budget_limit(monthly_limit_usd), current_usage_usd, token_count_input, token_count_output,
    period_start, soft_limit_notified, hard_limit_reached
FROM ai_token_budgets WHERE tenant_id = $1 ORDER BY model;

-- name: tenants
-- The budgets of tenants after a tenant id, whole tenants, at most the given number of them. For "over": only tenants
-- with a budget of which more than the given percentage is spent in the month, or all of it.
SELECT tenant_id, model, ai_budget_limit(monthly_limit_usd), current_usage_usd, token_count_input, token_count_output,
    period_start, soft_limit_notified, hard_limit_reached
FROM ai_token_budgets WHERE tenant_id IN (
    SELECT DISTINCT tenant_id FROM ai_token_budgets WHERE tenant_id > %(after)s
        AND CASE %(status)s
            WHEN 'all' THEN true
            WHEN 'at-risk' THEN period_start >= %(month)s AND current_usage_usd * 100 > monthly_limit_usd * %(warning)s
                OR current_usage_usd >= ai_budget_limit(monthly_limit_usd) AND period_start >= %(month)s
            WHEN 'exceeded' THEN period_start >= %(month)s AND current_usage_usd >= ai_budget_limit(monthly_limit_usd)
            WHEN 'warning' THEN period_start >= %(month)s AND current_usage_usd < ai_budget_limit(monthly_limit_usd)
                AND current_usage_usd * 100 > monthly_limit_usd * %(warning)s
            ELSE period_start < %(month)s OR current_usage_usd < ai_budget_limit(monthly_limit_usd)
                AND current_usage_usd * 100 <= monthly_limit_usd * %(warning)s END
    ORDER BY tenant_id LIMIT %(limit)s)
ORDER BY tenant_id, model;

-- name: usage_days
-- A tenant's month of the audit log by day, model and report type.
SELECT date_trunc('day', "timestamp" AT TIME ZONE 'UTC')::date AS day, model, report_type, count(*),
    sum(prompt_tokens + cache_read_tokens + cache_write_tokens), sum(completion_tokens), sum(cost_usd)
FROM ai_token_usage WHERE tenant_id = %s AND "timestamp" >= %s AND "timestamp" < %s
GROUP BY day, model, report_type ORDER BY day DESC, model, report_type;

-- name: months
-- A tenant's closed months, latest first.
SELECT period_start, model, ai_budget_limit(monthly_limit_usd), spent_usd, token_count_input, token_count_output
FROM ai_budget_months WHERE tenant_id = %s ORDER BY period_start DESC, model LIMIT 240;

-- name: changes
-- The changes of a tenant's limits and its resets, latest first.
SELECT changed_at, changed_by, source, model, field, old_value, new_value
FROM ai_budget_changes WHERE tenant_id = %s ORDER BY id DESC LIMIT %s;

-- name: positions
-- Every budget as it stands, with its open reservations, for the metrics.
SELECT p.tenant_id, p.model, p.monthly_limit_usd, p.spent_usd, p.reserved_usd,
    p.spent_usd >= p.monthly_limit_usd OR (b.hard_limit_reached AND b.period_start = p.period_start)
FROM ai_budget_position p JOIN ai_token_budgets b USING (tenant_id, model) ORDER BY 1, 2;

-- name: totals
-- The sums of the audit log since its beginning, for the metrics.
SELECT tenant_id, model, report_type, cost_usd, requests, input_tokens, output_tokens
FROM ai_budget_usage_totals ORDER BY 1, 2, 3;

-- name: outbox_depth
-- Notices waiting to be sent, and the age in seconds of the oldest.
SELECT count(*), COALESCE(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
FROM ai_budget_outbox WHERE sent_at IS NULL;

-- name: prices
-- All prices, latest first.
SELECT model, pattern, effective_from, above_input_tokens, input_usd_per_mtok, output_usd_per_mtok,
    cache_read_usd_per_mtok, cache_write_usd_per_mtok
FROM ai_model_prices ORDER BY effective_from DESC, above_input_tokens DESC;

-- name: ping
-- Whether the database answers and holds the schema.
SELECT count(*) FROM ai_budget_migrations;

-- name: tidy
-- One round of tidying. See ai_budget_tidy.
SELECT closed, expired, forgotten FROM ai_budget_tidy(%s::timestamptz, %s::numeric, %s::interval);

-- name: outbox_claim
-- Takes the oldest unsent notice; the lock lasts until it is marked as sent.
SELECT o.id, o.tenant_id, o.model, o.period_start, o.threshold, o.resets, o.monthly_limit_usd, o.spent_usd,
    c.tenant_admin_email, c.account_manager_email
FROM ai_budget_outbox o LEFT JOIN ai_budget_contacts c USING (tenant_id)
WHERE o.sent_at IS NULL AND o.id > %s ORDER BY o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED;

-- name: outbox_sent
-- Marks a notice as sent.
UPDATE ai_budget_outbox SET sent_at = %s WHERE id = %s;
