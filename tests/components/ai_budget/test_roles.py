"""Policy documents. tests/integration/ai_budget/test_permissions.py compares them with the calls made."""

import asyncio
import json

from components.lambda_functions import roles


def test_a_statement_for_no_resource_is_left_out_of_a_policy():
    arn = "arn:aws:sqs:us-east-1:123456789012:tracks"
    queue, mail = roles.allow(["sqs:SendMessage"], [arn]), roles.allow(["ses:SendEmail"], [])

    async def document():
        return await roles.policy([queue, mail]).future()

    assert json.loads(asyncio.run(document()))["Statement"] == [
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [arn]}
    ]
