"""`python -m functions.tools.build`: the Lambda functions' zips (Python 3.13, arm64), always the same bytes.

The pinned wheels of a package are fetched once into build/lambda/wheels and checked against their hashes; the
rest is from the checkout. Prints the path and the SHA-256 of each zip.
"""

import argparse
import hashlib
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "functions" / "packages.toml"
TARGET = ROOT / "build" / "lambda"
PYTHON = "3.13"
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
# Unzipped, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, 2026-11.
MAX_BYTES = 250 * 1024**2
_EPOCH = (1980, 1, 1, 0, 0, 0)


class TooLargeError(Exception):
    """Lambda does not accept the package; the text is one line."""


def packages() -> dict[str, list[str]]:
    """The globs of each package's files, by its name."""
    declared = tomllib.loads(PACKAGES.read_text(encoding="utf-8"))
    return {name: package["sources"] for name, package in declared.items()}


def _wheels(name: str) -> list[Path]:
    requirements = ROOT / "functions" / name / "requirements.txt"
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


def _contents(name: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for wheel in _wheels(name):
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                if not info.is_dir() and not info.filename.endswith(".pyi"):
                    files[info.filename] = archive.read(info)
    for path in (path for pattern in packages()[name] for path in ROOT.glob(pattern)):
        files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    size = sum(map(len, files.values()))
    if size > MAX_BYTES:
        raise TooLargeError(
            f"{name}: {size / 1024**2:.0f} MB unzipped, more than the 250 MB that Lambda allows"
        )
    return files


def build(name: str, directory: Path = TARGET) -> Path:
    """Writes the zip of a package.

    Raises subprocess.CalledProcessError if a wheel is unavailable or has another hash; TooLargeError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"{name}.zip"
    contents = _contents(name)
    with zipfile.ZipFile(target, "w") as archive:
        for path, data in sorted(contents.items()):
            info = zipfile.ZipInfo(path, _EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return target


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m functions.tools.build", description=__doc__).parse_args()
    try:
        targets = [build(name) for name in packages()]
    except subprocess.CalledProcessError as error:
        sys.exit(f"build: pip could not fetch the pinned wheels (exit {error.returncode}); see above")
    except TooLargeError as error:
        sys.exit(f"build: {error}")
    for target in targets:
        print(target.relative_to(ROOT), hashlib.sha256(target.read_bytes()).hexdigest())
