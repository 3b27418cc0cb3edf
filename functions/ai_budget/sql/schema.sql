-- The database of the AI budget service. Money is US dollars; a month is UTC.
--
-- Open reservations are the truth: nothing stores their sum. Every decision about a budget is made under the lock
-- of its row, adds up the reservations that are open and not expired, and compares.
--
-- `p_now` is null in production: the database's own clock decides. Tests pass an instant.
--
-- The owner runs this file; roles.sql creates it and the role of the API.

CREATE TABLE ai_budget_migrations (
    version text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION ai_budget_month_start(p_at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc('month', p_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';

CREATE FUNCTION ai_budget_month_end(p_at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (date_trunc('month', p_at AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';

-- One row per tenant and model; model '*' is a budget for all models of the tenant together.
-- `reset_date` is the end of the month that the figures belong to.
-- A limit of 0 is stored as 0.000000000001, because the guide's queries divide by the limit.
CREATE TABLE ai_token_budgets (
    tenant_id text NOT NULL,
    model text NOT NULL,
    monthly_limit_usd numeric(24,12) NOT NULL,
    current_usage_usd numeric(24,12) NOT NULL DEFAULT 0,
    token_count_input bigint NOT NULL DEFAULT 0,
    token_count_output bigint NOT NULL DEFAULT 0,
    reset_date timestamptz NOT NULL DEFAULT ai_budget_month_end(now()),
    soft_limit_notified boolean NOT NULL DEFAULT false,
    hard_limit_reached boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    tier text,
    raise_usd numeric(24,12) NOT NULL DEFAULT 0,
    raise_until timestamptz,
    hard_limit_notified boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, model),
    CONSTRAINT ai_token_budgets_amounts CHECK (monthly_limit_usd BETWEEN 0 AND 1000000000
        AND raise_usd BETWEEN 0 AND 1000000000 AND current_usage_usd >= 0),
    CONSTRAINT ai_token_budgets_raise CHECK (raise_usd = 0 OR raise_until IS NOT NULL),
    -- Budgets are looked up by the canonical name of a model (functions/ai_budget/pricing.py).
    CONSTRAINT ai_token_budgets_model CHECK (
        model !~ '^([a-z-]+\.)?anthropic\.claude-[a-z]+-[3-9]'
        AND model !~ '^claude-([a-z]+-[3-9]|[3-9]-).*(@|:|-latest$)|^claude-[a-z]+-[4-9].*-\d{8}$|^claude-3(-[57])?-[a-z]+$')
) WITH (fillfactor = 50);

-- The figures of months that have ended.
CREATE TABLE ai_budget_months (
    tenant_id text NOT NULL,
    model text NOT NULL,
    month date NOT NULL,
    monthly_limit_usd numeric(24,12) NOT NULL,
    spent_usd numeric(24,12) NOT NULL,
    token_count_input bigint NOT NULL,
    token_count_output bigint NOT NULL,
    PRIMARY KEY (tenant_id, model, month)
);

CREATE TABLE ai_budget_reservations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id text NOT NULL,
    model text NOT NULL,
    report_type text NOT NULL DEFAULT '',
    amount_usd numeric(24,12) NOT NULL CHECK (amount_usd >= 0),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled', 'released')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '15 minutes',
    request_id text,
    fingerprint uuid
) WITH (fillfactor = 80);
CREATE INDEX ai_budget_reservations_open
    ON ai_budget_reservations (tenant_id, model, expires_at) INCLUDE (amount_usd) WHERE state = 'open';
CREATE UNIQUE INDEX ai_budget_reservations_request
    ON ai_budget_reservations (tenant_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX ai_budget_reservations_age ON ai_budget_reservations USING brin (created_at);

-- The audit log: one row per call, never changed. `timestamp` is when the call was recorded and decides its month;
-- `tracked_at` is when its track was received, which is earlier if it waited in the queue or for a price.
CREATE TABLE ai_token_usage (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text NOT NULL,
    model text NOT NULL,
    model_sent text,
    report_type text NOT NULL DEFAULT '',
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL DEFAULT 0,
    cache_write_tokens bigint NOT NULL DEFAULT 0,
    cache_write_1h_tokens bigint NOT NULL DEFAULT 0,
    web_search_requests bigint NOT NULL DEFAULT 0,
    service_tier text NOT NULL DEFAULT 'standard',
    speed text NOT NULL DEFAULT 'standard',
    inference_geo text NOT NULL DEFAULT '',
    cost_usd numeric(24,12) NOT NULL,
    "timestamp" timestamptz NOT NULL DEFAULT now(),
    tracked_at timestamptz NOT NULL DEFAULT now(),
    reservation_id uuid,
    settlement text,
    request_id text,
    fingerprint uuid
);
CREATE INDEX ai_token_usage_tenant_time ON ai_token_usage (tenant_id, "timestamp");
CREATE UNIQUE INDEX ai_token_usage_request ON ai_token_usage (tenant_id, request_id) WHERE request_id IS NOT NULL;

-- Calls of models without a price. A row moves to ai_token_usage once its price is known.
CREATE TABLE ai_unpriced_usage (
    LIKE ai_token_usage,
    PRIMARY KEY (tenant_id, request_id)
);
ALTER TABLE ai_unpriced_usage DROP COLUMN id, DROP COLUMN cost_usd;

-- Sums of the audit log since its beginning, and the last 64 completions for estimates.
CREATE TABLE ai_budget_usage_totals (
    tenant_id text NOT NULL,
    model text NOT NULL,
    report_type text NOT NULL,
    cost_usd numeric(30,12) NOT NULL,
    requests bigint NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    recent_completions bigint[] NOT NULL,
    PRIMARY KEY (tenant_id, model, report_type)
) WITH (fillfactor = 50);

CREATE TABLE ai_budget_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL,
    source text NOT NULL CHECK (source IN ('api', 'sql')),
    tenant_id text NOT NULL,
    model text NOT NULL,
    field text NOT NULL,
    old_value text,
    new_value text
);
CREATE INDEX ai_budget_changes_tenant ON ai_budget_changes (tenant_id, id);

-- sql/prices.sql fills it. The price of a call is the row with the latest effective_from that is not after it, and
-- of those the highest above_input_tokens that the call's whole input exceeds.
CREATE TABLE ai_model_prices (
    model text NOT NULL,
    effective_from timestamptz NOT NULL,
    above_input_tokens bigint NOT NULL DEFAULT 0,
    input_usd_per_mtok numeric(18,6) NOT NULL,
    output_usd_per_mtok numeric(18,6) NOT NULL,
    cache_read_usd_per_mtok numeric(18,6) NOT NULL,
    cache_write_usd_per_mtok numeric(18,6) NOT NULL,
    cache_write_1h_usd_per_mtok numeric(18,6) NOT NULL,
    web_search_usd_per_1000 numeric(18,6) NOT NULL DEFAULT 10,
    fast_multiplier numeric(6,3) CHECK (fast_multiplier >= 1),
    source text NOT NULL,
    PRIMARY KEY (model, effective_from, above_input_tokens)
);

-- Notices: one row for each threshold that a budget crossed, then one delivery for each of its targets.
CREATE TABLE ai_budget_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text NOT NULL,
    model text NOT NULL,
    month date NOT NULL,
    threshold smallint NOT NULL CHECK (threshold IN (80, 100)),
    monthly_limit_usd numeric(24,12) NOT NULL,
    spent_usd numeric(24,12) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expanded_at timestamptz
);
CREATE INDEX ai_budget_outbox_fresh ON ai_budget_outbox (id) WHERE expanded_at IS NULL;

CREATE TABLE ai_budget_contacts (
    tenant_id text PRIMARY KEY,
    tenant_admin_email text,
    account_manager_email text,
    webhook_url text CHECK (webhook_url ~ '^https?://'),
    webhook_secret text CHECK (length(webhook_secret) >= 16),
    CHECK ((webhook_url IS NULL) = (webhook_secret IS NULL))
);

CREATE TABLE ai_budget_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notice_id bigint NOT NULL REFERENCES ai_budget_outbox (id) ON DELETE CASCADE,
    channel text NOT NULL CHECK (channel IN ('email', 'webhook')),
    target text NOT NULL,
    secret text,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    last_error text,
    finished_at timestamptz,
    UNIQUE (notice_id, channel, target)
);
CREATE INDEX ai_budget_deliveries_due ON ai_budget_deliveries (next_attempt_at) WHERE state = 'pending';

CREATE TABLE report_templates (
    report_type text PRIMARY KEY,
    model text NOT NULL,
    fallback_body text NOT NULL
);
INSERT INTO report_templates (report_type, model, fallback_body)
SELECT unnest(ARRAY['quarterly-report', 'quarterly-report-draft']), 'claude-3-5-sonnet-20241022',
    'This report is shown from its last version: the AI budget of this month is used up.';

-- The limit in force at an instant: a stored 0.000000000001 is 0, and a raise counts until it ends.
CREATE FUNCTION ai_budget_limit(p_budget ai_token_budgets, p_now timestamptz) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_budget.monthly_limit_usd <= 0.000000000001 THEN 0 ELSE p_budget.monthly_limit_usd END
    + CASE WHEN p_budget.raise_until > p_now THEN p_budget.raise_usd ELSE 0 END;

CREATE FUNCTION ai_budget_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

-- A row that is inserted starts with what the audit log holds of its month, so that deleting a budget and creating
-- it again does not grant the month's limit twice. For the same reason a budget cannot be renamed.
CREATE FUNCTION ai_budget_before_write() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_log record;
BEGIN
    IF NEW.monthly_limit_usd = 0 THEN
        NEW.monthly_limit_usd := 0.000000000001;
    END IF;
    -- 14 hours: the start of a month in the session's time zone counts as that of UTC.
    IF TG_OP = 'INSERT' OR NEW.reset_date IS DISTINCT FROM OLD.reset_date THEN
        NEW.reset_date := ai_budget_month_start(NEW.reset_date + interval '14 hours');
    END IF;
    IF TG_OP = 'INSERT' THEN
        -- Waits until the calls in flight are recorded: the log is read when they are in it.
        PERFORM 1 FROM ai_token_budgets WHERE tenant_id = NEW.tenant_id ORDER BY model FOR UPDATE;
        SELECT COALESCE(sum(cost_usd), 0) AS usd, COALESCE(sum(completion_tokens), 0) AS output, COALESCE(sum(
            prompt_tokens + cache_read_tokens + cache_write_tokens + cache_write_1h_tokens), 0) AS input
        INTO v_log FROM ai_token_usage
        WHERE tenant_id = NEW.tenant_id AND (NEW.model = '*' OR model = NEW.model)
            AND "timestamp" >= ai_budget_month_start(NEW.reset_date - interval '1 day')
            AND "timestamp" < NEW.reset_date;
        NEW.current_usage_usd := GREATEST(NEW.current_usage_usd, v_log.usd);
        NEW.token_count_input := GREATEST(NEW.token_count_input, v_log.input);
        NEW.token_count_output := GREATEST(NEW.token_count_output, v_log.output);
    ELSIF (NEW.tenant_id, NEW.model) <> (OLD.tenant_id, OLD.model) THEN
        RAISE EXCEPTION 'budget of tenant % and model %: it cannot be renamed; insert the new budget, then delete this one',
            OLD.tenant_id, OLD.model USING ERRCODE = 'restrict_violation';
    ELSIF NEW.current_usage_usd < OLD.current_usage_usd
        OR (OLD.soft_limit_notified AND NOT NEW.soft_limit_notified) THEN
        NEW.hard_limit_notified := false;
    END IF;
    -- Also shows a refused check, which a higher limit or a lower usage makes obsolete.
    NEW.hard_limit_reached := NEW.current_usage_usd >= ai_budget_limit(NEW, statement_timestamp());
    RETURN NEW;
END $$;
CREATE TRIGGER ai_budget_insert BEFORE INSERT ON ai_token_budgets
    FOR EACH ROW EXECUTE FUNCTION ai_budget_before_write();
CREATE TRIGGER ai_budget_update BEFORE UPDATE ON ai_token_budgets
    FOR EACH ROW WHEN (NEW.monthly_limit_usd <> OLD.monthly_limit_usd OR NEW.raise_usd <> OLD.raise_usd
        OR NEW.reset_date <> OLD.reset_date OR NEW.current_usage_usd < OLD.current_usage_usd
        OR (OLD.soft_limit_notified AND NOT NEW.soft_limit_notified)
        OR NEW.tenant_id <> OLD.tenant_id OR NEW.model <> OLD.model)
    EXECUTE FUNCTION ai_budget_before_write();

CREATE FUNCTION ai_budget_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_actor text := NULLIF(current_setting('ai_budget.actor', true), '');
BEGIN
    INSERT INTO ai_budget_changes (changed_by, source, tenant_id, model, field, old_value, new_value)
    SELECT COALESCE(v_actor, session_user), CASE WHEN v_actor IS NULL THEN 'sql' ELSE 'api' END,
        COALESCE(NEW.tenant_id, OLD.tenant_id), COALESCE(NEW.model, OLD.model), field, old_value, new_value
    FROM (VALUES
        ('monthly_limit_usd',
            CASE WHEN OLD.monthly_limit_usd <= 0.000000000001 THEN '0' ELSE trim_scale(OLD.monthly_limit_usd)::text END,
            CASE WHEN NEW.monthly_limit_usd <= 0.000000000001 THEN '0' ELSE trim_scale(NEW.monthly_limit_usd)::text END),
        ('raise_usd', NULLIF(trim_scale(OLD.raise_usd), 0)::text, NULLIF(trim_scale(NEW.raise_usd), 0)::text),
        ('raise_until', OLD.raise_until::text, NEW.raise_until::text),
        ('current_usage_usd',
            CASE WHEN NEW.current_usage_usd < OLD.current_usage_usd AND NEW.reset_date = OLD.reset_date
                THEN trim_scale(OLD.current_usage_usd)::text END,
            CASE WHEN NEW.current_usage_usd < OLD.current_usage_usd AND NEW.reset_date = OLD.reset_date
                THEN trim_scale(NEW.current_usage_usd)::text END)
    ) AS c (field, old_value, new_value)
    WHERE old_value IS DISTINCT FROM new_value;
    RETURN NULL;
END $$;
CREATE TRIGGER ai_budget_changes AFTER INSERT OR DELETE ON ai_token_budgets
    FOR EACH ROW EXECUTE FUNCTION ai_budget_log_change();
CREATE TRIGGER ai_budget_changes_update AFTER UPDATE ON ai_token_budgets
    FOR EACH ROW WHEN (NEW.monthly_limit_usd <> OLD.monthly_limit_usd OR NEW.raise_usd <> OLD.raise_usd
        OR NEW.raise_until IS DISTINCT FROM OLD.raise_until OR NEW.current_usage_usd < OLD.current_usage_usd)
    EXECUTE FUNCTION ai_budget_log_change();

CREATE FUNCTION ai_budget_add_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ai_budget_usage_totals AS t (tenant_id, model, report_type, cost_usd, requests, input_tokens,
        output_tokens, recent_completions)
    SELECT tenant_id, model, report_type, sum(cost_usd), count(*),
        sum(prompt_tokens + cache_read_tokens + cache_write_tokens + cache_write_1h_tokens), sum(completion_tokens),
        (array_agg(completion_tokens ORDER BY id DESC))[1:64]
    FROM added GROUP BY tenant_id, model, report_type ORDER BY tenant_id, model, report_type
    ON CONFLICT (tenant_id, model, report_type) DO UPDATE SET
        cost_usd = t.cost_usd + EXCLUDED.cost_usd,
        requests = t.requests + EXCLUDED.requests,
        input_tokens = t.input_tokens + EXCLUDED.input_tokens,
        output_tokens = t.output_tokens + EXCLUDED.output_tokens,
        recent_completions = (EXCLUDED.recent_completions || t.recent_completions)[1:64];
    RETURN NULL;
END $$;
CREATE TRIGGER ai_token_usage_totals AFTER INSERT ON ai_token_usage REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_add_totals();
CREATE TRIGGER ai_token_usage_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ai_token_usage
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_append_only();
CREATE TRIGGER ai_budget_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ai_budget_changes
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_append_only();

-- Locks the budgets of a tenant for the given models and for '*', always in the same order, and closes the month of
-- those whose month has ended. What they return is what the rest of the transaction may rely on.
CREATE FUNCTION ai_budget_lock(p_now timestamptz, p_tenant text, p_models text[]) RETURNS SETOF ai_token_budgets
LANGUAGE plpgsql AS $$
DECLARE
    v_budget ai_token_budgets;
    v_now timestamptz;
BEGIN
    FOR v_budget IN SELECT * FROM ai_token_budgets
        WHERE tenant_id = p_tenant AND model = ANY (p_models || '*'::text) ORDER BY model FOR UPDATE
    LOOP
        v_now := COALESCE(p_now, clock_timestamp());
        IF v_budget.reset_date <= v_now THEN
            INSERT INTO ai_budget_months AS m (tenant_id, model, month, monthly_limit_usd, spent_usd,
                token_count_input, token_count_output)
            VALUES (p_tenant, v_budget.model, ai_budget_month_start(v_budget.reset_date - interval '1 day') AT TIME ZONE 'UTC',
                ai_budget_limit(v_budget, v_budget.reset_date - interval '1 microsecond'),
                v_budget.current_usage_usd, v_budget.token_count_input, v_budget.token_count_output)
            ON CONFLICT (tenant_id, model, month) DO UPDATE SET
                spent_usd = m.spent_usd + EXCLUDED.spent_usd,
                token_count_input = m.token_count_input + EXCLUDED.token_count_input,
                token_count_output = m.token_count_output + EXCLUDED.token_count_output;
            UPDATE ai_token_budgets SET reset_date = ai_budget_month_end(v_now), current_usage_usd = 0,
                token_count_input = 0, token_count_output = 0, soft_limit_notified = false,
                hard_limit_notified = false, updated_at = v_now
            WHERE tenant_id = p_tenant AND model = v_budget.model RETURNING * INTO v_budget;
        END IF;
        RETURN NEXT v_budget;
    END LOOP;
END $$;

-- Creates the default budget of a tenant that has none.
CREATE FUNCTION ai_budget_create_default(p_now timestamptz, p_tenant text, p_model text, p_limit numeric) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ai_token_budgets WHERE tenant_id = p_tenant) THEN
        PERFORM set_config('ai_budget.actor', 'default', true);
        INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date)
        VALUES (p_tenant, p_model, p_limit, ai_budget_month_end(COALESCE(p_now, clock_timestamp())))
        ON CONFLICT DO NOTHING;
        PERFORM set_config('ai_budget.actor', '', true);
    END IF;
