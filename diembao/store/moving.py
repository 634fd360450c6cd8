"""Everything of one database copied into another, whatever kind each is: from SQLite to PostgreSQL, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, func, insert, inspect, select, text, update
from sqlalchemy.exc import DataError

from diembao.errors import StoreUnavailable, WrongUse
from diembao.store.database import Store
from diembao.store.migrations import HEAD
from diembao.store.models import Base

_BATCH = 500

Progress = Callable[[int], None]


def move(source: Store, target: Store, progress: Progress = lambda _rows: None) -> dict[str, int]:
    """Copy every row, as the source is at one moment, into an empty database; how many each table has now.

    Nothing is kept in the target when it fails on the way. Numbers go on where the source stands, so that one of an
    article that is gone does not come back.

    Raises:
        WrongUse: both are the same, the source is empty or of another schema version, or the target holds rows.
        StoreUnavailable: one of them cannot be reached, or the target refuses what is in the source.
    """
    _refuse(source)
    target.ready()
    with _one_moment(source) as reading, target.write() as session:
        writing = session.connection()
        held = [table.name for table in _tables() if writing.execute(select(table).limit(1)).first() is not None]
        if held:
            raise WrongUse(f"database {target.shown_url} is not empty: there are rows in {', '.join(held)}")
        copied: dict[str, int] = {}
        for table in _tables():
            copied[table.name] = _copy(reading, writing, table, partial(_further, progress, sum(copied.values())))
        _go_on_counting(writing, _counters(reading))
    return copied


def _further(progress: Progress, before: int, rows: int) -> None:
    progress(before + rows)


def _refuse(source: Store) -> None:
    path = source.engine.url.database
    if source.dialect == "sqlite" and not (path and Path(path).exists()):  # else SQLite would make it
        raise WrongUse(f"there is no database {path}")
    version = source.schema_version()
    if version is None:
        raise WrongUse(f"there is nothing in database {source.shown_url}")
    if version != HEAD:
        raise WrongUse(f"database {source.shown_url} has schema {version}, this program needs {HEAD}: migrate it first")


@contextmanager
def _one_moment(store: Store) -> Iterator[Connection]:
    with store.connection() as connection:
        if store.dialect == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        yield connection


def _tables() -> Sequence[Table]:
    """Those that others refer to first."""
    return Base.metadata.sorted_tables


def _copy(reading: Connection, writing: Connection, table: Table, progress: Progress) -> int:
    """The rows of one table; what refers to rows of the same table is filled in when all of them are there."""
    key = list(table.primary_key)
    own = [column for column in table.columns if any(one.column.table is table for one in column.foreign_keys)]
    rows = 0
    found = reading.execute(select(table).order_by(*key).execution_options(yield_per=_BATCH))
    for part in found.mappings().partitions():
        _write(writing, table, [{**row, **{column.name: None for column in own}} for row in part])
        rows += len(part)
        progress(rows)
    for column in own:
        _refer(reading, writing, table, column)
    if rows != writing.execute(select(func.count()).select_from(table)).scalar_one():
        raise StoreUnavailable(f"not all rows of {table.name} arrived")
    return rows


def _write(writing: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    try:
        writing.execute(insert(table), rows)
    except DataError as error:
        raise StoreUnavailable(f"a row of {table.name} is not taken: {str(error.orig).splitlines()[0]}") from error


def _refer(reading: Connection, writing: Connection, table: Table, column: Column[Any]) -> None:
    (key,) = table.primary_key
    change = update(table).where(key == bindparam("of")).values({column.name: bindparam("to")})
    found = reading.execute(select(key.label("of"), column.label("to")).where(column.is_not(None)))
    for part in found.mappings().partitions(_BATCH):
        writing.execute(change, [dict(row) for row in part])


def _counters(connection: Connection) -> dict[str, int]:
    """The highest number that each table that counts its rows has ever given."""
    if connection.dialect.name == "sqlite":
        counted = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
        return {name: number for name, number in counted if name in Base.metadata.tables}
    found: dict[str, int] = {}
    for name, sequence in _sequences(connection):
        number = connection.execute(text(f"SELECT last_value FROM {sequence} WHERE is_called")).scalar()  # noqa: S608
        if number is not None:
            found[name] = number
    return found


def _go_on_counting(connection: Connection, numbers: Mapping[str, int]) -> None:
    """Let the next row of each table have a number that was never given."""
    if connection.dialect.name == "sqlite":
        for name, number in numbers.items():
            told = {"name": name, "number": number}
            known = connection.execute(
                text("UPDATE sqlite_sequence SET seq = max(seq, :number) WHERE name = :name"), told
            )
            if not known.rowcount and _counts_rows(connection, name):
                connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), told)
        return
    for name, sequence in _sequences(connection):
        (key,) = Base.metadata.tables[name].primary_key
        highest = max(numbers.get(name, 0), connection.execute(select(func.max(key))).scalar() or 0)
        if highest:
            connection.execute(text("SELECT setval(:sequence, :number)"), {"sequence": sequence, "number": highest})


def _counts_rows(connection: Connection, name: str) -> bool:
    made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}).scalar()
    return "AUTOINCREMENT" in str(made)


def _sequences(connection: Connection) -> Iterator[tuple[str, str]]:
    """PostgreSQL: tables that count their rows, and what they count with."""
    known = set(inspect(connection).get_table_names())
    for table in _tables():
        for key in table.primary_key if table.name in known else ():
            asked = {"table": table.name, "key": key.name}
            sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, :key)"), asked).scalar()
            if sequence is not None:
                yield table.name, sequence
