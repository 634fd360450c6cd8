"""Putting right what the machine said of an article: relevance, topics, stance, need of a response, places.

A correction is kept as a label (`store/labels.py`): it outranks the machine from then on, whatever is done again, and
can be taken back. Its story is put right in `regrouping`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from diembao.errors import Conflict, Refused
from diembao.newsroom.permissions import Action, Actor, require
from diembao.newsroom.publishing import is_standing
from diembao.records import Relevance, Stance
from diembao.store import articles, audit, labels, near_misses, pages, stories, trail
from diembao.store.labels import FIELDS, Field
from diembao.store.models import ArticleRow, LabelRow, PageRow, StoryRow

MOST_TOPICS: Final = 3
MOST_PLACES: Final = 20
_PLACE_FIELDS: Final = frozenset({"name", "code", "kind", "surface"})


@dataclass(frozen=True, slots=True)
class Corrected:
    """The label of the article itself, and those of its copies."""

    label_id: int
    copies: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What stands of a field: people's value where there is one, and the machine's.

    by, at, label_id: of the person's word; empty, None and 0 without one.
    """

    field: Field
    value: Any
    machine_value: Any
    by: str = ""
    at: datetime | None = None
    label_id: int = 0
    from_copy: bool = False


def correct(
    session: Session,
    page_id: int,
    field: Field,
    value: Any,
    actor: Actor,
    now: datetime,
    *,
    seen: int = 0,
    copies: bool = False,
) -> Corrected:
    """Say of a page what is so, in place of what the machine says.

    value: relevance and stance by name ("" for no stance), topics as slugs (the main one first, none is possible),
    needs_response as a bool, places as a list of {name, code, kind, surface}. seen: the label that the editor had
    before their eyes, 0 for none. copies: say it of the article's copies too, where nobody has said anything.

    A page that has no article (judged irrelevant, or a near miss) and is said to be relevant is read again from the
    archive; an article that is said to be irrelevant is taken off.

    Raises:
        Forbidden; Refused: no such page, a value that cannot be, a story that must be withdrawn first.
        Conflict: somebody else said something meanwhile.
    """
    require(actor, Action.JUDGE)
    value = _checked(field, value)
    page = session.get(PageRow, page_id)
    if page is None:
        raise Refused("desk.refused.no_article")
    standing = labels.in_force(session, [page_id]).get(page_id, {}).get(field)
    if (standing.id if standing else 0) != seen:
        raise _overtaken(session, page_id, field, standing)
    main = _say(session, page_id, field, value, actor, now)
    others = _copies(session, page_id, field) if copies else ()
    done = [_say(session, other, field, value, actor, now, from_label=main.id).id for other in others]
    return Corrected(main.id, tuple(done))


def take_back(session: Session, label_id: int, actor: Actor, now: datetime) -> None:
    """The label stands no more, nor those of copies that came from it; the machine's word counts again.

    Raises:
        Forbidden; Refused: no such label, or it does not stand any more.
    """
    require(actor, Action.JUDGE)
    label = session.get(LabelRow, label_id)
    if label is None or label.withdrawn_at is not None:
        raise Refused("desk.refused.no_label")
    field: Field = label.field  # type: ignore[assignment]  # only such are written
    for row in (label, *labels.copied_from(session, label_id)):
        labels.withdraw(session, row.page_id, row.field, by=actor.name, now=now)
        _apply(session, row.page_id, field, row.machine_value, now)
        trail.add(session, row.page_id, now, "labels", "taken_back", detail={"field": field, "by": actor.name})
    _audit(session, actor, "label_taken_back", label.page_id, now, {"field": field, "label": label.id})


def said_of(session: Session, article: ArticleRow) -> Mapping[Field, Said]:
    """What people and the machine say of each field of an article."""
    standing = labels.in_force(session, [article.page_id]).get(article.page_id, {})
    annotations = articles.annotations_from_json(article.annotations)
    found: dict[Field, Said] = {}
    for field in FIELDS:
        value = labels.value_of(annotations, field)
        label = standing.get(field)
        if label is None:
            found[field] = Said(field, value, value)
        else:
            found[field] = Said(
                field, value, label.machine_value, label.by, label.at, label.id, label.from_label is not None
            )
    return found


