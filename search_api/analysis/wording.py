"""What fields and their values are called on the analysts' pages."""

from __future__ import annotations

from dataclasses import dataclass

from search_api.analysis.asked import FILTERS
from search_api.labels import Labels
from search_api.messages import Messages


@dataclass(frozen=True, slots=True)
class Wording:
    labels: Labels
    messages: Messages

    def field(self, name: str) -> str:
        return self.messages.text(f"desk.analysis.fields.{name}")

    def value(self, name: str, value: str) -> str:
        """A value in words; itself where it has no other name."""
        key = f"desk.analysis.values.{name}.{value}"
        if key in self.messages:
            return self.messages.text(key)
        if name == "stance":
            return self.messages.text(f"desk.frame.stance.{value}")
        if name == "state" and f"desk.frame.states.{value}" in self.messages:
            return self.messages.text(f"desk.frame.states.{value}")
        return self.labels.of(FILTERS[name], value)
