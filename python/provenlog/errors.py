"""The exceptions of provenlog. All derive from ``ProvenLogError``, whose ``code`` is the status of the core.

>>> from provenlog import errors
>>> errors.JournalFullError("the journal is full").code
'PLOG_E_FULL'
>>> issubclass(errors.FlushTimeoutError, TimeoutError)
True
"""

from __future__ import annotations

from typing import ClassVar

from provenlog import _native

__all__ = [
    "BusyError",
    "ClosedError",
    "ConfigError",
    "CorruptLedgerError",
    "FlushTimeoutError",
    "InternalError",
    "InvalidEventError",
    "JournalFullError",
    "NotFoundError",
    "OperationCancelledError",
    "OutOfMemoryError",
    "ProvenLogError",
    "StorageError",
    "UnsupportedError",
]


class ProvenLogError(Exception):
    """The base class of every exception that provenlog defines.

    ``status`` is the number of the status in ``plog.h``, and ``code`` is its name. Both are stable.
    """

    status: ClassVar[int] = -1
    code: ClassVar[str] = "PLOG_E_UNKNOWN"


class InvalidEventError(ProvenLogError, ValueError):
    """An event, a filter or an argument is invalid; the message names it."""

    status = 1
    code = "PLOG_E_INVALID"


class ConfigError(ProvenLogError, ValueError):
    """The value of an option is out of range or not a choice, or a configuration file, an environment variable or a
    redaction rule is invalid."""

    status = 2
    code = "PLOG_E_CONFIG"


class NotFoundError(ProvenLogError, LookupError):
    """There is no such event, file or agent."""

    status = 3
    code = "PLOG_E_NOT_FOUND"


class StorageError(ProvenLogError, OSError):
    """The operating system reported an error: permission, disk, device."""

    status = 4
    code = "PLOG_E_IO"


class JournalFullError(ProvenLogError):
    """The journal reached its limit or the disk is full: the event was not recorded."""

    status = 5
    code = "PLOG_E_FULL"


class FlushTimeoutError(ProvenLogError, TimeoutError):
    """The deadline passed; accepted events are safe in the journal."""

    status = 6
    code = "PLOG_E_TIMEOUT"


class ClosedError(ProvenLogError):
    """The client is closed."""

    status = 7
    code = "PLOG_E_CLOSED"


class BusyError(ProvenLogError):
    """Another process has held the ledger's lock for too long."""

    status = 8
    code = "PLOG_E_BUSY"


class CorruptLedgerError(ProvenLogError):
    """The file is not a ledger, or is damaged."""

    status = 9
    code = "PLOG_E_CORRUPT"


class UnsupportedError(ProvenLogError, NotImplementedError):
    """A newer format, a network file system, or server mode."""

    status = 10
    code = "PLOG_E_UNSUPPORTED"


class OperationCancelledError(ProvenLogError):
    """A callback asked to stop."""

    status = 11
    code = "PLOG_E_CANCELLED"


class OutOfMemoryError(ProvenLogError, MemoryError):
    """The core could not allocate memory."""

    status = 12
    code = "PLOG_E_NO_MEMORY"


class InternalError(ProvenLogError):
    """A defect of the library; please report it."""

    status = 13
    code = "PLOG_E_INTERNAL"


_native.status_classes.update(
    {
        cls.status: cls
        for cls in (
            InvalidEventError,
            ConfigError,
            NotFoundError,
            StorageError,
            JournalFullError,
            FlushTimeoutError,
            ClosedError,
            BusyError,
            CorruptLedgerError,
            UnsupportedError,
            OperationCancelledError,
            OutOfMemoryError,
            InternalError,
        )
    }
)


def from_status(status: int, message: str) -> ProvenLogError:
    """Return the exception for a status, without raising it. ``on_error`` receives it."""
    return _native.status_classes.get(status, ProvenLogError)(message)
