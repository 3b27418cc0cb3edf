"""What is kept of the findings, as a JSON file: for use without a database."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from functions.advisor.errors import AdvisorError
from functions.advisor.findings import Record

NAME = "recommendation-status.json"
_RECORDS = TypeAdapter(list[Record])


def parsed(content: bytes, place: str) -> list[Record]:
    """The records of a file. Raises AdvisorError if it is not one of this program."""
    try:
        return _RECORDS.validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise AdvisorError(f"{place}: {first['msg']}; correct it or delete it") from None


def merged(old: Iterable[Record], new: Iterable[Record]) -> bytes:
    """The content of a file with the records, new ones in place of those of the same rule and resource."""
    by_key = {record.key: record for record in [*old, *new]}
    return _RECORDS.dump_json([by_key[key] for key in sorted(by_key)], indent=2)


class StatusFile:
    """The records in `NAME` of a directory."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME

    def records(self) -> list[Record]:
        """All records. Raises AdvisorError if the file is not one of this program."""
        return parsed(self._path.read_bytes(), str(self._path)) if self._path.exists() else []

    def save(self, records: Iterable[Record]) -> None:
        """Adds the records, or puts them in place of those of the same rule and resource."""
        content = merged(self.records(), records)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        temporary.write_bytes(content)
        os.replace(temporary, self._path)


class StatusObject:
    """The records as an object of the report bucket: for the Lambda function without a database."""

    def __init__(self, read: Callable[[], bytes | None], write: Callable[[bytes], None], place: str) -> None:
        self._read, self._write, self._place = read, write, place

    def records(self) -> list[Record]:
        """All records. Raises AdvisorError if the object is not one of this program."""
        content = self._read()
        return parsed(content, self._place) if content else []

    def save(self, records: Iterable[Record]) -> None:
        """Adds the records, or puts them in place of those of the same rule and resource."""
        self._write(merged(self.records(), records))
