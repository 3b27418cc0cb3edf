"""Alert rules, routes, dashboards and scrape targets: how they are deployed, and the people they reach."""

from typing import Annotated

from components.settings.types import (
    CostAllocation,
    DnsName,
    Email,
    Section,
    cost_allocation,
    default,
    integer,
    one_of,
    text,
)

SUPPORT_CONTACTS = "guide, Support Contacts"
RECIPIENTS = "the address of cloud_budgets.recipients in prod"
BaseUrl = Annotated[
    str, text("a URL without a slash at its end", r"https://\S*[^\s/]", "https://grafana.teei.io")
]
LabelKey = Annotated[str, text("the key of a label", r"[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?", "release")]
LabelValue = Annotated[
    str,
    text("the value of a label", r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", "kube-prometheus-stack"),
]


class SecretKey(Section):
    """A key of a Kubernetes Secret in `monitoring.namespace`."""

    secret: DnsName
    """The Secret."""
    key: Annotated[str, text("a key of a Secret", r"[A-Za-z0-9._-]{1,253}", "password")]
    """The key."""


class Smtp(Section):
    """The mail server of Alertmanager."""

    smarthost: Annotated[str, text("host:port", r"[a-z0-9.-]+:[0-9]{2,5}", "smtp.teei.io:587")] = default(
        "smtp.teei.io:587", "chosen: the submission port, with STARTTLS"
    )
    """The server."""
    sender: Email = default("finops@teei.io", SUPPORT_CONTACTS)
    """The sender of every e-mail, and the user of the server."""
    password: SecretKey = default(SecretKey(secret="finops-smtp", key="password"), "chosen")
    """The password of the user."""


class Receivers(Section):
    """The e-mail addresses of the Alert Matrix."""

    finops: Email = default("finops@teei.io", SUPPORT_CONTACTS)
    """Warnings, and the weekly digest."""
    oncall: Email = default("oncall@teei.io", SUPPORT_CONTACTS)
    """The weekly digest; critical alerts reach the on-call by PagerDuty."""
    engineering_lead: Email = default("eng-lead@teei.io", RECIPIENTS)
    """The warnings of the Alert Matrix for the lead, and critical alerts after 30 minutes."""
    cfo: Email = default("cfo@teei.io", RECIPIENTS)
    """Critical alerts on cloud costs."""
    cto: Email = default("cto@teei.io", RECIPIENTS)
    """Critical alerts on cloud costs."""
    account_manager: Email = default("am-team@teei.io", SUPPORT_CONTACTS)
    """Tenants at 100 % of their AI budget."""
    executives: Email = default("executives@teei.io", RECIPIENTS)
    """Critical alerts after an hour."""


class Monitoring(Section):
    """What `monitoring/` holds, in the cluster of the stack."""

    cost_allocation: CostAllocation = cost_allocation("monitoring", "cloud-eks")
    """The cost tags of the objects."""
    mode: Annotated[str, one_of("a way to deploy", "operator", "configmaps")] = default(
        "operator", "chosen: the Prometheus Operator, which Helm's kube-prometheus-stack installs"
    )
    """Objects of the Prometheus Operator, or ConfigMaps for a Prometheus and Alertmanager without it."""
    namespace: DnsName = default("observability", "guide, Files & Locations: /observability")
    """The namespace of the objects, the same as that of Prometheus, Alertmanager and Grafana."""
    labels: dict[LabelKey, LabelValue] = default(
        {"release": "kube-prometheus-stack"}, "what kube-prometheus-stack selects objects by"
    )
    """Labels of the operator's objects, by which the Prometheus and Alertmanager objects select them."""
    runbook_url: BaseUrl = default("https://github.com/teei/finops/blob/main", "chosen: the repository")
    """Where `docs/runbook.md` is read; links in alerts start with it."""
    dashboard_url: BaseUrl = default("https://grafana.teei.io", "chosen")
    """Grafana; links in alerts start with it."""
    smtp: Smtp = Smtp()
    """The mail server."""
    pagerduty_routing_key: SecretKey = default(
        SecretKey(secret="finops-pagerduty", key="routing-key"), "chosen"
    )
    """The routing key of the PagerDuty service of the on-call."""
    receivers: Receivers = Receivers()
    """The e-mail addresses."""
    ai_budget_token: SecretKey = default(SecretKey(secret="ai-budget-prometheus", key="token"), "chosen")
    """The token of a caller of the AI budget service, with which Prometheus reads its metrics."""
    scrape_seconds: Annotated[int, integer("seconds", 15, 240)] = default(
        30, "usage.yaml: 88,000 requests a month"
    )
    """How often Prometheus reads the AI budget service."""
    cost_scrape_seconds: Annotated[int, integer("seconds", 15, 240)] = default(
        120, "chosen: the figures change twice a day; Prometheus forgets a sample after five minutes"
    )
    """How often Prometheus reads `/metrics/cost`."""
