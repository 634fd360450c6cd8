"""Which face of the product an address belongs to."""

from __future__ import annotations

from diembao.newsroom.analysis.asked import ANALYSIS

__all__ = ["ANALYSIS", "DESK", "is_signed_in_face"]

DESK = "/ban-bien-tap"


def is_signed_in_face(path: str) -> bool:
    """Whether the address belongs to a face behind a sign-in."""
    return any(path == face or path.startswith(f"{face}/") for face in (DESK, ANALYSIS))
