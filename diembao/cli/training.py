"""`train` and `evaluate`: make the language models again, and say how good they are."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from diembao.store.database import Store
    from nlp.evaluation.board import Section
    from nlp.training.material import Labelled

_EVAL_DIR = "DIEMBAO_EVAL_DIR"


def register(app: typer.Typer) -> None:
    app.command()(train)
    app.command()(evaluate)


def train(
    only: Annotated[list[str] | None, typer.Argument(help="Models to train; all when none is named.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the models go; default: into the package.")] = None,
    corrections: Annotated[Path | None, typer.Option(help="JSON Lines: id, title, text and labels.")] = None,
) -> None:
    """Retrain the language models from readers' labels and editors' corrections, and write their cards."""
    from diembao.errors import WrongUse
    from nlp.training.registry import train_all
    from nlp.training.task import TrainingTask, TrainingUnavailableError

    eval_dir = _eval_dir()
    if eval_dir is None:
        raise WrongUse(f"{_EVAL_DIR} is not set: the texts that the labels speak of are kept there")
    corrected = (*_editors_word(), *(_corrections(corrections) if corrections else ()))
    task = TrainingTask(eval_dir, out or _shipped_models(), corrected, lambda line: typer.echo(line, err=True))
    try:
        for path in train_all(task, only or ()):
            typer.echo(str(path))
    except TrainingUnavailableError as error:
        raise WrongUse(str(error)) from None


def evaluate(
    only: Annotated[list[str] | None, typer.Argument(help="Sections to run; all when none is named.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Measures, floors and tables as one JSON object.")] = False,
    raise_floors: Annotated[bool, typer.Option("--raise-floors", help="Raise floors to what was measured.")] = False,
    lower_floors: Annotated[bool, typer.Option("--lower-floors", help="Also lower those not reached.")] = False,
    quality: Annotated[Path | None, typer.Option(help="Folder of gold files and floors.")] = None,
) -> None:
    """Score the language models on gold files, print a table, compare with the floors; exit 1 below a floor."""
    from diembao.errors import WrongUse
    from nlp.evaluation.board import INSIDE, OUTSIDE, Material
    from nlp.evaluation.board import evaluate as sections
    from nlp.training.task import TrainingUnavailableError

    folder = quality or Path(__file__).parents[2] / "tests" / "quality"
    if not (folder / "floors.json").is_file():
        raise WrongUse(f"no floors.json in {folder}: name the folder of gold files with --quality")
    if unknown := set(only or ()) - {*INSIDE, *OUTSIDE}:
        raise WrongUse(f"no such section: {', '.join(sorted(unknown))}")
    material = Material(folder, _eval_dir(), lambda name: typer.echo(f"… {name}", err=True))
    if material.eval_dir is None:
        typer.echo(f"{_EVAL_DIR} is not set: only the examples of our own writing are scored", err=True)
    try:
        found = list(sections(material, only or ()))
    except TrainingUnavailableError as error:
        raise WrongUse(str(error)) from None
    _show_agreement(err=True)
    if raise_floors or lower_floors:
        _move(folder, found, lower=lower_floors)
    below = _show(folder, found, as_json)
    if below:
        raise typer.Exit(1)


def _eval_dir() -> Path | None:
    named = os.environ.get(_EVAL_DIR, "")
    return Path(named) if named else None


def _shipped_models() -> Path:
    from importlib.resources import files

    return Path(str(files("nlp").joinpath("models")))


def _store() -> Store | None:
    """The installation's store, if there is one; none is made for this."""
    from diembao.cli.tools import load_settings
    from diembao.store.database import open_store

    settings = load_settings()
    if settings.database_url is None and not (settings.data_dir / "diembao.sqlite3").is_file():
        return None
    return open_store(settings)


def _editors_word() -> tuple[Labelled, ...]:
    """What editors of this installation said, with the texts."""
    from diembao.cli.tools import load_settings, make_tools
    from nlp.training.material import CORRECTION, labelled
    from pipelines.labelled import labelled_rows

    store = _store()
    if store is None:
        return ()
    found = tuple(labelled(row, CORRECTION, "") for row in labelled_rows(store, make_tools(load_settings(), store)))
    typer.echo(f"{len(found)} articles with corrections by editors", err=True)
    return found


def _show_agreement(*, err: bool) -> None:
    """How often editors' labels of this installation say what the machine says now."""
    from diembao.store import labels

    store = _store()
    if store is None:
        return
    with store.read() as session:
        counted = labels.agreement(session)
    for field, (number, agreeing) in counted.items():
        if number:
            typer.echo(f"editors' labels: {field}: machine says the same in {agreeing} of {number}", err=err)


def _corrections(path: Path) -> tuple[Labelled, ...]:
    from nlp.training.material import CORRECTION, labelled

    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(labelled(json.loads(line), CORRECTION, "") for line in lines if line.strip())


def _measures(found: Sequence[Section]) -> dict[str, float]:
    return {name: value for section in found for name, value in section.measures.items()}


def _move(folder: Path, found: Sequence[Section], *, lower: bool) -> None:
    from nlp.evaluation.floors import move_floors

    for moved in move_floors(folder, _measures(found), lower):
        typer.echo(f"floor {moved.name}: {moved.before} → {moved.after}", err=True)


def _show(folder: Path, found: Sequence[Section], as_json: bool) -> list[str]:
    """Print the sections; the names of the measures below their floor."""
    from nlp.evaluation.floors import changed_gold, holds, read_floors

    floors = read_floors(folder)
    measured = _measures(found)
    below = [name for name, value in measured.items() if name in floors and not holds(name, value, floors[name])]
    changed = changed_gold(folder)
    if as_json:
        answer = {
            "sections": [{"title": one.title, "measures": one.measures, "lines": one.lines} for one in found],
            "floors": floors, "below": below, "changed_gold": changed,
        }  # fmt: skip
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return below + changed
    for section in found:
        typer.echo(f"\n{section.title}")
        for name, value in section.measures.items():
            floor = f"floor {floors[name]:g}" if name in floors else "no floor"
            typer.echo(f"  {name:40} {value:8.3f}  {floor}{'  BELOW' if name in below else ''}")
        for line in section.lines:
            typer.echo(f"  {line}")
    for name in changed:
        typer.echo(f"gold file changed since the floors were set: {name}")
    return below + changed
