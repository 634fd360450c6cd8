"""The worker: crawlers and readers in processes of their own, the keeping of results and the index here.

Fetching never waits for reading, reading never for the database: each has its processes, and what one leaves for the
next stands in the store. On SQLite one worker runs, held by locks beside the database. On PostgreSQL any number run,
on one machine or several: they share newspapers and pages by leases, which are rows and survive a restart of the
database; each worker only tells the others that it is there.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Event
from typing import TYPE_CHECKING

from diembao.errors import StoreUnavailable, WrongUse
from diembao.settings import Settings

if TYPE_CHECKING:
    from diembao.store.database import Store

logger = logging.getLogger(__name__)

_STOP_SECONDS = 20.0
_RESTART_SECONDS = 5.0
_KIND = "worker"


def work(settings: Settings) -> None:
    """Crawl, understand, index and publish until a signal comes.

    Raises:
        WrongUse: another worker is at work on this store, and the store allows only one.
    """
    from diembao.cli.tools import tool_maker
    from diembao.index.opening import open_index
    from diembao.newsroom.analysis.alerts import letter as alert_letter
    from diembao.newsroom.analysis.alerts import telling
    from diembao.newsroom.analysis.saved_searches import LETTER
    from diembao.newsroom.analysis.summaries import writer
    from diembao.newsroom.digests.postman import keep_delivering
    from diembao.newsroom.letters import Carrier
    from diembao.newsroom.seal import Seal
    from diembao.store.database import open_store
    from pipelines import alerting, loop
    from pipelines.understanding import Readers

    stop = stop_on_signals()
    with closing(open_store(settings)) as store, _at_work(store, settings, stop):
        beside = [
            threading.Thread(target=_keep_crawling, args=(settings, stop), daemon=True)
            for _ in range(settings.crawler_processes)
        ]
        # A mail server that is slow holds up nothing but mail.
        seal = Seal(settings.signing_key)
        writers = {LETTER: writer(settings, seal), telling.LETTER: alert_letter.writer(settings, seal)}
        mail = (store, settings, seal, stop, Carrier(store, settings, writers))
        beside.append(threading.Thread(target=keep_delivering, args=mail, daemon=True))
        beside.append(threading.Thread(target=alerting.keep_calling, args=(store, settings, seal, stop), daemon=True))
        maker = tool_maker(settings, store)
        with (
            closing(Readers(maker.in_child, settings.reader_processes)) as readers,
            closing(open_index(settings)) as index,
        ):
            watch = (store, alerting.watch_over(store, index, settings), stop)
            beside.append(threading.Thread(target=alerting.keep_watching, args=watch, daemon=True))
            for thread in beside:
                thread.start()
            try:
                loop.run(store, index, maker(), settings, stop, hands=readers)
            finally:
                # However the loop ended, the others end too, else this process would wait for them for ever.
                stop.set()
                for thread in beside:
                    thread.join(_STOP_SECONDS)


def worker_is_at_work(settings: Settings) -> bool:
    """Whether some worker is at work on this store."""
    from diembao.store.database import open_store

    with closing(open_store(settings)) as store:
        return _is_at_work(store, settings)


def refuse_worker(store: Store, settings: Settings) -> None:
    """For commands that need a store on which nobody works.

    Raises:
        WrongUse: a worker is at work.
    """
    if _is_at_work(store, settings):
        raise WrongUse(f"a worker is at work on {store.shown_url}: stop it, and web too")


def _is_at_work(store: Store, settings: Settings) -> bool:
    from diembao.store import leases
    from diembao.store.locks import exclusive

    if store.dialect != "sqlite":
        with store.read() as session:
            return leases.present(session, _KIND) > 0
    with exclusive(store, settings.data_dir, "worker") as free:
        return not free


def stop_on_signals() -> Event:
    """An event that SIGINT and SIGTERM set."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


@contextmanager
def _at_work(store: Store, settings: Settings, stop: Event) -> Iterator[None]:
    """This process may do the worker's work: alone on SQLite, beside others elsewhere."""
    from diembao.store.locks import exclusive
    from pipelines import runner

    if store.dialect != "sqlite":
        with _announced(store, settings, stop):
            yield
        return
    with ExitStack() as held:
        if not held.enter_context(exclusive(store, settings.data_dir, "worker")):
            raise WrongUse("another worker is running on this data directory")
        if not held.enter_context(exclusive(store, settings.data_dir, "processing")):
            raise WrongUse("another command is processing articles; start the worker when it has ended")
        runner.take_over(store)
        yield


@contextmanager
def _announced(store: Store, settings: Settings, stop: Event) -> Iterator[None]:
    from diembao.store import leases

    me = f"{socket.gethostname()[:60]}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
    with store.write() as session:
        leases.announce(session, _KIND, me, settings.lease_seconds)

    def go_on() -> None:
        while not stop.wait(settings.lease_seconds / 6):
            try:
                with store.write() as session:
                    leases.announce(session, _KIND, me, settings.lease_seconds)
            except StoreUnavailable as error:
                logger.warning("cannot say that a worker is here: %s", error)

    announcing = threading.Thread(target=go_on, daemon=True)
    announcing.start()
    try:
        yield
    finally:
        stop.set()
        announcing.join()
        try:
            with store.write() as session:
                leases.withdraw(session, _KIND, me)
        except StoreUnavailable:
            logger.warning("the database is away; it will be seen that this worker has left")


def _keep_crawling(settings: Settings, stop: Event) -> None:
    """Run a crawler process, and run it again when it falls."""
    while not stop.is_set():
        context = multiprocessing.get_context("spawn")
        reading, writing = context.Pipe(duplex=False)
        child = context.Process(target=_crawl, args=(settings, reading), name="diembao-crawler")
        child.start()
        reading.close()
        while child.is_alive() and not stop.wait(0.5):
            pass
        writing.close()
        _end_process(child)
        if not stop.is_set():
            logger.error("the crawler ended; starting it again", extra={"exit": child.exitcode})
            stop.wait(_RESTART_SECONDS)


def _crawl(settings: Settings, parent: Connection) -> None:
    """The crawler process; `parent` closes when its parent stops or is gone."""
    from crawlers.requests import keep_answering
    from crawlers.run import crawl_forever
    from diembao import logs, memory
    from diembao.store.database import open_store

    logs.configure(settings.log_level, as_json=settings.log_json)
    memory.give_back_large_pieces()
    memory.look_for_cycles_often()
    stop = stop_on_signals()

    def watch() -> None:
        try:
            parent.recv()
        except EOFError:
            stop.set()

    threading.Thread(target=watch, daemon=True).start()
    store = open_store(settings)
    answering = threading.Thread(target=keep_answering, args=(store, settings, stop), daemon=True)
    answering.start()
    crawl_forever(settings, store, stop)
    store.close()


def _end_process(child: BaseProcess) -> None:
    child.join(_STOP_SECONDS)
    if child.is_alive():
        child.kill()
        child.join()
