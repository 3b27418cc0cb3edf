-- Whether a reservation expired is looked up only where some are open; bookings and their notices take one statement.

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
            UPDATE ai_budget_reservations r SET state = 'x' FROM generate_series(1, v_budgets) k
            WHERE v_free[k] IS NOT NULL AND r.tenant_id = p_tenants[k] AND r.model = p_models[k]
                AND r.state = 'o' AND r.expires_at <= p_now;
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
    UPDATE ai_token_budgets b SET reserved_usd = b.reserved_usd + v_sum[k],
        hard_limit_reached = COALESCE(v_flag[k], b.hard_limit_reached), updated_at = p_now
    FROM generate_series(1, v_budgets) k
    WHERE b.tenant_id = p_tenants[k] AND b.model = p_models[k] AND b.period_start = v_month
        AND (v_sum[k] > 0 OR v_flag[k] <> b.hard_limit_reached);
    IF v_late THEN
        UPDATE ai_budget_months m SET reserved_usd = m.reserved_usd + v_sum[k] FROM generate_series(1, v_budgets) k
        WHERE m.tenant_id = p_tenants[k] AND m.model = p_models[k] AND m.period_start = v_month AND v_sum[k] > 0;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION ai_budget_book(p_now timestamptz, p_wait boolean, p_default_model text, p_default_limit numeric,
    p_warning numeric, p_tenants text[], p_models text[], p_key integer[], p_type text[], p_prompt bigint[],
    p_completion bigint[], p_cache_read bigint[], p_cache_write bigint[], p_cost numeric[], p_at timestamptz[],
    p_request text[], p_fingerprint uuid[], p_reservation uuid[],
    OUT status text[], OUT month date[], OUT settlement text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_month date := ai_budget_month(p_now);
    v_calls integer := cardinality(p_key);
    v_budgets integer := cardinality(p_tenants);
    v_held integer;
    v_again boolean;
    v_open date[];
    v_limit numeric[];
    v_usd numeric[] := array_fill(0::numeric, ARRAY[v_budgets]);
    v_freed numeric[] := v_usd;
    v_input bigint[] := array_fill(0::bigint, ARRAY[v_budgets]);
    v_output bigint[] := v_input;
    v_settled uuid[] := '{}';
    v_kept uuid[] := '{}';
    v_free numeric[];
    v_key integer;
    v_made integer := 0;
    v_late boolean := false;
    v_owed boolean := false;
    v_marked text;
    v_row record;
BEGIN
    status := array_fill('ok'::text, ARRAY[v_calls]);
    month := array_fill(NULL::date, ARRAY[v_calls]);
    settlement := array_fill(NULL::text, ARRAY[v_calls]);
    FOR v_try IN 1 .. 4 LOOP
        IF p_wait THEN
            PERFORM 1 FROM generate_series(1, v_budgets) k
            JOIN ai_token_budgets b ON b.tenant_id = p_tenants[k] AND b.model = p_models[k] FOR UPDATE OF b;
        END IF;
        v_held := 0;
        v_again := false;
        FOR v_row IN SELECT k, b.period_start, b.monthly_limit_usd FROM generate_series(1, v_budgets) k
            JOIN ai_token_budgets b ON b.tenant_id = p_tenants[k] AND b.model = p_models[k]
            FOR UPDATE OF b SKIP LOCKED
        LOOP
            v_held := v_held + 1;
            v_again := v_again OR v_row.period_start < v_month;
            v_open[v_row.k] := v_row.period_start;
            v_limit[v_row.k] := v_row.monthly_limit_usd;
        END LOOP;
        IF v_again THEN
            PERFORM ai_budget_roll(p_now, p_tenants, p_models);
        END IF;
        IF v_held < v_budgets AND v_try = 1 THEN
            PERFORM ai_budget_create_default(p_now, p_tenants, p_default_model, p_default_limit);
            INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date)
            SELECT k.tenant_id, k.model, 0, ai_budget_month_end(v_month)
            FROM unnest(p_tenants, p_models) k (tenant_id, model)
            WHERE NOT EXISTS (SELECT FROM ai_token_budgets b WHERE b.tenant_id = k.tenant_id AND b.model = k.model)
            ORDER BY k.tenant_id, k.model
            ON CONFLICT (tenant_id, model) DO NOTHING;
            v_again := true;
        END IF;
        EXIT WHEN NOT v_again;
    END LOOP;

    FOR v_row IN SELECT i, u.tenant_id IS NOT NULL AS known, r.state, r.period_start, r.expires_at, r.reserved_usd,
            r.request_id IS NOT NULL AS named
        FROM generate_series(1, v_calls) i
        LEFT JOIN ai_token_usage u ON u.tenant_id = p_tenants[p_key[i]] COLLATE "C"
            AND u.request_id = p_request[i] COLLATE "C"
        LEFT JOIN ai_budget_reservations r ON r.id = p_reservation[i] AND r.tenant_id = p_tenants[p_key[i]]
            AND r.model = p_models[p_key[i]]
    LOOP
        v_key := p_key[v_row.i];
        IF v_row.known OR v_open[v_key] IS NULL THEN
            status[v_row.i] := CASE WHEN v_row.known THEN 'known' ELSE 'busy' END;
            CONTINUE;
        END IF;
        v_made := v_made + 1;
        IF v_row.state IN ('o', 'x') AND NOT (p_reservation[v_row.i] = ANY (v_settled)
            OR p_reservation[v_row.i] = ANY (v_kept)) THEN
            settlement[v_row.i] := CASE WHEN v_row.state = 'x' OR v_row.expires_at <= p_at[v_row.i]
                THEN 'expired' ELSE 'settled' END;
            month[v_row.i] := v_row.period_start;
            IF v_row.named THEN
                v_kept := v_kept || p_reservation[v_row.i];
            ELSE
                v_settled := v_settled || p_reservation[v_row.i];
            END IF;
        ELSE
            settlement[v_row.i] := CASE WHEN p_reservation[v_row.i] IS NOT NULL THEN 'unknown' END;
            month[v_row.i] := ai_budget_month(p_at[v_row.i]);
            v_row.state := NULL;
        END IF;
        IF month[v_row.i] <> v_open[v_key] THEN
            v_late := true;
            v_free[v_row.i] := CASE WHEN v_row.state = 'o' THEN v_row.reserved_usd END;
            CONTINUE;
        END IF;
        v_usd[v_key] := v_usd[v_key] + p_cost[v_row.i];
        v_input[v_key] := v_input[v_key] + p_prompt[v_row.i] + p_cache_read[v_row.i] + p_cache_write[v_row.i];
        v_output[v_key] := v_output[v_key] + p_completion[v_row.i];
        IF v_row.state = 'o' THEN
            v_freed[v_key] := v_freed[v_key] + v_row.reserved_usd;
        END IF;
    END LOOP;

    IF v_made > 0 THEN
        INSERT INTO ai_token_usage (tenant_id, model, report_type, prompt_tokens, completion_tokens, cache_read_tokens,
            cache_write_tokens, cost_usd, "timestamp", period_start, reservation_id, settlement, request_id, fingerprint)
        SELECT p_tenants[p_key[i]], p_models[p_key[i]], p_type[i], p_prompt[i], p_completion[i], p_cache_read[i],
            p_cache_write[i], p_cost[i], p_at[i], month[i], p_reservation[i], settlement[i], p_request[i],
            p_fingerprint[i]
        FROM generate_series(1, v_calls) i WHERE month[i] IS NOT NULL;
        v_marked := set_config('ai_budget.counted', 'on', true);
        IF cardinality(v_settled) > 0 THEN
            DELETE FROM ai_budget_reservations r WHERE r.id = ANY (v_settled);
        END IF;
        IF cardinality(v_kept) > 0 THEN
            UPDATE ai_budget_reservations r SET state = 's', settled_at = p_now WHERE r.id = ANY (v_kept);
        END IF;
        v_marked := set_config('ai_budget.counted', '', true);
        WITH booked AS (
            UPDATE ai_token_budgets b SET current_usage_usd = b.current_usage_usd + v_usd[k],
                reserved_usd = GREATEST(0, b.reserved_usd - v_freed[k]),
                token_count_input = b.token_count_input + v_input[k],
                token_count_output = b.token_count_output + v_output[k],
                hard_limit_reached = b.hard_limit_reached
                    OR b.current_usage_usd + v_usd[k] >= ai_budget_limit(b.monthly_limit_usd),
                updated_at = p_now
            FROM generate_series(1, v_budgets) k
            WHERE b.tenant_id = p_tenants[k] AND b.model = p_models[k] AND v_open[k] IS NOT NULL
            RETURNING b.current_usage_usd * 100 > b.monthly_limit_usd * p_warning AND (NOT b.soft_limit_notified
                OR NOT b.hard_limit_notified AND b.current_usage_usd >= ai_budget_limit(b.monthly_limit_usd)) AS owes
        )
        SELECT COALESCE(bool_or(owes), false) INTO v_owed FROM booked;
    END IF;
    IF v_late THEN
        INSERT INTO ai_budget_months AS m (tenant_id, model, period_start, monthly_limit_usd, spent_usd,
            token_count_input, token_count_output)
        SELECT p_tenants[p_key[i]], p_models[p_key[i]], month[i], v_limit[p_key[i]], sum(p_cost[i]),
            sum(p_prompt[i] + p_cache_read[i] + p_cache_write[i]), sum(p_completion[i])
        FROM generate_series(1, v_calls) i
        WHERE month[i] <> v_open[p_key[i]] GROUP BY p_key[i], month[i]
        ON CONFLICT ON CONSTRAINT ai_budget_months_pkey DO UPDATE SET spent_usd = m.spent_usd + EXCLUDED.spent_usd,
            token_count_input = m.token_count_input + EXCLUDED.token_count_input,
            token_count_output = m.token_count_output + EXCLUDED.token_count_output;
        UPDATE ai_budget_months m SET reserved_usd = GREATEST(0, m.reserved_usd - s.freed)
        FROM (SELECT p_key[i] AS key, month[i] AS month, sum(v_free[i]) AS freed FROM generate_series(1, v_calls) i
            WHERE month[i] <> v_open[p_key[i]] GROUP BY p_key[i], month[i]) s
        WHERE m.tenant_id = p_tenants[s.key] AND m.model = p_models[s.key] AND m.period_start = s.month AND s.freed > 0;
    END IF;
    IF v_owed OR v_late THEN
        PERFORM ai_budget_notify(p_tenants, p_models, p_warning);
    END IF;
END $$;
