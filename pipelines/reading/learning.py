"""Learning a site's profile from some of its pages, with trafilatura as the teacher.

Each page is read as an unknown one; then a selector is looked for that finds the same part on every page. What
was learned is tried on pages it was not learned from, and given up where it disagrees with the teacher.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import mean

from selectolax.lexbor import LexborHTMLParser, LexborNode

from diembao.errors import Unreadable
from diembao.records import Article, Page
from pipelines.dates import read_moment, settle
from pipelines.reading.assemble import assemble
from pipelines.reading.bylines import people_of
from pipelines.reading.likeness import shingle_f1
from pipelines.reading.outline import Block, Span, take_out_unseen, text_key
from pipelines.reading.profile import Profile, line_digest, read_with_profile
from pipelines.reading.reader import parse
from pipelines.reading.region import region_of_blocks
from pipelines.reading.selection import Picked, values_of
from pipelines.reading.structured import Structured, read_structured
from pipelines.reading.survey import Survey, read_survey, survey

FEWEST_PAGES = 6
MOST_PAGES = 24
# One page in three is kept to try what was learned.
_HELD_OUT = 3
_AGREEMENT = 0.95
_WORST_AGREEMENT = 0.8
# A selector must find the right part on this share of the pages, the body on all but a few.
_RIGHT = 0.8
_REPEATED_SHARE = 0.5
_REPEATED_PAGES = 3
_PLAIN_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]*")
_PARTS_BY_TEXT = ("title", "lead", "published", "author", "section", "credit")
_MOST_TRIED = 60  # selectors of one part
_LEVELS = 4  # how far above a part its selector may begin
_DEEPEST_PLACE = 12  # elements from the body down to a part


@dataclass(frozen=True, slots=True)
class Lesson:
    """One page as the teacher's pupil read it."""

    page: Page
    tree: LexborHTMLParser
    structured: Structured
    found: Survey
    article: Article


def learn(pages: Sequence[Page], source: str, *, on: date, version: int = 1) -> Profile | None:
    """A profile of the site, or None where too few pages can be read or no profile agrees with the teacher.

    pages: article pages of one source, most recent first; at most `MOST_PAGES` are looked at.
    """
    lessons = list(_lessons(pages[:MOST_PAGES]))
    if len(lessons) < FEWEST_PAGES:
        return None
    tried = lessons[::_HELD_OUT]
    learned = [lesson for position, lesson in enumerate(lessons) if position % _HELD_OUT]
    selectors = _selectors(learned)
    if "body" not in selectors or "title" not in selectors:
        return None
    sizes = [len(lesson.article.text) for lesson in lessons]
    profile = Profile(
        source=source,
        version=version,
        learned_on=on,
        selectors=selectors,
        repeated=_repeated(learned),
        shortest=min(sizes),
        longest=max(sizes),
        has_lead=mean(bool(lesson.article.lead) for lesson in lessons) >= _RIGHT,
        agreement=1.0,
        pages=len(lessons),
        has_time=mean(lesson.article.published_at is not None for lesson in lessons) >= _RIGHT,
    )
    return _verified(profile, tried)


def _lessons(pages: Iterable[Page]) -> Iterator[Lesson]:
    """The pages that can be read as unknown ones, each article once."""
    titles = set()
    for page in pages:
        try:
            tree = parse(page)
            structured = read_structured(tree, page.url)
            take_out_unseen(tree)
            found = survey(page, tree, structured, Picked())
            article = assemble(page, structured, read_survey(page, tree, structured, Picked(), found))
        except Unreadable:
            continue
        if found.region is not None and article.title not in titles:
            titles.add(article.title)
            yield Lesson(page, tree, structured, found, article)


def _repeated(lessons: Sequence[Lesson]) -> frozenset[str]:
    """Lines that stand in the text of many articles: imprints, appeals, addresses."""
    counts = Counter(
        digest for lesson in lessons for digest in {line_digest(line) for line in lesson.article.text.split("\n")}
    )
    enough = max(_REPEATED_PAGES, _REPEATED_SHARE * len(lessons))
    return frozenset(digest for digest, count in counts.items() if count >= enough)


# ---------------------------------------------------------------------------------------------- selectors
_Right = Callable[[Lesson, LexborNode | None, list[LexborNode]], bool]


def _selectors(lessons: Sequence[Lesson]) -> dict[str, str]:
    """The best selector of each part, in the order of the parts; parts without a reliable one are left out."""
    selectors = {}
    body = _best(lessons, _body_nodes, _is_body)
    if body:
        selectors["body"] = body
    for part in _PARTS_BY_TEXT:
        if part == "published" and all(_data_states_time(lesson) for lesson in lessons):
            continue
        if part == "author" and _data_states_authors(lessons):
            continue
        wanted = [lesson for lesson in lessons if _value(lesson, part)]
        # A part most pages do not have would be read from the wrong place on those.
        if len(wanted) >= _RIGHT * len(lessons):
            best = _best(wanted, _nodes_of(part), _reads(part), bare=part in {"title", "lead"})
            if best:
                selectors[part] = best
    return selectors


