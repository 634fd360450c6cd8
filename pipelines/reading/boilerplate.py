"""What stands on a page and is not the article: menus, teasers, captions, tags, share bars, imprints.

The words are those of Vietnamese content systems: first in the names of elements (`cues`), then in the print.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from nlp.text import fold
from pipelines.reading.outline import Block, Frame, Outline

_JUNK_CUES = re.compile(
    r"relat|lien-?quan|tin-?khac|cung-?chuyen-?muc|cung-?chu-?de|tin-?cung|doc-?them|xem-?them|doc-?nhieu|read-?more"
    r"|more-?news|other-?news|news-?other|recommend|suggest|tin-?moi|listnewsincontent|see-?also|\bnext-?post|most-?read"
    r"|share|sharing|\bsocial|zalo|\bfb-|\blike-?box|follow-us|google-?news|copy-?link|link-source"
    r"|comment|binh-?luan|\bcmt|\btags?\b|[-_]tags?\b|\btags?[-_]|tagdetail|keyword|tu-?khoa|hashtag"
    r"|author-?(?:box|info|bio|profile|detail)|box-?author|about-?author|tac-?gia-?box"
    r"|banner|advert|\bads?\b|\bads[-_]|[-_]ads\b|quang-?cao|\badv-|sponsor|\bpromo"
    r"|breadcrumb|pagination|\bpaging\b|\bmenu|navbar|navigation|side-?bar"
    r"|subscri|newsletter|popup|\bmodal|toolbar|\brating|\brate-|\bvote|\bpoll\b|survey"
    r"|caption|photo-?desc|img-?desc|image-?desc|ck_legend|photo-?note|image-?note|\bimage-?credit"
    r"|luot-?xem|view-?count|\bviews?\b|\bprint\b|not-displayed|tin-?lq|news-?list|list-?news|box-?tin"
    r"|audio|player|\btts\b|video-?(?:info|title|hot)|\btoc\b|table-of-contents|feedback|\bnoti"
    r"|\bfooter|[-_]footer|\bfoot\b|chan-?trang|copyright|insert-wiki|inner-article"
)
# Never around an article, however much text they hold: readers' comments are often longer than it.
_NEVER_TEXT = re.compile(
    r"comment|binh-?luan|\bcmt|relat|lien-?quan|cung-?chuyen-?muc|\bfooter|[-_]footer|chan-?trang|quang-?cao"
)
_JUNK_TAGS = frozenset({"nav", "footer", "aside", "figcaption", "caption", "dialog", "menu", "amp-sidebar"})
_BOX_LINES = 60  # how much of a box of teasers is looked at

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
    r"|in(?: ra| bai| trang)?(?: viet)?"
    r"|gui (?:email|binh luan|bai viet)|copy link(?: thanh cong)?|sao chep(?: lien ket)?"
    r"|phong to|thu nho|co chu|nghe (?:doc )?bai|ve trang chu|quay lai|facebook|twitter|zalo|linkedin|email"
    r"|link bai goc|lay link!?|doc tiep|xem tat ca|xem them|thich|danh gia|tang sao|dang ky|dang nhap|aa?|theo doi"
    r"|y kien(?: ban doc)?|video|anh|audio)(?:\W*\d[\d.,]*)?\W*"
)
_LABELLED = re.compile(
    r"\W*(?:(?:so )?luot (?:xem|doc)\W*\d|(?:tu khoa|tags?|chu de|hashtag|the)\s*:|theo doi .{0,40}google news"
    r"|(?:video|clip|infographic|do hoa)\s*:)"
)
_IMPRINT = re.compile(
    r"giay phep.{0,60}\b(?:gp|bao dien tu|tap chi dien tu|ttdt|trang (?:tin|thong tin))\b"
    r"|ghi ro nguon.{0,60}(?:phat hanh|su dung|khi|trang)"
    r"|ban quyen thuoc|(?:cam|moi hanh vi) sao chep|all rights reserved"
    r"|chiu trach nhiem (?:noi dung|chinh)\s*:|^\W*toa soan\s*:|^\W*©"
)
_ARROWS = re.compile(r"\s*(?:>>+|»+|&gt;|›|▶|►|➤|→|\+\s)")
_PHOTO_LABEL = re.compile(r"\(?\s*(?:anh|nguon anh|photo)\s*:")
_PHOTO = re.compile(
    r"\(?\s*(?:anh|nguon anh|anh minh hoa|anh tu lieu|hinh anh|minh hoa|photo)\b\s*(?:[:(]|minh hoa|tu lieu|$)"
    r"|.{0,300}[.(\-–|,]\s*(?:nguon )?(?:anh|photo)\s*(?:minh hoa)?\s*:?[^.]{0,40}\)?\s*\.?$|.{0,300}\|\s*$"
)
_DAY_ALONE = re.compile(r"\W*\d{1,2}\s?[./-]\s?\d{1,2}(?:\s?[./-]\s?\d{2,4})?(?:\W+\d{1,2}[:h]\d{2})?\W*")


def is_junk_frame(frame: Frame) -> bool:
    """Whether the element's own name or class says that it holds no text of an article."""
    return frame.tag in _JUNK_TAGS or bool(frame.cues and _JUNK_CUES.search(frame.cues))


def own_blocks(outline: Outline, headline: Block | None) -> list[Block]:
    """The blocks that may belong to the article: not in a junk element, not a teaser, link or button, in order.

    headline: the block that prints the title, if known: what holds it is no junk, whatever it is called.
    """
    if not outline.frames:
        return []
    top = outline.frames[0]

    def holds_the_article(frame: Frame) -> bool:
        if headline is not None and headline.frame.within(frame):
            return True
        return 2 * frame.prose > top.prose and frame.headlines < 3 and not _NEVER_TEXT.search(frame.cues)

    junk: dict[int, bool] = {}
    kept = [
        block
        for block in outline.blocks
        if not any_above(block.frame, top, junk, lambda frame: is_junk_frame(frame) and not holds_the_article(frame))
    ]
    kept = _without_teasers(kept, outline, headline)
    return [block for block in kept if not is_furniture(block)]


