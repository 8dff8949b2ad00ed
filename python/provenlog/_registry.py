"""The open clients, the active client, and the hooks for fork and exit."""

from __future__ import annotations

import atexit
import contextlib
import os
import time
import weakref
from typing import TYPE_CHECKING, List, Optional

if TYPE_CHECKING:
    from provenlog.client import ProvenLogClient

# Seconds for all clients together. Events that are not committed by then stay in the journal.
EXIT_DEADLINE = 5.0

# The open clients, oldest first.
_clients: List[weakref.ref[ProvenLogClient]] = []
_active: Optional[ProvenLogClient] = None


def get_client() -> Optional[ProvenLogClient]:
    """Return the active client, which ``@trail`` uses, or ``None``.

    It is the client that was opened last or that was passed to ``set_client`` since. When it is closed, the newest
    client that is still open takes its place.
    """
    return _active


def set_client(client: Optional[ProvenLogClient]) -> Optional[ProvenLogClient]:
    """Make ``client`` the active client, which ``@trail`` uses; return the previous one."""
    global _active
    before, _active = _active, client
    return before


def opened(client: ProvenLogClient) -> None:
    _clients.append(weakref.ref(client, _forget))
    set_client(client)


def closed(client: ProvenLogClient) -> None:
    """Remove a client. If it was active, the newest client that is still open becomes active."""
    for reference in list(_clients):
        if reference() is client:
            _forget(reference)
    if _active is client:
        still_open = _open()
        set_client(still_open[-1] if still_open else None)


def _forget(reference: weakref.ref[ProvenLogClient]) -> None:
    with contextlib.suppress(ValueError):
        _clients.remove(reference)


def _open() -> List[ProvenLogClient]:
    return [client for client in (reference() for reference in list(_clients)) if client is not None]


def _close_all() -> None:
    deadline = time.monotonic() + EXIT_DEADLINE
    for client in _open():
        client._exit(max(0.1, deadline - time.monotonic()))


def _after_fork() -> None:
    for client in _open():
        client._after_fork()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_after_fork)
