"""Stands in for `aws`, `kubectl` and `gh` on docs/deploy.md: checks a command and records it.

The AWS CLI's commands are checked against botocore's models; what needs no template or cluster is sent to the
fake account of the stack.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import botocore.session
import kubernetes_validate
import yaml
from botocore import xform_name

from tests.integration.deploy import cloudformation

ROOT = Path(__file__).parents[3]
PROJECT = Path(os.environ["PROJECT"])


def aws(service: str, operation: str, *words: str) -> None:
    options = dict(zip(words[::2], words[1::2], strict=False))
    match service, operation:
        case "cloudformation", "deploy":
            parser = argparse.ArgumentParser()
            for flag in ("region", "stack-name", "template-file", "capabilities"):
                parser.add_argument(f"--{flag}", required=True)
            parser.add_argument("--parameter-overrides", nargs="+")
            arguments = parser.parse_args(words)
            parameters = dict(pair.split("=", 1) for pair in arguments.parameter_overrides)
            cloudformation.resources(PROJECT / arguments.template_file, parameters)
            print("\nWaiting for changeset to be created..\nWaiting for stack create/update to complete")
            print(f"Successfully created/updated stack - {arguments.stack_name}")
        case "eks", "update-kubeconfig":
            assert options.keys() == {"--region", "--name", "--alias"}
        case _:
            check_with_botocore(service, operation, words)
    if service == "secretsmanager":
        name = next(
            name for name in ("prod-eu", "prod", "staging") if prefix_of(name) in options["--secret-id"]
        )
        sandbox = [
            sys.executable,
            "-m",
            "teei_finops",
            "sandbox",
            "-C",
            PROJECT,
            "--state",
            PROJECT / "build",
        ]
        sandbox += ["aws", "--stack", name]
        del options["--region"]
        sent = [word for option in options.items() for word in option]
        subprocess.run([*sandbox, service, operation, *sent], cwd=ROOT, check=True)


def prefix_of(stack: str) -> str:
    settings = yaml.safe_load((PROJECT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return settings["teei-finops:database"]["identifier"].removesuffix("-ai-budget")


def check_with_botocore(service: str, operation: str, words: tuple[str, ...]) -> None:
    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    flags = {f"--{xform_name(member, '-')}": member for member in shape.members}
    given = {flags[word] for word in words[::2] if word != "--region"}
    assert given.issuperset(shape.required_members), f"{operation} needs {shape.required_members}"


def kubectl(*words: str) -> None:
    flag, _, apply, file_flag, file = words
    assert (flag, apply, file_flag) == ("--context", "apply", "-f")
    for document in yaml.safe_load_all((PROJECT / file).read_text()):
        kubernetes_validate.validate(document, "1.34", strict=True)


def gh(*words: str) -> None:
    match words:
        case ["variable", "set", name, "--repo", "teei/finops", *rest, "--body", _]:
            assert re.fullmatch(r"[A-Z_]+", name)
            assert rest == [] or rest[0] == "--env"
        case ["api", "--method", "PUT", path, "--input", "-"]:
            assert path.startswith("repos/teei/finops/environments/")
            rules = json.loads(os.environ["INPUT"])
            assert rules.keys() <= {
                "reviewers",
                "prevent_self_review",
                "deployment_branch_policy",
                "wait_timer",
            }
        case _:
            raise AssertionError(f"gh {words}: unknown")


if __name__ == "__main__":
    name, *words = sys.argv[1:]
    os.environ["INPUT"] = "" if sys.stdin.isatty() else sys.stdin.read()
    {"aws": aws, "kubectl": kubectl, "gh": gh}[name](*words)
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(json.dumps({"command": [name, *words], "input": os.environ["INPUT"]}) + "\n")