END $$;

-- Writes the notices of the thresholds that a tenant's budgets have crossed that have no notice yet.
CREATE FUNCTION ai_budget_notify(p_now timestamptz, p_tenant text, p_models text[], p_warning_percent numeric) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_budget ai_token_budgets;
    v_limit numeric;
    v_exceeded boolean;
BEGIN
    FOR v_budget IN SELECT * FROM ai_token_budgets WHERE tenant_id = p_tenant AND model = ANY (p_models)
        AND NOT (soft_limit_notified AND hard_limit_notified) ORDER BY model FOR UPDATE
    LOOP
        v_limit := ai_budget_limit(v_budget, p_now);
        CONTINUE WHEN v_budget.current_usage_usd * 100 <= v_limit * p_warning_percent;
        v_exceeded := v_budget.current_usage_usd >= v_limit;
        INSERT INTO ai_budget_outbox (tenant_id, model, month, threshold, monthly_limit_usd, spent_usd)
        SELECT p_tenant, v_budget.model, ai_budget_month_start(v_budget.reset_date - interval '1 day') AT TIME ZONE 'UTC', threshold,
            v_limit, v_budget.current_usage_usd
        FROM (VALUES (80, NOT v_budget.soft_limit_notified),
            (100, v_exceeded AND NOT v_budget.hard_limit_notified)) AS t (threshold, due) WHERE due;
        UPDATE ai_token_budgets SET soft_limit_notified = true, hard_limit_notified = hard_limit_notified OR v_exceeded
        WHERE tenant_id = p_tenant AND model = v_budget.model;
    END LOOP;
