-- The reviews that were made: a final review shows what changed since its draft. Running this file again changes
-- nothing. On AWS the migrations of the AI budget service have created the schema: the role reports may not.
DO $$
BEGIN
    IF to_regnamespace('reports') IS NULL THEN
        CREATE SCHEMA reports;
    END IF;
END $$;

-- `period` is the first day of the month or quarter; `document` is the JSON file of the review.
CREATE TABLE IF NOT EXISTS reports.reviews (
    kind text NOT NULL CHECK (kind IN ('monthly', 'quarterly')),
    period date NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'final')),
    document jsonb NOT NULL,
    PRIMARY KEY (kind, period, state)
);
