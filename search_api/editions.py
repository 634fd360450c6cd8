"""The two editions of everything people read: Vietnamese at the root, English below `/en`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from search_api.messages import LANGUAGES, Messages
from search_api.moments import Formats

_PREFIXES = {"vi": "", "en": "/en"}


@dataclass(frozen=True, slots=True)
class Edition:
    """prefix: what its addresses begin with."""

    language: str
    prefix: str
    messages: Messages
    formats: Formats

    def path(self, path: str) -> str:
        """The address of a page in this edition; `path` as in the Vietnamese one."""
        return self.prefix + path

    def topic(self, slug: str) -> str:
        """The name of a topic; the slug itself for one we do not know."""
        key = f"topics.{slug}"
        return self.messages.text(key) if key in self.messages else slug


@dataclass(frozen=True, slots=True)
class Editions:
    by_language: Mapping[str, Edition]
    topics: tuple[str, ...]  # slugs, in the order of the taxonomy

    @classmethod
    def load(cls) -> Editions:
        editions = {
            language: Edition(language, _PREFIXES[language], Messages.load(language), Formats(language))
            for language in LANGUAGES
        }
        topics = tuple(key.removeprefix("topics.") for key in editions["vi"].messages if key.startswith("topics."))
        return cls(editions, topics)

    @property
    def vietnamese(self) -> Edition:
        return self.by_language["vi"]

    def of_path(self, path: str) -> Edition:
        return self.by_language["en" if path == "/en" or path.startswith("/en/") else "vi"]