END $$;

-- status: ok | replay | conflict | already_settled | no_budget | budget_spent (all of it, or what is left is less than
-- the call may cost) | budget_reserved (it fits once other reservations are settled) | too_many_reservations.
-- The figures are those of the budget with the least room; `budget` names it.
CREATE TYPE ai_budget_decision AS (
    status text, reservation_id uuid, reserved_usd numeric, expires_at timestamptz, budget text,
    remaining_usd numeric, spent_usd numeric, limit_usd numeric, reset_date timestamptz
);

-- Decides on an array of checks of one tenant, in order; one row each.
CREATE FUNCTION ai_budget_check(p_now timestamptz, p_tenant text, p_default_model text, p_default_limit numeric,
    p_max_open integer, p_checks jsonb) RETURNS SETOF ai_budget_decision
LANGUAGE plpgsql AS $$
DECLARE
    v_models text[] := ARRAY(SELECT model FROM jsonb_to_recordset(p_checks) AS c (model text));
    v_check record;
    v_budgets ai_token_budgets[];
    v_budget ai_token_budgets;
    v_now timestamptz;
    v_limits numeric[];
    v_held numeric[];  -- open reservations of each budget, those of this batch included
    v_open bigint[];
    v_refused boolean[];
    v_usd numeric;
    v_count bigint;
    v_room numeric;
    v_reservation ai_budget_reservations;
    v_decision ai_budget_decision;
