"""How well places are found: surfaces said against surfaces a reader marked, each once an article."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nlp.places import PlaceFinder
from nlp.prepared import Preparer
from nlp.text import match_form, normalise
from nlp.training.material import Labelled


@dataclass(frozen=True, slots=True)
class PlaceScores:
    """missed, invented: (article id, surface)."""

    precision: float
    recall: float
    f1: float
    support: int
    missed: tuple[tuple[str, str], ...]
    invented: tuple[tuple[str, str], ...]


def place_scores(rows: Iterable[Labelled], preparer: Preparer, finder: PlaceFinder) -> PlaceScores:
    """Over rows with marked places; surfaces are compared without case, spacing and old tone placement."""
    right, missed, invented = 0, [], []
    for row in rows:
        if row.places is None:
            continue
        gold = {_form(surface): surface for surface in row.places}
        said = {_form(place.surface): place.surface for place in finder.find(preparer.prepare(row.document))}
        right += len(gold.keys() & said.keys())
        missed += [(row.document.id, gold[form]) for form in sorted(gold.keys() - said.keys())]
        invented += [(row.document.id, said[form]) for form in sorted(said.keys() - gold.keys())]
    return PlaceScores(
        right / max(1, right + len(invented)),
        right / max(1, right + len(missed)),
        2 * right / max(1, 2 * right + len(missed) + len(invented)),
        right + len(missed),
        tuple(missed),
        tuple(invented),
    )


def _form(surface: str) -> str:
    return " ".join(match_form(normalise(surface)).split())
