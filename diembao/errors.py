"""Every error the product raises on purpose.

DiembaoError
├── WrongUse            the caller asked for something that cannot be (exit 2)
├── BadSource           a source file is malformed or contradicts another
├── BadQuery            a search query cannot be read; knows the character
├── StaleSchema         the database is older or newer than this program
├── StoreUnavailable    the database cannot be reached or written
├── IndexUnavailable    the search index cannot be reached or written
│   └── IndexBusy       another process is writing to it; later it will do
├── ArchiveError        the archive of fetched pages cannot be read or written
├── BackupDamaged       a backup is not what was saved
├── FetchRefused        an address must not be fetched (private network, foreign host, robots)
├── FetchFailed         an address could not be fetched this time (timeout, reset, HTTP 503)
├── Forbidden           a person may not do this (roles)
├── Refused             what a person asked for cannot be done now; its reason is the key of a message
│   └── Conflict        somebody else was faster; nothing was overwritten
└── Unreadable          a page or row holds no article that can be read
"""

from typing import Self


class DiembaoError(Exception):
    """Root of all deliberate errors; its text is one clear line."""

    def bare(self) -> Self:
        """The error without the frames it came through. Who keeps an error as a result keeps these else, with all they
        hold, until the collector of cycles comes by."""
        self.__cause__ = self.__context__ = self.__traceback__ = None
        return self


class WrongUse(DiembaoError):
    """The command or call was used wrongly."""


class BadSource(DiembaoError):
    """A source file is malformed or contradicts another one."""


class BadQuery(DiembaoError):
    """A search query that cannot be read.

    position: index of the offending character in the query as given (code points, 0-based).
    code: stable name of the fault (`unclosed_quote`, `unknown_field`, …), the key of its Vietnamese message.
    """

    def __init__(self, message: str, position: int, code: str) -> None:
        super().__init__(message)
        self.position = position
        self.code = code


class StaleSchema(DiembaoError):
    """The database schema is not the one this program was written for."""


class StoreUnavailable(DiembaoError):
    """The database cannot be reached, or refuses to write."""


class IndexUnavailable(DiembaoError):
    """The search index cannot be reached, or refuses to write."""


class IndexBusy(IndexUnavailable):
    """Another process is writing to the embedded index, or rebuilding it; try again later."""


class ArchiveError(DiembaoError):
    """The archive of fetched pages cannot be read or written."""


class BackupDamaged(DiembaoError):
    """A backup lacks a file, or holds one that is not what was saved."""


class FetchRefused(DiembaoError):
    """An address that must not be fetched; `reason` is a stable word such as `private_address`."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class FetchFailed(DiembaoError):
    """An address that could not be fetched; another try may succeed."""


class Forbidden(DiembaoError):
    """Somebody asked for what their roles do not allow; `action` is its name in the permission table."""

    def __init__(self, message: str, action: str) -> None:
        super().__init__(message)
        self.action = action


class Refused(DiembaoError):
    """What somebody asked for cannot be done, and they can be told why.

    key: name of the reason, the last part of its message's key. values: what the message mentions.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


class Conflict(Refused):
    """Somebody else changed it first; nothing was overwritten. values: `by`, `act`, `at`, `state`, `revision`."""


class Unreadable(DiembaoError):
    """A page or an imported row out of which no article can be read."""
