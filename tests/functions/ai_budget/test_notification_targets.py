"""Which addresses and webhook URLs are accepted as targets of notices."""

import pytest
from pydantic import ValidationError

from functions.ai_budget.notifications import Webhook, checked_webhook_url


@pytest.mark.parametrize(
    "url", ["http://localhost:9000/a", "http://127.0.0.1/a", "http://[::1]/", "https://a.example"]
)
def test_https_and_this_machine_are_accepted_as_targets(url: str) -> None:
    assert checked_webhook_url(url) == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://169.254.169.254/latest/meta-data", "must begin with https://"),
        ("http://localhost.example/", "must begin with https://"),
        ("ftp://a.example/", "must begin with https://"),
        ("https:///path", "the host is missing"),
        ("hooks.slack.com/services", "the host is missing"),
        ("https://a.example:port/", "not a URL"),
    ],
)
def test_other_urls_are_refused_in_the_configuration(url: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Webhook(url=url, secret="a-secret-of-a-tenant")
