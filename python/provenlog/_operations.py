"""Operations by name: everything that a person or a program can ask of provenlog."""

from __future__ import annotations

import json
from datetime import datetime
from os import PathLike, fspath
from typing import Any, Callable, Dict, Mapping, Optional, cast

from provenlog import _native
from provenlog._arguments import checked_text, zoned

__all__ = ["OperationsMixin", "call"]

Progress = Callable[[int, int], object]


class OperationsMixin:
    """The methods of a client that call an operation by its name."""

    def call(
        self,
        operation: str,
        parameters: Optional[Mapping[str, Any]] = None,
        *,
        progress: Optional[Progress] = None,
        **more: Any,
    ) -> Dict[str, Any]:
        """Call an operation by its name and return its result.

        ``docs/operations.md`` describes all operations, and ``call("operations")`` returns the table. The parameters
        are given by name or in a mapping, or both; one that is ``None`` counts as not given. Paths may be
        ``os.PathLike``, and times datetimes, where a datetime without a zone is UTC. Events that this client logged
        before the call are seen.

        An operation with many results returns a page and ``next``; pass it as ``after`` (``sessions``: ``offset``) to
        continue. ``progress`` is called with the amount of work done and the total, by operations that report it; if
        it raises, the operation stops.

        Raises InvalidEventError for an unknown operation and wrong parameters, and NotFoundError, for example, for an
        event that does not exist.

        >>> import tempfile, os
        >>> from provenlog import ProvenLogClient
        >>> with ProvenLogClient(agent_id="a", db_path=os.path.join(tempfile.mkdtemp(), "events.db")) as client:
        ...     _ = client.log_event(action_type="TOOL_CALL", action_name="search")
        ...     [agent["agent_id"] for agent in client.call("agents", limit=10)["agents"]]
        ...     client.call("count", action_name="search")
        ['a']
        {'count': 1}
        """
        return _call(self, operation, parameters, more, progress)

    async def acall(
        self,
        operation: str,
        parameters: Optional[Mapping[str, Any]] = None,
        *,
        progress: Optional[Progress] = None,
        **more: Any,
    ) -> Dict[str, Any]:
        """Like ``call``, without blocking the event loop. ``progress`` is called on a worker thread."""
        import asyncio  # imported here because most programs do not need it

        return await asyncio.to_thread(_call, self, operation, parameters, more, progress)


def call(
    operation: str,
    parameters: Optional[Mapping[str, Any]] = None,
    *,
    progress: Optional[Progress] = None,
    **more: Any,
) -> Dict[str, Any]:
    """Call an operation that needs no client, as ``ProvenLogClient.call`` does.

    >>> import provenlog
    >>> provenlog.call("redact", text="to ada@example.com")
    {'count': 1, 'text': 'to [REDACTED:email]'}
    """
    return _call(None, operation, parameters, more, progress)


def _call(
    client: Optional[OperationsMixin],
    operation: str,
    parameters: Optional[Mapping[str, Any]],
    more: Mapping[str, Any],
    progress: Optional[Progress],
) -> Dict[str, Any]:
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, not {type(progress).__name__}")
    if parameters is not None and not isinstance(parameters, Mapping):
        raise TypeError(f"parameters must be a mapping, not {type(parameters).__name__}")
    given = {name: _value(value) for name, value in {**(parameters or {}), **more}.items()}
    text = _native.call(
        cast(Optional[_native.Client], client), checked_text(operation, "operation"), _native.Json(given).text, progress
    )
    result: Dict[str, Any] = json.loads(text)
    return result


def _value(value: Any) -> Any:
    if isinstance(value, PathLike):
        return fspath(value)
    if isinstance(value, datetime):
        return zoned(value)
    if isinstance(value, (list, tuple)):
        return [_value(element) for element in value]
    return value
