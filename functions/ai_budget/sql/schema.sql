-- What a fresh database of the AI budget service holds. Money is US dollars, times are UTC,
-- a month is named by its first day. `now` is passed in by the caller wherever a rule depends on it.

CREATE TABLE ai_budget_migrations (
    version text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- The first day of the UTC month of an instant.
CREATE FUNCTION ai_budget_month(p_at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc('month', p_at AT TIME ZONE 'UTC')::date;

-- The first instant of the month after a month.
CREATE FUNCTION ai_budget_month_end(p_month date) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (p_month + interval '1 month') AT TIME ZONE 'UTC';

-- The current month of each tenant and model. The printed queries of the guide divide by the limit, so a
-- limit of 0 is kept as 0.000000000001: less than any price, so that nothing fits into it.
-- Each batch rewrites its rows: with room for many versions on their page they need no pruning in between.
CREATE TABLE ai_token_budgets (
    id bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id text NOT NULL,
    model text NOT NULL,
    monthly_limit_usd numeric(24,12) NOT NULL,
    current_usage_usd numeric(24,12) NOT NULL DEFAULT 0,
    token_count_input bigint NOT NULL DEFAULT 0,
    token_count_output bigint NOT NULL DEFAULT 0,
    reset_date timestamptz NOT NULL DEFAULT ai_budget_month_end(ai_budget_month(now())),
    soft_limit_notified boolean NOT NULL DEFAULT false,
    hard_limit_reached boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    tier text,
    period_start date NOT NULL,
    reserved_usd numeric(24,12) NOT NULL DEFAULT 0,
    hard_limit_notified boolean NOT NULL DEFAULT false,
    resets integer NOT NULL DEFAULT 0,
    CONSTRAINT ai_token_budgets_pkey PRIMARY KEY (tenant_id, model),
    CONSTRAINT ai_token_budgets_amounts CHECK (monthly_limit_usd > 0 AND monthly_limit_usd <= 1000000000
        AND current_usage_usd >= 0 AND reserved_usd >= 0)
) WITH (fillfactor = 10);

-- Closed months. A settlement of a reservation made in a closed month is booked here.
CREATE TABLE ai_budget_months (
    tenant_id text NOT NULL,
    model text NOT NULL,
    period_start date NOT NULL,
    monthly_limit_usd numeric(24,12) NOT NULL,
    spent_usd numeric(24,12) NOT NULL DEFAULT 0,
    token_count_input bigint NOT NULL DEFAULT 0,
    token_count_output bigint NOT NULL DEFAULT 0,
    reserved_usd numeric(24,12) NOT NULL DEFAULT 0,
    soft_limit_notified boolean NOT NULL DEFAULT false,
    hard_limit_notified boolean NOT NULL DEFAULT false,
    resets integer NOT NULL DEFAULT 0,
    CONSTRAINT ai_budget_months_pkey PRIMARY KEY (tenant_id, model, period_start),
    CONSTRAINT ai_budget_months_reserved CHECK (reserved_usd >= 0)
) WITH (fillfactor = 70);

-- state: o = open and counted, s = settled, x = expired. The answer of the check is kept for its repetition.
CREATE TABLE ai_budget_reservations (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    tenant_id text NOT NULL,
    model text NOT NULL,
    report_type text NOT NULL DEFAULT '',
    period_start date NOT NULL DEFAULT ai_budget_month(now()),
    reserved_usd numeric(24,12) NOT NULL,
    state "char" NOT NULL DEFAULT 'o',
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '15 minutes',
    settled_at timestamptz,
    request_id text,
    fingerprint uuid,
    remaining_usd numeric(24,12),
    spent_usd numeric(24,12),
    limit_usd numeric(24,12),
    CONSTRAINT ai_budget_reservations_pkey PRIMARY KEY (id),
    CONSTRAINT ai_budget_reservations_values CHECK (reserved_usd >= 0 AND state IN ('o', 's', 'x'))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX ai_budget_reservations_request
    ON ai_budget_reservations (tenant_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX ai_budget_reservations_open
    ON ai_budget_reservations (tenant_id, model, expires_at) WHERE state = 'o';
CREATE INDEX ai_budget_reservations_age ON ai_budget_reservations USING brin (created_at);

-- The audit log: one row per tracked call, never changed. Month and tenant are one index range.
CREATE TABLE ai_token_usage (
    id bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id text NOT NULL,
    model text NOT NULL,
    report_type text NOT NULL DEFAULT '',
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL DEFAULT 0,
    cache_write_tokens bigint NOT NULL DEFAULT 0,
    cost_usd numeric(24,12) NOT NULL,
    "timestamp" timestamptz NOT NULL DEFAULT now(),
    period_start date NOT NULL DEFAULT ai_budget_month(now()),
    reservation_id uuid,
    settlement text,
    request_id text,
    fingerprint uuid,
    CONSTRAINT ai_token_usage_pkey PRIMARY KEY (id)
);
CREATE INDEX ai_token_usage_tenant_time ON ai_token_usage (tenant_id, "timestamp");
-- Who asks for a request says so by the collation: while the table is small, a plan would as soon take the index by time,
-- and go on reading all calls of a tenant with it.
CREATE UNIQUE INDEX ai_token_usage_requests
    ON ai_token_usage (tenant_id COLLATE "C", request_id COLLATE "C") WHERE request_id IS NOT NULL;
CREATE INDEX ai_token_usage_time ON ai_token_usage USING brin ("timestamp");

-- Sums of the audit log, kept in the transaction that writes it, and the last completions for estimates.
CREATE TABLE ai_budget_usage_totals (
    tenant_id text NOT NULL,
    model text NOT NULL,
    report_type text NOT NULL,
    cost_usd numeric(30,12) NOT NULL,
    requests bigint NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    recent_completions integer[] NOT NULL,
    CONSTRAINT ai_budget_usage_totals_pkey PRIMARY KEY (tenant_id, model, report_type)
) WITH (fillfactor = 50);

CREATE TABLE ai_budget_changes (
    id bigint GENERATED ALWAYS AS IDENTITY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL,
    source text NOT NULL,
    tenant_id text NOT NULL,
    model text NOT NULL,
    field text NOT NULL,
    old_value text,
    new_value text,
    CONSTRAINT ai_budget_changes_pkey PRIMARY KEY (id)
);
CREATE INDEX ai_budget_changes_tenant ON ai_budget_changes (tenant_id, id);

-- The price of a call is the row of its model with the latest effective_from not after the call, and of
-- those the highest above_input_tokens that its whole input (cache included) exceeds. `pattern` (a POSIX
-- and Python regular expression) says which ids are that model.
CREATE TABLE ai_model_prices (
    model text NOT NULL,
    pattern text NOT NULL,
    effective_from timestamptz NOT NULL,
    above_input_tokens bigint NOT NULL DEFAULT 0,
    input_usd_per_mtok numeric(18,6) NOT NULL,
    output_usd_per_mtok numeric(18,6) NOT NULL,
    cache_read_usd_per_mtok numeric(18,6) NOT NULL,
    cache_write_usd_per_mtok numeric(18,6) NOT NULL,
    source text NOT NULL,
    CONSTRAINT ai_model_prices_pkey PRIMARY KEY (model, effective_from, above_input_tokens)
);

CREATE TABLE ai_budget_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id text NOT NULL,
    model text NOT NULL,
    period_start date NOT NULL,
    threshold smallint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    resets integer NOT NULL DEFAULT 0,
    monthly_limit_usd numeric(24,12) NOT NULL,
    spent_usd numeric(24,12) NOT NULL,
    CONSTRAINT ai_budget_outbox_pkey PRIMARY KEY (id),
    CONSTRAINT ai_budget_outbox_threshold CHECK (threshold IN (80, 100)),
    CONSTRAINT ai_budget_outbox_once UNIQUE (tenant_id, model, period_start, threshold, resets)
);
CREATE INDEX ai_budget_outbox_unsent ON ai_budget_outbox (id) WHERE sent_at IS NULL;

CREATE TABLE ai_budget_contacts (
    tenant_id text PRIMARY KEY,
    tenant_admin_email text,
    account_manager_email text
);

CREATE TABLE report_templates (
    report_type text PRIMARY KEY,
    model text NOT NULL,
    fallback_body text NOT NULL
);

-- The limit that was set: see ai_token_budgets for the stored form of 0.
CREATE FUNCTION ai_budget_limit(p_stored numeric) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_stored <= 0.000000000001 THEN 0 ELSE p_stored END;

-- The caller's clock where the API set it for this transaction, the server's otherwise.
CREATE FUNCTION ai_budget_now() RETURNS timestamptz LANGUAGE sql STABLE
RETURN COALESCE(NULLIF(current_setting('ai_budget.now', true), '')::timestamptz, statement_timestamp());

CREATE FUNCTION ai_budget_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION ai_budget_refuse_overspend() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'budget of tenant % and model %: reservations would exceed the limit', NEW.tenant_id, NEW.model
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ai_budget_no_overspend';
END $$;

CREATE FUNCTION ai_budget_before_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_latest date := ai_budget_month(ai_budget_now());
BEGIN
    IF NEW.monthly_limit_usd = 0 THEN
        NEW.monthly_limit_usd := 0.000000000001;
    END IF;
    -- 14 hours: the start of a month in the time zone of the session is taken for that of UTC.
    NEW.period_start := LEAST(v_latest, ai_budget_month(NEW.reset_date + interval '14 hours') - interval '1 month');
    NEW.reset_date := ai_budget_month_end(NEW.period_start);
    NEW.hard_limit_reached := NEW.hard_limit_reached OR NEW.current_usage_usd >= ai_budget_limit(NEW.monthly_limit_usd);
    RETURN NEW;
END $$;

-- Keeps a month that ends: its figures go to ai_budget_months, with what is still reserved in it.
CREATE FUNCTION ai_budget_close(p_row ai_token_budgets) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ai_budget_months AS m (tenant_id, model, period_start, monthly_limit_usd, spent_usd,
        token_count_input, token_count_output, reserved_usd, soft_limit_notified, hard_limit_notified, resets)
    VALUES (p_row.tenant_id, p_row.model, p_row.period_start, p_row.monthly_limit_usd, p_row.current_usage_usd,
        p_row.token_count_input, p_row.token_count_output, p_row.reserved_usd, p_row.soft_limit_notified,
        p_row.hard_limit_notified, p_row.resets)
    ON CONFLICT (tenant_id, model, period_start) DO UPDATE SET
        spent_usd = m.spent_usd + EXCLUDED.spent_usd,
        token_count_input = m.token_count_input + EXCLUDED.token_count_input,
        token_count_output = m.token_count_output + EXCLUDED.token_count_output,
        reserved_usd = m.reserved_usd + EXCLUDED.reserved_usd,
        soft_limit_notified = m.soft_limit_notified OR EXCLUDED.soft_limit_notified,
        hard_limit_notified = m.hard_limit_notified OR EXCLUDED.hard_limit_notified
$$;

-- Runs for a change of the limit, a lowered usage, a cleared notice or another month: not for bookings.
CREATE FUNCTION ai_budget_before_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := ai_budget_now();
    v_month date;
BEGIN
    IF NEW.monthly_limit_usd = 0 THEN
        NEW.monthly_limit_usd := 0.000000000001;
    END IF;
    v_month := ai_budget_month(NEW.reset_date + interval '14 hours') - interval '1 month';
    IF NEW.reset_date = OLD.reset_date AND v_now >= OLD.reset_date THEN
        v_month := ai_budget_month(v_now);
    END IF;
    IF v_month > OLD.period_start THEN
        PERFORM ai_budget_close(OLD);
        IF NEW.current_usage_usd = OLD.current_usage_usd THEN
            NEW.current_usage_usd := 0;
            NEW.token_count_input := 0;
            NEW.token_count_output := 0;
        END IF;
        NEW.soft_limit_notified := false;
        NEW.hard_limit_reached := NEW.current_usage_usd >= ai_budget_limit(NEW.monthly_limit_usd);
        NEW.hard_limit_notified := false;
        NEW.resets := 0;
        NEW.reserved_usd := 0;
    ELSIF v_month < OLD.period_start THEN
        NEW.reserved_usd := 0;
    ELSE
        IF NEW.current_usage_usd = 0 AND OLD.current_usage_usd > 0 THEN
            NEW.soft_limit_notified := false;
        END IF;
        IF NEW.current_usage_usd < OLD.current_usage_usd OR (OLD.soft_limit_notified AND NOT NEW.soft_limit_notified) THEN
            NEW.hard_limit_notified := false;
            NEW.resets := OLD.resets + 1;
        END IF;
        IF NEW.monthly_limit_usd > OLD.monthly_limit_usd OR NEW.current_usage_usd < OLD.current_usage_usd THEN
            NEW.hard_limit_reached := false;
        END IF;
        NEW.hard_limit_reached := NEW.hard_limit_reached OR NEW.current_usage_usd >= ai_budget_limit(NEW.monthly_limit_usd);
    END IF;
    NEW.period_start := v_month;
    NEW.reset_date := ai_budget_month_end(v_month);
    RETURN NEW;
END $$;

-- Open reservations follow a row whose month was moved back by hand.
CREATE FUNCTION ai_budget_move_reservations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ai_budget_reservations SET period_start = NEW.period_start
    WHERE tenant_id = NEW.tenant_id AND model = NEW.model AND state = 'o' AND period_start = OLD.period_start;
    RETURN NULL;
END $$;

CREATE FUNCTION ai_budget_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_actor text := NULLIF(current_setting('ai_budget.actor', true), '');
    v_source text := CASE WHEN v_actor IS NULL THEN 'sql' ELSE 'api' END;
    v_old ai_token_budgets;
BEGIN
    IF v_actor = 'default' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        v_old := OLD;
    END IF;
    IF TG_OP = 'DELETE' THEN
        INSERT INTO ai_budget_changes (changed_by, source, tenant_id, model, field, old_value, new_value)
        VALUES (COALESCE(v_actor, session_user), v_source, OLD.tenant_id, OLD.model, 'monthly_limit_usd',
            trim_scale(ai_budget_limit(OLD.monthly_limit_usd))::text, NULL);
        RETURN NULL;
    END IF;
    IF v_old.monthly_limit_usd IS DISTINCT FROM NEW.monthly_limit_usd THEN
        INSERT INTO ai_budget_changes (changed_by, source, tenant_id, model, field, old_value, new_value)
        VALUES (COALESCE(v_actor, session_user), v_source, NEW.tenant_id, NEW.model, 'monthly_limit_usd',
            trim_scale(ai_budget_limit(v_old.monthly_limit_usd))::text, trim_scale(ai_budget_limit(NEW.monthly_limit_usd))::text);
    END IF;
    IF NEW.resets > v_old.resets THEN
        INSERT INTO ai_budget_changes (changed_by, source, tenant_id, model, field, old_value, new_value)
        VALUES (COALESCE(v_actor, session_user), v_source, NEW.tenant_id, NEW.model, 'current_usage_usd',
            trim_scale(v_old.current_usage_usd)::text, trim_scale(NEW.current_usage_usd)::text);
    END IF;
    RETURN NULL;
END $$;

-- What is reserved in a month is kept equal to the sum of its open reservations, whoever writes them. The functions
-- below count in the statement that they need anyway, and say so with `ai_budget.counted`.
CREATE FUNCTION ai_budget_reservations_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_groups bigint;
    v_found bigint;
BEGIN
    IF current_setting('ai_budget.counted', true) = 'on' THEN
        RETURN NULL;
    END IF;
    WITH delta AS MATERIALIZED (
        SELECT tenant_id, model, period_start, sum(reserved_usd) AS usd
        FROM fresh WHERE state = 'o' GROUP BY tenant_id, model, period_start
    ), current_month AS (
        UPDATE ai_token_budgets b SET reserved_usd = GREATEST(0, b.reserved_usd + delta.usd) FROM delta
        WHERE b.tenant_id = delta.tenant_id AND b.model = delta.model AND b.period_start = delta.period_start
        RETURNING 1
    ), closed_month AS (
        UPDATE ai_budget_months m SET reserved_usd = GREATEST(0, m.reserved_usd + delta.usd) FROM delta
        WHERE m.tenant_id = delta.tenant_id AND m.model = delta.model AND m.period_start = delta.period_start
            AND NOT EXISTS (SELECT 1 FROM ai_token_budgets b WHERE b.tenant_id = delta.tenant_id
                AND b.model = delta.model AND b.period_start = delta.period_start)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM delta WHERE usd > 0),
        (SELECT count(*) FROM current_month) + (SELECT count(*) FROM closed_month) INTO v_groups, v_found;
    IF v_found < v_groups THEN
        RAISE EXCEPTION 'a reservation needs a budget of its tenant, model and month'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ai_budget_reservations_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_groups bigint;
    v_found bigint;
BEGIN
    IF current_setting('ai_budget.counted', true) = 'on' THEN
        RETURN NULL;
    END IF;
    WITH delta AS MATERIALIZED (
        SELECT tenant_id, model, period_start, sum(usd) AS usd FROM (
            SELECT tenant_id, model, period_start, reserved_usd AS usd FROM fresh WHERE state = 'o'
            UNION ALL
            SELECT tenant_id, model, period_start, -reserved_usd FROM stale WHERE state = 'o'
        ) s GROUP BY tenant_id, model, period_start HAVING sum(usd) <> 0
    ), current_month AS (
        UPDATE ai_token_budgets b SET reserved_usd = GREATEST(0, b.reserved_usd + delta.usd) FROM delta
        WHERE b.tenant_id = delta.tenant_id AND b.model = delta.model AND b.period_start = delta.period_start
        RETURNING 1
    ), closed_month AS (
        UPDATE ai_budget_months m SET reserved_usd = GREATEST(0, m.reserved_usd + delta.usd) FROM delta
        WHERE m.tenant_id = delta.tenant_id AND m.model = delta.model AND m.period_start = delta.period_start
            AND NOT EXISTS (SELECT 1 FROM ai_token_budgets b WHERE b.tenant_id = delta.tenant_id
                AND b.model = delta.model AND b.period_start = delta.period_start)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM delta WHERE usd > 0),
        (SELECT count(*) FROM current_month) + (SELECT count(*) FROM closed_month) INTO v_groups, v_found;
    IF v_found < v_groups THEN
        RAISE EXCEPTION 'a reservation needs a budget of its tenant, model and month'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ai_budget_reservations_removed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_groups bigint;
    v_found bigint;
BEGIN
    IF current_setting('ai_budget.counted', true) = 'on' THEN
        RETURN NULL;
    END IF;
    WITH delta AS MATERIALIZED (
        SELECT tenant_id, model, period_start, -sum(reserved_usd) AS usd
        FROM stale WHERE state = 'o' GROUP BY tenant_id, model, period_start
    ), current_month AS (
        UPDATE ai_token_budgets b SET reserved_usd = GREATEST(0, b.reserved_usd + delta.usd) FROM delta
        WHERE b.tenant_id = delta.tenant_id AND b.model = delta.model AND b.period_start = delta.period_start
        RETURNING 1
    ), closed_month AS (
        UPDATE ai_budget_months m SET reserved_usd = GREATEST(0, m.reserved_usd + delta.usd) FROM delta
        WHERE m.tenant_id = delta.tenant_id AND m.model = delta.model AND m.period_start = delta.period_start
            AND NOT EXISTS (SELECT 1 FROM ai_token_budgets b WHERE b.tenant_id = delta.tenant_id
                AND b.model = delta.model AND b.period_start = delta.period_start)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM delta WHERE usd > 0),
        (SELECT count(*) FROM current_month) + (SELECT count(*) FROM closed_month) INTO v_groups, v_found;
    IF v_found < v_groups THEN
        RAISE EXCEPTION 'a reservation needs a budget of its tenant, model and month'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

-- The sums of the audit log and the last 64 completions of each report type follow every insert.
CREATE FUNCTION ai_budget_usage_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ai_budget_usage_totals AS t (tenant_id, model, report_type, cost_usd, requests, input_tokens,
        output_tokens, recent_completions)
    SELECT tenant_id, model, report_type, sum(cost_usd), count(*),
        sum(prompt_tokens + cache_read_tokens + cache_write_tokens), sum(completion_tokens),
        (array_agg(completion_tokens::integer ORDER BY id DESC))[1:64]
    FROM fresh GROUP BY tenant_id, model, report_type ORDER BY tenant_id, model, report_type
    ON CONFLICT (tenant_id, model, report_type) DO UPDATE SET
        cost_usd = t.cost_usd + EXCLUDED.cost_usd,
        requests = t.requests + EXCLUDED.requests,
        input_tokens = t.input_tokens + EXCLUDED.input_tokens,
        output_tokens = t.output_tokens + EXCLUDED.output_tokens,
        recent_completions = (EXCLUDED.recent_completions || t.recent_completions)[1:64];
    RETURN NULL;
END $$;

CREATE TRIGGER ai_budget_10_insert BEFORE INSERT ON ai_token_budgets
    FOR EACH ROW EXECUTE FUNCTION ai_budget_before_insert();
CREATE TRIGGER ai_budget_20_update BEFORE UPDATE OF monthly_limit_usd, reset_date, current_usage_usd, soft_limit_notified
    ON ai_token_budgets
    FOR EACH ROW WHEN (NEW.monthly_limit_usd <> OLD.monthly_limit_usd OR NEW.reset_date <> OLD.reset_date
        OR NEW.current_usage_usd < OLD.current_usage_usd OR (OLD.soft_limit_notified AND NOT NEW.soft_limit_notified))
    EXECUTE FUNCTION ai_budget_before_update();
CREATE TRIGGER ai_budget_30_no_overspend_insert AFTER INSERT ON ai_token_budgets
    FOR EACH ROW WHEN (NEW.reserved_usd > 0 AND NEW.current_usage_usd + NEW.reserved_usd > NEW.monthly_limit_usd)
    EXECUTE FUNCTION ai_budget_refuse_overspend();
CREATE TRIGGER ai_budget_30_no_overspend_update AFTER UPDATE OF reserved_usd ON ai_token_budgets
    FOR EACH ROW WHEN (NEW.reserved_usd > OLD.reserved_usd
        AND NEW.current_usage_usd + NEW.reserved_usd > NEW.monthly_limit_usd)
    EXECUTE FUNCTION ai_budget_refuse_overspend();
CREATE TRIGGER ai_budget_40_moved AFTER UPDATE OF reset_date ON ai_token_budgets
    FOR EACH ROW WHEN (NEW.period_start < OLD.period_start) EXECUTE FUNCTION ai_budget_move_reservations();
CREATE TRIGGER ai_budget_50_changes AFTER INSERT OR DELETE ON ai_token_budgets
    FOR EACH ROW EXECUTE FUNCTION ai_budget_log_change();
CREATE TRIGGER ai_budget_50_changes_update AFTER UPDATE OF monthly_limit_usd, current_usage_usd, soft_limit_notified
    ON ai_token_budgets
    FOR EACH ROW WHEN (NEW.monthly_limit_usd <> OLD.monthly_limit_usd OR NEW.resets > OLD.resets)
    EXECUTE FUNCTION ai_budget_log_change();
CREATE TRIGGER ai_budget_no_overspend AFTER UPDATE OF reserved_usd ON ai_budget_months
    FOR EACH ROW WHEN (NEW.reserved_usd > OLD.reserved_usd AND NEW.spent_usd + NEW.reserved_usd > NEW.monthly_limit_usd)
    EXECUTE FUNCTION ai_budget_refuse_overspend();
CREATE TRIGGER ai_budget_added AFTER INSERT ON ai_budget_reservations REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_reservations_added();
CREATE TRIGGER ai_budget_changed AFTER UPDATE ON ai_budget_reservations
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_reservations_changed();
CREATE TRIGGER ai_budget_removed AFTER DELETE ON ai_budget_reservations REFERENCING OLD TABLE AS stale
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_reservations_removed();
CREATE TRIGGER ai_budget_logged AFTER INSERT ON ai_token_usage REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_usage_logged();
CREATE TRIGGER ai_budget_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ai_token_usage
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_append_only();
CREATE TRIGGER ai_budget_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ai_budget_changes
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_append_only();

-- Brings locked budgets to the month of p_now. A caller whose clock is behind finds its month closed.
CREATE FUNCTION ai_budget_roll(p_now timestamptz, p_tenants text[], p_models text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_month date := ai_budget_month(p_now);
BEGIN
    UPDATE ai_token_budgets b SET reset_date = ai_budget_month_end(v_month), updated_at = p_now
    FROM (SELECT b.id FROM unnest(p_tenants, p_models) k (tenant_id, model)
        JOIN ai_token_budgets b ON b.tenant_id = k.tenant_id AND b.model = k.model
        WHERE b.period_start < v_month FOR UPDATE OF b SKIP LOCKED) s,
        unnest(p_tenants, p_models) k (tenant_id, model)
    WHERE b.tenant_id = k.tenant_id AND b.model = k.model AND b.id = s.id;
    INSERT INTO ai_budget_months (tenant_id, model, period_start, monthly_limit_usd)
    SELECT b.tenant_id, b.model, v_month, b.monthly_limit_usd
    FROM unnest(p_tenants, p_models) k (tenant_id, model)
    JOIN ai_token_budgets b ON b.tenant_id = k.tenant_id AND b.model = k.model
    WHERE b.period_start > v_month
    ON CONFLICT (tenant_id, model, period_start) DO NOTHING;
END $$;

-- Gives tenants without any budget the default one.
CREATE FUNCTION ai_budget_create_default(p_now timestamptz, p_tenants text[], p_model text, p_limit numeric)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_made bigint;
    v_actor text := current_setting('ai_budget.actor', true);
BEGIN
    PERFORM set_config('ai_budget.actor', 'default', true);
    INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date)
    SELECT DISTINCT k.tenant_id, p_model, p_limit, ai_budget_month_end(ai_budget_month(p_now))
    FROM unnest(p_tenants) k (tenant_id)
    WHERE NOT EXISTS (SELECT 1 FROM ai_token_budgets b WHERE b.tenant_id = k.tenant_id)
    ORDER BY k.tenant_id
    ON CONFLICT (tenant_id, model) DO NOTHING;
    GET DIAGNOSTICS v_made = ROW_COUNT;
    PERFORM set_config('ai_budget.actor', COALESCE(v_actor, ''), true);
    RETURN v_made;
END $$;

-- Writes the notices that the given budgets owe: each threshold once per tenant, model and month (a reset re-arms).
CREATE FUNCTION ai_budget_notify(p_tenants text[], p_models text[], p_warning numeric) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH owed AS (
        SELECT b.tenant_id, b.model, b.period_start, b.monthly_limit_usd, b.current_usage_usd, b.resets,
            NOT b.soft_limit_notified AS soft,
            NOT b.hard_limit_notified AND b.current_usage_usd >= ai_budget_limit(b.monthly_limit_usd) AS hard
        FROM unnest(p_tenants, p_models) k (tenant_id, model)
        JOIN ai_token_budgets b USING (tenant_id, model)
        WHERE b.current_usage_usd * 100 > b.monthly_limit_usd * p_warning
            AND NOT (b.soft_limit_notified AND b.hard_limit_notified)
        ORDER BY b.tenant_id, b.model FOR UPDATE OF b
    ), flagged AS (
        UPDATE ai_token_budgets b SET soft_limit_notified = true, hard_limit_notified = b.hard_limit_notified OR owed.hard
        FROM owed WHERE b.tenant_id = owed.tenant_id AND b.model = owed.model AND (owed.soft OR owed.hard)
    )
    INSERT INTO ai_budget_outbox (tenant_id, model, period_start, threshold, resets, monthly_limit_usd, spent_usd)
    SELECT tenant_id, model, period_start, threshold, resets, ai_budget_limit(monthly_limit_usd), current_usage_usd
    FROM owed, (VALUES (80), (100)) t (threshold)
    WHERE CASE threshold WHEN 80 THEN soft ELSE hard END
    ON CONFLICT ON CONSTRAINT ai_budget_outbox_once DO NOTHING;

    WITH owed AS (
        SELECT m.*, NOT m.soft_limit_notified AS soft,
            NOT m.hard_limit_notified AND m.spent_usd >= ai_budget_limit(m.monthly_limit_usd) AS hard
        FROM unnest(p_tenants, p_models) k (tenant_id, model)
        JOIN ai_budget_months m USING (tenant_id, model)
        WHERE m.spent_usd * 100 > m.monthly_limit_usd * p_warning
            AND NOT (m.soft_limit_notified AND m.hard_limit_notified)
        FOR UPDATE OF m
    ), flagged AS (
        UPDATE ai_budget_months m SET soft_limit_notified = true, hard_limit_notified = m.hard_limit_notified OR owed.hard
        FROM owed WHERE m.tenant_id = owed.tenant_id AND m.model = owed.model AND m.period_start = owed.period_start
            AND (owed.soft OR owed.hard)
    )
    INSERT INTO ai_budget_outbox (tenant_id, model, period_start, threshold, resets, monthly_limit_usd, spent_usd)
    SELECT tenant_id, model, period_start, threshold, resets, ai_budget_limit(monthly_limit_usd), spent_usd
    FROM owed, (VALUES (80), (100)) t (threshold)
    WHERE CASE threshold WHEN 80 THEN soft ELSE hard END
    ON CONFLICT ON CONSTRAINT ai_budget_outbox_once DO NOTHING;
END $$;

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

-- Reserves a batch of checks in order. `p_tenants`/`p_models` are the distinct budgets, sorted; the other arrays hold
-- one entry per check, p_key being the position of its budget and p_id the id of its reservation. p_rate is empty
-- where every amount is known, p_request and p_fingerprint where no check names a request.
-- A check reserves p_amount or, where it has a p_rate, p_amount + tokens × p_rate, tokens being the percentile
-- p_percentile of the last completions of that tenant, model and report type (p_default_completion without any).
-- Out, per check: status ok | refused | known (its request was answered before) | no_budget | busy (another
-- transaction holds the row; ask again with p_wait), reserved_usd (null where p_rate is empty: as asked) and
-- remaining_usd; per budget: spent_usd and limit_usd.
CREATE FUNCTION ai_budget_reserve(p_now timestamptz, p_wait boolean, p_lifetime interval, p_default_model text,
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

-- Books a batch of tracked calls in order and settles their reservations; arrays as in ai_budget_reserve,
-- p_reservation empty where no call names one.
-- Out, per call: status ok | known (its request was booked before) | busy, the month it is booked in, and settlement
-- settled | expired | unknown (none of that id is left to settle) | null (none named).
-- A settled reservation is kept if its check named a request, whose repetition it answers.
CREATE FUNCTION ai_budget_book(p_now timestamptz, p_wait boolean, p_default_model text, p_default_limit numeric,
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

-- Sets a limit for the API: `p_actor` is written to ai_budget_changes. A limit lowered below a threshold owes its notice.
CREATE FUNCTION ai_budget_set(p_now timestamptz, p_tenant text, p_model text, p_limit numeric, p_tier text,
    p_actor text, p_warning numeric) RETURNS SETOF ai_token_budgets LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ai_token_budgets WHERE tenant_id = p_tenant AND model = p_model FOR UPDATE;
    PERFORM ai_budget_roll(p_now, ARRAY[p_tenant], ARRAY[p_model]);
    PERFORM set_config('ai_budget.actor', p_actor, true), set_config('ai_budget.now', p_now::text, true);
    INSERT INTO ai_token_budgets AS b (tenant_id, model, monthly_limit_usd, reset_date, tier)
    VALUES (p_tenant, p_model, p_limit, ai_budget_month_end(ai_budget_month(p_now)), p_tier)
    ON CONFLICT (tenant_id, model) DO UPDATE SET monthly_limit_usd = EXCLUDED.monthly_limit_usd,
        tier = EXCLUDED.tier, updated_at = p_now;
    PERFORM ai_budget_notify(ARRAY[p_tenant], ARRAY[p_model], p_warning);
    RETURN QUERY SELECT * FROM ai_token_budgets WHERE tenant_id = p_tenant AND model = p_model;
END $$;

-- The tidying that no rule depends on: months that ended are closed, expired reservations marked, notices owed after
-- a change by plain SQL written, and answered checks older than p_keep forgotten.
CREATE FUNCTION ai_budget_tidy(p_now timestamptz, p_warning numeric, p_keep interval)
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

-- Each budget as it stands this month: one consistent row, expired reservations left out.
CREATE VIEW ai_budget_position AS
SELECT b.tenant_id, b.model, GREATEST(b.period_start, now_is.month) AS period_start,
    ai_budget_limit(b.monthly_limit_usd) AS monthly_limit_usd,
    CASE WHEN b.period_start < now_is.month THEN 0 ELSE b.current_usage_usd END AS spent_usd,
    CASE WHEN b.period_start < now_is.month THEN 0 ELSE b.reserved_usd - COALESCE(
        (SELECT sum(r.reserved_usd) FROM ai_budget_reservations r WHERE r.tenant_id = b.tenant_id AND r.model = b.model
            AND r.state = 'o' AND r.expires_at <= statement_timestamp() AND r.period_start = b.period_start), 0)
        END AS reserved_usd
FROM ai_token_budgets b, (SELECT ai_budget_month(statement_timestamp()) AS month) now_is;

-- Prices per million tokens: made by `python -m functions.ai_budget.price_rows`.
INSERT INTO ai_model_prices (model, pattern, effective_from, above_input_tokens, input_usd_per_mtok, output_usd_per_mtok,
    cache_read_usd_per_mtok, cache_write_usd_per_mtok, source) VALUES
    ('claude-3-5-sonnet-20241022', '^claude-3-5-sonnet-20241022$', '2024-10-22 00:00Z', 0, 3, 15, 0.3, 3.75,
        'FinOps guide, Pricing (Claude API); cache prices: genai-prices'),
    ('claude-3-opus-20240229', '^claude-3-opus-20240229$', '2024-02-29 00:00Z', 0, 15, 75, 1.5, 18.75,
        'FinOps guide, Pricing (Claude API); cache prices: genai-prices'),
    ('claude-3-haiku-20240307', '^claude-3-haiku-20240307$', '2024-03-07 00:00Z', 0, 0.25, 1.25, 0.03, 0.3,
        'FinOps guide, Pricing (Claude API); cache prices: genai-prices'),
    ('claude-2', '^((claude-2|claude-v2)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 8, 24, 8, 8,
        'genai-prices 0.2.3'),
    ('claude-3-5-haiku-latest', '^((claude-3-5-haiku|claude-3\.5-haiku)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 0.8, 4, 0.08, 1,
        'genai-prices 0.2.3'),
    ('claude-3-5-sonnet', '^((claude-3-5-sonnet|claude-3\.5-sonnet)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 3, 15, 0.3, 3.75,
        'genai-prices 0.2.3'),
    ('claude-3-7-sonnet-latest', '^((claude-3-7-sonnet|claude-3\.7-sonnet|claude-sonnet-3\.7|claude-sonnet-3-7)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 3, 15, 0.3, 3.75,
        'genai-prices 0.2.3'),
    ('claude-3-haiku', '^((claude-3-haiku)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 0.25, 1.25, 0.03, 0.3,
        'genai-prices 0.2.3'),
    ('claude-3-opus-latest', '^((claude-3-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 15, 75, 1.5, 18.75,
        'genai-prices 0.2.3'),
    ('claude-3-sonnet', '^((claude-3-sonnet)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 3, 15, 0.3, 3.75,
        'genai-prices 0.2.3'),
    ('claude-fable-5', '^(claude-fable-5|claude-fable-5-[0-9]{8})$', '1970-01-01 00:00Z', 0, 10, 50, 1, 12.5,
        'genai-prices 0.2.3'),
    ('claude-fable-5-1', '^(claude-fable-5-1|claude-fable-5-1-[0-9]{8})$', '1970-01-01 00:00Z', 0, 10, 50, 0.25, 12.5,
        'genai-prices 0.2.3'),
    ('claude-fable-5-2', '^(claude-fable-5-2|claude-fable-5-2-[0-9]{8})$', '1970-01-01 00:00Z', 0, 8, 40, 0.2, 10,
        'genai-prices 0.2.3'),
    ('claude-haiku-4-5', '^((claude-haiku-4-5|claude-haiku-4\.5|claude-4-5-haiku|claude-4\.5-haiku)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 1, 5, 0.1, 1.25,
        'genai-prices 0.2.3'),
    ('claude-haiku-5-5', '^(claude-haiku-5-5|claude-haiku-5-5-[0-9]{8}|(claude-haiku-5-5|claude-haiku-5\.5|claude-5-5-haiku|claude-5\.5-haiku)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 0.1, 0.5, 0.01, 0.125,
        'genai-prices 0.2.3'),
    ('claude-haiku-5-5', '^(claude-haiku-5-5|claude-haiku-5-5-[0-9]{8}|(claude-haiku-5-5|claude-haiku-5\.5|claude-5-5-haiku|claude-5\.5-haiku)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 100000, 0.5, 2.5, 0.05, 0.625,
        'genai-prices 0.2.3'),
    ('claude-mythos-5-2', '^(claude-mythos-5-2|claude-mythos-5-2-[0-9]{8})$', '1970-01-01 00:00Z', 0, 8, 40, 0.2, 10,
        'genai-prices 0.2.3'),
    ('claude-opus-4-0', '^(claude-opus-4|claude-opus-4-20250514|(claude-opus-4-0|claude-4-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 15, 75, 1.5, 18.75,
        'genai-prices 0.2.3'),
    ('claude-opus-4-1', '^((claude-opus-4-1|claude-opus-4\.1)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 15, 75, 1.5, 18.75,
        'genai-prices 0.2.3'),
    ('claude-opus-4-5', '^((claude-opus-4-5|claude-opus-4\.5|claude-4-5-opus|claude-4\.5-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 5, 25, 0.5, 6.25,
        'genai-prices 0.2.3'),
    ('claude-opus-4-6', '^((claude-opus-4-6|claude-opus-4\.6|claude-4-6-opus|claude-4\.6-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 5, 25, 0.5, 6.25,
        'genai-prices 0.2.3'),
    ('claude-opus-4-6', '^((claude-opus-4-6|claude-opus-4\.6|claude-4-6-opus|claude-4\.6-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 200000, 10, 37.5, 1, 12.5,
        'genai-prices 0.2.3'),
    ('claude-opus-4-6', '^((claude-opus-4-6|claude-opus-4\.6|claude-4-6-opus|claude-4\.6-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '2026-03-13 00:00Z', 0, 5, 25, 0.5, 6.25,
        'genai-prices 0.2.3'),
    ('claude-opus-4-7', '^((claude-opus-4-7|claude-opus-4\.7|claude-4-7-opus|claude-4\.7-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 5, 25, 0.5, 6.25,
        'genai-prices 0.2.3'),
    ('claude-opus-4-8', '^((claude-opus-4-8|claude-opus-4\.8|claude-4-8-opus|claude-4\.8-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 5, 25, 0.5, 6.25,
        'genai-prices 0.2.3'),
    ('claude-opus-5', '^(claude-opus-5|claude-opus-5-latest|claude-opus-5[-@][0-9]{8}|claude-opus-5-[0-9]{4}-[0-9]{2}-[0-9]{2}|(claude-opus-5\.0|claude-5-opus|claude-5\.0-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 5, 25, 0.5, 6.25,
        'genai-prices 0.2.3'),
    ('claude-opus-5-5', '^(claude-opus-5-5|claude-opus-5-5-[0-9]{8}|(claude-opus-5\.5|claude-5-5-opus|claude-5\.5-opus)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 4, 20, 0.2, 5,
        'genai-prices 0.2.3'),
    ('claude-sonnet-4-0', '^(claude-sonnet-4|(claude-sonnet-4-2025[0-9]{4}|claude-sonnet-4-0|claude-sonnet-4|claude-4-sonnet)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 3, 15, 0.3, 3.75,
        'genai-prices 0.2.3'),
    ('claude-sonnet-4-5', '^((claude-sonnet-4-5|claude-sonnet-4\.5)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 3, 15, 0.3, 3.75,
        'genai-prices 0.2.3'),
    ('claude-sonnet-4-5', '^((claude-sonnet-4-5|claude-sonnet-4\.5)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 200000, 6, 22.5, 0.6, 7.5,
        'genai-prices 0.2.3'),
    ('claude-sonnet-4-6', '^((claude-sonnet-4-6|claude-sonnet-4\.6)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 3, 15, 0.3, 3.75,
        'genai-prices 0.2.3'),
    ('claude-sonnet-4-6', '^((claude-sonnet-4-6|claude-sonnet-4\.6)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 200000, 6, 22.5, 0.6, 7.5,
        'genai-prices 0.2.3'),
    ('claude-sonnet-4-6', '^((claude-sonnet-4-6|claude-sonnet-4\.6)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '2026-03-13 00:00Z', 0, 3, 15, 0.3, 3.75,
        'genai-prices 0.2.3'),
    ('claude-sonnet-5', '^(claude-sonnet-5|claude-sonnet-5-[0-9]{8}|(claude-sonnet-5|claude-sonnet-5\.0|claude-5-sonnet|claude-5\.0-sonnet)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 2, 10, 0.2, 2.5,
        'genai-prices 0.2.3'),
    ('claude-sonnet-5-5', '^(claude-sonnet-5-5|claude-sonnet-5-5-[0-9]{8}|(claude-sonnet-5-5|claude-sonnet-5\.5|claude-5-5-sonnet|claude-5\.5-sonnet)([-@](latest|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|v[0-9]+(:[0-9]+)?))*)$', '1970-01-01 00:00Z', 0, 2, 10, 0.1, 2.5,
        'genai-prices 0.2.3'),
    ('claude-v1', '^(claude-v1)$', '1970-01-01 00:00Z', 0, 8, 24, 8, 8,
        'genai-prices 0.2.3');

-- What a report falls back to while its tenant is over budget; the reporting service keeps its own texts.
INSERT INTO report_templates (report_type, model, fallback_body) VALUES
    ('quarterly-report', 'claude-3-5-sonnet-20241022',
        'This report is shown from its last version: the AI budget of this month is used up.'),
    ('quarterly-report-draft', 'claude-3-5-sonnet-20241022',
        'This draft is shown from its last version: the AI budget of this month is used up.');
