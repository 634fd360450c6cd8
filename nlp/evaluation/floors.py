"""Floors under the measures: kept in the repository, raised by a command, lowered only when told to.

A floor is a number by the measure's name; a name that ends in `_at_most` is a ceiling. The gold files they
are measured on are pinned by digest: other gold needs the same explicit word as a lower floor.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

AT_MOST = "_at_most"
FLOORS_FILE, DIGESTS_FILE = "floors.json", "digests.json"
# Measures move a little with library versions; a floor is set this far below what was measured.
_SLACK = 0.02


def read_floors(folder: Path) -> dict[str, float]:
    """Raises FileNotFoundError."""
    found: dict[str, float] = json.loads((folder / FLOORS_FILE).read_text(encoding="utf-8"))
    return found


def gold_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each gold file of the folder, by file name."""
    gold = sorted([*folder.glob("*.csv"), *folder.glob("*.jsonl")])
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in gold}


def changed_gold(folder: Path) -> list[str]:
    """Names of pinned gold files that are gone or not what they were when the floors were set."""
    pinned: dict[str, str] = json.loads((folder / DIGESTS_FILE).read_text(encoding="utf-8"))
    now = gold_digests(folder)
    return sorted(name for name, digest in pinned.items() if digest != now.get(name))


def holds(name: str, value: float, floor: float) -> bool:
    """Whether a measure keeps its floor, or stays under its ceiling."""
    return value <= floor if name.endswith(AT_MOST) else value >= floor


@dataclass(frozen=True, slots=True)
class Moved:
    """A floor that a command changed; `before` is None for a new one."""

    name: str
    before: float | None
    after: float


def move_floors(folder: Path, measured: Mapping[str, float], lower: bool) -> list[Moved]:
    """Raise floors to what was measured (less a little); with `lower`, also those not reached. New gold is pinned.

    Raises ValueError when gold has changed and `lower` was not said.
    """
    changed = changed_gold(folder)
    if changed and not lower:
        raise ValueError(f"gold has changed ({', '.join(changed)}): only --lower-floors may take it over")
    floors = read_floors(folder)
    moved = []
    for name, value in measured.items():
        before, wanted = floors.get(name), _floor_under(name, value)
        better = before is None or (wanted != before and holds(name, wanted, before))
        if better or (lower and before is not None and not holds(name, value, before)):
            moved.append(Moved(name, before, wanted))
            floors[name] = wanted
    _write(folder / FLOORS_FILE, floors)
    _write(folder / DIGESTS_FILE, gold_digests(folder))
    return moved


def _floor_under(name: str, value: float) -> float:
    if name.endswith(AT_MOST) or float(value).is_integer():
        return value
    return math.floor((value - _SLACK) * 100) / 100


def _write(path: Path, values: Mapping[str, object]) -> None:
    path.write_text(json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
