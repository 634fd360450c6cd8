"""Schema versions, forward only. `HEAD` is the version this program was written for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

HEAD = "0017"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a version, one transaction for all steps. Alembic is loaded only here.

    Raises:
        RuntimeError: the steps left a row that refers to nothing; nothing is kept.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.connect() as connection, _references_unwatched(connection), connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise RuntimeError(f"after the migration a row of {broken[0]} refers to nothing in {broken[2]}")


@contextmanager
def _references_unwatched(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew, for which references to the old one must be let be.

    It heeds this only outside a transaction, so it is said to the driver's connection before one begins.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
