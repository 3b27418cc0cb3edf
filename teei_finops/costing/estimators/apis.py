"""API Gateway (REST, HTTP and WebSocket APIs, stage caches) and AppSync."""

from __future__ import annotations

from teei_finops.costing.estimate import estimates
from teei_finops.costing.estimation_context import Subject
from teei_finops.costing.estimators.from_usage import charge_stated

SERVICE = "AmazonApiGateway"
REQUESTS = (0, 1_000_000, 10_000_000)
# One HTTP request for each 512 KB, one WebSocket message for each 32 KB; API Gateway pricing page, 2026-10.
HTTP_KB, MESSAGE_KB = 512, 32


@estimates("aws:apigateway/restApi:RestApi")
def rest_api(r: Subject) -> None:
    r.charge("REST requests", SERVICE, "rest", "requests", r.usage("monthly_requests", *REQUESTS))


@estimates("aws:apigateway/stage:Stage")
def stage(r: Subject) -> None:
    """The hours of its cache; 0.5 GB where the program names no size (API Gateway reference, 2026-10)."""
    if r.flag("cacheClusterEnabled"):
        size = str(r.value("cacheClusterSize") or "0.5")
        r.charge(f"Cache of {size} GB", SERVICE, "rest-cache", f"{size}gb", r.hours())


@estimates("aws:apigatewayv2/api:Api")
def api(r: Subject) -> None:
    if r.text("protocolType") == "WEBSOCKET":
        messages = r.usage("monthly_messages", *REQUESTS)
        size = r.usage("message_size_kb", 1, 1, MESSAGE_KB)
        r.charge("Messages", SERVICE, "websocket", "messages", messages * size.chunks(MESSAGE_KB))
        minutes = r.usage("monthly_connection_minutes", *REQUESTS)
        r.charge("Connection minutes", SERVICE, "websocket", "connection", minutes)
        return
    requests = r.usage("monthly_requests", *REQUESTS)
    size = r.usage("request_size_kb", 1, 1, HTTP_KB)
    r.charge("HTTP requests", SERVICE, "http", "requests", requests * size.chunks(HTTP_KB))


@estimates("aws:appsync/graphQLApi:GraphQLApi")
def graphql_api(r: Subject) -> None:
    """Queries and modifications; real-time updates and connections when they are stated."""
    operations = r.usage("monthly_operations", *REQUESTS)
    r.charge("Operations", "AWSAppSync", "graphql", "operations", operations)
    charge_stated(
        r, "monthly_realtime_updates", "Real-time updates", "AWSAppSync", "graphql", "real-time-updates"
    )
    charge_stated(
        r, "monthly_connection_minutes", "Connection minutes", "AWSAppSync", "graphql", "connection-minutes"
    )
