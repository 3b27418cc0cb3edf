-- The statements of store.py, each after its name. Parameters are named.

-- name: records
SELECT rule, resource, status, first_seen, last_seen, saving_list, saving_effective, change, owner, deadline,
    snoozed_until, reason, done_on, realized, bill_service, bill_usage_type, bill_region
FROM cost_data.recommendations ORDER BY rule, resource;

-- name: save_record
INSERT INTO cost_data.recommendations (
    rule, resource, status, first_seen, last_seen, saving_list, saving_effective, change, owner, deadline,
    snoozed_until, reason, done_on, realized, bill_service, bill_usage_type, bill_region
)
VALUES (
    %(rule)s, %(resource)s, %(status)s, %(first_seen)s, %(last_seen)s, %(saving_list)s, %(saving_effective)s,
    %(change)s, %(owner)s, %(deadline)s, %(snoozed_until)s, %(reason)s, %(done_on)s, %(realized)s,
    %(bill_service)s, %(bill_usage_type)s, %(bill_region)s
)
ON CONFLICT (rule, resource) DO UPDATE SET
    status = excluded.status, last_seen = excluded.last_seen, saving_list = excluded.saving_list,
    saving_effective = excluded.saving_effective, change = excluded.change, owner = excluded.owner,
    deadline = excluded.deadline, snoozed_until = excluded.snoozed_until, reason = excluded.reason,
    done_on = excluded.done_on, realized = excluded.realized, bill_service = excluded.bill_service,
    bill_usage_type = excluded.bill_usage_type, bill_region = excluded.bill_region;

-- name: usage_of_final_days
-- What usage of the last 30 final days cost by usage type group and Region, on the day of the report: billed is what no
-- commitment covers, effective is all of it. A covered charge is billed 0, or taken back by a negation.
SELECT usage_type_group, region, sum(billed), sum(effective)
FROM cost_data.daily_costs
WHERE final AND charge_category = 'usage' AND day < %(day)s AND day >= %(day)s::date - 33
    AND day > (SELECT max(day) FROM cost_data.daily_costs WHERE final AND day < %(day)s) - 30
GROUP BY usage_type_group, region;

-- name: days_of_usage
SELECT count(DISTINCT day)
FROM cost_data.daily_costs
WHERE final AND day < %(day)s AND day >= %(day)s::date - 33
    AND day > (SELECT max(day) FROM cost_data.daily_costs WHERE final AND day < %(day)s) - 30;

-- name: coverage
SELECT kind, coverage_percent FROM cost_data.commitment_usage WHERE coverage_percent IS NOT NULL;

-- name: daily_cost
-- The mean of a bill line's effective cost over the final days of a span, both included, and how many they are.
-- Days of the bill on which the line cost nothing count.
SELECT COALESCE(sum(c.effective), 0) / NULLIF(count(DISTINCT d.day), 0), count(DISTINCT d.day)
FROM (
    SELECT DISTINCT day FROM cost_data.daily_totals
    WHERE final AND day BETWEEN %(first)s AND %(last)s
) d
LEFT JOIN cost_data.daily_costs c ON c.day = d.day AND c.charge_category = 'usage'
    AND starts_with(c.service, %(service)s) AND starts_with(c.usage_type_group, %(usage_type)s)
    AND (%(region)s = '' OR c.region = %(region)s);