def _say(
    session: Session,
    page_id: int,
    field: Field,
    value: Any,
    actor: Actor,
    now: datetime,
    *,
    from_label: int | None = None,
) -> LabelRow:
    standing = labels.in_force(session, [page_id]).get(page_id, {}).get(field)
    row = articles.by_page(session, page_id)
    machine = standing.machine_value if standing is not None else _machine_value(row, field)
    label = labels.add(
        session,
        page_id,
        field,
        value,
        machine,
        by=actor.name,
        by_id=actor.user_id,
        now=now,
        from_label=from_label,
    )
    if field == "relevance" and value == Relevance.IRRELEVANT.value and row is not None:
        _check_may_go(session, row, actor)
    _apply(session, page_id, field, value, now)
    detail = {"field": field, "value": value, "machine": machine, "label": label.id, "by": actor.name}
    trail.add(session, page_id, now, "labels", field, detail=detail)
    del detail["by"]
    _audit(session, actor, "label", page_id, now, detail | ({"from": from_label} if from_label else {}))
    return label


def _machine_value(row: ArticleRow | None, field: Field) -> Any:
    if row is None:
        # A page without an article is one that the machine took for somebody else's.
        return Relevance.IRRELEVANT.value if field == "relevance" else None
    return labels.value_of(articles.annotations_from_json(row.annotations), field)


def _apply(session: Session, page_id: int, field: Field, value: Any, now: datetime) -> None:
    """Make the article, its story and the index say it; what only reading again can tell is read again."""
    row = articles.by_page(session, page_id)
    if field == "relevance":
        near_misses.forget(session, [page_id])
        if value == Relevance.IRRELEVANT.value:
            if row is not None:
                story_id = row.story_id
                articles.remove(session, row, now)
                stories.refresh(session, story_id, now)
            pages.finish(session, page_id, "irrelevant", "label", now)
            return
        # Stance and topics of what was not taken for ours were never asked.
        pages.again(session, page_id, "gate" if row is None else "tag", now)
    if row is None or value is None:
        return
    annotations = labels.with_value(articles.annotations_from_json(row.annotations), field, value)
    articles.judge(session, row, annotations, now)
    stories.refresh(session, row.story_id, now)


def _check_may_go(session: Session, row: ArticleRow, actor: Actor) -> None:
    """What stands on the section is taken off by who may do so; a story's last printing by withdrawing the story."""
    story = session.get(StoryRow, row.story_id)
    if story is None or story.state not in stories.PUBLIC_STATES:
        return
    require(actor, Action.WITHDRAW)
    if not any(is_standing(other) for other in articles.of_story(session, story.id) if other.id != row.id):
        raise Refused("desk.refused.withdraw_first", story=story.id)


def _copies(session: Session, page_id: int, field: str) -> Sequence[int]:
    """Pages of the article's copies of which nobody has said anything on this field."""
    row = articles.by_page(session, page_id)
    if row is None:
        return ()
    family = [one.id for one in articles.family(session, [row.id]) if one.id != row.id]
    found = [other.page_id for other in articles.by_ids(session, family).values()]
    standing = labels.in_force(session, found)
    return [number for number in found if field not in standing.get(number, {})]


def _overtaken(session: Session, page_id: int, field: str, standing: LabelRow | None) -> Conflict:
    if standing is not None:
        return Conflict(
            "desk.conflict.label", by=standing.by, at=standing.at, field=field, value=standing.value, label=standing.id
        )
    newest = next((row for row in labels.of_page(session, page_id) if row.field == field), None)
    by, at = (newest.withdrawn_by, newest.withdrawn_at) if newest else ("", None)
    return Conflict("desk.conflict.label_gone", by=by, at=at, field=field, label=0)


def _checked(field: str, value: Any) -> Any:
    check = _VALUES.get(field)
    if check is None or not check(value):
        raise Refused("desk.refused.label_value", field=field)
    return value


def _are_topics(value: Any) -> bool:
    fits = isinstance(value, list) and len(value) <= MOST_TOPICS and len(set(map(str, value))) == len(value)
    return fits and all(isinstance(slug, str) and 0 < len(slug) <= 64 for slug in value)


def _are_places(value: Any) -> bool:
    if not isinstance(value, list) or len(value) > MOST_PLACES:
        return False
    return all(
        isinstance(place, dict)
        and set(place) == _PLACE_FIELDS
        and all(isinstance(text, str) and len(text) <= 200 for text in place.values())
        for place in value
    )


_VALUES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "relevance": lambda value: value in {one.value for one in Relevance},
    "topics": _are_topics,
    "stance": lambda value: value == "" or value in {one.value for one in Stance},
    "needs_response": lambda value: isinstance(value, bool),
    "places": _are_places,
}


def _audit(session: Session, actor: Actor, action: str, page_id: int, now: datetime, detail: dict[str, Any]) -> None:
    audit.record(session, actor=actor.name, action=action, object_kind="page", object_id=page_id, at=now, detail=detail)
