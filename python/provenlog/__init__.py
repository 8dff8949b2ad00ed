"""provenlog: a flight recorder for AI agents.

>>> import tempfile, os
>>> from provenlog import ProvenLogClient
>>> with ProvenLogClient(agent_id="my-agent", db_path=os.path.join(tempfile.mkdtemp(), "events.db")) as client:
...     _ = client.log_event(action_type="TOOL_CALL", action_name="search", action_input={"query": "weather"})
...     [event["action_name"] for event in client.get_events()]
['search']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenlog import _native, errors
from provenlog._active import get_client, set_client
from provenlog._evidence import restore, verify_export
from provenlog._operations import call
from provenlog._scope import current_agent_id, current_parent_id, current_session_id
from provenlog._trail import trail
from provenlog.client import ProvenLogClient, Session, verify
from provenlog.errors import (
    BusyError,
    ClosedError,
    ConfigError,
    CorruptLedgerError,
    FlushTimeoutError,
    InternalError,
    InvalidEventError,
    JournalFullError,
    NotFoundError,
    OperationCancelledError,
    OutOfMemoryError,
    ProvenLogError,
    StorageError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from provenlog.event import ProvenLogEvent
    from provenlog.redact import RedactionRule, Redactor

__version__ = _native.version()

# Loaded on first access: these modules need dataclasses, which take as long to import as the rest of the package.
_LATER = {
    "ProvenLogEvent": "event",
    "RedactionRule": "redact",
    "Redactor": "redact",
    "event": "event",
    "redact": "redact",
}

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
    "ProvenLogClient",
    "ProvenLogError",
    "ProvenLogEvent",
    "RedactionRule",
    "Redactor",
    "Session",
    "StorageError",
    "UnsupportedError",
    "__version__",
    "call",
    "current_agent_id",
    "current_parent_id",
    "current_session_id",
    "errors",
    "get_client",
    "restore",
    "set_client",
    "trail",
    "verify",
    "verify_export",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module = importlib.import_module(f"{__name__}.{_LATER[name]}")
    value = module if name == _LATER[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
