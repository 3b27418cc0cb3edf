"""The files of an archive property, such as the code of a Lambda function."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def zip_of(archive: Mapping[str, Any]) -> bytes:
    """The zip file of an archive (`assets`, `text` or `path`) as the engine describes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in sorted(_files(archive, "")):
            target.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _files(asset: Mapping[str, Any], name: str) -> Iterator[tuple[str, bytes]]:
    """(name, content) of each file."""
    if asset.get("assets"):
        for child, value in asset["assets"].items():
            yield from _files(value, f"{name}/{child}" if name else child)
    elif asset.get("text") is not None:
        yield name or "file", asset["text"].encode()
    elif asset.get("path"):
        path = Path(asset["path"])
        if path.is_dir():
            for file in path.rglob("*"):
                if file.is_file() and "__pycache__" not in file.parts:
                    yield "/".join(filter(None, [name, file.relative_to(path).as_posix()])), file.read_bytes()
        elif path.suffix in (".zip", ".jar") and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield "/".join(filter(None, [name, member])), archive.read(member)
        elif path.is_file():
            yield name or path.name, path.read_bytes()
