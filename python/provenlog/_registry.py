"""The open clients of the process, the active client, and the hooks for fork and exit."""

from __future__ import annotations

import atexit
import contextlib
import os
import time
import weakref
from typing import Generic, List, Optional, Protocol, TypeVar

# Seconds for all clients together. Events that are not committed by then stay in the journal.
EXIT_DEADLINE = 5.0


class Registered(Protocol):
    """What the registry needs of a client."""

    def _exit(self, timeout: float) -> None:
        """Close the client at the exit of the interpreter, within ``timeout`` seconds."""

    def _after_fork(self) -> None:
        """Prepare the client for use in a forked child."""


Client = TypeVar("Client", bound=Registered)


class Registry(Generic[Client]):
    """The open clients, without keeping them alive, and the active one. Exists until the process exits."""

    def __init__(self) -> None:
        # Oldest first.
        self._clients: List[weakref.ref[Client]] = []
        self._active: Optional[Client] = None
        atexit.register(self._close_all)
        os.register_at_fork(after_in_child=self._after_fork)

    @property
    def active(self) -> Optional[Client]:
        return self._active

    def activate(self, client: Optional[Client]) -> Optional[Client]:
        """Make ``client`` the active client; return the previous one."""
        before, self._active = self._active, client
        return before

    def opened(self, client: Client) -> None:
        """Add a client and make it the active one."""
        self._clients.append(weakref.ref(client, self._forget))
        self.activate(client)

    def closed(self, client: Client) -> None:
        """Remove a client. If it was active, the newest client that is still open becomes active."""
        for reference in list(self._clients):
            if reference() is client:
                self._forget(reference)
        if self._active is client:
            still_open = self._open()
            self.activate(still_open[-1] if still_open else None)

    def _forget(self, reference: weakref.ref[Client]) -> None:
        with contextlib.suppress(ValueError):
            self._clients.remove(reference)

    def _open(self) -> List[Client]:
        return [client for client in (reference() for reference in list(self._clients)) if client is not None]

    def _close_all(self) -> None:
        deadline = time.monotonic() + EXIT_DEADLINE
        for client in self._open():
            client._exit(max(0.1, deadline - time.monotonic()))

    def _after_fork(self) -> None:
        for client in self._open():
            client._after_fork()
