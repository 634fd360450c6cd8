"""What of the parameters shared by the API, the search page and the feeds is not for the public."""

from __future__ import annotations

from diembao.index.protocol import Keyword
from diembao.newsroom.selection import Selection

__all__ = ["STAFF_FACETS", "STAFF_FIELDS", "Selection"]

# What a machine or an editor thinks of an article, or whether it is published, is not for the public.
STAFF_FIELDS = frozenset({Keyword.STANCE, Keyword.STATE, Keyword.FLAG})
# Counting people's names in public would make files on persons.
STAFF_FACETS = STAFF_FIELDS | {Keyword.ENTITY, Keyword.PERSON, Keyword.ORGANISATION, Keyword.AUTHOR}
