-- Rows are updated by key however few there were when the plan was made: a filter of their month alone let a plan
-- that was made for few tenants read all of them, until its connection ended.

-- Marks the expired reservations of locked budgets and returns their number. OFFSET keeps the inner query whole: as a
-- join, a plan made for few reservations would compare all expired ones with all budgets.
CREATE FUNCTION ai_budget_expire(p_now timestamptz, p_tenants text[], p_models text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_expired bigint;
BEGIN
    UPDATE ai_budget_reservations SET state = 'x' WHERE id = ANY (ARRAY(
        SELECT r.id FROM unnest(p_tenants, p_models) k (tenant_id, model), LATERAL (
            SELECT id FROM ai_budget_reservations r WHERE r.tenant_id = k.tenant_id AND r.model = k.model
                AND r.state = 'o' AND r.expires_at <= p_now OFFSET 0) r));
    GET DIAGNOSTICS v_expired = ROW_COUNT;
    RETURN v_expired;
END $$;

CREATE OR REPLACE FUNCTION ai_budget_reserve(p_now timestamptz, p_wait boolean, p_lifetime interval, p_default_model text,
    p_default_limit numeric, p_percentile double precision, p_default_completion integer, p_tenants text[],
    p_models text[], p_key integer[], p_type text[], p_amount numeric[], p_rate numeric[], p_id uuid[],
    p_request text[], p_fingerprint uuid[],
    OUT status text[], OUT reserved_usd numeric[], OUT remaining_usd numeric[], OUT spent_usd numeric[],
    OUT limit_usd numeric[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_month date := ai_budget_month(p_now);
    v_checks integer := cardinality(p_key);
    v_budgets integer := cardinality(p_tenants);
    v_held integer;
    v_roll boolean;
    v_stale boolean;
    v_late boolean := false;
    v_free numeric[];
    v_flag boolean[];
    v_current boolean[];
    v_sum numeric[] := array_fill(0::numeric, ARRAY[v_budgets]);
    v_row record;
    v_key integer;
    v_made integer := 0;
    v_marked text;
BEGIN
    limit_usd := array_fill(NULL::numeric, ARRAY[v_budgets]);
    spent_usd := limit_usd;
    status := array_fill('ok'::text, ARRAY[v_checks]);
    remaining_usd := array_fill(NULL::numeric, ARRAY[v_checks]);
    FOR v_try IN 1 .. 4 LOOP
        IF p_wait THEN
            PERFORM 1 FROM generate_series(1, v_budgets) k
            JOIN ai_token_budgets b ON b.tenant_id = p_tenants[k] AND b.model = p_models[k] FOR UPDATE OF b;
        END IF;
        v_held := 0;
        v_roll := false;
        v_stale := false;
        FOR v_row IN SELECT k, b.period_start, b.monthly_limit_usd, b.current_usage_usd, b.reserved_usd,
                (b.reserved_usd > 0 OR b.period_start <> v_month) AND EXISTS (SELECT FROM ai_budget_reservations r
                    WHERE r.tenant_id = p_tenants[k] AND r.model = p_models[k] AND r.state = 'o'
                    AND r.expires_at <= p_now) AS stale
            FROM generate_series(1, v_budgets) k
            JOIN ai_token_budgets b ON b.tenant_id = p_tenants[k] AND b.model = p_models[k]
            FOR UPDATE OF b SKIP LOCKED
        LOOP
            v_key := v_row.k;
            v_held := v_held + 1;
            v_current[v_key] := v_row.period_start = v_month;
            v_stale := v_stale OR v_row.stale;
            IF v_row.period_start <> v_month THEN
                v_late := true;
                SELECT m.monthly_limit_usd, m.spent_usd, m.reserved_usd
                INTO v_row.monthly_limit_usd, v_row.current_usage_usd, v_row.reserved_usd FROM ai_budget_months m
                WHERE m.tenant_id = p_tenants[v_key] AND m.model = p_models[v_key] AND m.period_start = v_month;
                v_roll := v_roll OR NOT FOUND;
            END IF;
            limit_usd[v_key] := ai_budget_limit(v_row.monthly_limit_usd);
            spent_usd[v_key] := v_row.current_usage_usd;
            v_free[v_key] := limit_usd[v_key] - v_row.current_usage_usd - v_row.reserved_usd;
        END LOOP;
        IF v_roll THEN
            PERFORM ai_budget_roll(p_now, p_tenants, p_models);
        END IF;
        IF v_held < v_budgets AND p_default_model = ANY (p_models) AND ai_budget_create_default(p_now,
            ARRAY(SELECT t FROM unnest(p_tenants, p_models) k (t, m) WHERE m = p_default_model), p_default_model,
            p_default_limit) > 0 THEN
            v_roll := true;
        END IF;
        IF v_stale THEN
            PERFORM ai_budget_expire(p_now, array_agg(k.tenant_id), array_agg(k.model))
            FROM unnest(p_tenants, p_models, v_free) k (tenant_id, model, free) WHERE k.free IS NOT NULL;
        END IF;
        EXIT WHEN NOT (v_roll OR v_stale);
    END LOOP;

    IF cardinality(p_request) > 0 THEN
        FOR v_row IN SELECT i FROM generate_series(1, v_checks) i
            JOIN ai_budget_reservations r ON r.tenant_id = p_tenants[p_key[i]] AND r.request_id = p_request[i]
        LOOP
            status[v_row.i] := 'known';
            p_id[v_row.i] := NULL;
        END LOOP;
    END IF;

    IF cardinality(p_rate) > 0 THEN
        FOR v_row IN SELECT i, e.tokens
            FROM generate_series(1, v_checks) i
            LEFT JOIN (
                SELECT d.key, d.type, (SELECT percentile_disc(p_percentile) WITHIN GROUP (ORDER BY c)
                    FROM unnest(t.recent_completions) c) AS tokens
                FROM (SELECT DISTINCT p_key[j], p_type[j] FROM generate_series(1, v_checks) j) d (key, type)
                JOIN ai_budget_usage_totals t ON t.tenant_id = p_tenants[d.key] AND t.model = p_models[d.key]
                    AND t.report_type = d.type
            ) e ON e.key = p_key[i] AND e.type = p_type[i]
            WHERE p_rate[i] IS NOT NULL
        LOOP
            p_amount[v_row.i] := p_amount[v_row.i] + COALESCE(v_row.tokens, p_default_completion) * p_rate[v_row.i];
        END LOOP;
        reserved_usd := p_amount;
    END IF;

    FOR i IN 1 .. v_checks LOOP
        CONTINUE WHEN p_id[i] IS NULL;
        v_key := p_key[i];
        IF p_amount[i] <= v_free[v_key] THEN
            v_free[v_key] := v_free[v_key] - p_amount[i];
            v_sum[v_key] := v_sum[v_key] + p_amount[i];
            v_flag[v_key] := spent_usd[v_key] >= limit_usd[v_key];
            v_made := v_made + 1;
        ELSE
            p_id[i] := NULL;
            IF limit_usd[v_key] IS NULL THEN
                status[i] := CASE WHEN EXISTS (SELECT FROM ai_token_budgets b WHERE b.tenant_id = p_tenants[v_key]
                    AND b.model = p_models[v_key]) THEN 'busy' ELSE 'no_budget' END;
                CONTINUE;
            END IF;
            status[i] := 'refused';
            v_flag[v_key] := true;
        END IF;
        remaining_usd[i] := v_free[v_key];
    END LOOP;

    IF v_made > 0 THEN
        v_marked := set_config('ai_budget.counted', 'on', true);
        INSERT INTO ai_budget_reservations (id, tenant_id, model, report_type, period_start, reserved_usd,
            created_at, expires_at, request_id, fingerprint, remaining_usd, spent_usd, limit_usd)
        SELECT p_id[i], p_tenants[p_key[i]], p_models[p_key[i]], p_type[i], v_month, p_amount[i], p_now,
            p_now + p_lifetime, p_request[i], p_fingerprint[i],
            CASE WHEN p_request[i] IS NOT NULL THEN remaining_usd[i] END,
            CASE WHEN p_request[i] IS NOT NULL THEN spent_usd[p_key[i]] END,
            CASE WHEN p_request[i] IS NOT NULL THEN limit_usd[p_key[i]] END
        FROM generate_series(1, v_checks) i WHERE p_id[i] IS NOT NULL;
        v_marked := set_config('ai_budget.counted', '', true);
    END IF;
    UPDATE ai_token_budgets b SET reserved_usd = b.reserved_usd + k.usd,
        hard_limit_reached = COALESCE(k.flag, b.hard_limit_reached), updated_at = p_now
    FROM unnest(p_tenants, p_models, v_sum, v_flag, v_current) k (tenant_id, model, usd, flag, now)
    WHERE b.tenant_id = k.tenant_id AND b.model = k.model AND k.now
        AND (k.usd > 0 OR k.flag <> b.hard_limit_reached);
    IF v_late THEN
        UPDATE ai_budget_months m SET reserved_usd = m.reserved_usd + k.usd
        FROM unnest(p_tenants, p_models, v_sum) k (tenant_id, model, usd)
        WHERE m.tenant_id = k.tenant_id AND m.model = k.model AND m.period_start = v_month AND k.usd > 0;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION ai_budget_tidy(p_now timestamptz, p_warning numeric, p_keep interval)
RETURNS TABLE (closed bigint, expired bigint, forgotten bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_tenants text[];
    v_models text[];
BEGIN
    SELECT array_agg(tenant_id), array_agg(model), count(*) INTO v_tenants, v_models, closed FROM (
        SELECT tenant_id, model FROM ai_token_budgets WHERE reset_date <= p_now
        ORDER BY tenant_id, model LIMIT 1000 FOR UPDATE SKIP LOCKED) s;
    PERFORM ai_budget_roll(p_now, v_tenants, v_models);
    SELECT array_agg(DISTINCT tenant_id || ' ' || model) INTO v_tenants FROM (
        SELECT tenant_id, model FROM ai_budget_reservations WHERE state = 'o' AND expires_at <= p_now LIMIT 10000) s;
    SELECT array_agg(tenant_id), array_agg(model) INTO v_tenants, v_models FROM (
        SELECT b.tenant_id, b.model FROM unnest(v_tenants) k (pair)
        JOIN ai_token_budgets b ON b.tenant_id = split_part(k.pair, ' ', 1) AND b.model = split_part(k.pair, ' ', 2)
        ORDER BY b.tenant_id, b.model FOR UPDATE OF b SKIP LOCKED) s;
    expired := ai_budget_expire(p_now, v_tenants, v_models);
    SELECT array_agg(tenant_id), array_agg(model) INTO v_tenants, v_models FROM (
        SELECT tenant_id, model FROM ai_token_budgets
        WHERE current_usage_usd * 100 > monthly_limit_usd * p_warning
            AND NOT (soft_limit_notified AND (hard_limit_notified OR current_usage_usd < ai_budget_limit(monthly_limit_usd)))
        ORDER BY tenant_id, model LIMIT 1000) s;
    PERFORM ai_budget_notify(v_tenants, v_models, p_warning);
    DELETE FROM ai_budget_reservations WHERE id IN (
        SELECT id FROM ai_budget_reservations WHERE state <> 'o' AND created_at < p_now - p_keep LIMIT 10000);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN NEXT;
END $$;
