"""Taking pages through the steps, in this process or in children, and never failing for one of them.

Children (`Readers`) keep the work that holds the interpreter away from whoever keeps results, use every core, and
bound a page in time and memory: one that kills its child, or does not come to an end, is an error of that page.
"""

from __future__ import annotations

import logging
import multiprocessing
import resource
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Protocol, TypeVar

from diembao import memory
from diembao.errors import Unreadable
from diembao.logs import about
from diembao.store.pages import PendingPage
from pipelines.reading import Profile
from pipelines.steps import STORE_STEPS, Tools, Work, learn_site, understand

logger = logging.getLogger(__name__)

# An ordinary lot takes tens of milliseconds, a monstrous page up to ten seconds; a lot that takes longer hangs.
_LOT_SECONDS: Final = 60.0
_LEARN_SECONDS: Final = 300.0
# What a child may grow by, over what models and libraries take.
_GROWTH_BYTES: Final = 1_500_000_000
_STOP_SECONDS: Final = 5.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Understood:
    """What the steps made of a page: the work done, or the step that failed and why."""

    page: PendingPage
    work: Work | None
    step: str = ""
    error: str = ""
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Lot:
    """Pages to be understood together, and the profiles of their sources, newest first."""

    works: tuple[Work, ...]
    profiles: Mapping[str, tuple[Profile, ...]]

    def __call__(self, tools: Tools) -> list[Understood]:
        tools = replace(tools, profiles=self.profiles)
        return [understand_page(work, tools) for work in self.works]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A source to be learned from these pages, newest first."""

    source: str
    pages: tuple[PendingPage, ...]
    on: date

    def __call__(self, tools: Tools) -> Profile | None:
        return learn_site(self.source, self.pages, tools, self.on)


class Hands(Protocol):
    """Who does the work of the steps. `at_once`: how many lots are worth giving out before the first is back."""

    at_once: int

    def understand(self, lot: Lot) -> Future[list[Understood]]: ...

    def learn(self, lesson: Lesson) -> Future[Profile | None]: ...


class OwnHands:
    """The steps in this process, one after the other."""

    at_once = 1

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def understand(self, lot: Lot) -> Future[list[Understood]]:
        done: Future[list[Understood]] = Future()
        done.set_result(lot(self._tools))
        return done

    def learn(self, lesson: Lesson) -> Future[Profile | None]:
        done: Future[Profile | None] = Future()
        done.set_result(lesson(self._tools))
        return done


def understand_page(work: Work, tools: Tools) -> Understood:
    """The rest of the steps for one page; whatever goes wrong is told, not raised."""
    page = work.page
    begin = "tag" if work.article is not None else "extract"
    if work.article is not None and page.redo in STORE_STEPS:
        return Understood(page, work)
    try:
        with about(page=page.id):
            return Understood(page, understand(work, tools, begin))
    except Unreadable as error:
        return Understood(page, None, "extract", str(error), unreadable=True)
    except Exception as error:  # one of the three places that catch broadly: one article never stops the rest
        step = next((note[6:] for note in getattr(error, "__notes__", ()) if note.startswith("step: ")), "?")
        told = {"page": page.id, "url": page.url, "step": step}
        logger.warning("article quarantined", extra=told, exc_info=error)
        return Understood(page, None, step, f"{type(error).__name__}: {error}")


class Readers:
    """Child processes that take pages through the steps. `close` them.

    make_tools: called once in every child, so it must be picklable; lot_seconds, growth: bounds on a child.
    """

    def __init__(
        self,
        make_tools: Callable[[], Tools],
        children: int,
        *,
        lot_seconds: float = _LOT_SECONDS,
        growth: int = _GROWTH_BYTES,
    ) -> None:
        self.at_once = 4 * children
        self._make_tools = make_tools
        self._lot_seconds = lot_seconds
        self._growth = growth
        self._children = [_Child(make_tools, growth) for _ in range(children)]
        self._idle: SimpleQueue[_Child] = SimpleQueue()
        for child in self._children:
            self._idle.put(child)
        # A thread for each child waits for its answer; none of them computes.
        self._threads = ThreadPoolExecutor(children, thread_name_prefix="reader")

    def understand(self, lot: Lot) -> Future[list[Understood]]:
        return self._threads.submit(self._understand, lot)

    def learn(self, lesson: Lesson) -> Future[Profile | None]:
        return self._threads.submit(self._learn, lesson)

    @property
    def process_ids(self) -> list[int]:
        """The children as they are now."""
        return [child.process_id for child in self._children]

    def close(self) -> None:
        """End all children; work under way is finished first."""
        self._threads.shutdown()
        for child in self._children:
            child.end()

    def _understand(self, lot: Lot, *, again: bool = True) -> list[Understood]:
        """again: a page alone in its lot gets a second child, for the first may have been dying anyway."""
        try:
            return self._ask(lot, self._lot_seconds)
        except _ChildLost as lost:
            if len(lot.works) > 1:
                # One of them did it; each is tried alone.
                return [one for work in lot.works for one in self._understand(replace(lot, works=(work,)))]
            if again:
                return self._understand(lot, again=False)
            page = lot.works[0].page
            logger.warning("article quarantined", extra={"page": page.id, "url": page.url, "reason": str(lost)})
            return [Understood(page, None, "extract", f"the reading process {lost}")]

    def _learn(self, lesson: Lesson) -> Profile | None:
        try:
            return self._ask(lesson, _LEARN_SECONDS)
        except _ChildLost as lost:
            logger.warning("learning ended", extra={"source": lesson.source, "reason": str(lost)})
            return None

    def _ask(self, task: Callable[[Tools], Answer], seconds: float) -> Answer:
        child = self._idle.get()
        try:
            return child.ask(task, seconds)
        except _ChildLost:
            lost, child = child, _Child(self._make_tools, self._growth)
            self._children[self._children.index(lost)] = child
            raise
        finally:
            self._idle.put(child)


class _ChildLost(Exception):
    """A child died or hung over its task."""


class _Child:
    """One reading process, and the pipe to it."""

    def __init__(self, make_tools: Callable[[], Tools], growth: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve, args=(theirs, make_tools, growth), name="diembao-reader", daemon=True
        )
        self._process.start()
        theirs.close()

    @property
    def process_id(self) -> int:
        return self._process.pid or 0

    def ask(self, task: Callable[[Tools], Answer], seconds: float) -> Answer:
        """The task's answer. Raises _ChildLost."""
        try:
            self._pipe.send(task)
            if not self._pipe.poll(seconds):
                self.end(at_once=True)
                raise _ChildLost(f"took longer than {seconds:g} s")
            answer: Answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            self.end()
            raise _ChildLost(f"ended with {self._process.exitcode}") from error
        return answer

    def end(self, *, at_once: bool = False) -> None:
        self._pipe.close()
        if at_once:
            self._process.kill()
        self._process.join(_STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, make_tools: Callable[[], Tools], growth: int) -> None:
    """A child's life: it ends when the pipe closes, that is when its parent stops or is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    tools = make_tools()
    memory.look_for_cycles_seldom()
    _bound_memory(growth)
    while True:
        try:
            task = pipe.recv()
            pipe.send(task(tools))
        except (EOFError, ConnectionError):
            return


def _bound_memory(growth: int) -> None:
    """Let the address space grow by no more than this from now on."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except FileNotFoundError:
        return  # not Linux: the bound on time remains
    now = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + growth, now + growth))
