"""Stands in for `pulumi`, `aws`, `gh`, `make` and `apt-get` in a workflow: records its call and answers it.

`make build` runs for real if $BUILD says so. A command that $FAILING names, such as `make test`, fails.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
WORKSPACE = Path(os.environ["GITHUB_WORKSPACE"])
ARTIFACTS = Path(os.environ["ARTIFACTS"])
BUILD = WORKSPACE / "build/lambda"
ZIPS = ("advisor.zip", "ai_budget.zip", "cost_data.zip", "reports.zip")


def answer(command: list[str]) -> int:
    match command:
        case ["make", "setup"]:
            if not (WORKSPACE / ".venv").exists():
                (WORKSPACE / ".venv").symlink_to(ROOT / ".venv")
                os.utime(WORKSPACE / "requirements.txt", (0, 0))  # so that make does not install it again
        case ["make", ".venv/.ready"]:
            python = WORKSPACE / ".venv/bin/python"
            python.parent.mkdir(parents=True)
            # `verify` of staging ends with an error, the others find a difference.
            python.write_text('#!/bin/sh\ncase "$*" in *"stack staging"*) exit 2;; esac\necho "$*"\nexit 1\n')
            python.chmod(0o755)
        case ["make", "build"] if os.environ["BUILD"] == "real":
            answer(["make", "setup"])
            downloaded = ROOT / "build/lambda/wheels"
            if downloaded.exists():
                shutil.copytree(downloaded, BUILD / "wheels", dirs_exist_ok=True)
            return subprocess.run([os.environ["REAL_MAKE"], "build"], check=False).returncode
        case ["make", "build"]:
            BUILD.mkdir(parents=True, exist_ok=True)
            for name in ZIPS:
                (BUILD / name).write_bytes(b"the build")
        case ["make", "review", *_]:
            (WORKSPACE / "build/review").mkdir(parents=True)
            (WORKSPACE / "build/review/review.md").write_text("# The review\n")
            (WORKSPACE / "build/review/policy.sarif").write_text("{}")
        case ["pulumi", "config", "get", "--path", key, "--stack", stack]:
            name, field = key.split(".")
            print(yaml.safe_load((WORKSPACE / f"Pulumi.{stack}.yaml").read_text())["config"][name][field])
        case ["pulumi", "preview", "--json", *_]:
            print((ROOT / "tests/teei_finops/costing/samples/create.json").read_text())
        case ["pulumi", "preview", *_]:
            print(f"~ the difference of {os.environ['STACK']}")
        case ["gh", "run", "download", _, "--repo", _, "--name", name, "--dir", directory]:
            shutil.copytree(ARTIFACTS / name, directory)
        case ["gh", "api", path, "--jq", ".head.sha"] if "/pulls/" in path:
            print(os.environ["HEAD_SHA"])
    return 0


def main() -> int:
    command = sys.argv[1:]
    call = {
        "job": os.environ["GITHUB_JOB"],
        "command": " ".join(command),
        "role": os.environ.get("ROLE"),
        "zips": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in BUILD.glob("*.zip")},
        "kubeconfig": os.environ.get("KUBECONFIG"),
    }
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(json.dumps(call) + "\n")
    code = answer(command)
    failing = os.environ.get("FAILING")
    return 1 if failing and call["command"].startswith(failing) else code


if __name__ == "__main__":
    sys.exit(main())
