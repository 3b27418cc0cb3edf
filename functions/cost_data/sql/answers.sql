-- The newest answers of AWS and of the AI budget service.

-- name: delete_forecasts
DELETE FROM cost_data.forecasts;

-- name: insert_forecasts
INSERT INTO cost_data.forecasts (month, mean, low, high) VALUES (%s, %s, %s, %s);

-- name: delete_budgets
DELETE FROM cost_data.budgets;

-- name: insert_budgets
INSERT INTO cost_data.budgets (name, monthly_limit, actual, forecast, filtered, subscribers)
VALUES (%s, %s, %s, %s, %s, %s);

-- name: delete_commitments
DELETE FROM cost_data.commitments;

-- name: insert_commitments
INSERT INTO cost_data.commitments (kind, id, product, ends_at) VALUES (%s, %s, %s, %s);

-- name: delete_commitment_usage
DELETE FROM cost_data.commitment_usage;

-- name: insert_commitment_usage
INSERT INTO cost_data.commitment_usage (kind, coverage_percent, utilization_percent, first_day, last_day)
VALUES (%s, %s, %s, %s, %s);

-- name: delete_bucket_sizes
DELETE FROM cost_data.bucket_sizes;

-- name: insert_bucket_sizes
INSERT INTO cost_data.bucket_sizes (bucket, storage_class, bytes, measured_at) VALUES (%s, %s, %s, %s);

-- name: has_usage_log
SELECT to_regclass('ai_token_usage')::text;

-- name: delete_ai_costs
DELETE FROM cost_data.ai_costs WHERE source = 'ai-budget' AND month = %(month)s;

-- name: insert_ai_costs
INSERT INTO cost_data.ai_costs (month, source, model, cost_usd, input_tokens, output_tokens)
SELECT %(month)s, 'ai-budget', model, sum(cost_usd), sum(prompt_tokens), sum(completion_tokens)
FROM ai_token_usage
WHERE timestamp >= %(month)s::date AND timestamp < %(month)s::date + interval '1 month'
GROUP BY model;

-- name: upsert_active_tenants
INSERT INTO cost_data.active_tenants (month, tenants)
SELECT %(month)s, count(DISTINCT tenant_id)
FROM ai_token_usage
WHERE timestamp >= %(month)s::date AND timestamp < %(month)s::date + interval '1 month'
ON CONFLICT (month) DO UPDATE SET tenants = excluded.tenants;
