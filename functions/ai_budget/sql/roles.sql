-- The roles of the database: run by a user that may create roles, before schema.sql. cost_data is the role of the
-- cost data functions, which create their tables in the schema of that name and read the usage log. reports is that
-- of the reviews, which read the costs, the usage log and the budgets, and keep their figures in a schema of their own.
--
-- On RDS all log in with IAM, which membership in rds_iam turns on. It is also inherited: a user that is a member of
-- one of them can use its password no more (Amazon RDS User Guide, "Database authentication with Amazon RDS", 2026-11).
-- Therefore the current user becomes a member only where rds_iam does not exist.

DO $$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['ai_budget_owner', 'ai_budget_api', 'cost_data', 'reports'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', v_role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- roles belong to the server: another database may have made them
        END;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
            EXECUTE format('GRANT rds_iam TO %I', v_role);
        ELSE
            EXECUTE format('GRANT %I TO CURRENT_USER', v_role);
        END IF;
    END LOOP;
END $$;
GRANT USAGE, CREATE ON SCHEMA public TO ai_budget_owner;
GRANT USAGE ON SCHEMA public TO ai_budget_api, cost_data, reports;
CREATE SCHEMA IF NOT EXISTS cost_data;
GRANT USAGE, CREATE ON SCHEMA cost_data TO cost_data;
GRANT USAGE ON SCHEMA cost_data TO reports;
CREATE SCHEMA IF NOT EXISTS reports;
GRANT USAGE, CREATE ON SCHEMA reports TO reports;
