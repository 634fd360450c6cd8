"""“Did you mean”: a query that finds little, with a slip of the fingers mended, when that finds clearly more.

Accents are never restored for their own sake: a search without them finds the same. What is mended are words that are
no Vietnamese syllable and names that are almost known ones; a reading must be borne out by what was printed: beside its
neighbours, the mended word finds so many times more. Every count is of the index, so that all engines answer alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from diembao.errors import BadQuery
from diembao.index.language import And, Node, Or, Phrase, Word, index_words, parse, render
from diembao.index.protocol import Query, SearchIndex
from nlp.spelling import near
from nlp.text import WORD, fold, match_form, normalise

# A page: who found more than that was understood.
FEW = 20
_CLEARLY = 10  # times as many
# What one query can cost: so many counts of the index for each of so many words, and three more.
_MOST_READINGS, _MOST_SUSPECTS = 12, 2
# Of 100: "sông cong" for "sông công" and "phu bnh" for "phú bình" pass, other names do not.
_ALIKE = 82
_LONGEST_NAME, _SHORTEST_NAME = 5, 6  # words; letters
_MOST_WORDS = 16  # of a run in which names are looked for

# Names as they are written, by how they are spelt without marks.
Spellings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Meant:
    """q: the query as it is asked again; shown: the same as people write it; count: articles that it finds."""

    q: str
    shown: str
    count: int


def spellings(names: Iterable[str]) -> Spellings:
    """Each as a whole, and without the word that says what it is ("xã", "phường", "Sở")."""
    found: dict[str, str] = {}
    for name in names:
        for written in (name.partition(" ")[2], name):
            if written:
                found[" ".join(map(fold, index_words(written)))] = written
    return found


def meant(index: SearchIndex, query: Query, typed: str, found: int, names: Callable[[], Spellings]) -> Meant | None:
    """What was probably meant; None where nothing else is clearly better.

    query: what was asked, with its filters; typed: its text as typed; found: how many articles it finds; names: those
    that are known, asked for only when they are needed.

    Raises:
        IndexUnavailable
    """
    if query.tree is None or found > FEW:
        return None
    words = _Words.of(query.tree, _spelt(typed))
    suspects = list(words.suspects())
    if found and not suspects:
        return None
    mended = _by_name(index, query, words, suspects, found, names())
    offer = _offer(index, query, mended, found)
    if offer is None:
        offer = _offer(index, query, _by_syllables(index, query, words, suspects, found), found)
    return offer


def _offer(index: SearchIndex, query: Query, mended: _Words | None, found: int) -> Meant | None:
    if mended is None or not mended.can_be_asked:
        return None
    count = index.count(replace(query, tree=mended.tree))
    return Meant(render(mended.tree), mended.shown, count) if _is_clearly_more(count, found) else None


def _is_clearly_more(count: int, found: int) -> bool:
    return count >= max(1, _CLEARLY * found)


def _spelt(typed: str) -> dict[str, str]:
    return {match_form(word): word for word in WORD.findall(normalise(typed))}


@dataclass(frozen=True, slots=True)
class _Run:
    """Words side by side: bare ones, or those of one phrase. first, end: its nodes."""

    first: int
    end: int
    words: tuple[str, ...]
    is_phrase: bool


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A word that is no syllable, by its run and its place in it; readings: what it may have been meant to be."""

    run: _Run
    at: int
    readings: tuple[tuple[str, ...], ...]

    @property
    def word(self) -> str:
        return self.run.words[self.at]


@dataclass(frozen=True, slots=True)
class _Words:
    """A query as the runs of its words. spelt: words as people write them, by the form that is compared."""

    nodes: tuple[Node, ...]
    runs: tuple[_Run, ...]
    spelt: Mapping[str, str]

    @classmethod
    def of(cls, tree: Node, spelt: Mapping[str, str]) -> _Words:
        nodes = tree.nodes if isinstance(tree, And) else (tree,)
        return cls(nodes, tuple(_runs(nodes)), spelt)

    @property
    def tree(self) -> Node:
        return self.nodes[0] if len(self.nodes) == 1 else And(self.nodes)

    @property
    def can_be_asked(self) -> bool:
        """Whether it is short enough to be a query again."""
        try:
            return parse(render(self.tree)) == self.tree
        except BadQuery:
            return False

    @property
    def shown(self) -> str:
        return WORD.sub(lambda word: self.spelt.get(word[0], word[0]), render(self.tree))

    def suspects(self) -> Iterator[_Suspect]:
        """The first few. Capitals among small letters are an abbreviation, not a slip."""
        shouted = all(word.isupper() for word in self.spelt.values())
        left = _MOST_SUSPECTS
        for run in self.runs:
            for at, word in enumerate(run.words):
                is_short_form = self.spelt.get(word, word).isupper() and not shouted
                if left and not is_short_form and (readings := near(word, _MOST_READINGS)):
                    left -= 1
                    yield _Suspect(run, at, tuple(readings))

    def with_run(self, run: _Run, words: Sequence[str], spelt: Mapping[str, str]) -> _Words:
        """The same query with other words in a run."""
        inside: tuple[Node, ...] = tuple(map(Word, words))
        if run.is_phrase and len(words) > 1:
            inside = (Phrase(tuple(words)),)
        nodes = (*self.nodes[: run.first], *inside, *self.nodes[run.end :])
        return _Words(nodes, tuple(_runs(nodes)), {**self.spelt, **spelt})


