"""Open clients: the active one, the hooks for fork and exit."""

from __future__ import annotations

import atexit
import os
import time
import weakref
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from provenlog.client import ProvenLogClient

# For all clients together; what is not in the ledger by then is in the journal.
EXIT_DEADLINE = 5.0

_clients: weakref.WeakSet[ProvenLogClient] = weakref.WeakSet()
_active: Optional[ProvenLogClient] = None


def get_client() -> Optional[ProvenLogClient]:
    """The active client: the one made last and not closed, or the one that ``set_client`` named."""
    return _active


def set_client(client: Optional[ProvenLogClient]) -> Optional[ProvenLogClient]:
    """Makes a client the active one, which ``@trail`` uses; returns the one before."""
    global _active
    before, _active = _active, client
    return before


def opened(client: ProvenLogClient) -> None:
    _clients.add(client)
    set_client(client)


def closed(client: ProvenLogClient) -> None:
    _clients.discard(client)
    if _active is client:
        set_client(None)


def _close_all() -> None:
    deadline = time.monotonic() + EXIT_DEADLINE
    for client in list(_clients):
        client._exit(max(0.1, deadline - time.monotonic()))


def _after_fork() -> None:
    for client in list(_clients):
        client._after_fork()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_after_fork)
