"""`python -m functions.ai_budget.tools.build`: the Lambda's zip (Python 3.13, arm64), always the same bytes.

The pinned wheels are fetched once into build/lambda/wheels and checked against their hashes; the rest is
from the checkout. Prints the path and the SHA-256 of the zip.
"""

import argparse
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGE = Path(__file__).parents[1]
TARGET = ROOT / "build" / "lambda"
PYTHON = "3.13"
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
SOURCES = ("*.py", "aws/*.py", "sql/**/*.sql", "certificates/*.pem")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def _wheels() -> list[Path]:
    requirements = PACKAGE / "requirements.txt"
    cached = TARGET / "wheels" / hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    if not (cached / ".complete").exists():
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--python-version", PYTHON, "--implementation", "cp", "--only-binary=:all:", "--require-hashes",
            *(f"--platform={platform}" for platform in PLATFORMS), "-r", str(requirements), "-d", str(cached),
        ]  # fmt: skip
        subprocess.run(command, check=True)
        (cached / ".complete").touch()
    return sorted(cached.glob("*.whl"))


def _contents() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for wheel in _wheels():
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                if not info.is_dir() and not info.filename.endswith(".pyi"):
                    files[info.filename] = archive.read(info)
    files["functions/__init__.py"] = (ROOT / "functions" / "__init__.py").read_bytes()
    for path in (path for pattern in SOURCES for path in PACKAGE.glob(pattern)):
        files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    return files


def build(target: Path = TARGET / "ai_budget.zip") -> Path:
    """Writes the zip. Raises subprocess.CalledProcessError if a wheel is unavailable or has another hash."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in sorted(_contents().items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data, compresslevel=9)
    return target


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m functions.ai_budget.tools.build", description=__doc__
    ).parse_args()
    try:
        target = build()
    except subprocess.CalledProcessError as error:
        sys.exit(f"build: pip could not fetch the pinned wheels (exit {error.returncode}); see above")
    print(target.relative_to(ROOT), hashlib.sha256(target.read_bytes()).hexdigest())
