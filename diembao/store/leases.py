"""What a worker holds for a while, so that several on one database never do the same work at the same time.

A lease is a row with a holder and an end. A worker that lives renews its leases; those of a dead one run out, and
then anybody may take them: nothing depends on a connection, so a database that restarts takes no lease away. All
times are the database's own: the clocks of several machines differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from diembao.store.models import LeaseRow

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def clock(session: Session) -> datetime:
    """The time as the database has it."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now


def offer(session: Session, names: Sequence[str]) -> None:
    """Make sure that leases of these names can be taken."""
    rows = [{"name": name, "holder": "", "until": _LONG_AGO} for name in names]
    if rows:
        session.execute(_insert(session).values(rows).on_conflict_do_nothing(index_elements=["name"]))


def take(session: Session, names: Sequence[str], holder: str, seconds: float, most: int) -> list[str]:
    """At most so many of the free ones, longest free first; another worker's choice at this moment is passed over."""
    now = clock(session)
    free = (
        select(LeaseRow.name)
        .where(LeaseRow.name.in_(names), LeaseRow.until <= now)
        .order_by(LeaseRow.until, LeaseRow.name)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taken = list(session.scalars(free)) if names and most > 0 else []
    if taken:
        session.execute(
            update(LeaseRow)
            .where(LeaseRow.name.in_(taken))
            .values(holder=holder, until=now + timedelta(seconds=seconds))
        )
    return taken


def renew(session: Session, names: Sequence[str], holder: str, seconds: float) -> set[str]:
    """Those of the names that were still this holder's, and are for so many seconds more."""
    if not names:
        return set()
    now = clock(session)
    held = update(LeaseRow).where(LeaseRow.name.in_(names), LeaseRow.holder == holder, LeaseRow.until > now)
    return set(session.scalars(held.values(until=now + timedelta(seconds=seconds)).returning(LeaseRow.name)))


def give_back(session: Session, name: str, holder: str, rest_seconds: float = 0.0) -> None:
    """Let go of a lease; it can be taken by others after the rest."""
    until = clock(session) + timedelta(seconds=rest_seconds)
    mine = update(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder)
    session.execute(mine.values(holder="", until=until))


def announce(session: Session, kind: str, holder: str, seconds: float) -> None:
    """This process is at work, and will be for so long: others count it."""
    values = {"name": f"{kind}/{holder}", "holder": holder, "until": clock(session) + timedelta(seconds=seconds)}
    made = _insert(session).values(values)
    session.execute(made.on_conflict_do_update(index_elements=["name"], set_={"until": values["until"]}))


def withdraw(session: Session, kind: str, holder: str) -> None:
    """This process leaves; rows of those that were killed are swept out with it after a day."""
    now = clock(session)
    session.execute(
        LeaseRow.__table__.delete().where(  # type: ignore[attr-defined] # a Table, which the stubs call FromClause
            (LeaseRow.name == f"{kind}/{holder}")
            | (LeaseRow.name.startswith(f"{kind}/") & (LeaseRow.until < now - timedelta(days=1)))
        )
    )


def present(session: Session, kind: str) -> int:
    """How many processes of this kind are at work."""
    here = select(func.count()).where(LeaseRow.name.startswith(f"{kind}/"), LeaseRow.until > clock(session))
    return session.scalar(here) or 0


def _insert(session: Session) -> postgresql.Insert | sqlite.Insert:
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(LeaseRow)
    return postgresql.insert(LeaseRow)
