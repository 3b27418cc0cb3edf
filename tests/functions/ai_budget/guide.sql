-- The SQL of the guide, as printed.

-- name: bulk_insert
-- Set budget for multiple tenants
INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date)
VALUES
  ('tenant-startup-a', 'claude-3-5-sonnet-20241022', 500.00, DATE_TRUNC('month', NOW()) + INTERVAL '1 month'),
  ('tenant-enterprise-b', 'claude-3-5-sonnet-20241022', 50000.00, DATE_TRUNC('month', NOW()) + INTERVAL '1 month')
ON CONFLICT (tenant_id, model)
DO UPDATE SET
  monthly_limit_usd = EXCLUDED.monthly_limit_usd,
  updated_at = NOW();

-- name: usage_report
SELECT
  DATE_TRUNC('day', timestamp) AS date,
  COUNT(*) AS requests,
  SUM(prompt_tokens + completion_tokens) AS total_tokens,
  SUM(cost_usd) AS total_cost,
  report_type
FROM ai_token_usage
WHERE tenant_id = 'TENANT_ID'
  AND timestamp >= NOW() - INTERVAL '30 days'
GROUP BY date, report_type
ORDER BY date DESC;

-- name: cheaper_model
-- Update report template to use Haiku for drafts
UPDATE report_templates
SET model = 'claude-3-haiku-20240307'
WHERE report_type = 'quarterly-report-draft';

-- name: manual_reset
-- Reset budget mid-month (admin only)
UPDATE ai_token_budgets
SET
  current_usage_usd = 0,
  token_count_input = 0,
  token_count_output = 0,
  hard_limit_reached = false,
  soft_limit_notified = false
WHERE tenant_id = 'TENANT_ID';

-- name: approaching
SELECT
  tenant_id,
  model,
  monthly_limit_usd,
  current_usage_usd,
  ROUND((current_usage_usd / monthly_limit_usd * 100)::numeric, 2) AS percentage_used
FROM ai_token_budgets
WHERE current_usage_usd >= monthly_limit_usd * 0.8
ORDER BY percentage_used DESC;

-- name: cost_drivers
SELECT
  tenant_id,
  report_type,
  COUNT(*) AS requests,
  SUM(cost_usd) AS total_cost,
  AVG(cost_usd) AS avg_cost
FROM ai_token_usage
WHERE timestamp >= NOW() - INTERVAL '7 days'
GROUP BY tenant_id, report_type
ORDER BY total_cost DESC
LIMIT 10;
