"""A letter that tells of stories: each with its outlet, hour and lead, as text and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy.orm import Session

from diembao.newsroom.days import LOCAL
from diembao.settings import Settings
from diembao.store import articles, public, stories
from diembao.store.models import ArticleRow
from nlp.text import normalise

WORDS: Mapping[str, str] = {"printings": "{count} báo đăng"}
_STANCES = {"favourable": "thuận lợi", "unfavourable": "bất lợi", "neutral": "trung tính", "mixed": "hỗn hợp"}
_LONGEST_LEAD = 240


@dataclass(frozen=True, slots=True)
class Told:
    """One story as a letter tells it. facts: outlet, hour, printings, stance. desk: its page behind the sign-in."""

    title: str
    facts: str
    lead: str
    url: str
    desk: str


def told_of(session: Session, article_ids: Sequence[int], settings: Settings, *, stance: bool = True) -> list[Told]:
    """What of these articles may still be told, in their order. stance: whether the reader may know of it."""
    rows = articles.by_ids(session, article_ids)
    known = stories.by_ids(session, sorted({row.story_id for row in rows.values()}))
    outlets = public.outlet_titles(session)
    return [
        _shown(row, outlets.get(row.source, row.source), known[row.story_id].outlets, settings, stance=stance)
        for number in article_ids
        if (row := rows.get(number)) is not None and row.withdrawn_at is None and row.source_removed_at is None
    ]


def plain(values: Mapping[str, Any]) -> str:
    """The letter as text. values: lead, told, more (or empty), words (open, why, leave), open, leave."""
    blocks = [values["lead"]]
    for number, one in enumerate(values["told"], 1):
        blocks.append("\n".join(line for line in (f"{number}. {one.title}", one.facts, one.lead, one.url) if line))
    words = values["words"]
    end = [f"{words['open']}: {values['open']}", words["why"], f"{words['leave']}: {values['leave']}"]
    return "\n\n".join([*blocks, *([values["more"]] if values["more"] else []), "\n".join(end)]) + "\n"


def page(values: Mapping[str, Any]) -> str:
    """The letter as a page; values as of `plain`, and words.subject."""
    environment = Environment(
        loader=PackageLoader("diembao.newsroom", "analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("summary.html.j2").render(**values)


def _shown(row: ArticleRow, outlet: str, outlets: int, settings: Settings, *, stance: bool) -> Told:
    facts = [outlet, f"{row.effective_at.astimezone(LOCAL):%H:%M %d/%m/%Y}"]
    if outlets > 1:
        facts.append(WORDS["printings"].format(count=outlets))
    if row.stance and stance:
        facts.append(_STANCES.get(row.stance, row.stance))
    lead = " ".join(normalise(row.lead).split())
    return Told(
        " ".join(normalise(row.title).split()),
        " · ".join(facts),
        lead if len(lead) <= _LONGEST_LEAD else lead[: _LONGEST_LEAD - 1].rpartition(" ")[0] + " …",
        row.url if row.url.startswith(("https://", "http://")) else "",
        f"{settings.public_url.rstrip('/')}/ban-bien-tap/tin/{row.story_id}",
    )
