"""A document made ready once, so that every judge of it reads the same forms and the same senses."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nlp.forms import Forms
from nlp.gazetteer.catalogue import Catalogue
from nlp.gazetteer.matcher import Matcher
from nlp.legacy import to_unicode
from nlp.records import Document
from nlp.roles import Role, roles
from nlp.sense import SenseReader, Sighting
from nlp.text import normalise

# Where the writer's lead is not given apart: the first line, but never more than this.
_LEAD_LENGTH = 350
_SHORTEST_LEAD = 40


@dataclass(frozen=True, slots=True)
class Placed:
    """A sighting, the role it plays there and which field it stands in."""

    sighting: Sighting
    role: Role
    in_title: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """Title and text in all forms, with every name of a place read.

    document: with normalised fields. lead_end: where the lead ends in the text.
    """

    document: Document
    title: Forms
    text: Forms
    lead_end: int
    placed: tuple[Placed, ...]

    def ours(self) -> list[Placed]:
        return [placed for placed in self.placed if placed.sighting.ours]


class Preparer:
    """Prepares documents. Made once from the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._senses = SenseReader(Matcher(catalogue))

    def prepare(self, document: Document) -> Prepared:
        document = normalised(document)
        title, text = Forms.of(document.title), Forms.of(document.text)
        senses = self._senses.read(title, text, document.date)
        placed = (
            *(Placed(s, role, True) for s, role in zip(senses.title, roles(title, senses.title), strict=True)),
            *(Placed(s, role, False) for s, role in zip(senses.text, roles(text, senses.text), strict=True)),
        )
        return Prepared(document, title, text, _lead_end(document), placed)


def normalised(document: Document) -> Document:
    """The document with title, text and lead in Unicode and normalised."""
    return replace(
        document,
        title=normalise(to_unicode(document.title)),
        text=normalise(to_unicode(document.text)),
        lead=normalise(to_unicode(document.lead)),
    )


def _lead_end(document: Document) -> int:
    if document.lead:
        at = document.text.find(document.lead[:60])
        if 0 <= at < _LEAD_LENGTH:
            return min(at + len(document.lead), 2 * _LEAD_LENGTH)
    line_end = document.text.find("\n", _SHORTEST_LEAD)
    return min(line_end if line_end > 0 else len(document.text), _LEAD_LENGTH)
