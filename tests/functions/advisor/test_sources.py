"""Owners, managers, settings, and one line for what several sources found."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from functions.advisor.__main__ import main
from functions.advisor.account.context import Account
from functions.advisor.errors import AdvisorError, SourceError
from functions.advisor.findings import Confidence, Finding, Risk
from functions.advisor.kubernetes.prometheus import Prometheus
from functions.advisor.kubernetes.usage import Use
from functions.advisor.ownership import Ownership, urns_of_exports
from functions.advisor.pricing import Prices
from functions.advisor.report import Examination, Source, make_report
from functions.advisor.settings import Settings
from functions.advisor.tracking.status_file import StatusFile

NOW = datetime(2026, 11, 30, tzinfo=UTC)
URN = "urn:pulumi:prod::teei-finops::aws:ebs/volume:Volume::data"
VOLUME = "arn:aws:ec2:us-east-1:111111111111:volume/vol-0123abcd"


def account(aws, **settings):
    values = Settings(**settings)
    return Account(aws, values, Prices(NOW.date()), Ownership(values.owner_keys, {}), NOW, "us-east-1")


def finding(rule, resource=VOLUME, **fields):
    values = {
        "evidence": "e", "change": "c", "saving_list": Decimal(5), "confidence": Confidence.HIGH,
        "risk": Risk.LOW,
    }  # fmt: skip
    return Finding(rule=rule, resource=resource, **(values | fields))


def lines(tmp_path, *examinations):
    sources = [
        Source(f"source {n}", lambda examination=examination: examination)
        for n, examination in enumerate(examinations)
    ]
    return make_report(sources, Settings(), NOW, StatusFile(tmp_path)).report.findings


def export(tmp_path, *resources):
    path = tmp_path / "stack.json"
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
    return path


def test_a_resource_of_a_stack_is_managed_by_its_urn(tmp_path):
    volume = {
        "urn": URN,
        "type": "aws:ebs/volume:Volume",
        "custom": True,
        "id": "vol-0123abcd",
        "outputs": {"arn": VOLUME},
    }
    deployment = {
        "urn": "urn:web", "type": "kubernetes:apps/v1:Deployment", "custom": True, "id": "shop/web",
        "outputs": {"metadata": {"namespace": "shop", "name": "web"}},
    }  # fmt: skip
    ownership = Ownership((), urns_of_exports([export(tmp_path, volume, deployment)]))
    assert ownership.managed_by([VOLUME]) == URN
    assert ownership.managed_by(["vol-0123abcd"]) == URN
    assert ownership.managed_by(["shop/Deployment/web"]) == "urn:web"
    assert ownership.managed_by(["shop/StatefulSet/web"]) == ""


def test_a_name_that_resources_of_two_stacks_have_is_of_neither(tmp_path):
    paths = []
    for stack in ("prod", "prod-eu"):
        (tmp_path / stack).mkdir()
        deployment = {
            "urn": f"urn:{stack}", "type": "kubernetes:apps/v1:Deployment", "custom": True, "id": "shop/web",
            "outputs": {"metadata": {"namespace": "shop", "name": "web"}},
        }  # fmt: skip
        paths.append(export(tmp_path / stack, deployment))
    assert urns_of_exports(paths[:1]) == {"shop/Deployment/web": "urn:prod"}
    assert urns_of_exports(paths) == {}


def test_a_change_of_what_a_stack_manages_is_one_of_the_stack(tmp_path):
    volume = finding("gp2-volume", managed_by=URN, inputs="type: gp3")
    address = finding("unassociated-address", "address", managed_by=URN)
    assert {line.rule: line.change for line in lines(tmp_path, Examination([volume, address]))} == {
        "gp2-volume": "set type: gp3 of data in Pulumi.prod.yaml or the program, and run pulumi up -s prod",
        "unassociated-address": "verify before deleting: remove data from the program, "
        "and run pulumi up -s prod",
    }


def test_a_file_that_is_no_export_is_an_error_with_its_path(tmp_path):
    path = tmp_path / "stack.json"
    path.write_text("[]")
    with pytest.raises(AdvisorError, match=r"stack\.json: not a file of `pulumi stack export`"):
        urns_of_exports([path])


def test_owner_and_manager_come_from_tags_and_from_labels_as_kube_state_metrics_writes_them():
    ownership = Ownership(Settings().owner_keys, {})
    assert ownership.owner({"owner": "ops", "team": "data"}) == "data"
    assert ownership.owner({"label_finops_teei_io_team": "web"}) == "web"
    assert ownership.owner({}) == ""
    tags = {"label_app_kubernetes_io_managed_by": "Helm"}
    assert ownership.managed_by(["shop/Deployment/web"], tags) == "Helm"


@pytest.mark.parametrize(
    ("variable", "value"), [("ADVISOR_WINDOW_DAYS", "0"), ("ADVISOR_UNKNOWN", "1"), ("DATABASE_PORT", "x")]
)
def test_a_wrong_setting_is_an_error_with_the_name_of_the_variable(variable, value):
    with pytest.raises(AdvisorError, match=variable):
        Settings.from_environment({variable: value})


def test_settings_are_read_from_the_environment():
    environment = {
        "PROMETHEUS_URL": "http://prometheus:9090", "RECOMMENDATION_RECIPIENTS": "a@teei.io, b@teei.io",
        "ADVISOR_LOW_UTILIZATION": "0.3", "PATH": "/bin",
    }  # fmt: skip
    settings = Settings.from_environment(environment)
    assert settings.recipients == ("a@teei.io", "b@teei.io")
    assert settings.low_utilization == Decimal("0.3")


def test_an_unmounted_claim_and_its_unattached_volume_are_one_line(tmp_path):
    claim = finding("unmounted-volume-claim", "shop/PersistentVolumeClaim/data", merge_keys=("vol-0123abcd",))
    volumes = [
        finding("unattached-volume", merge_keys=("vol-0123abcd",)),
        finding("gp2-volume", merge_keys=("vol-0123abcd",)),
    ]
    assert [line.rule for line in lines(tmp_path, Examination([claim]), Examination(volumes))] == [claim.rule]


def test_an_idle_node_and_its_instance_are_one_line(tmp_path):
    node = finding("idle-node", "Node/lonely", merge_keys=("i-0123abcd",))
    instance = finding("previous-generation-instance", "arn:instance", merge_keys=("i-0123abcd",))
    aws = finding("aws-recommendation", "arn:instance", merge_keys=("i-0123abcd",))
    assert [line.rule for line in lines(tmp_path, Examination([node]), Examination([instance, aws]))] == [
        "idle-node"
    ]


def test_a_finding_that_another_one_covers_now_is_not_done(tmp_path):
    volumes = Examination(
        [finding("unattached-volume", merge_keys=("vol-0123abcd",))], frozenset({"unattached-volume"})
    )
    claim = finding("unmounted-volume-claim", "shop/PersistentVolumeClaim/data", merge_keys=("vol-0123abcd",))
    lines(tmp_path, volumes)
    lines(tmp_path, Examination([claim]), volumes)
    assert {record.rule: record.status for record in StatusFile(tmp_path).records()} == {
        "unattached-volume": "new", "unmounted-volume-claim": "new",
    }  # fmt: skip


def test_different_changes_of_one_resource_are_two_lines(tmp_path):
    findings = [finding("version-in-extended-support"), finding("oversized-database")]
    assert len(lines(tmp_path, Examination(findings))) == 2


def test_what_saves_next_to_nothing_is_left_out_unless_its_price_is_unknown(tmp_path):
    findings = [
        finding("gp2-volume", saving_list=Decimal("0.09")),
        finding("gp2-volume", "vol-2", saving_list=None),
    ]
    assert [line.resource for line in lines(tmp_path, Examination(findings))] == ["vol-2"]


def test_a_source_that_fails_leaves_the_others_and_the_statuses_as_they_were(tmp_path):
    def fail():
        raise SourceError("Prometheus: refused")

    kept = StatusFile(tmp_path)
    works = Source("AWS", lambda: Examination([finding("gp2-volume")], frozenset({"gp2-volume"})))
    claims = Examination([finding("unmounted-volume-claim", "shop/x")], frozenset({"unmounted-volume-claim"}))
    make_report([works, Source("Prometheus", lambda: claims)], Settings(), NOW, kept)
    outcome = make_report([works, Source("Prometheus", fail)], Settings(), NOW, kept)
    assert outcome.failed == ["Prometheus: refused"]
    assert outcome.report.sources == ("AWS",)
    assert [line.rule for line in outcome.report.findings] == ["gp2-volume"]
    assert {record.resource: record.status for record in kept.records()} == {VOLUME: "new", "shop/x": "new"}


def test_peaks_grow_only_if_they_follow_a_line():
    assert Use(0, 0, {day: 1 + day / 10 for day in range(14)}).after(10) == pytest.approx(1 + 2.3)
    assert Use(0, 0, {day: 1 + day % 2 for day in range(14)}).after(10) == 0
    assert Use(0, 0, dict.fromkeys(range(14), 1.0)).after(10) == 0


def test_an_address_that_is_no_url_is_an_error():
    with pytest.raises(SourceError, match="prometheus:9090 is no URL; write it as http://HOST:9090"):
        Prometheus("prometheus:9090")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--window", "two"], "two is not a window; write it in days or weeks, such as 14d or 2w"),
        (["--format", "pdf"], "invalid choice: 'pdf'"),
        (
            ["--no-aws", "--prometheus-url", "http://127.0.0.1:1"],
            "127.0.0.1:1/: [Errno 111] Connection refused",
        ),
        (["--no-aws", "--database-url", "postgresql://127.0.0.1:1/x"], "PostgreSQL: "),
        (["--stack-export", "/missing.json"], "/missing.json: No such file or directory"),
    ],
)
def test_an_error_is_exit_code_2_with_what_is_wrong(arguments, message, tmp_path, capsys):
    try:
        code = main(["report", *arguments, "--output", str(tmp_path)])
    except SystemExit as ended:  # of argparse
        code = ended.code
    output = capsys.readouterr()
    assert (code, output.out) == (2, "")
    assert message in output.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_an_endpoint_that_is_no_url_is_exit_code_2_with_the_variable(tmp_path, monkeypatch, capsys):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "garbage")
    assert main(["report", "--output", str(tmp_path)]) == 2
    assert "sts: Invalid endpoint: garbage; correct AWS_ENDPOINT_URL or the Region" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer", ["[]", '{"status": "success"}', '{"status": "success", "data": []}', "<html>"]
)
def test_a_server_that_is_no_prometheus_is_an_error_that_asks_for_one(answer, monkeypatch):
    monkeypatch.setattr(httpx, "post", lambda *_, **__: httpx.Response(200, text=answer))
    with pytest.raises(SourceError, match=r"http://other/: HTTP 200: no series; is it a Prometheus\?"):
        Prometheus("http://other").at("up", NOW)
