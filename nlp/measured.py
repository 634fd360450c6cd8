"""How right the machine is, as measured on articles that people had judged and the models had not seen.

Lower bounds: `tests/quality` fails when a model falls below one, and when one here differs from the floors there. How
each was measured is told in the cards beside the models (`nlp/models/*.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# F1 weighs what was found wrongly and what was missed; 1 is all right. Of stance, of articles about the province alone.
AT_LEAST: Final[Mapping[str, float]] = MappingProxyType(
    {
        "relevance.relevant_f1": 0.945,
        "places.f1": 0.88,
        "topics.main_or_second": 0.91,
        "stance.ours_macro_f1": 0.67,
        "stance.ours_unfavourable_recall": 0.83,
        "stance.ours_needs_response_f1": 0.7,
        "stories.reprint_precision": 0.96,
        "stories.reprint_recall": 0.97,
    }
)
