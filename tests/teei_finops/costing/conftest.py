"""Stand-ins for AWS."""

import boto3
import pytest
from botocore.stub import Stubber

from teei_finops.costing import aws


@pytest.fixture
def answers(monkeypatch):
    """Stubbed clients by service; every recorded call must have been made."""
    stubs: dict[str, Stubber] = {}

    def client(service: str, region: str):
        if service not in stubs:
            client = boto3.client(
                service, region_name=region, aws_access_key_id="x", aws_secret_access_key="x"
            )
            stubs[service] = Stubber(client)
            stubs[service].activate()
        return stubs[service].client

    monkeypatch.setattr(aws, "client", client)

    def stub(service: str) -> Stubber:
        client(service, "us-east-1")
        return stubs[service]

    yield stub
    for stub in stubs.values():
        stub.assert_no_pending_responses()