def _data_states_time(lesson: Lesson) -> bool:
    """Whether the page's data alone gives the time that was settled on with what is printed."""
    alone = settle(
        structured=[
            moment for stated in lesson.structured.times if (moment := read_moment(stated, lesson.page.fetched_at))
        ],
        feed=lesson.page.hints.published_at,
        url=lesson.page.url,
        now=lesson.page.fetched_at,
    )
    return alone[0] == lesson.article.published_at


def _data_states_authors(lessons: Sequence[Lesson]) -> bool:
    stated = [lesson for lesson in lessons if _stated_authors(lesson)]
    return len(stated) >= _RIGHT * len(lessons)


def _stated_authors(lesson: Lesson) -> bool:
    names = lesson.structured.site_names
    return any(people_of(listed, names, lesson.page.url, named=True) for listed in lesson.structured.authors)


def _best(
    lessons: Sequence[Lesson], nodes_of: Callable[[Lesson], list[LexborNode]], right: _Right, *, bare: bool = False
) -> str:
    """The selector that is right on most of the pages; empty below the threshold. bare: a tag alone may end it.

    Places are tried where names do not help: they change with the smallest redesign, which verification would notice.
    """
    for candidates_of in (_candidates, _places):
        candidates = Counter(selector for lesson in lessons for selector in candidates_of(nodes_of(lesson)))
        best = _best_of(candidates, lessons, right, bare=bare)
        if best:
            return best
    return ""


def _best_of(candidates: Counter[str], lessons: Sequence[Lesson], right: _Right, *, bare: bool) -> str:
    usable = [one for one in candidates if candidates[one] >= _RIGHT * len(lessons) and (bare or not _is_bare(one))]
    usable = sorted(usable, key=lambda one: (-candidates[one], _rank(one)))[:_MOST_TRIED]
    shares = {one: mean(_is_right(lesson, one, right) for lesson in lessons) for one in usable}
    best = max(shares.values(), default=0.0)
    if best < _RIGHT:
        return ""
    # Among equals one that names nothing else on the page, then the plainest.
    return min((one for one in usable if shares[one] == best), key=lambda one: (_matches(lessons, one), _rank(one)))


def _matches(lessons: Sequence[Lesson], selector: str) -> float:
    return mean(len(lesson.tree.css(selector)) for lesson in lessons)


def _rank(selector: str) -> tuple[bool, bool, int]:
    end = selector.rsplit(" ", 1)[-1]
    return _is_bare(selector), not end.startswith("h1"), len(selector)


def _is_bare(selector: str) -> bool:
    """Whether the element itself is named by its tag alone."""
    end = selector.rsplit(" ", 1)[-1]
    return _PLAIN_NAME.fullmatch(end) is not None and end not in {"article", "main"}


def _is_right(lesson: Lesson, selector: str, right: _Right) -> bool:
    nodes = lesson.tree.css(selector)
    return right(lesson, nodes[0] if nodes else None, nodes)


def _candidates(nodes: Iterable[LexborNode]) -> set[str]:
    """Selectors that lead to any of the nodes: by id, by class, alone or below a named element near above."""
    found: set[str] = set()
    for node in nodes:
        own = _names(node)
        found.update(name for name in own if name != node.tag)
        above = node.parent
        for _ in range(_LEVELS):
            if above is None or above.tag in {"html", "-document", None}:
                break
            for name in _names(above):
                if name != above.tag or name in {"article", "main"}:
                    found.update(f"{name} {end}" for end in own)
            above = above.parent
    return found


def _places(nodes: Iterable[LexborNode]) -> set[str]:
    """Where the nodes stand, for pages that name nothing: the way down from the body, or from an id above."""
    return {place for node in nodes if (place := _place(node))}


def _place(node: LexborNode) -> str:
    steps: list[str] = []
    here: LexborNode | None = node
    while here is not None and here.tag not in {"body", "html", "-document"} and len(steps) < _DEEPEST_PLACE:
        identity = _identity(here)
        if identity:
            return " > ".join([identity, *reversed(steps)])
        steps.append(f"{here.tag}:nth-of-type({_position(here)})")
        here = here.parent
    return " > ".join(["body", *reversed(steps)]) if here is not None and here.tag == "body" else ""


def _position(node: LexborNode) -> int:
    before, number = node.prev, 1
    while before is not None:
        number += before.tag == node.tag
        before = before.prev
    return number


def _identity(node: LexborNode) -> str:
    """`#id`, where it is not one of the article's own: those have numbers."""
    identity = node.attributes.get("id") or ""
    return f"#{identity}" if _PLAIN_NAME.fullmatch(identity) and not any(map(str.isdigit, identity)) else ""


