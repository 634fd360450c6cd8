"""The words people see, from `catalogue/<language>.yml`: one file a language, the same keys in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import yaml
from babel import Locale
from babel.numbers import format_decimal

# The one written in C reads the two catalogues ten times as fast; it is not in every build of the library.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LANGUAGES = ("vi", "en")
# Figures and dates of the English edition follow the day-first habit of its readers in Viet Nam.
LOCALES = {"vi": Locale("vi"), "en": Locale("en", "GB")}


class Messages:
    """Messages of one language by dotted key. A message with plural forms chooses by the value `count`."""

    def __init__(self, language: str, texts: Mapping[str, str | Mapping[str, str]]) -> None:
        self.language = language
        self._locale = LOCALES[language]
        self._group = self._locale.number_symbols["latn"]["group"]
        self._texts = texts

    @classmethod
    def load(cls, language: str) -> Messages:
        with files("search_api").joinpath("catalogue", f"{language}.yml").open(encoding="utf-8") as file:
            return cls(language, dict(_flat(yaml.load(file, _Loader), "")))  # noqa: S506 - both are safe loaders

    @classmethod
    def load_desk(cls) -> Messages:
        """Of the desk, which has one language: the section's, and one file a subject below `desk.<subject>`."""
        texts = dict(cls.load("vi")._texts)
        for file in sorted(files("search_api").joinpath("catalogue", "desk").iterdir(), key=lambda file: file.name):
            content = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - both are safe loaders
            texts |= _flat(content, f"desk.{file.name.removesuffix('.yml')}.")
        return cls("vi", texts)

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        """The keys, in the order of the file."""
        return iter(self._texts)

    def template(self, key: str) -> str | Mapping[str, str]:
        """The message as it stands in the file: with its fields, or by plural form."""
        return self._texts[key]

    def text(self, key: str, **values: Any) -> str:
        """The message with its values filled in; whole numbers are written the way of the language.

        Raises:
            KeyError: there is no such message, or a value is missing.
        """
        template = self._texts[key]
        if not isinstance(template, str):
            template = template.get(self._locale.plural_form(values["count"]), template["other"])
        shown = {name: self.number(value) if isinstance(value, int) else value for name, value in values.items()}
        return template.format_map(shown)

    def number(self, value: float) -> str:
        if isinstance(value, int):  # a page of figures has a thousand: a tenth of the time
            return f"{value:,}".replace(",", self._group)
        return str(format_decimal(value, locale=self._locale))


def _flat(node: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str | Mapping[str, str]]]:
    for name, value in node.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and "other" not in value:
            yield from _flat(value, f"{key}.")
        else:
            yield key, value
