"""The current agent, session and parent event.

One context variable holds all three, so ``log_event`` reads only one. Tasks and copied contexts inherit it, as they
inherit every ``contextvars`` variable; a new thread does not.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator, Optional, Tuple

from provenlog import _native

Scope = Tuple[Optional[str], Optional[str], Optional[str]]

_EMPTY: Scope = (None, None, None)


def current() -> Scope:
    """(agent_id, session_id, parent_event_id)."""
    return _native.scope.get() or _EMPTY


def current_agent_id() -> Optional[str]:
    """Return the agent of the innermost ``client.agent(...)``, or ``None``."""
    return current()[0]


def current_session_id() -> Optional[str]:
    """Return the session of the innermost ``client.session(...)``, or ``None``."""
    return current()[1]


def current_parent_id() -> Optional[str]:
    """Return the event that is the ``parent_event_id`` of events logged here, or ``None``."""
    return current()[2]


def swap(scope: Optional[Scope]) -> Optional[Scope]:
    """Set the scope and return the previous one.

    The variable's tokens are not used, because a generator may be resumed in another context than the one it started
    in.
    """
    before = _native.scope.get()
    _native.scope.set(scope)
    return before


@contextmanager
def entered(
    *, agent: Optional[str] = None, session: Optional[str] = None, parent: Optional[str] = None
) -> Iterator[None]:
    """Set the given parts of the scope inside the block; the others keep their outer values."""
    outer = current()
    before = swap((agent or outer[0], session or outer[1], parent or outer[2]))
    try:
        yield
    finally:
        swap(before)
