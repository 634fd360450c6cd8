"""What stands inside an article's element and is not the article: teasers, captions, tags, share bars.

The words are those of Vietnamese content systems: first in the class names (`cues`), then in the print.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from nlp.text import fold
from pipelines.reading.outline import Block, Frame

_JUNK_CUES = re.compile(
    r"relat|lien-?quan|tin-?khac|cung-?chuyen-?muc|cung-?chu-?de|tin-?cung|doc-?them|xem-?them|doc-?nhieu"
    r"|read-?more|readmore"
    r"|more-?news|other-?news|news-?other|recommend|suggest|tin-?moi|listnewsincontent|see-?also|\bnext-?post"
    r"|most-?read"
    r"|share|sharing|\bsocial|zalo|\bfb-|\blike-?box|follow-us|google-?news|copy-?link|link-source"
    r"|comment|binh-?luan|\bcmt|\btags?\b|[-_]tags?\b|\btags?[-_]|tagdetail|keyword|tu-?khoa|hashtag"
    r"|author-?(?:box|info|bio|profile|detail)|box-?author|about-?author|tac-?gia-?box"
    r"|banner|advert|\bads?\b|\bads[-_]|[-_]ads\b|quang-?cao|\badv-|sponsor|\bpromo"
    r"|breadcrumb|pagination|\bpaging\b|\bmenu|navbar|navigation|side-?bar"
    r"|subscri|newsletter|popup|\bmodal|toolbar|\brating|\brate-|\bvote|\bpoll\b|survey"
    r"|caption|photo-?desc|img-?desc|image-?desc|ck_legend|photo-?note|image-?note|\bimage-?credit"
    r"|luot-?xem|view-?count|\bviews?\b|\bprint\b|not-displayed|tin-?lq|news-?list|list-?news|box-?tin"
    r"|audio|player|\btts\b|video-?info|\btoc\b|table-of-contents|feedback|\bnoti"
)
_JUNK_TAGS = frozenset({"nav", "footer", "aside", "figcaption", "caption", "dialog", "menu"})
# Elements whose name says teaser but that carry most of the text are mislabelled wrappers.
_MISLABELLED = 0.5
# Section pages seen have 24 and more linked headlines with .36 of the text; articles at most 5 with .03.
_LIST_HEADLINES = 8
_LIST_SHARE = 0.3

_TEASER_HEADING = re.compile(
    r"\W*(?:(?:cac\s+)?(?:tin|bai)(?:\s*,?\s*bai)?(?:\s+viet)?\s+(?:lien quan|khac|cung (?:chuyen muc|chu de)"
    r"|moi (?:nhat|hon)|cu hon|doc nhieu|xem nhieu)"
    r"|(?:doc|xem|tham khao|tim hieu|khong the bo qua)\s+(?:them|tiep|nhieu)"
    r"|(?:ban )?co the (?:ban )?(?:se )?quan tam|cung chuyen muc|cung chu de|tin (?:noi bat|moi|lien quan)"
    r"|lien quan|doc nhieu nhat|xem nhieu nhat|video (?:lien quan|dang xem nhieu|noi bat)|related (?:news"
    r"|articles|posts)|read more|su kien|chu de lien quan"
    r"|(?:moi|kinh moi)\s+(?:quy\s+)?(?:ban|doc gia|ban doc|quy vi)[^:]{0,30}(?:doc|xem|theo doi"
    r"|don doc)[^:]{0,60})\s*(?P<colon>:)?"
)
# Buttons and counters: the whole line, perhaps with a number; then labels that begin such a line.
_BUTTON = re.compile(
    r"\W*(?:luot (?:xem|doc)|views?|binh luan|chia se(?: bai viet| facebook)?|luu (?:bai|tin)(?: viet)?"
    r"|in (?:bai|trang)(?: viet)?"
    r"|gui (?:email|binh luan|bai viet)|copy link(?: thanh cong)?|sao chep(?: lien ket)?|phong to|thu nho|co chu"
    r"|nghe (?:doc )?bai"
    r"|ve trang chu|quay lai|facebook|twitter|zalo|linkedin|email|link bai goc|lay link!?|doc tiep|xem tat ca"
    r"|xem them|thich"
    r"|danh gia|tang sao|dang ky|dang nhap|aa?|theo doi|y kien(?: ban doc)?|video|anh|audio)(?:\W*\d[\d.,]*)?\W*"
)
_LABELLED = re.compile(
    r"\W*(?:(?:so )?luot (?:xem|doc)\W*\d|(?:tu khoa|tags?|chu de|hashtag|the)\s*:|theo doi .{0,40}google news"
    r"|(?:video|clip|infographic|do hoa)\s*:)"
)
_ARROWS = re.compile(r"\s*(?:>>+|»+|&gt;|›|▶|►|➤|→|\+\s)")
_PHOTO = re.compile(
    r"\(?\s*(?:anh|nguon anh|anh minh hoa|anh tu lieu|hinh anh|minh hoa|photo)\b\s*(?:[:(]|minh hoa|tu lieu|$)"
    r"|.{0,300}[.(\-–|,]\s*(?:nguon )?(?:anh|photo)\s*(?:minh hoa)?\s*:?[^.]{0,40}\)?\s*\.?$|.{0,300}\|\s*$"
)


def is_junk_frame(frame: Frame) -> bool:
    """Whether the element's own name or class says that it holds no text of an article."""
    return frame.tag in _JUNK_TAGS or bool(frame.cues and _JUNK_CUES.search(frame.cues))


