"""The environment variables of the user that the engine, a program and its policy pack can read."""

import os
import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from teei_finops import policy_report

_ALLOWED = frozenset({
    "PATH", "LD_LIBRARY_PATH", "TMPDIR", "USER", "LOGNAME", "SHELL",
    "LANG", "LANGUAGE", "TZ", "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "CI",
    "PYTHONPATH", "PYTHONHOME", "PYTHONUTF8", "PYTHONWARNINGS", "VIRTUAL_ENV", "NODE_PATH",
    "GOPATH", "GOFLAGS",
    "AWS_REGION", "AWS_DEFAULT_REGION", "PULUMI_STACK", policy_report.VARIABLE,
})  # fmt: skip
_ALLOWED_PREFIX = "LC_"
# Its value names further variables to show, separated by commas.
MORE_VISIBLE = "TEEI_FINOPS_SANDBOX_ENV"
# Variables that may hold credentials, or lead to an agent or an account that has some.
_CREDENTIAL_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE|APIKEY|_PWD$|(^|(?<!PUBLIC)_)(KEY|PAT|AUTH|COOKIE|DSN)(_|$)"
    r"|SOCK$|^(AWS|AZURE|ARM|GOOGLE|GCP|GCLOUD|CLOUDSDK|KUBE|DOCKER|SSH|GPG|XDG|VAULT|PULUMI|GITHUB|GITLAB"
    r"|ACTIONS|RUNNER|CI|NPM|PIP|UV|POETRY|CLOUDFLARE|DATADOG|DD|SNOWFLAKE|DATABRICKS|TF|OP)_"
    r"|^(KUBECONFIG|NETRC|HOME)$",
    re.IGNORECASE,
)
# A user name with a password in a URL.
_CREDENTIAL_VALUE = re.compile(r"://[^/@\s]*:[^/@\s]+@")
_PROGRAM_FILES = frozenset({".py", ".ts", ".js", ".go", ".java", ".cs", ".yaml", ".yml"})
_OTHER_DIRECTORIES = frozenset({"node_modules", "venv", "build", "tests", "__pycache__"})


def visible_variables(user: Mapping[str, str], project: Path) -> dict[str, str]:
    """Those of the allow list, those that the user names, and those that the files of a project name.

    The last are left out where their name or value may hold credentials.
    """
    more = {name.strip() for name in user.get(MORE_VISIBLE, "").split(",")}
    allowed = {name for name in user if name in _ALLOWED | more or name.startswith(_ALLOWED_PREFIX)}
    others = {
        name
        for name, value in user.items()
        if name not in allowed | {MORE_VISIBLE}
        and not _CREDENTIAL_NAME.search(name)
        and not _CREDENTIAL_VALUE.search(value)
    }
    allowed |= _named_in(project, others)
    return {name: value for name, value in user.items() if name in allowed}


def _named_in(project: Path, names: Set[str]) -> set[str]:
    """Those of the names that stand as a word in a file of the program."""
    named: set[str] = set()
    for file in _program_files(project):
        text = file.read_text(errors="replace")
        named |= {
            name for name in names - named if name in text and re.search(rf"\b{re.escape(name)}\b", text)
        }
    return named


def _program_files(project: Path) -> Iterator[Path]:
    for directory, directories, files in os.walk(project):
        directories[:] = [name for name in directories if name[0] != "." and name not in _OTHER_DIRECTORIES]
        for name in files:
            if Path(name).suffix in _PROGRAM_FILES:
                yield Path(directory, name)
