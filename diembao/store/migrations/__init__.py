"""Schema versions, forward only. `HEAD` is the version this program was written for."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

HEAD = "0002"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a version, one transaction for all steps. Alembic is loaded only here."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
