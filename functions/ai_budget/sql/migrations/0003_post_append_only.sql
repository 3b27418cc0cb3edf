-- The audit logs refuse changes, once no code runs that could make any.

CREATE FUNCTION ai_budget_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ai_budget_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ai_token_usage
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_append_only();
CREATE TRIGGER ai_budget_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ai_budget_changes
    FOR EACH STATEMENT EXECUTE FUNCTION ai_budget_append_only();
