"""What is kept of the findings, as a JSON file: for use without a database."""

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from functions.advisor.errors import AdvisorError
from functions.advisor.findings import Record

NAME = "recommendation-status.json"
_RECORDS = TypeAdapter(list[Record])


class StatusFile:
    """The records in `NAME` of a directory."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME

    def records(self) -> list[Record]:
        """All records. Raises AdvisorError if the file is not one of this program."""
        if not self._path.exists():
            return []
        try:
            return _RECORDS.validate_json(self._path.read_bytes())
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise AdvisorError(f"{self._path}: {first['msg']}; correct it or delete it") from None

    def save(self, records: Iterable[Record]) -> None:
        """Adds the records, or puts them in place of those of the same rule and resource."""
        merged = {record.key: record for record in [*self.records(), *records]}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        temporary.write_bytes(_RECORDS.dump_json([merged[key] for key in sorted(merged)], indent=2))
        os.replace(temporary, self._path)
