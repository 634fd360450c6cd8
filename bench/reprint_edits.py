"""How a text changes on its way from paper to paper, by rule and seed: what `bench/grouping.py` measures with."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

_DROP, _SWAP = 0.3, 0.4  # the rest inserts
_CREDITS: Final = ("Theo TTXVN", "Nguồn: Báo Trung Du", "(Theo Tin Sông Cầu)", "Hà An/Vietnam+", "Theo Báo Ba Sông")
_BOILERPLATE: Final = (
    "Mời bạn đọc theo dõi trang của báo trên mạng xã hội để nhận tin sớm nhất.",
    "Bạn đọc có thông tin xin gửi về đường dây nóng của tòa soạn.",
)


Changed = tuple[str, str]


def edited(share: float, title: str, text: str, words: Sequence[str], chance: random.Random) -> Changed:
    """Each word is, with the given probability, dropped, replaced or followed by a word from elsewhere."""

    def change(line: str) -> str:
        out = []
        for word in line.split():
            if chance.random() >= share:
                out.append(word)
                continue
            kind = chance.random()
            if kind >= _DROP:
                out += [chance.choice(words)] if kind < _DROP + _SWAP else [word, chance.choice(words)]
        return " ".join(out)

    return title, "\n".join(change(line) for line in text.split("\n"))


def halved(title: str, text: str, _words: Sequence[str], chance: random.Random) -> Changed:
    """Half of the text: its beginning, or a run of words from anywhere."""
    words = text.split()
    start = 0 if chance.random() < 0.5 else chance.randrange(len(words) - len(words) // 2 + 1)
    return title, " ".join(words[start : start + len(words) // 2])


def under_new_headline(_title: str, text: str, words: Sequence[str], chance: random.Random) -> Changed:
    return " ".join(chance.choice(words) for _ in range(11)).capitalize(), text


def credited(title: str, text: str, words: Sequence[str], chance: random.Random) -> Changed:
    """A mark at the head, a word in fifty changed, a standing line and a credit at the end."""
    _, body = edited(0.02, title, text, words, chance)
    return title, f"(Tin nhanh) - {body}\n{chance.choice(_BOILERPLATE)}\n{chance.choice(_CREDITS)}"


CHANGES: Final[Mapping[str, Callable[[str, str, Sequence[str], random.Random], Changed]]] = {
    "5 % edits": partial(edited, 0.05),
    "10 % edits": partial(edited, 0.10),
    "20 % edits": partial(edited, 0.20),
    "cut to half": halved,
    "new headline": under_new_headline,
    "added credit": credited,
}