BEGIN
    v_budgets := ARRAY(SELECT b FROM ai_budget_lock(p_now, p_tenant, v_models) AS b);
    IF v_budgets = '{}' THEN
        PERFORM ai_budget_create_default(p_now, p_tenant, p_default_model, p_default_limit);
        v_budgets := ARRAY(SELECT b FROM ai_budget_lock(p_now, p_tenant, v_models) AS b);
    END IF;
    v_now := COALESCE(p_now, clock_timestamp());
    FOR b IN 1 .. cardinality(v_budgets) LOOP
        v_budget := v_budgets[b];
        v_limits[b] := ai_budget_limit(v_budget, v_now);
        v_refused[b] := v_budget.hard_limit_reached;
        IF v_budget.model = '*' THEN
            SELECT COALESCE(sum(amount_usd), 0), count(*) INTO v_usd, v_count FROM ai_budget_reservations
            WHERE tenant_id = p_tenant AND state = 'open' AND expires_at > v_now;
        ELSE
            SELECT COALESCE(sum(amount_usd), 0), count(*) INTO v_usd, v_count FROM ai_budget_reservations
            WHERE tenant_id = p_tenant AND model = v_budget.model AND state = 'open' AND expires_at > v_now;
        END IF;
        v_held[b] := v_usd;
        v_open[b] := v_count;
    END LOOP;

    FOR v_check IN SELECT * FROM jsonb_to_recordset(p_checks) AS c (model text, report_type text, amount numeric,
        seconds integer, dry_run boolean, request_id text, fingerprint uuid)
    LOOP
        v_decision := NULL;
        v_decision.reserved_usd := v_check.amount;
        IF v_check.request_id IS NOT NULL AND NOT v_check.dry_run THEN
            SELECT * INTO v_reservation FROM ai_budget_reservations
            WHERE tenant_id = p_tenant AND request_id = v_check.request_id;
            IF FOUND AND v_reservation.fingerprint <> v_check.fingerprint THEN
                v_decision.status := 'conflict';
            ELSIF FOUND AND v_reservation.state = 'settled' THEN
                v_decision.status := 'already_settled';
            ELSIF FOUND AND v_reservation.state = 'open' AND v_reservation.expires_at > v_now THEN
                v_decision.status := 'replay';
                v_decision.reservation_id := v_reservation.id;
                v_decision.reserved_usd := v_reservation.amount_usd;
                v_decision.expires_at := v_reservation.expires_at;
            ELSIF FOUND THEN  -- it expired or was released: this is a new reservation
                DELETE FROM ai_budget_reservations WHERE id = v_reservation.id;
            END IF;
        END IF;

        FOR b IN 1 .. cardinality(v_budgets) LOOP
            v_budget := v_budgets[b];
            CONTINUE WHEN v_budget.model NOT IN (v_check.model, '*');
            v_room := v_limits[b] - v_budget.current_usage_usd - v_held[b];
            IF v_decision.budget IS NULL OR v_room < v_decision.remaining_usd THEN
                v_decision.budget := v_budget.model;
                v_decision.remaining_usd := v_room;
                v_decision.spent_usd := v_budget.current_usage_usd;
                v_decision.limit_usd := v_limits[b];
                v_decision.reset_date := v_budget.reset_date;
            END IF;
            CONTINUE WHEN v_decision.status IN ('replay', 'conflict', 'already_settled');
            IF v_budget.current_usage_usd >= v_limits[b] OR v_budget.current_usage_usd + v_check.amount > v_limits[b] THEN
                v_decision.status := 'budget_spent';
                v_refused[b] := v_refused[b] OR NOT v_check.dry_run;
            ELSIF v_check.amount > v_room THEN
                v_decision.status := COALESCE(NULLIF(v_decision.status, 'too_many_reservations'), 'budget_reserved');
            ELSIF v_open[b] >= p_max_open THEN
                v_decision.status := COALESCE(v_decision.status, 'too_many_reservations');
            END IF;
        END LOOP;

        IF v_decision.budget IS NULL THEN
            v_decision.status := COALESCE(v_decision.status, 'no_budget');
        ELSIF v_decision.status IS NULL THEN
            v_decision.status := 'ok';
            v_decision.remaining_usd := v_decision.remaining_usd - v_check.amount;
            v_decision.expires_at := v_now + make_interval(secs => v_check.seconds);
        END IF;
        IF v_decision.status = 'ok' AND NOT v_check.dry_run THEN
            v_decision.reservation_id := gen_random_uuid();
            INSERT INTO ai_budget_reservations (id, tenant_id, model, report_type, amount_usd, created_at, expires_at,
                request_id, fingerprint)
            VALUES (v_decision.reservation_id, p_tenant, v_check.model, v_check.report_type, v_check.amount, v_now,
                v_decision.expires_at, v_check.request_id, v_check.fingerprint);
            FOR b IN 1 .. cardinality(v_budgets) LOOP
                IF (v_budgets[b]).model IN (v_check.model, '*') THEN
                    v_held[b] := v_held[b] + v_check.amount;
                    v_open[b] := v_open[b] + 1;
                    v_refused[b] := false;
                END IF;
            END LOOP;
        END IF;
        RETURN NEXT v_decision;
    END LOOP;

    FOR b IN 1 .. cardinality(v_budgets) LOOP
        IF v_refused[b] <> (v_budgets[b]).hard_limit_reached THEN
            UPDATE ai_token_budgets SET hard_limit_reached = v_refused[b]
            WHERE tenant_id = p_tenant AND model = (v_budgets[b]).model;
        END IF;
    END LOOP;
