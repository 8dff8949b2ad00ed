"""The current agent, session and parent event.

One context variable holds all three, so that ``log_event`` looks at one. It follows threads, tasks and copied contexts
as every ``contextvars`` variable does.
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
    """The agent of the innermost ``client.agent(...)``, if any."""
    return current()[0]


def current_session_id() -> Optional[str]:
    """The session of the innermost ``client.session(...)``, if any."""
    return current()[1]


def current_parent_id() -> Optional[str]:
    """The event that events logged here get as ``parent_event_id``, if any."""
    return current()[2]


def swap(scope: Optional[Scope]) -> Optional[Scope]:
    """Sets the scope and returns the one before.

    Tokens of the variable are not used: a generator may be resumed in another context than the one it began in.
    """
    before = _native.scope.get()
    _native.scope.set(scope)
    return before


@contextmanager
def entered(
    *, agent: Optional[str] = None, session: Optional[str] = None, parent: Optional[str] = None
) -> Iterator[None]:
    """Sets what is given; the rest stays as it is outside."""
    outer = current()
    before = swap((agent or outer[0], session or outer[1], parent or outer[2]))
    try:
        yield
    finally:
        swap(before)