def article_blocks(blocks: list[Block], region: Frame) -> list[Block]:
    """The blocks of the region that are the article's own, in order."""
    inside = [block for block in blocks if block.frame.within(region)]
    junk: dict[int, bool] = {}
    kept = [block for block in inside if not _in_junk(block.frame, region, junk)]
    kept = _without_teasers(kept, region)
    return [block for block in kept if not _is_furniture(block)]


def _in_junk(frame: Frame, region: Frame, known: dict[int, bool]) -> bool:
    limit = _MISLABELLED * max(1, region.total)
    return any_above(frame, region, known, lambda one: one.total < limit and is_junk_frame(one))


def any_above(frame: Frame, region: Frame, known: dict[int, bool], holds: Callable[[Frame], bool]) -> bool:
    """Whether something holds for the frame or one above it, below the region. Linear: verdicts are remembered."""
    path: list[Frame] = []
    current: Frame | None = frame
    verdict = False
    while current is not None and current is not region:
        if current.index in known:
            verdict = known[current.index]
            break
        path.append(current)
        current = current.parent
    for one in reversed(path):
        verdict = verdict or holds(one)
        known[one.index] = verdict
    return verdict


def _without_teasers(blocks: list[Block], region: Frame) -> list[Block]:
    """Without “Tin liên quan” and what follows under that heading, “Đọc thêm: …” and blocks that are mere links."""
    headings = {block.index for block in blocks if _teaser_heading(block)}
    boxes = {block.index: _box_of(block.frame, region) for block in blocks if block.index in headings}
    closed = {box.index for box in boxes.values() if box is not None}
    kept: list[Block] = []
    known: dict[int, bool] = {}
    skipping = False
    for block in blocks:
        if block.index in headings:
            # A heading of its own speaks for the lines below it; one with a link is the teaser itself.
            skipping = boxes[block.index] is None and not block.links
        elif (closed and _in(closed, block.frame, region, known)) or (skipping and not _is_prose(block)):
            continue
        else:
            skipping = False
            if not _is_link_line(block):
                kept.append(block)
    return kept


def _in(closed: set[int], frame: Frame, region: Frame, known: dict[int, bool]) -> bool:
    return any_above(frame, region, known, lambda one: one.index in closed)


def _box_of(frame: Frame, region: Frame) -> Frame | None:
    """The outermost element around a teaser heading that is small beside the article; None for the region itself."""
    box: Frame | None = None
    current: Frame | None = frame if frame.tag not in {"p", "h2", "h3", "h4", "h5", "strong"} else frame.parent
    while current is not None and current is not region and current.total < 0.4 * region.total:
        box = current
        current = current.parent
    return box


def _teaser_heading(block: Block) -> bool:
    if len(block.text) > 300:
        return False
    flat = fold(block.text).lower()
    found = _TEASER_HEADING.match(flat)
    if found is None:
        return False
    rest = flat[found.end() :].strip()
    if not rest:
        return True
    return block.linked > 0.3 or bool(found["colon"] and len(rest) < 200 and not rest.endswith("."))


def _is_prose(block: Block) -> bool:
    return len(block.text) >= 120 and block.linked < 0.3 and block.text.rstrip("”\"')").endswith((".", "…", "!", "?"))


def _is_link_line(block: Block) -> bool:
    if block.linked >= 0.9 and len(block.text) > 3:
        return True
    return block.linked > 0.5 and bool(_ARROWS.match(block.text))


def _is_furniture(block: Block) -> bool:
    if len(block.text) > 320:
        return False
    flat = fold(block.text).lower()
    if block.cues and _JUNK_CUES.search(block.cues) and len(block.text) < 120 and not block.links:
        return True
    if _BUTTON.fullmatch(flat) or (_LABELLED.match(flat) and not flat.endswith(".")):
        return True
    if _is_caption(block, flat):
        return True
    return not any(letter.isalnum() for letter in flat)


def _is_caption(block: Block, flat: str) -> bool:
    if len(flat) < 120 and re.match(r"\(?\s*(?:anh|nguon anh|photo)\s*:", flat):
        return True
    if not block.after_image:
        return False
    if block.is_italic or block.frame.align == "center" or "image" in block.frame.cues or _PHOTO.match(flat):
        return True
    # A table around one picture holds its caption in the next cell.
    return block.frame.tag in {"td", "th", "center"}


def is_own_text(block: Block, region: Frame) -> bool:
    """Whether a block outside the region may be the article's: no junk element above it, no furniture, no link."""
    frame: Frame | None = block.frame
    for _ in range(5):
        # What holds the article is no junk, whatever it is called.
        if frame is None or region.within(frame):
            break
        if is_junk_frame(frame):
            return False
        frame = frame.parent
    return not (_is_link_line(block) or _is_furniture(block) or _teaser_heading(block))


def is_list_of_links(blocks: Sequence[Block], region: Frame) -> bool:
    """Whether the region is a section page: many linked headlines that hold much of its text."""
    inside = [block for block in blocks if block.frame.within(region)]
    headlines = sum(block.linked > 0.9 and len(block.text) > 25 for block in inside)
    links = sum(block.links for block in inside)
    return headlines >= _LIST_HEADLINES and links > _LIST_SHARE * region.total
