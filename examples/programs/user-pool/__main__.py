"""Sign-in of users, mail, a web firewall and logs of an API."""

import pulumi
import pulumi_aws as aws

pool = aws.cognito.UserPool("users", password_policy={"minimum_length": 12})
client = aws.cognito.UserPoolClient("web", user_pool_id=pool.id, generate_secret=True)
aws.ses.DomainIdentity("mail", domain="example.com")
aws.wafv2.WebAcl(
    "api",
    scope="REGIONAL",
    default_action={"allow": {}},
    rules=[
        {
            "name": "rate",
            "priority": 1,
            "action": {"block": {}},
            "statement": {"rate_based_statement": {"limit": 2000, "aggregate_key_type": "IP"}},
            "visibility_config": {
                "cloudwatch_metrics_enabled": True,
                "metric_name": "rate",
                "sampled_requests_enabled": False,
            },
        }
    ],
    visibility_config={
        "cloudwatch_metrics_enabled": True,
        "metric_name": "api",
        "sampled_requests_enabled": False,
    },
)
pulumi.export("client", pulumi.Output.concat(pool.endpoint, "/", client.id))