def any_above(frame: Frame, top: Frame, known: dict[int, bool], holds: Callable[[Frame], bool]) -> bool:
    """Whether something holds for the frame or one above it, below `top`. Linear: verdicts are remembered."""
    path: list[Frame] = []
    current: Frame | None = frame
    verdict = False
    while current is not None and current is not top:
        if current.index in known:
            verdict = known[current.index]
            break
        path.append(current)
        current = current.parent
    for one in reversed(path):
        verdict = verdict or holds(one)
        known[one.index] = verdict
    return verdict


def _without_teasers(blocks: list[Block], outline: Outline, headline: Block | None) -> list[Block]:
    """Without “Tin liên quan” and what follows under that heading, “Đọc thêm: …” and lines that are mere links."""
    headings = [block for block in blocks if block is not headline and _teaser_heading(block)]
    firsts = _first_lines(blocks)
    boxes = {block.index: _box_of(block, firsts, outline, headline) for block in headings}
    closed = {box.index for box in boxes.values() if box is not None}
    boxed = _in_boxes(blocks, closed, outline.frames[0])
    kept: list[Block] = []
    under: Frame | None = None  # the element whose lines follow a heading without a box of its own
    for block in blocks:
        if block.index in boxes:
            # A heading of its own speaks for the lines below it; one with a link is the teaser itself.
            under = block.frame.parent if boxes[block.index] is None and not block.links else None
            continue
        if block.index in boxed or (under is not None and block.frame.within(under) and not _is_prose(block)):
            continue
        under = None
        if not _is_link_line(block) or block is headline:
            kept.append(block)
    return kept


def _in_boxes(blocks: Sequence[Block], closed: set[int], top: Frame) -> set[int]:
    known: dict[int, bool] = {}
    return {
        block.index
        for block in blocks
        if closed and any_above(block.frame, top, known, lambda one: one.index in closed)
    }


def _first_lines(blocks: Sequence[Block]) -> dict[int, int]:
    """Which block is the first in each element that holds any: frame index -> block index."""
    firsts: dict[int, int] = {}
    for block in blocks:
        frame: Frame | None = block.frame
        while frame is not None and frame.index not in firsts:
            firsts[frame.index] = block.index
            frame = frame.parent
    return firsts


def _box_of(block: Block, firsts: dict[int, int], outline: Outline, headline: Block | None) -> Frame | None:
    """The outermost element that begins with a teaser heading and holds what a list of teasers holds."""
    box: Frame | None = None
    frame: Frame | None = block.frame
    while frame is not None and frame.parent is not None and firsts[frame.index] == block.index:
        if headline is not None and headline.frame.within(frame):
            break
        if frame.total <= len(block.text) + 2:
            pass  # the heading alone
        elif frame.headlines >= 3 or _lists_days(block, frame, outline) or _is_small_list(frame, outline):
            box = frame
        elif box is not None:
            break
        frame = frame.parent
    return box


def _is_small_list(frame: Frame, outline: Outline) -> bool:
    return bool(frame.headlines) and 2 * frame.prose <= outline.frames[0].prose


def _lists_days(first: Block, frame: Frame, outline: Outline) -> bool:
    """Whether the element prints at least two days between its lines, as lists of news do."""
    days = 0
    for block in outline.blocks[first.index : first.index + _BOX_LINES]:
        if not block.frame.within(frame):
            break
        days += len(block.text) < 20 and bool(_DAY_ALONE.fullmatch(block.text))
    return days >= 2


def _teaser_heading(block: Block) -> bool:
    if len(block.text) > 300:
        return False
    flat = fold(block.text).lower()
    found = _TEASER_HEADING.match(flat)
    if found is None:
        return False
    rest = flat[found.end() :].strip(" .!…")
    if not rest:
        return True
    return block.linked > 0.3 or bool(found["colon"] and len(rest) < 200 and not rest.endswith("."))


def _is_prose(block: Block) -> bool:
    return len(block.text) >= 120 and block.linked < 0.3 and block.text.rstrip("”\"')").endswith((".", "…", "!", "?"))


def _is_link_line(block: Block) -> bool:
    if block.linked >= 0.8 and len(block.text) > 3:
        return True
    return block.linked > 0.5 and bool(_ARROWS.match(block.text))


def is_furniture(block: Block) -> bool:
    """Whether a line is a button, counter, caption, imprint or ornament rather than text."""
    flat = fold(block.text[:600]).lower()
    if len(block.text) <= 600 and _IMPRINT.search(flat):
        return True
    if len(block.text) > 320:
        return False
    if block.cues and _JUNK_CUES.search(block.cues) and len(block.text) < 120 and not block.links:
        return True
    if _BUTTON.fullmatch(flat) or (_LABELLED.match(flat) and not flat.endswith(".")):
        return True
    return _is_caption(block, flat) or not any(letter.isalnum() for letter in flat)


def _is_caption(block: Block, flat: str) -> bool:
    if len(flat) < 120 and _PHOTO_LABEL.match(flat):
        return True
    if not block.after_image:
        return False
    if block.is_italic or block.frame.align == "center" or "image" in block.frame.cues or _PHOTO.match(flat):
        return True
    # A table around one picture holds its caption in the next cell.
    return block.frame.tag in {"td", "th", "center"}
