"""Setting pages with Typst and the fonts that come with us: no font or file of the machine is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

import typst


def fonts() -> AbstractContextManager[Path]:
    """The folder of Liberation Serif, which has the metrics of Times New Roman and every Vietnamese letter."""
    return as_file(files("diembao.newsroom.digests").joinpath("fonts"))


def set_pages(
    template: str, values: Mapping[str, str], kind: Literal["pdf", "png"], at: datetime, *, ppi: float = 144.0
) -> bytes:
    """A document out of a template and its values.

    template: file in `formats/`; at: what the document says about when it was made. PDF is tagged and declared
    PDF/UA-1, which Typst checks; equal values give equal bytes.

    Raises:
        RuntimeError: the template is wrong, or a demand of PDF/UA is not met.
    """
    with as_file(files("diembao.newsroom.digests").joinpath("formats", template)) as source, fonts() as folder:
        made = typst.compile(
            str(source),
            font_paths=[str(folder)],
            ignore_system_fonts=True,
            sys_inputs=dict(values),
            format=kind,
            ppi=ppi,
            pdf_standards="ua-1" if kind == "pdf" else None,
            timestamp=int(at.timestamp()),
        )
    if not isinstance(made, bytes):
        raise RuntimeError(f"{template} is to be one page")
    return made
