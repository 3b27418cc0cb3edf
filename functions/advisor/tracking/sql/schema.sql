-- What is kept of each finding between reports. Running this file again changes nothing. Amounts are US dollars a
-- month; a null amount is not known. The table is read by the monthly review (functions/reports).
CREATE TABLE IF NOT EXISTS cost_data.recommendations (
    rule text NOT NULL,
    resource text NOT NULL,
    status text NOT NULL CHECK (status IN ('new', 'open', 'snoozed', 'accepted', 'done', 'rejected')),
    first_seen date NOT NULL,
    last_seen date NOT NULL,
    saving_list numeric,
    saving_effective numeric,
    change text NOT NULL DEFAULT '',
    -- The owner is the resource's until the finding is accepted with the owner and the deadline of the action.
    owner text NOT NULL DEFAULT '',
    deadline date,
    -- Of a snoozed or rejected finding.
    snoozed_until date,
    reason text NOT NULL DEFAULT '',
    done_on date,
    -- What the bill fell by, null while it cannot be measured.
    realized numeric,
    -- The rows of daily_costs that pay for the resource: beginnings of service and usage type group, and a Region.
    bill_service text,
    bill_usage_type text,
    bill_region text,
    PRIMARY KEY (rule, resource)
);
