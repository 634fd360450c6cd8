"""Which articles are asked for: a query with values of fields and days."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from diembao.index.language import parse
from diembao.index.protocol import Filter, Keyword, Query

_UNIT_CODE = re.compile(r"\d{5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Selection:
    """values: by field, any of them; excluded: by field, none of them. since is inclusive, until exclusive."""

    q: str
    values: Mapping[Keyword, Sequence[str]]
    since: datetime | None = None
    until: datetime | None = None
    excluded: Mapping[Keyword, Sequence[str]] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Nothing is asked for: everything there is."""
        asked = [*self.values.values(), *self.excluded.values()]
        return not self.q.strip() and not any(asked) and self.since is None and self.until is None

    def query(self, *, public_only: bool) -> Query:
        """The query of the index, to be completed with order, size and what to count.

        Raises:
            BadQuery: `q` cannot be read.
        """
        return Query(
            tree=parse(self.q),
            filters=(*_filters(self.values), *(Filter(name, tuple(out), True) for name, out in self.excluded.items())),
            published_from=self.since,
            published_to=self.until,
            public_only=public_only,
        )


def _filters(values: Mapping[Keyword, Sequence[str]]) -> list[Filter]:
    filters: list[Filter] = []
    for name, wanted in values.items():
        if name is Keyword.PLACE:
            codes = tuple(value for value in wanted if _UNIT_CODE.fullmatch(value))
            names = tuple(value for value in wanted if not _UNIT_CODE.fullmatch(value))
            filters += [Filter(Keyword.PLACE_CODE, codes)] if codes else []
            filters += [Filter(Keyword.PLACE, names)] if names else []
        elif wanted:
            filters.append(Filter(name, tuple(wanted)))
    return filters
