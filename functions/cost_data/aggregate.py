"""The SQL that sums up bills, built once for DuckDB and Athena, and its run on DuckDB over local files.

Money stays decimal text or DECIMAL(38, 28) all the way: no value passes through a float.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from sqlglot import exp, parse_one

from functions.cost_data.formats import Format, columns_query, recognize
from functions.cost_data.records import CostDataError, CostRow

SQL = Path(__file__).parent / "sql"
BATCH = 10_000
_STORED = len(CostRow._fields)
# What a row has after the stored columns.
_CURRENCY, _WITHOUT_AMOUNT, _ROUNDED = range(_STORED, _STORED + 3)
_PARQUET, _GZIP = b"PAR1", b"\x1f\x8b"


@cache
def _statement(file: str) -> exp.Select:
    return parse_one((SQL / file).read_text(encoding="utf-8"), read="duckdb", into=exp.Select)


def aggregate_query(sources: Sequence[tuple[Format, exp.Select]], dialect: str) -> str:
    """The aggregation over sources, each a SELECT of `columns_query`, as SQL of `duckdb` or `athena`."""
    charges = [_with_table(bill.statement, "columns", columns) for bill, columns in sources]
    union = exp.union(*charges, distinct=False) if len(charges) > 1 else charges[0]
    return _with_table("aggregate.sql", "charges", union).sql(dialect=dialect, comments=False)


def _with_table(file: str, name: str, query: exp.Query) -> exp.Query:
    """The statement of a file, which reads from the table `name`, reading from a query."""
    statement = _statement(file).copy()
    for table in statement.find_all(exp.Table):
        if table.name == name:
            table.replace(query.subquery(name))
            return statement
    raise LookupError(f"{file} reads no table {name}")


@dataclass
class Checked:
    """Rows of the aggregation, checked while they are read; `rounded` is complete after the last one."""

    rows: Iterable[Sequence[object]]
    name: str
    may_be_empty: bool = False
    rounded: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[CostRow]:
        """Raises CostDataError at a row that cannot be stored as it is."""
        empty = not self.may_be_empty
        for row in self.rows:
            empty = False
            stored = CostRow(*row[:_STORED])  # type: ignore[arg-type]
            if row[_CURRENCY] != "USD":
                raise CostDataError(
                    f"{self.name}: amounts in {row[_CURRENCY] or 'an unnamed currency'}; only USD can be "
                    "stored: have the bill exported in USD"
                )
            if int(str(row[_WITHOUT_AMOUNT])):
                raise CostDataError(
                    f"{self.name}: {row[_WITHOUT_AMOUNT]} charges of {stored.service} on {stored.day} have "
                    "no billed or effective amount; export the bill again with all cost columns"
                )
            for column in ("day", "billing_period", "provider", "billing_account", "service"):
                if getattr(stored, column) is None:
                    raise CostDataError(f"{self.name}: {stored.charges} charges without a {column}")
            self.rounded += int(str(row[_ROUNDED]))
            yield stored
        if empty:
            raise CostDataError(f"{self.name}: no charges, only column names")


@contextmanager
def aggregated_files(
    paths: Sequence[Path], memory_limit: str, may_be_empty: bool = False
) -> Iterator[Checked]:
    """The costs of local files, which together are one delivery: CSV, gzipped CSV or Parquet.

    Memory: DuckDB keeps to `memory_limit` and puts the rest into a temporary directory. Raises CostDataError.
    """
    name = ", ".join(path.name for path in paths)
    with TemporaryDirectory(prefix="cost-data-") as directory:
        connection = duckdb.connect(
            f"{directory}/bill.duckdb",
            config={
                "memory_limit": memory_limit,
                "temp_directory": directory,
                "autoinstall_known_extensions": "false",
                "TimeZone": "UTC",
            },
        )
        try:
            query = aggregate_query([_file_source(connection, path) for path in paths], "duckdb")
            connection.execute(f"CREATE TABLE costs AS {query}")
            yield Checked(_batches(connection.execute("SELECT * FROM costs")), name, may_be_empty)
        except duckdb.Error as error:
            raise CostDataError(f"{name}: {str(error).splitlines()[0]}") from None
        finally:
            connection.close()


def fingerprint_of_files(paths: Sequence[Path]) -> str:
    """A digest of the content of files, whatever their order."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def distinct_files(paths: Sequence[Path]) -> list[Path]:
    """The files without those whose content has already been named: it would be counted twice."""
    return list({fingerprint_of_files([path]): path for path in reversed(paths)}.values())[::-1]


def _file_source(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[Format, exp.Select]:
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise CostDataError(f"{path.name}: the file is empty")
    literal = exp.Literal.string(str(path)).sql(dialect="duckdb")
    if start == _PARQUET:
        reader = f"read_parquet({literal})"
    else:
        compression = "gzip" if start.startswith(_GZIP) else "none"
        reader = (
            f"read_csv({literal}, all_varchar = true, header = true, delim = ',', quote = '\"', "
            f"escape = '\"', nullstr = ['', 'NULL'], compression = '{compression}')"
        )
    try:
        description = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise CostDataError(f"{path.name}: neither CSV nor Parquet ({reason})") from None
    columns = {str(column): str(kind) for column, kind, *_ in description}
    bill = recognize(columns, path.name)
    source = parse_one(f"SELECT * FROM {reader}", read="duckdb").find(exp.From)
    assert source is not None
    return bill, columns_query(bill, columns, source.this)


def _batches(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while rows := result.fetchmany(BATCH):
        yield from rows
