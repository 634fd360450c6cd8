"""Failures of the embedded engine under our name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from diembao.errors import IndexBusy, IndexUnavailable


@contextmanager
def engine_errors() -> Iterator[None]:
    """Around every call into the engine.

    Raises:
        IndexBusy: another writer holds the lock.
        IndexUnavailable: anything else the engine raises. Its panics are no `Exception`, so that they would
            pass by everybody who catches those, yet they are no reason to end the program.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        if "LockBusy" in str(error):
            raise IndexBusy("another process is writing to the search index") from error
        raise IndexUnavailable(f"the search index failed: {error}") from error
    except BaseException as error:
        if type(error).__module__ == "pyo3_runtime":
            raise IndexUnavailable(f"the search index failed: {error}") from error
        raise
