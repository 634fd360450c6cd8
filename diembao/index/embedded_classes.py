"""The classes of a plan as queries of tantivy, each with the whole condition of belonging to it.

What is wanted and what each rung asks for is translated once: to write out every class by itself took longer than
many a search.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diembao.index.embedded_schema import Clause, Query, all_of, clauses_of, none_of
from diembao.index.plan import Plan
from diembao.index.tantivy_errors import engine_errors


class Classes:
    """Score and query of every class, best first: what meets a rung and no higher one. Together they are all that is
    wanted. Made as far as somebody reads."""

    def __init__(self, schema: Any, plan: Plan) -> None:
        self._schema = schema
        self._plan = plan
        self._wanted: list[Clause] = []
        self._higher: list[Clause] = []
        self._made: list[tuple[int, Query]] = []

    def __iter__(self) -> Iterator[tuple[int, Query]]:
        for number in range(len(self._plan.ladder) + 1):
            if number == len(self._made):
                with engine_errors():
                    self._made.append(self._make(number))
            yield self._made[number]

    def _make(self, number: int) -> tuple[int, Query]:
        """The class that comes next."""
        if not number:
            self._wanted = clauses_of(self._schema, (self._plan.wanted,))
        if number == len(self._plan.ladder):
            return 0, all_of([*self._wanted, *self._higher])
        rung = self._plan.ladder[number]
        belonging = all_of([*self._wanted, *clauses_of(self._schema, (rung.condition,)), *self._higher])
        self._higher.append(none_of(self._schema, rung.condition))
        return rung.score, belonging
