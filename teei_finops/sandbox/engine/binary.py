"""The Pulumi engine: `pulumi` from the PATH, or one that is built once from the pinned Go module."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from teei_finops.sandbox.errors import SandboxError

_MODULE = Path(__file__).resolve().parent
_COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


def find_engine() -> Path:
    """The path of the `pulumi` executable, which is built when there is none.

    Raises SandboxError when neither pulumi nor Go is installed, or when the build fails.
    """
    on_path = shutil.which("pulumi")
    return Path(on_path) if on_path else _built_engine(_build_directory())


def _build_directory() -> Path:
    """`.tools` of the repository; for an installed package, the user's cache directory."""
    root = _MODULE.parents[2]
    if (root / "pyproject.toml").is_file():
        return root / ".tools"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "teei-finops"


def _built_engine(directory: Path) -> Path:
    engine, stamp = directory / "pulumi", directory / "pulumi.stamp"
    digest = _module_digest()
    if _is_current(engine, stamp, digest):
        return engine
    go = shutil.which("go")
    if go is None:
        raise SandboxError(
            "no Pulumi engine: install pulumi (https://www.pulumi.com/docs/install/) or "
            "Go 1.25 or later, with which the sandbox builds the engine"
        )
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "pulumi.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current(engine, stamp, digest):  # another process may have built it meanwhile
            _build(Path(go), engine)
            stamp.write_text(digest)
    return engine


def _is_current(engine: Path, stamp: Path, digest: str) -> bool:
    return os.access(engine, os.X_OK) and stamp.exists() and stamp.read_text() == digest


def _module_digest() -> str:
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum", "tools.go"):
        digest.update((_MODULE / name).read_bytes())
    return digest.hexdigest()


def _pinned_version() -> str:
    for line in (_MODULE / "go.mod").read_text().splitlines():
        words = line.removeprefix("require ").split()
        if words[:1] == ["github.com/pulumi/pulumi/pkg/v3"]:
            return words[1]
    raise SandboxError(f"{_MODULE / 'go.mod'}: no version of github.com/pulumi/pulumi/pkg/v3")


def _build(go: Path, engine: Path) -> None:
    """Build in a temporary directory and rename, so that no other process runs an incomplete file."""
    version = _pinned_version()
    _print_progress(f"building Pulumi {version} with Go (once, about three minutes)")
    with tempfile.TemporaryDirectory(dir=engine.parent, prefix="building-") as scratch:
        executable = Path(scratch) / "pulumi"
        command = [go, "build", "-trimpath", "-ldflags", f"-s -w -X {_VERSION_VARIABLE}={version}"]
        started = time.monotonic()
        with (Path(scratch) / "log").open("w+") as log:
            process = subprocess.Popen(
                [*command, "-o", executable, _COMMAND],
                cwd=_MODULE,
                env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            _wait_with_progress(process, started)
            if process.returncode != 0:
                log.seek(0)
                last_lines = "\n".join(log.read().strip().splitlines()[-5:])
                raise SandboxError(
                    f"`go build` of the Pulumi engine in {_MODULE} failed; fix the error below, "
                    f"or install pulumi (https://www.pulumi.com/docs/install/):\n{last_lines}"
                )
        executable.replace(engine)
    _print_progress(f"{engine} is ready ({time.monotonic() - started:.0f} s)")


def _wait_with_progress(process: subprocess.Popen[bytes], started: float) -> None:
    try:
        while True:
            try:
                process.wait(timeout=20)
                return
            except subprocess.TimeoutExpired:
                _print_progress(f"still building ({time.monotonic() - started:.0f} s)")
    except BaseException:
        process.kill()
        process.wait()
        raise


def _print_progress(text: str) -> None:
    print(f"engine: {text}", file=sys.stderr, flush=True)
