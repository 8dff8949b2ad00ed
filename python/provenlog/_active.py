"""The active client, which ``@trail`` uses."""

from __future__ import annotations

from typing import Optional

from provenlog.client import ProvenLogClient, open_clients


def get_client() -> Optional[ProvenLogClient]:
    """Return the active client, which ``@trail`` uses, or ``None``.

    It is the client that was opened last or that was passed to ``set_client`` since. When it is closed, the newest
    client that is still open takes its place.
    """
    return open_clients.active


def set_client(client: Optional[ProvenLogClient]) -> Optional[ProvenLogClient]:
    """Make ``client`` the active client, which ``@trail`` uses; return the previous one."""
    return open_clients.activate(client)
