"""Who is asking, and what they may see. Everybody is anonymous until somebody has signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException


@dataclass(frozen=True, slots=True)
class Viewer:
    """is_staff: may see what is not published, and what the machine and the editors think of an article."""

    name: str = ""
    is_staff: bool = False


ANONYMOUS = Viewer()


def current_viewer() -> Viewer:
    """The viewer of a request. Sessions and API keys will be read here; every route asks this one place."""
    return ANONYMOUS


def staff_only(viewer: Annotated[Viewer, Depends(current_viewer)]) -> Viewer:
    """Refuses before anything is looked up, so that the answer does not tell whether the thing exists."""
    if not viewer.is_staff:
        raise HTTPException(403)
    return viewer


CurrentViewer = Annotated[Viewer, Depends(current_viewer)]
StaffOnly = Annotated[Viewer, Depends(staff_only)]
