"""Who trains what. A new model is one more line here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from nlp.training.task import Trainer, TrainingTask, scikit_learn

# In the order in which they must be trained: stance reads topics. Modules are named, not imported, because
# some import scikit-learn at once.
TRAINERS: dict[str, str] = {
    "relevance": "nlp.training.relevance:train",
    "topics": "nlp.training.topics:train",
    "stance": "nlp.training.stance:train",
    "entities": "nlp.training.entities:train_entities",
    "story_terms": "nlp.training.stories:train_terms",
}


def trainer(name: str) -> Trainer:
    """The function that trains this model. Raises ValueError for an unknown name."""
    if name not in TRAINERS:
        raise ValueError(f"no such model: {name}; there are {', '.join(TRAINERS)}")
    module, function = TRAINERS[name].split(":")
    found: Trainer = getattr(import_module(module), function)
    return found


def train_all(task: TrainingTask, only: Sequence[str] = ()) -> Iterator[Path]:
    """Train the named models, or all, and write their cards; yields the path of each card.

    Raises TrainingUnavailableError without scikit-learn, ValueError for an unknown name.
    """
    scikit_learn()
    names = [name for name in TRAINERS if name in only] if only else list(TRAINERS)
    unknown = set(only) - set(TRAINERS)
    if unknown:
        raise ValueError(f"no such model: {', '.join(sorted(unknown))}; there are {', '.join(TRAINERS)}")
    task.out.mkdir(parents=True, exist_ok=True)
    for name in names:
        yield trainer(name)(task).write(task.out, datetime.now(UTC).date())
