-- The functions that answered with a row per request, and the index they used, once no code calls them.

DROP FUNCTION ai_budget_reserve(timestamptz, boolean, interval, text, numeric, double precision, integer, text[], text[],
    integer[], text[], numeric[], numeric[], integer[], uuid[], text[], uuid[]);
DROP FUNCTION ai_budget_book(timestamptz, boolean, text, numeric, numeric, text[], text[], integer[], text[], bigint[],
    bigint[], bigint[], bigint[], numeric[], timestamptz[], uuid[], text[], uuid[]);
DROP INDEX ai_token_usage_request;
