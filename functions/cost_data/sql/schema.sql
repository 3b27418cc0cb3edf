-- The schema cost_data: what was spent, and what each figure was read from. Running this file again changes
-- nothing. Amounts are US dollars, days are UTC days, a month is its first day.

-- On AWS the migrations of the AI budget service have created the schema: the role cost_data may not.
DO $$
BEGIN
    IF to_regnamespace('cost_data') IS NULL THEN
        CREATE SCHEMA cost_data;
    END IF;
END $$;

-- One row per read of a source, failed reads included. `kind` is what was read (records.Kind), `source` the
-- format or the API, `origin` the file, the S3 location or the account. `confirmed_at` is when the source was
-- last seen with the same content.
CREATE TABLE IF NOT EXISTS cost_data.reads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    source text NOT NULL,
    origin text NOT NULL,
    fingerprint text NOT NULL DEFAULT '',
    read_at timestamptz NOT NULL,
    confirmed_at timestamptz NOT NULL,
    first_day date,
    last_day date,
    charges bigint NOT NULL DEFAULT 0,
    billed numeric NOT NULL DEFAULT 0,
    effective numeric NOT NULL DEFAULT 0,
    rounded_amounts bigint NOT NULL DEFAULT 0,
    bytes_scanned bigint NOT NULL DEFAULT 0,
    error text
);
CREATE INDEX IF NOT EXISTS reads_by_kind ON cost_data.reads (kind, read_at);

-- What one read delivered of one bill. A bill is a provider, a billing account and a billing period.
CREATE TABLE IF NOT EXISTS cost_data.deliveries (
    read_id bigint NOT NULL REFERENCES cost_data.reads (id),
    provider text NOT NULL,
    billing_account text NOT NULL,
    billing_period date NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    PRIMARY KEY (provider, billing_account, billing_period, read_id)
);

-- `charges` is the number of rows of the source that a row sums up. `final` is whether the day was over for
-- so long when it was read that its figures no longer change (records.FINAL_AFTER_DAYS). `usage_type` has no prefix of
-- a Region; `quantity` is what was used, in the unit of the usage type, and null where the source has none.
CREATE TABLE IF NOT EXISTS cost_data.daily_costs (
    day date NOT NULL,
    billing_period date NOT NULL,
    provider text NOT NULL,
    billing_account text NOT NULL,
    account text NOT NULL,
    region text NOT NULL,
    service text NOT NULL,
    usage_type_group text NOT NULL,
    charge_category text NOT NULL
        CHECK (charge_category IN ('usage', 'credit', 'refund', 'tax', 'purchase', 'adjustment')),
    tag_team text NOT NULL,
    tag_service text NOT NULL,
    tag_environment text NOT NULL,
    tag_cost_center text NOT NULL,
    billed numeric NOT NULL,
    effective numeric NOT NULL,
    charges bigint NOT NULL,
    usage_type text NOT NULL DEFAULT '',
    quantity numeric,
    final boolean NOT NULL DEFAULT false,
    read_id bigint REFERENCES cost_data.reads (id)
);
CREATE INDEX IF NOT EXISTS daily_costs_by_bill
    ON cost_data.daily_costs (provider, billing_account, billing_period, day);
CREATE INDEX IF NOT EXISTS daily_costs_by_day ON cost_data.daily_costs (day);
CREATE INDEX IF NOT EXISTS daily_costs_by_read ON cost_data.daily_costs (read_id);

-- Sums of daily_costs, kept in the transaction that changes it: the metrics read only these.
CREATE TABLE IF NOT EXISTS cost_data.daily_totals (
    day date NOT NULL,
    region text NOT NULL,
    service text NOT NULL,
    charge_category text NOT NULL,
    billed numeric NOT NULL,
    effective numeric NOT NULL,
    final boolean NOT NULL,
    PRIMARY KEY (day, region, service, charge_category)
);
CREATE TABLE IF NOT EXISTS cost_data.monthly_totals (
    month date NOT NULL,
    region text NOT NULL,
    service text NOT NULL,
    billed numeric NOT NULL,
    effective numeric NOT NULL,
    PRIMARY KEY (month, region, service)
);
-- Per cost allocation tag; the value is empty for what is not tagged.
CREATE TABLE IF NOT EXISTS cost_data.monthly_tags (
    month date NOT NULL,
    tag text NOT NULL,
    value text NOT NULL,
    charge_category text NOT NULL,
    billed numeric NOT NULL,
    effective numeric NOT NULL,
    PRIMARY KEY (month, tag, value, charge_category)
);
-- source: 'ai-budget' (the usage log of the AI budget service) or 'bedrock' (the bill).
CREATE TABLE IF NOT EXISTS cost_data.ai_costs (
    month date NOT NULL,
    source text NOT NULL,
    model text NOT NULL,
    cost_usd numeric NOT NULL,
    input_tokens bigint,
    output_tokens bigint,
    PRIMARY KEY (month, source, model)
);
CREATE TABLE IF NOT EXISTS cost_data.active_tenants (
    month date PRIMARY KEY,
    tenants bigint NOT NULL
);

-- The rest are the newest answers of AWS.
CREATE TABLE IF NOT EXISTS cost_data.forecasts (
    month date PRIMARY KEY,
    mean numeric NOT NULL,
    low numeric NOT NULL,
    high numeric NOT NULL
);
CREATE TABLE IF NOT EXISTS cost_data.budgets (
    name text PRIMARY KEY,
    monthly_limit numeric NOT NULL,
    actual numeric,
    forecast numeric,
    filtered boolean NOT NULL,
    subscribers integer NOT NULL
);
CREATE TABLE IF NOT EXISTS cost_data.commitments (
    kind text NOT NULL,
    id text NOT NULL,
    product text NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE TABLE IF NOT EXISTS cost_data.commitment_usage (
    kind text PRIMARY KEY,
    coverage_percent numeric,
    utilization_percent numeric,
    first_day date NOT NULL,
    last_day date NOT NULL
);
CREATE TABLE IF NOT EXISTS cost_data.bucket_sizes (
    bucket text NOT NULL,
    storage_class text NOT NULL,
    bytes numeric NOT NULL,
    measured_at timestamptz NOT NULL,
    PRIMARY KEY (bucket, storage_class)
);
-- A request is counted before it is sent.
CREATE TABLE IF NOT EXISTS cost_data.cost_explorer_requests (
    month date PRIMARY KEY,
    requests integer NOT NULL
);

-- The reviews read everything here, also the tables that the advisor adds.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'reports') THEN
        GRANT SELECT ON ALL TABLES IN SCHEMA cost_data TO reports;
        ALTER DEFAULT PRIVILEGES IN SCHEMA cost_data GRANT SELECT ON TABLES TO reports;
    END IF;
END $$;
