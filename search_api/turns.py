"""Pages that take long are made one after another, in the order they were asked for.

Thirty at once in one process are each thirty times as slow, and who came first waits as long as who came last; what
is quick in between waits with them. Two at a time keep the processor busy, for the search engine works without the
interpreter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends

from search_api.site import CurrentSite

AT_ONCE = 2


def new_turns() -> CapacityLimiter:
    """For one web process."""
    return CapacityLimiter(AT_ONCE)


async def _turn(site: CurrentSite) -> AsyncIterator[None]:
    async with site.turns:
        yield


# Named last among the parameters of a handler, so that nobody waits who may not ask. The turn ends with the handler:
# a reader who takes long to take the answer holds nobody up.
InTurn = Annotated[None, Depends(_turn, scope="function")]