def _runs(nodes: Sequence[Node]) -> Iterator[_Run]:
    start = 0
    while start < len(nodes):
        node, end = nodes[start], start + 1
        if isinstance(node, Phrase):
            yield _Run(start, end, node.words, is_phrase=True)
        elif isinstance(node, Word):
            found = [node.text]
            while end < len(nodes) and isinstance(following := nodes[end], Word):
                found.append(following.text)
                end += 1
            yield _Run(start, end, tuple(found), is_phrase=False)
        start = end


def _by_name(
    index: SearchIndex, query: Query, words: _Words, suspects: Sequence[_Suspect], found: int, names: Spellings
) -> _Words | None:
    """With the words that most resemble a name read as that name; where something was found, only around a slip."""
    doubtful = {(suspect.run, suspect.at) for suspect in suspects}
    known = list(names)
    best: tuple[float, _Run, int, int, str] | None = None
    for run in words.runs:
        for start, end in _windows(run.words[:_MOST_WORDS]):
            if found and not any((run, at) in doubtful for at in range(start, end)):
                continue
            typed = fold(" ".join(run.words[start:end]))
            alike = process.extractOne(typed, known, scorer=fuzz.ratio, score_cutoff=_ALIKE)
            if alike is not None and alike[0] != typed and (best is None or alike[1] > best[0]):
                best = (alike[1], run, start, end, alike[0])
    if best is None:
        return None
    _, run, start, end, spelling = best
    if not any((run, at) in doubtful for at in range(start, end)) and _is_known(index, query, run.words[start:end]):
        return None
    written = names[spelling]
    inside = index_words(normalise(written))
    return words.with_run(run, [*run.words[:start], *inside, *run.words[end:]], _spelt(written))


def _is_known(index: SearchIndex, query: Query, words: tuple[str, ...]) -> bool:
    """Whether words are often printed so: then they are no slip, though with these filters they find nothing."""
    as_typed = Phrase(words) if len(words) > 1 else Word(words[0])
    return index.count(Query(tree=as_typed, public_only=query.public_only)) > FEW


def _windows(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Words side by side that could be a name, longest first; a single short word resembles too much."""
    for length in range(min(_LONGEST_NAME, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            if len(" ".join(words[start : start + length])) >= _SHORTEST_NAME:
                yield start, start + length


def _by_syllables(
    index: SearchIndex, query: Query, words: _Words, suspects: Sequence[_Suspect], found: int
) -> _Words | None:
    """With each slip read as the syllable that is found most often beside its neighbours."""
    mended = words
    for suspect in reversed(suspects):  # what is mended moves only what stands behind it
        others = [other for other in suspects if other is not suspect]
        counts = {
            reading: index.count(replace(query, tree=tree))
            for reading in suspect.readings
            if (tree := _borne_out(words, suspect, others, reading, found)) is not None
        }
        best = max(counts, key=lambda reading: counts[reading], default=None)
        if best is None or not _is_clearly_more(counts[best], found):
            continue
        run = next(run for run in mended.runs if run.first == suspect.run.first)
        inside = [*run.words[: suspect.at], *best, *run.words[suspect.at + 1 :]]
        is_capital = words.spelt.get(suspect.word, "")[:1].isupper()
        mended = mended.with_run(run, inside, {word: word.capitalize() for word in best} if is_capital else {})
    return None if mended is words else mended


def _borne_out(
    words: _Words, suspect: _Suspect, others: Sequence[_Suspect], reading: tuple[str, ...], found: int
) -> Node | None:
    """The query with a reading next to what it was typed next to, other slips left out; None where a single word that
    found something has no neighbour to tell by."""
    run, at = suspect.run, suspect.at
    if run.is_phrase:
        return words.with_run(run, [*run.words[:at], *reading, *run.words[at + 1 :]], {}).tree
    slips = {(other.run, other.at) for other in others}
    beside = [place for place in (at - 1, at + 1) if 0 <= place < len(run.words) and (run, place) not in slips]
    pairs = [Phrase((run.words[place], *reading) if place < at else (*reading, run.words[place])) for place in beside]
    evidence: Node
    if pairs:
        evidence = pairs[0] if len(pairs) == 1 else Or(tuple(pairs))
    elif len(reading) > 1:
        evidence = Phrase(reading)
    elif not found:
        evidence = Word(reading[0])
    else:
        return None
    kept = [Word(word) for place, word in enumerate(run.words) if place != at and (run, place) not in slips]
    rest = (*words.nodes[: run.first], *kept, evidence, *words.nodes[run.end :])
    return rest[0] if len(rest) == 1 else And(rest)
