"""What people say of pages, which stands above what the machine says, for ever or until they take it back.

Labels are kept by page: an article that a new judgement drops loses its row, its page keeps what was said of it. Each
label also keeps the machine's newest word, so that both can be shown and counted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from diembao.records import Annotations, PlaceMention, Relevance, Stance, Topic
from diembao.store.database import beneath
from diembao.store.models import LabelRow

Field = Literal["relevance", "topics", "stance", "needs_response", "places"]
FIELDS: Final[tuple[Field, ...]] = get_args(Field)
_IN_CHUNK = 500


def in_force(session: Session, page_ids: Sequence[int]) -> dict[int, dict[str, LabelRow]]:
    """The labels that stand, by page and field; pages without any are left out."""
    found: dict[int, dict[str, LabelRow]] = {}
    for start in range(0, len(page_ids), _IN_CHUNK):
        chunk = page_ids[start : start + _IN_CHUNK]
        query = select(LabelRow).where(LabelRow.page_id.in_(chunk), LabelRow.withdrawn_at.is_(None))
        for row in session.scalars(query.order_by(LabelRow.id)):
            found.setdefault(row.page_id, {})[row.field] = row
    return found


def of_page(session: Session, page_id: int) -> Sequence[LabelRow]:
    """All labels a page ever had, newest first."""
    return session.scalars(select(LabelRow).where(LabelRow.page_id == page_id).order_by(LabelRow.id.desc())).all()


def copied_from(session: Session, label_id: int) -> Sequence[LabelRow]:
    """The labels of copies that came from this one and stand."""
    query = select(LabelRow).where(LabelRow.from_label == label_id, LabelRow.withdrawn_at.is_(None))
    return session.scalars(query.order_by(LabelRow.id)).all()


def agreement(session: Session) -> dict[str, tuple[int, int]]:
    """Of each field: how many labels stand that a person gave to the article itself, and how many say what the
    machine says now. People label where they see a fault, so this is no measure of all that the machine says."""
    counted: dict[str, tuple[int, int]] = dict.fromkeys(FIELDS, (0, 0))
    query = select(LabelRow.field, LabelRow.value, LabelRow.machine_value).where(
        LabelRow.withdrawn_at.is_(None), LabelRow.from_label.is_(None)
    )
    for field, value, machine in session.execute(query):
        labels, agreeing = counted[field]
        counted[field] = labels + 1, agreeing + (value == machine)
    return counted


def labelled_pages(session: Session) -> Sequence[int]:
    """Pages of which people said something themselves, and it stands."""
    query = select(LabelRow.page_id).where(LabelRow.withdrawn_at.is_(None), LabelRow.from_label.is_(None))
    return session.scalars(query.distinct().order_by(LabelRow.page_id)).all()


_RULINGS = select(LabelRow.page_id, LabelRow.value).where(
    LabelRow.page_id.in_(bindparam("pages", expanding=True)),
    LabelRow.field == "relevance",
    LabelRow.withdrawn_at.is_(None),
)


def rulings(session: Session, page_ids: Sequence[int]) -> dict[int, str]:
    """The relevance that people gave to these pages; pages without such a label are left out."""
    if not page_ids:
        return {}
    return {row.page_id: row.value for row in beneath(session).execute(_RULINGS, {"pages": page_ids})}


def value_of(annotations: Annotations, field: str) -> Any:
    """What annotations say of a field, as labels keep it."""
    match field:
        case "relevance":
            return annotations.relevance.value
        case "topics":
            return [topic.slug for topic in annotations.topics]
        case "stance":
            return annotations.stance.value if annotations.stance else ""
        case "needs_response":
            return annotations.needs_response
        case "places":
            return [dataclasses.asdict(place) for place in annotations.places]
    raise ValueError(f"no label is kept for {field}")


def with_value(annotations: Annotations, field: str, value: Any) -> Annotations:
    """The annotations, saying this of a field."""
    match field:
        case "relevance":
            return dataclasses.replace(annotations, relevance=Relevance(value))
        case "topics":
            return dataclasses.replace(annotations, topics=tuple(Topic(slug, 1.0) for slug in value))
        case "stance":
            return dataclasses.replace(annotations, stance=Stance(value) if value else None)
        case "needs_response":
            return dataclasses.replace(annotations, needs_response=bool(value))
        case "places":
            return dataclasses.replace(annotations, places=tuple(PlaceMention(**place) for place in value))
    raise ValueError(f"no label is kept for {field}")


def outrank(labels: Mapping[str, LabelRow], annotations: Annotations) -> Annotations:
    """What is in force: people's word where they gave it, the machine's elsewhere."""
    for field, label in labels.items():
        if value_of(annotations, field) != label.value:
            annotations = with_value(annotations, field, label.value)
    return annotations


def note_machine(labels: Mapping[str, LabelRow], annotations: Annotations, fields: Iterable[str]) -> None:
    """Keep the machine's new word on these fields beside people's."""
    for field in fields:
        label = labels.get(field)
        if label is not None:
            label.machine_value = value_of(annotations, field)


def add(
    session: Session,
    page_id: int,
    field: Field,
    value: Any,
    machine_value: Any,
    *,
    by: str,
    by_id: int | None,
    now: datetime,
    from_label: int | None = None,
) -> LabelRow:
    """A label; the one that stood before on this field gives way to it."""
    withdraw(session, page_id, field, by=by, now=now)
    row = LabelRow(page_id=page_id, field=field, value=value, machine_value=machine_value, at=now, by=by, by_id=by_id)
    row.from_label = from_label
    session.add(row)
    session.flush()
    return row


def withdraw(session: Session, page_id: int, field: str, *, by: str, now: datetime) -> LabelRow | None:
    """The label that stands on this field stands no more; returns it, None when there was none."""
    row = in_force(session, [page_id]).get(page_id, {}).get(field)
    if row is not None:
        row.withdrawn_at, row.withdrawn_by = now, by
        session.flush()
    return row
