"""What a trainer is given and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from nlp.training.material import Labelled, gather


class TrainingUnavailableError(ValueError):
    """What training needs is missing on this machine."""


@dataclass(frozen=True)
class TrainingTask:
    """Where the material is, where the models go, what editors have corrected, whom to tell."""

    eval_dir: Path
    out: Path
    corrections: tuple[Labelled, ...] = ()
    tell: Callable[[str], None] = field(default=lambda line: None)

    def gather(self) -> list[Labelled]:
        """All labelled articles, editors' corrections included."""
        return gather(self.eval_dir, self.corrections)


@dataclass(frozen=True)
class Card:
    """What a reader must know of a model: written as Markdown beside it."""

    name: str
    version: str
    purpose: str
    data: tuple[str, ...]
    scores: Mapping[str, str]
    limits: tuple[str, ...]

    def write(self, folder: Path, day: date) -> Path:
        lines = [f"# {self.name} ({self.version})", "", self.purpose, "", f"Trained {day:%Y-%m-%d} by `diembao train`."]
        lines += ["", "## Data", "", *(f"- {line}" for line in self.data)]
        lines += ["", "## Scores", "", "| what | value |", "|---|---|"]
        lines += [f"| {what} | {value} |" for what, value in self.scores.items()]
        lines += ["", "## Limits", "", *(f"- {line}" for line in self.limits), ""]
        path = folder / f"{self.name}.md"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path


Trainer = Callable[[TrainingTask], Card]


def scikit_learn() -> None:
    """See that scikit-learn is there, and keep its linear algebra to one thread.

    The matrices are small: BLAS threads waiting for one another made a fit a hundred times slower here, and
    their order of summing would make training less repeatable.

    Raises TrainingUnavailableError in one line when it is not installed.
    """
    try:
        import sklearn  # noqa: F401
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        threadpool_limits(1)
    except ImportError:
        raise TrainingUnavailableError(
            "training and cross-validation need scikit-learn: install the optional extra, diembao[train]"
        ) from None