END $$;

-- Ends an open reservation: released | settled | unknown.
CREATE FUNCTION ai_budget_release(p_tenant text, p_reservation uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_reservation ai_budget_reservations;
BEGIN
    SELECT * INTO v_reservation FROM ai_budget_reservations
    WHERE id = p_reservation AND tenant_id = p_tenant FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    ELSIF v_reservation.state = 'open' THEN
        UPDATE ai_budget_reservations SET state = 'released' WHERE id = p_reservation;
        RETURN 'released';
    END IF;
    RETURN v_reservation.state;
END $$;

-- Moves the end of an open reservation to p_seconds from now, never to an earlier instant; takes the locks that a check
-- takes, because a check must not count a reservation as expired that is extended meanwhile.
CREATE FUNCTION ai_budget_extend(p_now timestamptz, p_tenant text, p_reservation uuid, p_seconds integer,
    OUT status text, OUT expires_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz;
    v_reservation ai_budget_reservations;
BEGIN
    PERFORM ai_budget_lock(p_now, p_tenant, ARRAY(SELECT model FROM ai_budget_reservations
        WHERE id = p_reservation AND tenant_id = p_tenant));
    v_now := COALESCE(p_now, clock_timestamp());
    SELECT * INTO v_reservation FROM ai_budget_reservations
    WHERE id = p_reservation AND tenant_id = p_tenant FOR UPDATE;
    status := CASE WHEN NOT FOUND THEN 'unknown' WHEN v_reservation.state <> 'open' THEN v_reservation.state
        WHEN v_reservation.expires_at <= v_now THEN 'expired' ELSE 'extended' END;
    expires_at := v_reservation.expires_at;
    IF status = 'extended' THEN
        expires_at := GREATEST(v_reservation.expires_at, v_now + make_interval(secs => p_seconds));
        UPDATE ai_budget_reservations r SET expires_at = ai_budget_extend.expires_at WHERE r.id = p_reservation;
    END IF;
END $$;

-- Records an array of calls of one tenant, charges their budgets and settles their reservations; one row each. The keys
-- of a call are columns of ai_token_usage. A call whose cost_usd is null has no price: it is kept in ai_unpriced_usage until it is tracked again with a price.
-- status: ok | replay | conflict; settlement: settled | expired | released | unknown (no such reservation of this
-- tenant, or settled by another call) | null (none was named).
CREATE FUNCTION ai_budget_track(p_now timestamptz, p_tenant text, p_default_model text, p_default_limit numeric,
    p_warning_percent numeric, p_calls jsonb)
RETURNS TABLE (status text, cost_usd numeric, settlement text, recorded_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz;
    v_calls ai_token_usage[] := ARRAY(SELECT c FROM jsonb_populate_recordset(NULL::ai_token_usage, p_calls) AS c);
    v_requests text[] := ARRAY(SELECT request_id FROM unnest(v_calls));
    v_priced text[] := ARRAY(SELECT DISTINCT model FROM unnest(v_calls) WHERE cost_usd IS NOT NULL);
    v_budgets text[];
    v_call ai_token_usage;
    v_new ai_token_usage[] := '{}';
    v_first integer;
    v_notify boolean;
    v_earlier record;  -- the call that was recorded under this request_id
    v_reservation ai_budget_reservations;
BEGIN
    IF v_priced <> '{}' THEN
        v_budgets := ARRAY(SELECT model FROM ai_budget_lock(p_now, p_tenant, v_priced));
        IF '*' <> ALL (v_budgets) AND NOT v_priced <@ v_budgets THEN
            PERFORM ai_budget_create_default(p_now, p_tenant, p_default_model, p_default_limit);
            -- A call without a budget is charged to one of 0, which shows as exceeded.
            INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, reset_date)
            SELECT p_tenant, model, 0, ai_budget_month_end(COALESCE(p_now, clock_timestamp()))
            FROM unnest(v_priced) AS model ORDER BY model ON CONFLICT DO NOTHING;
            PERFORM ai_budget_lock(p_now, p_tenant, v_priced);
        END IF;
    END IF;
    v_now := COALESCE(p_now, clock_timestamp());

    FOR i IN 1 .. cardinality(v_calls) LOOP
        v_call := v_calls[i];
        v_call.tenant_id := p_tenant;
        v_call."timestamp" := v_now;
        v_call.tracked_at := COALESCE(v_call.tracked_at, v_now);
        status := 'ok';
        cost_usd := v_call.cost_usd;
        recorded_at := v_now;
        v_first := array_position(v_requests, v_call.request_id);
        SELECT u.fingerprint, u.cost_usd, u.settlement, u."timestamp" INTO v_earlier FROM (
            SELECT fingerprint, cost_usd, settlement, "timestamp", request_id, tenant_id FROM ai_token_usage
            UNION ALL
            SELECT fingerprint, NULL, settlement, "timestamp", request_id, tenant_id FROM ai_unpriced_usage) AS u
        WHERE u.tenant_id = p_tenant AND u.request_id = v_call.request_id;
        IF v_first < i THEN  -- the same request twice in this array
            status := CASE WHEN (v_calls[v_first]).fingerprint = v_call.fingerprint THEN 'replay' ELSE 'conflict' END;
            cost_usd := (v_calls[v_first]).cost_usd;
            settlement := (v_calls[v_first]).settlement;
        ELSIF FOUND AND (v_earlier.fingerprint <> v_call.fingerprint OR v_earlier.cost_usd IS NOT NULL
            OR v_call.cost_usd IS NULL) THEN
            status := CASE WHEN v_earlier.fingerprint = v_call.fingerprint THEN 'replay' ELSE 'conflict' END;
            cost_usd := v_earlier.cost_usd;
            settlement := v_earlier.settlement;
            recorded_at := v_earlier."timestamp";
        ELSIF FOUND THEN  -- it waited for its price
            settlement := v_earlier.settlement;
            DELETE FROM ai_unpriced_usage u WHERE u.tenant_id = p_tenant AND u.request_id = v_call.request_id;
        ELSE
            settlement := NULL;
            IF v_call.reservation_id IS NOT NULL THEN
                SELECT * INTO v_reservation FROM ai_budget_reservations
                WHERE id = v_call.reservation_id AND tenant_id = p_tenant FOR UPDATE;
                settlement := CASE WHEN NOT FOUND OR v_reservation.state = 'settled' THEN 'unknown'
                    WHEN v_reservation.state = 'released' THEN 'released'
                    WHEN v_reservation.expires_at <= v_call.tracked_at THEN 'expired' ELSE 'settled' END;
                IF settlement = 'unknown' THEN
                    NULL;
                ELSIF v_reservation.request_id IS NULL THEN
                    DELETE FROM ai_budget_reservations WHERE id = v_call.reservation_id;
                ELSE  -- kept, because its check may be repeated
                    UPDATE ai_budget_reservations SET state = 'settled' WHERE id = v_call.reservation_id;
                END IF;
            END IF;
        END IF;
        v_call.settlement := settlement;
        v_calls[i] := v_call;
        IF status = 'ok' THEN
            v_new := v_new || v_call;
        END IF;
        RETURN NEXT;
    END LOOP;

    INSERT INTO ai_unpriced_usage (tenant_id, model, model_sent, report_type, prompt_tokens, completion_tokens,
        cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, web_search_requests, service_tier, speed,
        inference_geo, "timestamp", tracked_at, reservation_id, settlement, request_id, fingerprint)
    SELECT tenant_id, model, model_sent, report_type, prompt_tokens, completion_tokens,
        cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, web_search_requests, service_tier, speed,
        inference_geo, "timestamp", tracked_at, reservation_id, settlement, request_id, fingerprint
    FROM unnest(v_new) WHERE cost_usd IS NULL;
    INSERT INTO ai_token_usage (tenant_id, model, model_sent, report_type, prompt_tokens, completion_tokens,
        cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, web_search_requests, service_tier, speed,
        inference_geo, cost_usd, "timestamp", tracked_at, reservation_id, settlement, request_id, fingerprint)
    SELECT tenant_id, model, model_sent, report_type, prompt_tokens, completion_tokens,
        cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, web_search_requests, service_tier, speed,
        inference_geo, cost_usd, "timestamp", tracked_at, reservation_id, settlement, request_id, fingerprint
    FROM unnest(v_new) WHERE cost_usd IS NOT NULL;
    WITH charged AS (
        UPDATE ai_token_budgets b SET current_usage_usd = b.current_usage_usd + c.cost,
            token_count_input = b.token_count_input + c.input, token_count_output = b.token_count_output + c.output,
            hard_limit_reached = b.hard_limit_reached OR b.current_usage_usd + c.cost >= ai_budget_limit(b, v_now),
            updated_at = v_now
        FROM (SELECT k.model, sum(n.cost_usd) AS cost, sum(n.completion_tokens) AS output, sum(n.prompt_tokens
                + n.cache_read_tokens + n.cache_write_tokens + n.cache_write_1h_tokens) AS input
            FROM unnest(v_new) AS n, LATERAL (VALUES (n.model), ('*')) AS k (model)
            WHERE n.cost_usd IS NOT NULL GROUP BY k.model) AS c
        WHERE b.tenant_id = p_tenant AND b.model = c.model
        RETURNING b.current_usage_usd * 100 > ai_budget_limit(b, v_now) * p_warning_percent
            AND NOT (b.soft_limit_notified AND b.hard_limit_notified) AS notify
    )
    SELECT bool_or(notify) INTO v_notify FROM charged;
    IF v_notify THEN
        PERFORM ai_budget_notify(v_now, p_tenant, v_priced || '*'::text, p_warning_percent);
    END IF;
END $$;

-- Each budget as it stands at an instant. A row of an earlier month counts as unused.
CREATE FUNCTION ai_budget_positions(p_now timestamptz) RETURNS TABLE (tenant_id text, model text,
    monthly_limit_usd numeric, spent_usd numeric, reserved_usd numeric, token_count_input bigint,
    token_count_output bigint, reset_date timestamptz, soft_limit_notified boolean, hard_limit_reached boolean,
    raise_usd numeric, raise_until timestamptz, tier text)
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT b.tenant_id, b.model, l.usd, CASE WHEN current THEN b.current_usage_usd ELSE 0 END,
        COALESCE((SELECT sum(amount_usd) FROM ai_budget_reservations r WHERE r.tenant_id = b.tenant_id
            AND (b.model = '*' OR r.model = b.model) AND r.state = 'open' AND r.expires_at > p_now), 0),
        CASE WHEN current THEN b.token_count_input ELSE 0 END, CASE WHEN current THEN b.token_count_output ELSE 0 END,
        CASE WHEN current THEN b.reset_date ELSE ai_budget_month_end(p_now) END,
        current AND b.soft_limit_notified,
        CASE WHEN current THEN b.current_usage_usd >= l.usd OR b.hard_limit_reached ELSE l.usd = 0 END,
        CASE WHEN b.raise_until > p_now THEN b.raise_usd ELSE 0 END,
        CASE WHEN b.raise_until > p_now THEN b.raise_until END, b.tier
    FROM ai_token_budgets b, LATERAL (SELECT b.reset_date > p_now AS current, ai_budget_limit(b, p_now) AS usd) AS l;
END;

CREATE VIEW ai_budget_position AS SELECT * FROM ai_budget_positions(now());

-- Sets the limit of a budget, or with p_limit null keeps it, and with p_raise not null sets its temporary raise.
-- Returns no row if there is no budget to keep.
CREATE FUNCTION ai_budget_set(p_now timestamptz, p_tenant text, p_model text, p_limit numeric, p_tier text,
    p_raise numeric, p_raise_until timestamptz, p_actor text, p_warning_percent numeric) RETURNS SETOF ai_budget_position
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz;
BEGIN
    PERFORM ai_budget_lock(p_now, p_tenant, ARRAY[p_model]), set_config('ai_budget.actor', p_actor, true);
    v_now := COALESCE(p_now, clock_timestamp());
    IF p_limit IS NOT NULL THEN
        INSERT INTO ai_token_budgets (tenant_id, model, monthly_limit_usd, tier, reset_date)
        VALUES (p_tenant, p_model, p_limit, p_tier, ai_budget_month_end(v_now))
        ON CONFLICT (tenant_id, model) DO UPDATE SET monthly_limit_usd = EXCLUDED.monthly_limit_usd,
            tier = EXCLUDED.tier, updated_at = v_now;
    END IF;
    UPDATE ai_token_budgets SET raise_usd = p_raise, raise_until = CASE WHEN p_raise > 0 THEN p_raise_until END
    WHERE tenant_id = p_tenant AND model = p_model AND p_raise IS NOT NULL;
    PERFORM ai_budget_notify(v_now, p_tenant, ARRAY[p_model], p_warning_percent);
    RETURN QUERY SELECT * FROM ai_budget_positions(v_now)
        WHERE tenant_id = p_tenant AND model = p_model;
END $$;

-- What no rule depends on: closes months that ended, clears raises that ended, writes the notices that are due after
-- changes by SQL, and deletes reservations that no request refers to any more. Call it again while it returns more than 0.
CREATE FUNCTION ai_budget_tidy(p_now timestamptz, p_warning_percent numeric, p_keep interval) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := COALESCE(p_now, clock_timestamp());
    v_row record;
    v_done bigint;
BEGIN
    PERFORM set_config('ai_budget.actor', 'tidy', true);
    FOR v_row IN SELECT tenant_id, array_agg(model) AS models FROM ai_token_budgets b
        WHERE reset_date <= v_now OR raise_until <= v_now OR (
            current_usage_usd * 100 > ai_budget_limit(b, v_now) * p_warning_percent AND NOT (soft_limit_notified
                AND (hard_limit_notified OR current_usage_usd < ai_budget_limit(b, v_now))))
        GROUP BY tenant_id ORDER BY tenant_id LIMIT 500
    LOOP
        PERFORM ai_budget_lock(p_now, v_row.tenant_id, v_row.models);
        UPDATE ai_token_budgets SET raise_usd = 0, raise_until = NULL
        WHERE tenant_id = v_row.tenant_id AND model = ANY (v_row.models) AND raise_until <= v_now;
        PERFORM ai_budget_notify(v_now, v_row.tenant_id, v_row.models, p_warning_percent);
    END LOOP;
    PERFORM set_config('ai_budget.actor', '', true);
    DELETE FROM ai_budget_reservations WHERE id IN (
        SELECT id FROM ai_budget_reservations WHERE (state <> 'open' OR expires_at <= v_now)
            AND created_at < v_now - CASE WHEN request_id IS NULL THEN interval '2 days' ELSE p_keep END LIMIT 10000);
    GET DIAGNOSTICS v_done = ROW_COUNT;
    RETURN v_done;
END $$;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO ai_budget_api;
GRANT SELECT ON ai_token_usage TO cost_data, reports;
GRANT SELECT ON ai_token_budgets TO reports;
GRANT INSERT ON ai_token_usage, ai_budget_changes TO ai_budget_api;
GRANT INSERT, UPDATE ON ai_token_budgets, ai_budget_months, ai_budget_usage_totals, ai_budget_outbox,
    ai_budget_deliveries TO ai_budget_api;
GRANT INSERT, UPDATE, DELETE ON ai_budget_reservations, ai_unpriced_usage TO ai_budget_api;
