"""API Gateway and AppSync."""

from __future__ import annotations

import pytest

from tests.teei_finops.costing.estimators.estimate_helpers import (
    EU,
    US,
    D,
    amounts_by_name,
    dollars,
    estimate_of,
    price,
)

API = "aws:apigatewayv2/api:Api"
GRAPHQL = "aws:appsync/graphQLApi:GraphQLApi"
REST = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"


@pytest.mark.parametrize("region", [US, EU])
def test_rest_requests_go_through_the_tiers(region):
    it = estimate_of(REST, {}, region=region, usage={"monthly_requests": 433_000_000})
    assert dollars(it) == 333 * price("AmazonApiGateway", "rest", "requests", region) + 100 * price(
        "AmazonApiGateway", "rest", "requests", region, tier=333_000_000
    )


def test_a_stage_bills_its_cache_by_the_hour():
    on = estimate_of(STAGE, {"cacheClusterEnabled": True, "cacheClusterSize": "13.5"})
    assert amounts_by_name(on) == {
        "Cache of 13.5 GB": 730 * price("AmazonApiGateway", "rest-cache", "13.5gb")
    }
    assert estimate_of(STAGE, {"cacheClusterEnabled": True, "cacheClusterSize": 13.5}).after == on.after
    part = estimate_of(STAGE, {"cacheClusterEnabled": True}, usage={"monthly_hours": 100})
    assert amounts_by_name(part) == {
        "Cache of 0.5 GB": 100 * price("AmazonApiGateway", "rest-cache", "0.5gb")
    }
    assert dollars(estimate_of(STAGE, {"cacheClusterSize": "13.5"})) == 0
    odd = estimate_of(STAGE, {"cacheClusterEnabled": True, "cacheClusterSize": "3.3"})
    assert odd.reason == "no price in this region: AmazonApiGateway rest-cache 3.3gb in us-east-1"


def test_http_requests_count_each_512_kb():
    it = estimate_of(
        API, {"protocolType": "HTTP"}, usage={"monthly_requests": 1_000_000, "request_size_kb": 513}
    )
    assert dollars(it) == 2 * price("AmazonApiGateway", "http", "requests")


def test_a_websocket_api_bills_messages_of_32_kb_and_connection_minutes():
    usage = {"monthly_messages": 1_000_000, "message_size_kb": 33, "monthly_connection_minutes": 500_000}
    it = estimate_of(API, {"protocolType": "WEBSOCKET"}, usage=usage)
    assert dollars(it) == 2 * price("AmazonApiGateway", "websocket", "messages") + D("0.5") * price(
        "AmazonApiGateway", "websocket", "connection"
    )


def test_graphql_bills_operations_updates_and_connections():
    usage = {
        "monthly_operations": 2_000_000,
        "monthly_realtime_updates": 1_000_000,
        "monthly_connection_minutes": 3_000_000,
    }
    assert amounts_by_name(estimate_of(GRAPHQL, {}, usage=usage)) == {
        "Operations": 2 * price("AWSAppSync", "graphql", "operations"),
        "Real-time updates": price("AWSAppSync", "graphql", "real-time-updates"),
        "Connection minutes": 3 * price("AWSAppSync", "graphql", "connection-minutes"),
    }
    assert estimate_of(GRAPHQL, {}, region=EU).reason.startswith(
        "no price in this region: AWSAppSync graphql"
    )
