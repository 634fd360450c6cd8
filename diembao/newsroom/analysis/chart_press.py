"""Drawing charts as SVG and PNG, and keeping what was drawn."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from lxml import etree

from diembao.newsroom.analysis.chart_frames import Frame, frame_of
from diembao.newsroom.analysis.charts import HERE, Chart, Drawable, Look
from diembao.newsroom.analysis.drawing import Drawing, DrawingHere

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}"
_KEPT = 400  # drawings of some 40 kB: a morning's views of an office


class ChartPress:
    """Draws charts and keeps the last ones. Safe to share between threads: the library does one at a time."""

    def __init__(self, drawing: Drawing | None = None) -> None:
        """drawing: who draws; here and now where nobody is named."""
        self._drawing = drawing or DrawingHere()
        self._svg = functools.lru_cache(_KEPT)(self._draw)
        self._frames: OrderedDict[Chart, Frame] = OrderedDict()
        self._lock = threading.Lock()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="charts")  # as one picture is drawn at a time

    def begin(self, chart: Drawable) -> Future[str]:
        """The drawing for a page, begun while the rest of the page is made."""
        if isinstance(chart, Chart) and (wanted := frame_of(chart)) and (frame := self._known_frame(wanted)):
            done: Future[str] = Future()
            done.set_result(frame.filled(chart))
            return done
        return self._ahead.submit(self.svg, chart)

    def svg(self, chart: Drawable, look: Look = Look.PAGE) -> str:
        """The drawing as an `svg` element; for a page without its own size, so that the style sheet gives it one.

        Raises:
            NotDrawn
        """
        if look is Look.PAGE and isinstance(chart, Chart) and (wanted := frame_of(chart)):
            frame = self._known_frame(wanted) or self._new_frame(wanted)
            return frame.filled(chart)
        return self._svg(chart, look)

    def png(self, chart: Drawable, scale: float = 2.0, look: Look = Look.FILE) -> bytes:
        """Raises: NotDrawn."""
        return self._drawing.png(self.svg(chart, look), scale)

    def begin_png(self, chart: Drawable, scale: float, look: Look) -> Future[bytes]:
        """The picture for a file, begun while the rest of the file is made."""
        return self._ahead.submit(self.png, chart, scale, look)

    def close(self) -> None:
        self._ahead.shutdown(cancel_futures=True)
        self._drawing.close()

    def _known_frame(self, wanted: Chart) -> Frame | None:
        with self._lock:
            if frame := self._frames.get(wanted):
                self._frames.move_to_end(wanted)
            return frame

    def _new_frame(self, wanted: Chart) -> Frame:
        frame = Frame(wanted, self._drawn(wanted, Look.PAGE))
        with self._lock:
            self._frames[wanted] = frame
            while len(self._frames) > _KEPT:
                self._frames.popitem(last=False)
        return frame

    def _draw(self, chart: Drawable, look: Look) -> str:
        return str(etree.tostring(self._drawn(chart, look), encoding="unicode"))

    def _drawn(self, chart: Drawable, look: Look) -> Any:
        drawn = self._drawing.svg(chart.specification(look))
        root = etree.fromstring(drawn.encode(), etree.XMLParser(resolve_entities=False, huge_tree=False))
        if look is Look.PAGE:
            _for_page(root, chart.title)
        return root


def _for_page(root: Any, title: str) -> None:
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    for drawn in root.iter(f"{_SVG}path", f"{_SVG}g"):
        said = drawn.attrib.pop("aria-label", "")
        if drawn.tag == f"{_SVG}path" and said:
            etree.SubElement(drawn, f"{_SVG}title").text = said
        for name in ("role", "aria-roledescription", "aria-hidden"):
            drawn.attrib.pop(name, None)
    for words in root.iter(f"{_SVG}text"):
        words.attrib.pop("font-family", None)
    root.set("role", "group")
    root.set("aria-label", title)
    for link in list(root.iter(f"{_SVG}a")):
        _plain_link(link)


def _plain_link(link: Any) -> None:
    """A link as HTML has it; a mark that leads nowhere is none."""
    href = link.attrib.pop(f"{_LINK}href", "")
    for name in ("target", f"{_LINK}title"):
        link.attrib.pop(name, None)
    if not href.startswith(HERE):
        link.tag = f"{_SVG}g"
        return
    link.set("href", href.removeprefix(HERE))
    # The table beside the chart has the same links in reading order; a hundred stops of the tab key help nobody.
    link.set("tabindex", "-1")
    said = link.find(f".//{_SVG}title")
    if said is not None:
        link.set("aria-label", said.text)
