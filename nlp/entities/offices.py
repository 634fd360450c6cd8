"""The office a person is named with: "Chủ tịch UBND tỉnh Thái Nguyên Nguyễn Huy Dũng", "ông Dũng, phó giám đốc sở"."""

from __future__ import annotations

from collections.abc import Sequence

from nlp.entities.lexicon import Found
from nlp.entities.sentences import Token

# Within an office these words may join its parts.
_JOINS = frozenset(
    ("và", "kiêm", "phụ", "trách", "thường", "trực", "chuyên", "của", "tại", "về", "quyền", "cũ", "khóa", "khoá")
) | {"nhiệm", "kỳ", "-", "–", "&"}
_CHAINS = frozenset((",", "kiêm"))  # between two offices of one person
_STOPS = frozenset('.;:!?"“”()[]…')
_BEFORE_REACH = 24  # tokens from the first word of an office to the name it stands before
_LOOSE, _LOOSE_IN_CHAIN = 9, 4  # words of an office that belong to no name: "phụ trách kinh tế"
_AFTER_REACH = 5  # tokens from a name to the office after it: ", nguyên", "(", "- hiện là"
_LEADS_IN = frozenset([",", "-", "–", "(", "nguyên", "hiện", "là", "giữ", "chức", "vụ", "cựu", "quyền", "đang", "làm"])
_COURTESY = frozenset(("person_title",))

Span = tuple[int, int, str]


def offices(tokens: Sequence[Token], spans: Sequence[Span], found: Sequence[Found]) -> dict[Span, tuple[int, int]]:
    """For each person among `spans` whose office is named beside it: the token range of the office."""
    heads = _longest([phrase for phrase in found if "office" in phrase.classes])
    courtesies = {at for phrase in found if phrase.classes & _COURTESY for at in range(phrase.start, phrase.end)}
    inside = {at for start, end, _ in spans for at in range(start, end)}
    result = {}
    for span in spans:
        if span[2] != "P":
            continue
        office = _before(span, tokens, heads, spans, inside, courtesies) or _after(span, tokens, heads, spans, inside)
        if office is not None:
            result[span] = office
    return result


def _longest(heads: Sequence[Found]) -> list[Found]:
    """Offices that lie in no longer one: "phó chủ tịch", not the "chủ tịch" in it."""
    kept: list[Found] = []
    for head in sorted(heads, key=lambda one: (one.start, one.end)):
        if kept and head.end <= kept[-1].end:
            continue
        if kept and kept[-1].start == head.start:
            kept.pop()
        kept.append(head)
    return kept


def _before(
    person: Span,
    tokens: Sequence[Token],
    heads: Sequence[Found],
    spans: Sequence[Span],
    inside: set[int],
    courtesies: set[int],
) -> tuple[int, int] | None:
    """An office that ends where the name (or the "ông" before it) begins."""
    end = person[0]
    while end > 0 and ((end - 1 in courtesies and end - 1 not in inside) or tokens[end - 1].text in (",", "-", "–")):
        end -= 1
    if any(span[2] == "P" and person[0] - _BEFORE_REACH <= span[0] < person[0] and span[1] == end for span in spans):
        return None
    start: int | None = None
    for head in reversed(heads):
        if head.end > person[0] or head.start < person[0] - _BEFORE_REACH:
            continue
        if start is not None and tokens[start - 1].text.lower() not in _CHAINS:
            break
        until, most = (end, _LOOSE) if start is None else (start, _LOOSE_IN_CHAIN)
        if not _connected(tokens, head.end, until, inside, spans, most):
            break
        start = head.start
    return (start, end) if start is not None and start < end else None


def _connected(
    tokens: Sequence[Token], start: int, end: int, inside: set[int], spans: Sequence[Span], most: int
) -> bool:
    """Whether the words between an office's head and the name all belong to the office."""
    loose = 0
    for at in range(start, end):
        word = tokens[at].text
        if word in _STOPS or any(span[2] == "P" and span[0] <= at < span[1] for span in spans):
            return False
        if at in inside or word in _JOINS or word == ",":
            continue
        loose += 1
        if loose > most:
            return False
    return True


def _after(
    person: Span, tokens: Sequence[Token], heads: Sequence[Found], spans: Sequence[Span], inside: set[int]
) -> tuple[int, int] | None:
    """An office that follows the name after a comma, dash or bracket."""
    at = person[1]
    if at >= len(tokens) or tokens[at].text not in (",", "-", "–", "("):
        return None
    while at < len(tokens) and at - person[1] < _AFTER_REACH and tokens[at].text.lower() in _LEADS_IN:
        at += 1
    head = next((h for h in heads if h.start == at), None)
    if head is None:
        return None
    end = head.end
    while end < len(tokens):
        if end in inside:
            if any(span[2] == "P" and span[0] <= end < span[1] for span in spans):
                break
            end = next(span[1] for span in spans if span[0] <= end < span[1])
        elif tokens[end].text in _JOINS and end + 1 < len(tokens) and (end + 1 in inside or _head_at(heads, end + 1)):
            end += 1
        elif (following := _head_at(heads, end)) is not None:
            end = following.end
        else:
            break
    return head.start, end


def _head_at(heads: Sequence[Found], at: int) -> Found | None:
    return next((head for head in heads if head.start == at), None)
