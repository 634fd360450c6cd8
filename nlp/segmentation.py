"""Paragraphs, sentences and words of Vietnamese text.

Sentences are cut inside paragraphs, so a missing full stop never joins two of them. Words (compounds such as
"giải phóng") come from underthesea's bundled CRF, sentence by sentence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from nlp.entities.sentences import sentence_spans

_WARM_UP = "Ủy ban nhân dân tỉnh họp thường kỳ."


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each line that holds anything but spaces."""
    position = 0
    for line in text.split("\n"):
        if line.strip():
            yield position, position + len(line)
        position += len(line) + 1


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, trimmed."""
    found = (text[start:end].strip() for start, end in sentence_spans(text))
    return [sentence for sentence in found if sentence]


class WordSegmenter:
    """underthesea's word segmentation, warmed up and with its side effects undone.

    Its first call is not safe between threads and its calls hold the GIL: make one per process, before any
    thread starts. `fixed_words` is not offered, because it changes the library for every later call.
    """

    def __init__(self, word_tokenize: Callable[[str], list[str]]) -> None:
        self._word_tokenize = word_tokenize

    @classmethod
    def load(cls) -> WordSegmenter:
        """Imports underthesea (about 1 s, 80 MB) and makes its first call."""
        segmenter = cls(_import_quietly())
        segmenter.words(_WARM_UP)
        return segmenter

    def words(self, text: str) -> list[str]:
        """Words in order; syllables of one word joined by a space."""
        return [word for sentence in sentences(text) for word in self._word_tokenize(sentence)]


def _import_quietly() -> Callable[[str], list[str]]:
    """The tokenizer, with the root logger as it was: importing underthesea calls `logging.basicConfig`."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    from underthesea.pipeline.word_tokenize import word_tokenize

    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
    root.setLevel(level)
    tokenize: Any = word_tokenize
    return lambda sentence: list(tokenize(sentence))