def _names(node: LexborNode) -> list[str]:
    """Ways to name an element: `#id`, `tag.class`, `tag[itemprop="…"]`, its tag."""
    tag = node.tag or ""
    attributes = node.attributes
    names = [identity] if (identity := _identity(node)) else []
    classes = [name for name in (attributes.get("class") or "").split() if _PLAIN_NAME.fullmatch(name)]
    names += [f"{tag}.{name}" for name in classes[:6]]
    if len(classes) >= 2:
        names.append(f"{tag}." + ".".join(classes[:4]))
    prop = attributes.get("itemprop") or ""
    if _PLAIN_NAME.fullmatch(prop):
        names.append(f'{tag}[itemprop="{prop}"]')
    return [*names, tag]


# -------------------------------------------------------------------------------------- what is looked for
def _body_nodes(lesson: Lesson) -> list[LexborNode]:
    """The element that holds the article's paragraphs and nothing it need not hold."""
    keys = {text_key(line) for line in lesson.article.text.split("\n")[bool(lesson.article.lead) :]}
    blocks = [block for block in lesson.found.around.body if block.key in keys]
    frame = region_of_blocks(lesson.found.outline, blocks)
    return [frame.node] if frame is not None else []


def _is_body(lesson: Lesson, first: LexborNode | None, _every: list[LexborNode]) -> bool:
    return first is not None and first.mem_id in {node.mem_id for node in _body_nodes(lesson)}


def _value(lesson: Lesson, part: str) -> str:
    article = lesson.article
    if part == "author":
        return ", ".join(article.authors)
    if part == "published":
        return article.published_at.isoformat() if article.published_at else ""
    return {"title": article.title, "lead": article.lead, "section": article.section, "credit": article.credit}[part]


def _nodes_of(part: str) -> Callable[[Lesson], list[LexborNode]]:
    def nodes(lesson: Lesson) -> list[LexborNode]:
        outline = lesson.found.outline
        lines = [(block.text, block.frame.node) for block in outline.blocks if len(block.text) <= _longest(part)]
        lines += [(_said(span, part), span.node) for span in outline.spans]
        return [node for text, node in lines if _says(lesson, part, text)] + _lead_nodes(lesson, part)

    return nodes


def _said(span: Span, part: str) -> str:
    """An inline element's text, or what a `time` element says in its attribute."""
    return next(iter(values_of([span.node], part)), "") if span.cues.startswith("time") else span.text


def _longest(part: str) -> int:
    return 1500 if part == "lead" else 300


def _lead_nodes(lesson: Lesson, part: str) -> list[LexborNode]:
    """Elements that hold a lead of several lines."""
    if part != "lead":
        return []
    inside = [block for block in lesson.found.outline.blocks if _holds(lesson.article.lead, block)]
    return [block.frame.parent.node for block in inside if block.frame.parent is not None]


def _holds(lead: str, block: Block) -> bool:
    return len(block.key) >= 20 and block.key in text_key(lead) and block.key != text_key(lead)


def _says(lesson: Lesson, part: str, text: str) -> bool:
    """Whether a text read as this part gives what the article has."""
    article = lesson.article
    if part == "author":
        return (
            bool(text) and people_of(text, lesson.structured.site_names, lesson.page.url, named=True) == article.authors
        )
    if part == "published":
        moment = read_moment(text, lesson.page.fetched_at)
        return moment is not None and moment.at == article.published_at
    value = _value(lesson, part)
    return text_key(text) == text_key(value) if part in {"title", "lead"} else text == value


def _reads(part: str) -> _Right:
    def right(lesson: Lesson, first: LexborNode | None, every: list[LexborNode]) -> bool:
        if first is None:
            return False
        picked = values_of(every, part)
        if part == "lead":
            return _says(lesson, part, " ".join(picked))
        if part == "author":
            names = lesson.structured.site_names
            people = [name for text in picked for name in people_of(text, names, lesson.page.url, named=True)]
            return tuple(dict.fromkeys(people)) == lesson.article.authors
        return bool(picked) and _says(lesson, part, picked[0])

    return right


# ---------------------------------------------------------------------------------------------- verifying
def _verified(profile: Profile, tried: Sequence[Lesson]) -> Profile | None:
    """The profile with its agreement on pages it was not learned from; None where it is not good enough."""
    scores = [_agreement(profile, lesson) for lesson in tried]
    if mean(scores) < _AGREEMENT or min(scores) < _WORST_AGREEMENT:
        return None
    return replace(profile, agreement=round(mean(scores), 4))


def _agreement(profile: Profile, lesson: Lesson) -> float:
    """F1 of the text read with the profile against the teacher's; 0 where title, time or authors differ.

    A page the profile hands back to the teacher costs time, not truth, and counts as half.
    """
    reading = read_with_profile(lesson.page, lesson.tree, lesson.structured, Picked(), profile)
    if reading is None:
        return 0.5
    article = assemble(lesson.page, lesson.structured, reading)
    taught = lesson.article
    if article.title != taught.title or article.published_at != taught.published_at:
        return 0.0
    kept = "\n".join(line for line in taught.text.split("\n") if line_digest(line) not in profile.repeated)
    return shingle_f1(article.text, kept)
