"""What `Dockerfile` puts into the image is all that a pod needs, and a pod writes to its temporary folder.

The image itself is built by the CI of the user. Here its files are laid out as the COPY lines say, and a pod
can import no package that is not pinned for it.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import packages_distributions
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import ClassVar

import httpx
import pytest

from tests.components.recorded import record
from tests.components.stack_config import ROOT
from tests.functions.ai_budget.support import SONNET, until

DOCKERFILE = (ROOT / "Dockerfile").read_text()
PINNED = ROOT / "functions" / "ai_budget" / "serve" / "requirements.txt"
CALLER = "reporting.a-token"
ONLY_PINNED = """
import sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Finder())
"""
CHECK = {"tenant_id": "acme", "model": SONNET, "estimated_prompt_tokens": 1000, "max_completion_tokens": 500}
TRACK = {"tenant_id": "acme", "model": SONNET, "prompt_tokens": 1000, "completion_tokens": 500}


def lay_out(image: Path) -> None:
    """Copies what the last stage copies from the checkout."""
    stage = DOCKERFILE.rpartition("\nFROM ")[2]
    for source, target in re.findall(r"^COPY (?!--from)(\S+) (\S+)$", stage, re.M):
        place = image / target
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, place)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    lay_out(tmp_path / "app")
    return tmp_path / "app"


def files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


class Aws(BaseHTTPRequestHandler):
    """Secrets Manager and SQS, as far as a pod calls them."""

    queued: ClassVar[list[dict]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        if operation == "SendMessage":
            self.queued.append(json.loads(body["MessageBody"]))
            digest = md5(body["MessageBody"].encode()).hexdigest()
            answer = {"MessageId": "1", "MD5OfMessageBody": digest}
        else:
            assert operation == "GetSecretValue"
            token = "of-the-administrator" if "admin" in body["SecretId"] else CALLER
            answer = {"SecretString": token, "Name": body["SecretId"]}
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def aws() -> Iterator[str]:
    Aws.queued.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Aws)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def versions(path: Path) -> dict[str, str]:
    """The pinned versions of a requirements file."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text(), re.M))


def only_pinned(folder: Path) -> Path:
    """A folder for PYTHONPATH that hides the installed packages that the image does not have."""
    pinned = versions(PINNED).keys()
    missing = {
        name
        for name, distributions in packages_distributions().items()
        if not pinned & {re.sub(r"[-_.]+", "-", distribution).lower() for distribution in distributions}
    }
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(ONLY_PINNED.format(missing=missing - {"functions"}))
    return folder


def environment(endpoint: str, temporary: Path) -> dict[str, str]:
    """The pod's variables in the stack prod, with a database that does not answer and another AWS."""
    deployment = record("prod", "kubernetes").one("kubernetes:apps/v1:Deployment").inputs
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {
        **{variable["name"]: variable.get("value", "") for variable in container["env"]},
        "AI_BUDGET_DATABASE_HOST": "127.0.0.1",
        "AI_BUDGET_DATABASE_PORT": "1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "HOME": "/nonexistent",
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(only_pinned(temporary.parent / "site")),
        "TMPDIR": str(temporary),
    }


def entrypoint() -> list[str]:
    """What the image runs, with this Python."""
    (text,) = re.findall(r"^ENTRYPOINT (\[.*\])$", DOCKERFILE, re.M)
    return [sys.executable, *json.loads(text)[1:]]


@pytest.fixture
def pod(image: Path, aws: str, tmp_path: Path) -> Iterator[SimpleNamespace]:
    temporary, port = tmp_path / "tmp", free_port()
    temporary.mkdir()
    process = subprocess.Popen(
        [*entrypoint(), "--aws", "--port", str(port)],
        cwd=image,
        env=environment(aws, temporary),
        stderr=subprocess.PIPE,
        text=True,
    )
    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)

    def answers() -> bool:
        try:
            return http.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    until(answers, seconds=60)
    yield SimpleNamespace(http=http, process=process)
    http.close()
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_pod_whose_database_is_away_is_alive_refuses_checks_and_queues_tracked_calls(
    pod: SimpleNamespace, image: Path
) -> None:
    before = files(image)
    token = {"Authorization": f"Bearer {CALLER}"}
    assert pod.http.get("/readyz").status_code == 503
    assert pod.http.get("/healthz").status_code == 200
    assert pod.http.post("/api/ai-budget/check", json=CHECK, headers=token).status_code == 503
    assert pod.http.post("/api/ai-budget/check", json=CHECK).status_code == 401
    answer = pod.http.post("/api/ai-budget/track", json=TRACK, headers=token)
    assert (answer.status_code, answer.json()["queued"]) == (202, True)
    assert [call["tenant_id"] for call in Aws.queued] == ["acme"]
    refused = pod.http.post("/api/ai-budget/set", json={}, headers={"X-Forwarded-Proto": "https"})
    assert (refused.status_code, refused.json()["error"]) == (403, "https_required")
    assert files(image) == before


def test_a_pod_without_its_variables_says_which_in_one_line(image: Path, tmp_path: Path) -> None:
    variables = environment("http://127.0.0.1:1", tmp_path / "tmp")
    del variables["AI_BUDGET_TRACK_QUEUE_URL"]
    done = subprocess.run(
        [*entrypoint(), "--aws", "--port", "0"], cwd=image, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("ai-budget: AI_BUDGET_TRACK_QUEUE_URL: not set")


def test_the_base_image_is_pinned_by_digest_and_the_user_is_not_root() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    assert bases
    assert all(re.fullmatch(r"python:3\.13\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", base) for base in bases)
    assert len(set(bases)) == 1
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.M)
    assert int(user) > 0


def test_the_image_and_the_lambda_have_the_same_versions() -> None:
    function, image = versions(ROOT / "functions" / "ai_budget" / "requirements.txt"), versions(PINNED)
    assert {name: image[name] for name in function} == function


def test_a_package_that_is_not_pinned_cannot_be_imported_in_the_tests_of_a_pod(tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": str(only_pinned(tmp_path / "site"))}
    for name, code in (("granian", 0), ("psutil", 1), ("pulumi", 1)):
        done = subprocess.run([sys.executable, "-c", f"import {name}"], env=variables, capture_output=True)
        assert done.returncode == code, name
