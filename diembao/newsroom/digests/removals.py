"""What was taken down since binds every digest: struck out wherever one is shown, exported or mailed.

A digest that has not gone out loses the item as if it had never been in it; one that has gone out keeps its place,
with the word that it was taken down. A headline or excerpt of a newspaper goes with the article it was taken from.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from sqlalchemy.orm import Session

from diembao.newsroom.digests.content import Content, Item, Notice
from diembao.newsroom.digests.wording import LOCAL, name_of
from diembao.store import digests
from diembao.store.digests import Gone
from diembao.store.models import DigestRow, StoryRow


def gone_of(session: Session, content: Content) -> Gone:
    """What of a digest may not be shown any more."""
    articles = [printed.article_id for item in content.items for printed in item.printings]
    return digests.gone(session, [item.story_id for item in content.items], articles)


def struck(content: Content, gone: Gone, *, has_gone_out: bool) -> Content:
    """The digest as it may be shown; itself when nothing of it is gone."""
    if not gone.stories and not gone.articles:
        return content
    keep = _with_tombstone if has_gone_out else _without
    sections = []
    for section in content.sections:
        items = tuple(kept for item in section.items if (kept := keep(_left_of(item, gone), item)) is not None)
        if items or not section.items:
            sections.append(section.model_copy(update={"items": items}))
    return content.model_copy(update={"sections": tuple(sections)})


def kept_content(session: Session, row: DigestRow) -> Content:
    """What a frozen digest says today.

    Raises:
        ValueError: it was never approved, or what was kept is damaged.
    """
    if row.content is None:
        raise ValueError(f"digest {row.id} was never approved")
    content = Content.from_json(row.content)
    return struck(content, gone_of(session, content), has_gone_out=row.state == "issued")


def notices_for(session: Session, audience: str, since: DigestRow | None, reach: int) -> tuple[Notice, ...]:
    """What earlier digests told and was taken down since, unless one of them has said so already.

    since: look no farther back than this digest's approval minus `reach` days; None: nothing went out yet.
    """
    if since is None or since.approved_at is None:
        return ()
    earlier = digests.issued(session, audience=audience, since=since.approved_at - timedelta(days=reach))
    told = [(row, Content.from_json(row.content)) for row in earlier if row.content is not None]
    said = {(notice.kind, notice.story_id) for _, content in told for notice in content.notices}
    found: dict[int, Notice] = {}
    for row, content in told:
        gone = gone_of(session, content)
        stories = digests.standing(session, [item.story_id for item in content.items])
        for item in content.items:
            story = stories.get(item.story_id)
            kind = _what_became(row, story, removed=_left_of(item, gone) is None)
            if kind is not None and (kind, item.story_id) not in said:
                found[item.story_id] = _notice(row, item, kind)
    return tuple(found.values())


def _what_became(row: DigestRow, story: StoryRow | None, *, removed: bool) -> Literal["removed", "corrected"] | None:
    if removed:
        return "removed"
    put_right = story.corrected_at if story is not None else None
    return "corrected" if put_right and row.approved_at and put_right > row.approved_at else None


def _notice(row: DigestRow, item: Item, kind: Literal["removed", "corrected"]) -> Notice:
    first = item.first
    return Notice(
        kind=kind,
        headline=item.headline,
        outlet=first.outlet if first else "",
        printed_on=first.at.astimezone(LOCAL).date() if first else row.day,
        earlier=name_of(row.kind, row.number, row.day),
        story_id=item.story_id,
    )


def _left_of(item: Item, gone: Gone) -> Item | None:
    """The item without its removed printings; None when nothing is left."""
    if item.story_id in gone.stories:
        return None
    printings = tuple(one for one in item.printings if one.article_id not in gone.articles)
    if len(printings) == len(item.printings):
        return item
    if not printings:
        return None
    changes: dict[str, object] = {"printings": printings}
    if not item.own_headline:
        changes["headline"] = printings[0].title
    if not item.own_summary:
        changes["summary"] = ""
    return item.model_copy(update=changes)


def _without(left: Item | None, _item: Item) -> Item | None:
    return left


def _with_tombstone(left: Item | None, item: Item) -> Item | None:
    if left is not None:
        return left
    return Item(
        story_id=item.story_id,
        headline="",
        own_headline=True,
        summary="",
        own_summary=True,
        printings=(),
        gone=True,
    )
