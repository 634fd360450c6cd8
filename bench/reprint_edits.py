"""How a text changes on its way from paper to paper, by rule and seed: what `bench/grouping.py` measures with."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_DROP, _SWAP, _INSERT = 0.3, 0.4, 0.3
_CREDITS: Final = ("Theo TTXVN", "Nguồn: Báo Trung Du", "(Theo Tin Sông Cầu)", "Hà An/Vietnam+", "Theo Báo Ba Sông")
_BOILERPLATE: Final = (
    "Mời bạn đọc theo dõi trang của báo trên mạng xã hội để nhận tin sớm nhất.",
    "Bạn đọc có thông tin xin gửi về đường dây nóng của tòa soạn.",
)


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    body: str


def edited(text: Text, share: float, words: list[str], chance: random.Random) -> Text:
    """Each word is, with the given probability, dropped, replaced or followed by a word from elsewhere."""

    def change(line: str) -> str:
        out = []
        for word in line.split():
            if chance.random() >= share:
                out.append(word)
                continue
            kind = chance.random()
            if kind < _DROP:
                continue
            out += [chance.choice(words)] if kind < _DROP + _SWAP else [word, chance.choice(words)]
        return " ".join(out)

    return Text(text.title, "\n".join(change(line) for line in text.body.split("\n")))


def halved(text: Text, _words: list[str], chance: random.Random) -> Text:
    """Half of the text: its beginning, or a run of words from anywhere."""
    words = text.body.split()
    start = 0 if chance.random() < 0.5 else chance.randrange(len(words) - len(words) // 2 + 1)
    return Text(text.title, " ".join(words[start : start + len(words) // 2]))


def under_new_headline(text: Text, words: list[str], chance: random.Random) -> Text:
    return Text(" ".join(chance.choice(words) for _ in range(11)).capitalize(), text.body)


def credited(text: Text, words: list[str], chance: random.Random) -> Text:
    """A mark at the head, the lead's first words changed, a standing line and a credit at the end."""
    body = edited(text, 0.02, words, chance).body
    return Text(text.title, f"(Tin nhanh) - {body}\n{chance.choice(_BOILERPLATE)}\n{chance.choice(_CREDITS)}")


CHANGES: Final[Mapping[str, Callable[[Text, list[str], random.Random], Text]]] = {
    "5 % edits": lambda text, words, chance: edited(text, 0.05, words, chance),
    "10 % edits": lambda text, words, chance: edited(text, 0.10, words, chance),
    "20 % edits": lambda text, words, chance: edited(text, 0.20, words, chance),
    "cut to half": halved,
    "new headline": under_new_headline,
    "added credit": credited,
}
