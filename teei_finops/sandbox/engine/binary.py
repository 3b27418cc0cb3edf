"""The Pulumi engine: `pulumi` from the PATH, else built once from the pinned Go module."""

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

ROOT = Path(__file__).resolve().parents[3]
_MODULE = Path(__file__).resolve().parent
_TOOLS = ROOT / ".tools"
_COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


def find_engine() -> Path:
    """Path of a `pulumi` that runs; builds one where there is none.

    Raises SandboxError when there is neither pulumi nor Go, or when the build fails.
    """
    on_path = shutil.which("pulumi")
    return Path(on_path) if on_path else _built_engine()


def _built_engine() -> Path:
    binary, stamp = _TOOLS / "pulumi", _TOOLS / "pulumi.stamp"
    wanted = _module_digest()
    if _is_current(binary, stamp, wanted):
        return binary
    go = shutil.which("go")
    if go is None:
        raise SandboxError(
            "no Pulumi engine: install pulumi (https://www.pulumi.com/docs/install/), "
            "or Go 1.25 or newer so that it can be built from teei_finops/sandbox/engine/go.mod"
        )
    _TOOLS.mkdir(exist_ok=True)
    with (_TOOLS / "pulumi.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current(binary, stamp, wanted):  # another process may have built it while we waited
            _build(Path(go), binary)
            stamp.write_text(wanted)
    return binary


def _is_current(binary: Path, stamp: Path, wanted: str) -> bool:
    if not os.access(binary, os.X_OK):
        return False
    if stamp.exists():
        return stamp.read_text() == wanted
    newest_source = max(path.stat().st_mtime for path in _MODULE.glob("go.*"))
    return binary.stat().st_mtime >= newest_source


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
    raise SandboxError("teei_finops/sandbox/engine/go.mod does not pin github.com/pulumi/pulumi/pkg/v3")


def _build(go: Path, binary: Path) -> None:
    """Build beside the target and rename, so that nobody ever runs half a binary."""
    version = _pinned_version()
    print(
        f"engine: building Pulumi {version} with Go, once, about three minutes …", file=sys.stderr, flush=True
    )
    with tempfile.TemporaryDirectory(dir=binary.parent, prefix="building-") as scratch:
        built = Path(scratch) / "pulumi"
        command = [go, "build", "-trimpath", "-ldflags", f"-s -w -X {_VERSION_VARIABLE}={version}"]
        started = time.monotonic()
        with (Path(scratch) / "log").open("w+") as log:
            process = subprocess.Popen(
                [*command, "-o", built, _COMMAND],
                cwd=_MODULE,
                env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            _wait_with_progress(process, started)
            if process.returncode != 0:
                log.seek(0)
                tail = "\n".join(log.read().strip().splitlines()[-5:])
                raise SandboxError(
                    f"the Pulumi engine could not be built ({' '.join(map(str, command[:2]))}):\n{tail}"
                )
        built.replace(binary)
    print(f"engine: {binary} is ready ({time.monotonic() - started:.0f} s)", file=sys.stderr, flush=True)


def _wait_with_progress(process: subprocess.Popen[bytes], started: float) -> None:
    try:
        while True:
            try:
                process.wait(timeout=20)
                return
            except subprocess.TimeoutExpired:
                seconds = time.monotonic() - started
                print(f"engine: still building, {seconds:.0f} s", file=sys.stderr, flush=True)
    except BaseException:
        process.kill()
        process.wait()
        raise
