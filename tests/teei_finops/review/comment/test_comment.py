"""`teei-finops comment`, against a server that keeps the comments."""

import json

import pytest

from teei_finops.cli import main
from teei_finops.review.render.markdown import LIMIT, MARKER
from tests.teei_finops.review.comment.comment_server import TOKEN, comment_server
from tests.teei_finops.review.sample_report import amount, sample_report

SERVICES = {
    "github": ("--repository", "acme/shop", "--pull-request", "7"),
    "gitlab": ("--project", "acme/shop", "--merge-request", "7"),
}
UPDATE = {"github": "PATCH", "gitlab": "PUT"}
VARIABLES = (
    "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH", "GITHUB_API_URL", "GITLAB_TOKEN",
    "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "CI_API_V4_URL",
)  # fmt: skip


@pytest.fixture
def server():
    with comment_server() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)


@pytest.fixture
def document(tmp_path):
    file = tmp_path / "review.json"
    file.write_text(json.dumps(sample_report()))
    return file


def comment(service, server, *files, more=()):
    return main(
        ["comment", service, *map(str, files), *SERVICES[service], "--api-url", server.url, *map(str, more)]
    )


@pytest.mark.parametrize("service", SERVICES)
def test_the_comment_is_created_then_updated_in_place(capsys, server, document, service):
    server.add("Looks good to me")
    assert comment(service, server, document) == 0
    assert capsys.readouterr().out.endswith("created\n")
    document.write_text(json.dumps(sample_report(change=amount("7"), resources=[])))
    assert comment(service, server, document) == 0
    assert capsys.readouterr().out.endswith("updated\n")
    assert server.requests == ["POST", UPDATE[service]]
    assert [text.splitlines()[0] for text in server.comments.values()] == ["Looks good to me", MARKER]
    assert "+$7.00 a month" in server.comments[102]


@pytest.mark.parametrize("service", SERVICES)
def test_the_same_review_changes_nothing(capsys, server, document, service):
    comment(service, server, document)
    server.comments[101] = server.comments[101].replace("\n", "\r\n")  # as GitHub may return it
    comment(service, server, document)
    assert capsys.readouterr().out.endswith("unchanged\n")
    assert server.requests == ["POST"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_comment_is_found_on_a_later_page(server, document, service):
    for number in range(5):
        server.add(f"comment {number}")
    comment(service, server, document)
    document.write_text(json.dumps(sample_report(resources=[])))
    comment(service, server, document)
    assert server.requests == ["POST", UPDATE[service]]
    assert len(server.comments) == 6


def test_a_comment_that_quotes_the_review_is_left_alone(server, document):
    quote = server.add(f"> {MARKER}\n> ## Cost review\n\nWhy?")
    comment("github", server, document)
    assert server.comments[quote].startswith("> ")
    assert server.requests == ["POST"]


def test_comments_with_different_tags_do_not_replace_each_other(server, document):
    comment("github", server, document, more=("--tag", "shop"))
    comment("github", server, document, more=("--tag", "blog"))
    comment("github", server, document)
    assert [text.splitlines()[0] for text in server.comments.values()] == [
        "<!-- teei-finops cost review: shop -->",
        "<!-- teei-finops cost review: blog -->",
        MARKER,
    ]


def test_several_reviews_are_one_comment_within_the_limit(server, tmp_path):
    big = sample_report()
    big["resources"] = [
        row | {"urn": f"{row['urn']}{n}", "name": f"{row['name']}-{n}"}
        for n in range(500)
        for row in big["resources"]
    ]
    files = [tmp_path / f"{number}.json" for number in range(5)]
    for file in files:
        file.write_text(json.dumps(big))
    comment("github", server, *files)
    (text,) = server.comments.values()
    assert len(text) < LIMIT
    assert text.count("## Cost review: ") == 5
    assert text.count(MARKER) == 1
    assert text.count("| ~ update |") > 20


def test_github_actions_gives_the_repository_and_the_pull_request(monkeypatch, server, document, tmp_path):
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    monkeypatch.setenv("GITHUB_API_URL", server.url)
    assert main(["comment", "github", str(document)]) == 0
    assert len(server.comments) == 1


def test_gitlab_ci_gives_the_project_and_the_merge_request(monkeypatch, server, document):
    monkeypatch.setenv("CI_PROJECT_ID", "acme/shop")
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "7")
    monkeypatch.setenv("CI_API_V4_URL", server.url)
    assert main(["comment", "gitlab", str(document)]) == 0
    assert len(server.comments) == 1


def test_a_refusal_of_the_service_is_one_line(capsys, monkeypatch, server, document):
    monkeypatch.setenv("GITHUB_TOKEN", "wrong")
    assert comment("github", server, document) == 2
    err = capsys.readouterr().err
    assert "answered 403" in err
    assert "Resource not accessible by integration" in err
    assert err.count("\n") == 1
    assert TOKEN not in err
    assert server.comments == {}


def test_a_server_that_is_not_there_is_one_line(capsys, document):
    arguments = ["comment", "github", str(document), *SERVICES["github"], "--api-url", "http://127.0.0.1:1"]
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert "http://127.0.0.1:1" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["github", "FILE"], "GITHUB_REPOSITORY is not set; give --repository OWNER/NAME"),
        (["github", "FILE", "--repository", "a/b"], "GITHUB_EVENT_PATH is not set; give --pull-request N"),
        (["gitlab", "FILE"], "CI_PROJECT_ID is not set; give --project ID"),
        (["gitlab", "FILE", "--project", "1"], "CI_MERGE_REQUEST_IID is not set; give --merge-request N"),
        (["github", "OTHER", "--repository", "a/b", "--pull-request", "1"], "not the document of a review"),
        (["github", "NONE", "--repository", "a/b", "--pull-request", "1"], "No such file"),
    ],
)
def test_what_is_missing_is_named_with_its_option(capsys, document, tmp_path, arguments, problem):
    other = tmp_path / "plan.json"
    other.write_text('{"steps": []}')
    files = {"FILE": str(document), "OTHER": str(other), "NONE": str(tmp_path / "none")}
    assert main(["comment", *(files.get(argument, argument) for argument in arguments)]) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize("service", SERVICES)
def test_without_a_token_nothing_is_sent(capsys, monkeypatch, server, document, service):
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.delenv("GITLAB_TOKEN")
    assert comment(service, server, document) == 2
    assert "no token; set GIT" in capsys.readouterr().err
