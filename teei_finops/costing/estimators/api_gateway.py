"""API Gateway (REST, HTTP and WebSocket APIs, stage caches) and AppSync."""

from __future__ import annotations

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import EstimationContext
from teei_finops.costing.estimators.from_usage import charge_from_usage

SERVICE = "AmazonApiGateway"
REQUESTS = (0, 1_000_000, 10_000_000)
# One HTTP request for each 512 KB, one WebSocket message for each 32 KB; API Gateway pricing page, 2026-10.
HTTP_KB, MESSAGE_KB = 512, 32


@estimates("aws:apigateway/restApi:RestApi")
def rest_api(ctx: EstimationContext) -> None:
    ctx.charge("REST requests", SERVICE, "rest", "requests", ctx.usage("monthly_requests", *REQUESTS))


@estimates("aws:apigateway/stage:Stage")
def stage(ctx: EstimationContext) -> None:
    """The hours of its cache; 0.5 GB where the program names no size (API Gateway reference, 2026-10)."""
    if ctx.flag("cacheClusterEnabled"):
        size = str(ctx.value("cacheClusterSize") or "0.5")
        ctx.charge(f"Cache of {size} GB", SERVICE, "rest-cache", f"{size}gb", ctx.hours())


@estimates("aws:apigatewayv2/api:Api")
def api(ctx: EstimationContext) -> None:
    if ctx.text("protocolType") == "WEBSOCKET":
        messages = ctx.usage("monthly_messages", *REQUESTS)
        size = ctx.usage("message_size_kb", 1, 1, MESSAGE_KB)
        ctx.charge("Messages", SERVICE, "websocket", "messages", messages * size.chunks(MESSAGE_KB))
        minutes = ctx.usage("monthly_connection_minutes", *REQUESTS)
        ctx.charge("Connection minutes", SERVICE, "websocket", "connection", minutes)
        return
    requests = ctx.usage("monthly_requests", *REQUESTS)
    size = ctx.usage("request_size_kb", 1, 1, HTTP_KB)
    ctx.charge("HTTP requests", SERVICE, "http", "requests", requests * size.chunks(HTTP_KB))


@estimates("aws:appsync/graphQLApi:GraphQLApi")
def graphql_api(ctx: EstimationContext) -> None:
    """Queries and modifications; real-time updates and connections when they are stated."""
    operations = ctx.usage("monthly_operations", *REQUESTS)
    ctx.charge("Operations", "AWSAppSync", "graphql", "operations", operations)
    charge_from_usage(
        ctx, "monthly_realtime_updates", "Real-time updates", "AWSAppSync", "graphql", "real-time-updates"
    )
    charge_from_usage(
        ctx, "monthly_connection_minutes", "Connection minutes", "AWSAppSync", "graphql", "connection-minutes"
    )
