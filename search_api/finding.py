"""From hits of the index to what may be shown: the store has the last word on what is published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from diembao.index.protocol import Hit
from diembao.store import public
from diembao.store.public import Printing
from search_api.places import Units
from search_api.views import StoryView, story_views


def stories_of_hits(session: Session, hits: Sequence[Hit], visible_until: datetime, units: Units) -> list[StoryView]:
    """Stories that hits belong to, in the order of the hits.

    The story of an article is the store's: the index may not yet know of a merger.
    """
    found = printings_of_hits(session, hits, visible_until)
    ids = list(dict.fromkeys(found[hit.id].story_id for hit in hits if hit.id in found))
    rows = public.stories_by_id(session, ids, visible_until)
    printings = public.printings_of(session, ids, visible_until)
    return story_views([rows[number] for number in ids if number in rows], printings, units)


def printings_of_hits(session: Session, hits: Sequence[Hit], visible_until: datetime) -> dict[str, Printing]:
    """Articles of the hits that may be seen, by the id of the hit."""
    ids = [int(hit.id) for hit in hits if hit.id.isascii() and hit.id.isdigit()]
    return {str(number): printing for number, printing in public.printings_by_id(session, ids, visible_until).items()}
