"""Names in an article: who, which bodies, which places.

A sequence model trained on sentences labelled by reading tags the syllables; what the whole article says is
then used to mend it: a name met in full once is known everywhere, also in headlines set in capitals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Protocol

from underthesea_core import CRFTagger

from nlp.entities.features import LARGE, Context, Statistics, look, read_context, sentence_features
from nlp.entities.lexicon import Lexicon
from nlp.entities.offices import Span, offices
from nlp.entities.sentences import sentences
from nlp.entities.settle import Sentence, settle
from nlp.entities.statistics import read as read_statistics
from nlp.entities.variants import Mention, unite
from nlp.records import EntityMention, EntityType, Field
from nlp.text import normalise

TYPES: Mapping[str, EntityType] = {"P": "person", "O": "organisation", "L": "place"}
MODEL, STATISTICS = "entities.crf", "entities_words.tsv"
# Nobody names a person for the first time after this many characters; keeps a 1 MB page under a second.
READ_AT_MOST = 60_000
_SHOUTED = 0.7  # share of capital words from which a sentence counts as set in capitals
_WORDS = LARGE | {"a", "x"}


class SequenceModel(Protocol):
    """What is asked of the model: one label a token."""

    def tag(self, features: list[list[str]]) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class EntityTagger:
    """Finds names. Not changed by use; calls hold the GIL, so work is spread over processes, not threads."""

    model: SequenceModel
    lexicon: Lexicon
    statistics: Statistics

    @classmethod
    def load(cls, folder: Path | None = None) -> EntityTagger:
        """The shipped model and lists (about 40 MB in memory), or a model from another folder.

        Raises FileNotFoundError when one is missing.
        """
        models = folder or files("nlp") / "models"
        if not (models / MODEL).is_file():
            raise FileNotFoundError(f"entity model {MODEL} is missing from {models}")
        tagger = CRFTagger()
        with as_file(models / MODEL) as path:
            tagger.load(str(path))
        return cls(tagger, Lexicon.load(), read_statistics((models / STATISTICS).read_text(encoding="utf-8")))

    def tag(self, title: str, text: str) -> tuple[EntityMention, ...]:
        """One record for each person, body and place, in the order of their first mention.

        Offsets are code points into the normalised title or text. Raises nothing on any text.
        """
        found, titles_and_texts = self._read(title, text)
        names = unite([mention for mention, _ in found], titles_and_texts)
        held: dict[tuple[EntityType, str], EntityMention] = {}
        for mention, office in found:
            name = names[mention]
            before = held.get((mention.type, name))
            if before is None:
                held[mention.type, name] = EntityMention(
                    mention.type, mention.text, name, office, mention.where, mention.start, mention.end
                )
            elif office and (not before.office or before.office.isupper()):
                held[mention.type, name] = EntityMention(
                    before.type, before.text, name, office, before.where, before.start, before.end
                )
        return tuple(held.values())

    def mentions(self, title: str, text: str) -> list[Mention]:
        """Every mention, title first, then in order of the text."""
        return [mention for mention, _ in self._read(title, text)[0]]

    def _read(self, title: str, text: str) -> tuple[list[tuple[Mention, str]], dict[Field, str]]:
        fields: dict[Field, str] = {"title": normalise(title), "text": normalise(text)}
        read = [
            Sentence(where, tokens, look(tokens, self.lexicon), [])
            for where, content in fields.items()
            for tokens in sentences(content[: readable(content)])
        ]
        context = read_context(sentence.view for sentence in read)
        for sentence in read:
            self._label(sentence, context)
        settle(read, self.statistics.compounds)
        found = []
        for sentence in read:
            beside = offices(sentence.tokens, sentence.spans, sentence.view.found)
            content = fields[sentence.where]
            for span in sentence.spans:
                start, end = sentence.tokens[span[0]].start, sentence.tokens[span[1] - 1].end
                office = beside.get(span)
                words = content[sentence.tokens[office[0]].start : sentence.tokens[office[1] - 1].end] if office else ""
                found.append((Mention(TYPES[span[2]], content[start:end], sentence.where, start, end), words))
        return found, fields

    def _label(self, sentence: Sentence, context: Context) -> None:
        """Names the model sees. A sentence set in capitals shows it nothing, one without any has no names."""
        shapes = sentence.view.shapes
        words = sum(s in _WORDS for s in shapes)
        sentence.shouted = words >= 4 and sum(s in ("AA", "A") for s in shapes) > _SHOUTED * words
        if sentence.shouted or LARGE.isdisjoint(shapes):
            return
        labels = self.model.tag(sentence_features(sentence.view, self.statistics, context))
        sentence.spans = spans_of(labels)


def readable(text: str) -> int:
    """Where reading stops: `READ_AT_MOST`, brought back to the end of a line or sentence."""
    if len(text) <= READ_AT_MOST:
        return len(text)
    whole = max(text.rfind("\n", 0, READ_AT_MOST), text.rfind(". ", 0, READ_AT_MOST) + 1)
    return whole if whole > READ_AT_MOST // 2 else READ_AT_MOST


def spans_of(labels: Sequence[str]) -> list[Span]:
    """Token ranges of the names in a row of B-, I- and O labels."""
    spans: list[Span] = []
    for at, label in enumerate(labels):
        if label == "O":
            continue
        kind = label[2:]
        if label[0] == "I" and spans and spans[-1][1] == at and spans[-1][2] == kind:
            spans[-1] = (spans[-1][0], at + 1, kind)
        else:
            spans.append((at, at + 1, kind))
    return spans
