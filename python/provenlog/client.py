"""The client: what records events and reads them back."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import (
    Any,
    AsyncIterator,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from provenlog import _log, _native, _registry, _scope
from provenlog._arguments import batch, checked_text, choice, interval, mapping_text, optional_text, seconds_of, zoned
from provenlog._evidence import EvidenceMixin
from provenlog.errors import (
    ClosedError,
    InvalidEventError,
    ProvenLogError,
    UnsupportedError,
    from_status,
)

__all__ = ["ProvenLogClient", "Session", "verify"]

_PAGE = 256
_WARNING_INTERVAL = 10.0
_DURABILITY = {None: 0, "process": 1, "power": 2}
_ON_FULL = {None: 0, "block": 1, "drop": 2, "raise": 3}

Self = TypeVar("Self", bound="ProvenLogClient")
T = TypeVar("T")
Time = Union[str, datetime]


class _DefaultInt(int):
    """A default in a signature: it gives way to configuration, the same number from a caller does not."""


class _DefaultFloat(float):
    """See _DefaultInt."""


class ProvenLogClient(EvidenceMixin, _native.Client):
    """Records events into one ledger. Share it between threads and tasks; it may be used on both sides of a fork.

    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "events.db")
    >>> with ProvenLogClient(agent_id="researcher", db_path=path) as client:
    ...     event_id = client.log_event(action_type="TOOL_CALL", action_name="search", action_input={"q": "Merkle"})
    ...     client.get_event(event_id)["action_input"]
    ...     client.verify()["valid"]
    {'q': 'Merkle'}
    True

    Parameters are those of the ProvenLog documentation, in its order. ``timeout`` is how long ``flush`` and ``close``
    wait when they are not told. ``labels`` and ``metadata`` are merged into every event, whose own keys win.
    ``context`` maps default labels to dicts, as ``set_context`` does one by one. ``on_error`` is called with a
    ``ProvenLogError`` on a thread of its own when something fails after ``log_event`` returned; without it such errors
    are logged as warnings of the logger ``provenlog``. ``base_url`` and ``api_key`` are for server mode, which this
    release refuses.

    Beyond the documentation: ``durability`` ("process", the default: events survive the death of the process; "power":
    also the loss of power, at the price of an fsync per call), ``on_full`` ("block", the default; "drop"; "raise"),
    ``block_timeout`` in seconds, ``salt``, ``max_event_bytes``, ``journal_limit_bytes``, ``source``,
    ``capture_method``, ``capture_content`` (what is kept of content: "full", "redacted", "digest", "none", or a dict of
    ``default``, ``fields`` and ``action_types``). What is not given comes from configuration.
    """

    def __init__(
        self,
        base_url: Optional[str] = None,
        agent_id: Optional[str] = None,
        session_id: Optional[str] = None,
        batch_size: int = _DefaultInt(100),
        flush_interval: float = _DefaultFloat(1.0),
        timeout: float = 30.0,
        metadata: Optional[Mapping[str, Any]] = None,
        labels: Optional[Mapping[str, Any]] = None,
        context: Optional[Mapping[str, Mapping[str, Any]]] = None,
        db_path: Union[str, os.PathLike[str], None] = None,
        api_key: Optional[str] = None,
        on_error: Optional[Callable[[ProvenLogError], object]] = None,
        *,
        durability: Optional[str] = None,
        on_full: Optional[str] = None,
        block_timeout: Optional[float] = None,
        salt: bool = True,
        max_event_bytes: Optional[int] = None,
        journal_limit_bytes: Optional[int] = None,
        source: Optional[str] = None,
        capture_method: Optional[str] = None,
        capture_content: Union[str, Mapping[str, Any], None] = None,
    ) -> None:
        if api_key is not None:
            raise UnsupportedError("api_key belongs to server mode, which does not exist yet; leave it out")
        if on_error is not None and not callable(on_error):
            raise TypeError("on_error must be callable")
        self._timeout = seconds_of(timeout)
        if self._timeout == math.inf:
            raise InvalidEventError("timeout must be a finite number of seconds")
        self._on_error = on_error
        self._watcher: Optional[threading.Thread] = None
        self._warned_at = -math.inf
        self._unwarned = 0
        self._open(
            base_url or os.environ.get("PROVENLOG_SERVER_URL") or None,
            None if db_path is None else os.fspath(db_path),
            agent_id,
            session_id,
            mapping_text(labels, "labels"),
            mapping_text(metadata, "metadata"),
            mapping_text(context, "context"),
            source,
            capture_method,
            capture_content if isinstance(capture_content, str) else mapping_text(capture_content, "capture_content"),
            None if isinstance(batch_size, _DefaultInt) else batch(batch_size),
            None if isinstance(flush_interval, _DefaultFloat) else interval(flush_interval, "flush_interval"),
            None if block_timeout is None else interval(block_timeout, "block_timeout"),
            max_event_bytes,
            journal_limit_bytes,
            choice(durability, _DURABILITY, "durability"),
            choice(on_full, _ON_FULL, "on_full"),
            bool(salt),
        )
        self._labels = dict(labels) if labels else {}
        if on_error is not None:
            self._start_watcher()
        _registry.opened(self)

    # ---- Reading

    def get_event(self, id: str, agent_id: Optional[str] = None) -> Optional[Dict[str, Any]]:
        """One event by its id, or ``None``. Without an agent: the first one committed with that id."""
        text = self._get_event(checked_text(id, "id"), optional_text(agent_id, "agent_id"))
        return None if text is None else _parsed(text)

    def get_events(
        self,
        agent_id: Optional[str] = None,
        action_type: Optional[str] = None,
        limit: int = 100,
        offset: int = 0,
        *,
        session_id: Optional[str] = None,
        action_name: Optional[str] = None,
        action_status: Optional[str] = None,
        source: Optional[str] = None,
        since: Optional[Time] = None,
        until: Optional[Time] = None,
        labels: Optional[Mapping[str, str]] = None,
        parent_event_id: Optional[str] = None,
        tool_call_id: Optional[str] = None,
        provenance_id: Optional[str] = None,
        artifact_id: Optional[str] = None,
        audit_id: Optional[str] = None,
        intervention_id: Optional[str] = None,
        order: str = "asc",
        include_system: bool = False,
    ) -> List[Dict[str, Any]]:
        """Events that match all filters, oldest first (by commit) unless ``order="desc"``.

        ``since <= timestamp < until``, RFC 3339 texts or datetimes. This client's own events are always seen.
        """
        return list(
            self.iter_events(
                agent_id,
                action_type,
                limit=limit,
                offset=offset,
                session_id=session_id,
                action_name=action_name,
                action_status=action_status,
                source=source,
                since=since,
                until=until,
                labels=labels,
                parent_event_id=parent_event_id,
                tool_call_id=tool_call_id,
                provenance_id=provenance_id,
                artifact_id=artifact_id,
                audit_id=audit_id,
                intervention_id=intervention_id,
                order=order,
                include_system=include_system,
            )
        )

    def iter_events(
        self, agent_id: Optional[str] = None, action_type: Optional[str] = None, **filters: Any
    ) -> Iterator[Dict[str, Any]]:
        """The events of ``get_events`` one by one, without a limit unless one is given.

        Goes by commit index and holds one page at a time; no transaction is open between pages.
        """
        # Not a generator itself: a wrong filter is reported here, not at the first step.
        cursor = self._cursor(agent_id, action_type, filters)
        return (_parsed(row) for page in iter(lambda: cursor.fetch(_PAGE), []) for row in page)

    async def aiter_events(
        self, agent_id: Optional[str] = None, action_type: Optional[str] = None, **filters: Any
    ) -> AsyncIterator[Dict[str, Any]]:
        """``iter_events`` for ``async for``; pages are read on a worker thread."""
        cursor = await _on_a_thread(self._cursor, agent_id, action_type, filters)
        while True:
            page = await _on_a_thread(cursor.fetch, _PAGE)
            for row in page:
                yield _parsed(row)
            if len(page) < _PAGE:
                return

    def verify(
        self,
        agent_id: Optional[str] = None,
        *,
        level: Optional[str] = None,
        key: Union[str, os.PathLike[str], None] = None,
        heads: Iterable[Union[str, os.PathLike[str]]] = (),
        incremental: bool = False,
        read_only: bool = False,
        threads: int = 0,
        progress: Optional[Callable[[int, int], object]] = None,
    ) -> Dict[str, Any]:
        """Verifies the ledger, or one agent's chain: ``{"valid": True, ...}`` or ``{"valid": False, "error": ...}``.

        The rest of the report is that of ``plog verify --json``. ``level``: ``"chain"``, ``"tree"`` or ``"full"``,
        for which None stands too. ``key``: a trusted public key, or a file with it; ``heads``: files with trusted
        heads, of which the newest vouches for all before it when ``incremental``. ``progress`` is called with the
        events done and all.
        """
        return _verify(self, None, agent_id, level, key, heads, incremental, read_only, threads, progress)

    def stats(self) -> Dict[str, Any]:
        """Counters of this process and ledger; ``last_error`` is the newest asynchronous error or ``None``."""
        stats = self._stats()
        last = stats["last_error"]
        stats["last_error"] = None if last is None else from_status(*last)
        return stats

    def _cursor(self, agent_id: Optional[str], action_type: Optional[str], filters: Dict[str, Any]) -> _native.Cursor:
        self._report_errors()
        members = {"agent_id": agent_id, "action_type": action_type, **filters}
        members = {name: value for name, value in members.items() if value is not None and value is not False}
        for name in ("since", "until"):
            if isinstance(members.get(name), datetime):
                members[name] = zoned(members[name])
        return _native.Cursor(self, _native.Json(members).text)

    # ---- Context

    def set_context(self, label_key: str, context: Mapping[str, Any], *, value: Optional[str] = None) -> None:
        """Attaches a dict to the value of a label, in place of an earlier one.

        The label is one of this client's default labels, unless ``value`` names another value; ``ValueError`` if there
        is no such default. Storage errors are logged as warnings, not raised.
        """
        checked_text(label_key, "label_key")
        optional_text(value, "value")
        text = mapping_text(context, "context")
        try:
            self._set_context(label_key, value, text if text is not None else "{}")
        except (InvalidEventError, ClosedError):
            raise
        except ProvenLogError as error:
            self._deliver(error)

    def get_context(self, label_key: str, value: Optional[str] = None) -> Optional[Dict[str, Any]]:
        """The context of a label value (by default that of this client's label), or ``None``."""
        checked_text(label_key, "label_key")
        if value is None:
            if label_key not in self._labels:
                raise InvalidEventError(f"{label_key!r} is no default label of this client")
            value = str(self._labels[label_key])
        text = self._get_context(label_key, checked_text(value, "value"))
        return None if text is None else _parsed(text)

    # ---- Scopes

    def session(
        self,
        session_id: Optional[str] = None,
        *,
        metadata: Optional[Mapping[str, Any]] = None,
        labels: Optional[Mapping[str, Any]] = None,
    ) -> Session:
        """``with client.session("review-42"):`` sets the session of what is logged inside (by default a new UUID).

        Writes the CUSTOM events ``session.start`` and ``session.end``; the latter carries the number of events that
        this client recorded between them, the duration, and the exception that ended the block, if any.
        """
        return Session(self, session_id, metadata, labels)

    def agent(self, agent_id: str) -> AbstractContextManager[None]:
        """``with client.agent("critic"):`` sets the agent of what is logged inside."""
        return _scope.entered(agent=optional_text(agent_id, "agent_id"))

    def parent(self, event_id: str) -> AbstractContextManager[None]:
        """``with client.parent(event_id):`` makes that event the parent of what is logged inside."""
        return _scope.entered(parent=optional_text(event_id, "event_id"))

    # ---- End

    def flush(self, timeout: Optional[float] = None) -> None:
        """Commits everything logged before the call to the ledger.

        FlushTimeoutError when that takes longer than ``timeout`` seconds (by default the client's).
        """
        seconds = self._timeout if timeout is None else seconds_of(timeout)
        try:
            self._flush(seconds)
        finally:
            self._report_errors()

    def close(self, timeout: Optional[float] = None) -> None:
        """Flushes, then refuses with ClosedError whatever writes or signs. Closing twice is no error.

        Reading goes on: ``get_events``, ``iter_events``, ``get_context``, ``verify``, ``key`` and ``stats``. On
        FlushTimeoutError the client is closed too; its events wait in the journal for the next program that opens the
        ledger.
        """
        seconds = self._timeout if timeout is None else seconds_of(timeout)
        _registry.closed(self)
        self._closed = True
        try:
            self._close(seconds)
        finally:
            self._stop_watcher()
            self._report_errors()

    async def aflush(self, timeout: Optional[float] = None) -> None:
        """``flush`` without blocking the event loop."""
        await _on_a_thread(self.flush, timeout)

    async def aclose(self, timeout: Optional[float] = None) -> None:
        """``close`` without blocking the event loop."""
        await _on_a_thread(self.close, timeout)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.aclose()

    def _exit(self, timeout: float) -> None:
        """At interpreter exit. What is logged later still is recorded: log_event opens the ledger again."""
        _registry.closed(self)
        try:
            self._close_at_exit(timeout)
        except ProvenLogError as error:
            self._deliver(error)
        self._stop_watcher()

    # ---- Errors that come later

    def _start_watcher(self) -> None:
        self._set_watched(True)
        self._watcher = threading.Thread(target=self._watch, name="provenlog-on-error", daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        while True:
            try:
                found = self._next_error(None)
            except ProvenLogError:
                return  # closed, and nothing is left
            if found is not None:
                self._deliver(from_status(*found))

    def _stop_watcher(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None and watcher is not threading.current_thread():
            watcher.join(1.0)

    def _restart_watch(self) -> None:
        if self._on_error is not None:
            self._start_watcher()

    def _asynchronous_error(self, status: int, message: str) -> None:
        self._deliver(from_status(status, message))

    def _report_errors(self) -> None:
        """Without on_error nobody waits for errors; they are logged when the client is used."""
        if self._watcher is not None:
            return
        try:
            while True:
                found = self._next_error(0)
                if found is None:
                    return
                self._deliver(from_status(*found))
        except ProvenLogError:
            return

    def _deliver(self, error: ProvenLogError) -> None:
        if self._on_error is not None:
            try:
                self._on_error(error)
            except Exception:
                _log.warning("on_error raised", exc_info=True)
            return
        now = time.monotonic()
        if now - self._warned_at < _WARNING_INTERVAL:
            self._unwarned += 1
            return
        more = f" (and {self._unwarned} more since the last warning)" if self._unwarned else ""
        self._warned_at, self._unwarned = now, 0
        _log.warning("%s: %s%s", error.code, error, more)


class Session:
    """A running session; ``client.session`` makes it. Use it once, with ``with`` or ``async with``."""

    def __init__(
        self,
        client: ProvenLogClient,
        session_id: Optional[str],
        metadata: Optional[Mapping[str, Any]],
        labels: Optional[Mapping[str, Any]],
    ) -> None:
        self.id = optional_text(session_id, "session_id") or _random_id()
        self._client = client
        self._shared: Dict[str, Any] = {"metadata": metadata, "labels": labels}
        self._outer: Optional[_scope.Scope] = None
        self._began = 0.0
        self._recorded = 0
        self.start_event_id = ""
        self.end_event_id = ""

    @property
    def events(self) -> int:
        """Events that the client recorded since ``session.start``."""
        return self._client._recorded - self._recorded

    def __enter__(self) -> Session:
        scope = _scope.current()
        self._outer = _scope.swap((scope[0], self.id, scope[2]))
        self._began = time.monotonic()
        try:
            self.start_event_id = self._client.log_event(
                action_type="CUSTOM", action_name="session.start", action_status="success", **self._shared
            )
        except BaseException:
            _scope.swap(self._outer)
            raise
        self._recorded = self._client._recorded
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        message, interrupt = (None, None) if error is None else describe(error)
        try:
            self.end_event_id = self._client.log_event(
                action_type="CUSTOM",
                action_name="session.end",
                action_output={"events": self.events},
                action_status="success" if error is None else "error",
                error_message=message,
                duration_ms=int((time.monotonic() - self._began) * 1000),
                session_id=self.id,
                **self._shared,
            )
        except ProvenLogError as failure:
            # The exception that ends the block matters more; so does its normal end.
            self._client._deliver(failure)
        finally:
            _scope.swap(self._outer)
        if interrupt is not None:
            raise interrupt

    async def __aenter__(self) -> Session:
        return self.__enter__()

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.__exit__(kind, error, trace)


def verify(
    db_path: Union[str, os.PathLike[str], None] = None,
    agent_id: Optional[str] = None,
    *,
    level: Optional[str] = None,
    key: Union[str, os.PathLike[str], None] = None,
    heads: Iterable[Union[str, os.PathLike[str]]] = (),
    incremental: bool = False,
    read_only: bool = False,
    threads: int = 0,
    progress: Optional[Callable[[int, int], object]] = None,
) -> Dict[str, Any]:
    """Verifies a ledger file without a client; by default the configured one. As ``ProvenLogClient.verify``."""
    path = None if db_path is None else os.fspath(db_path)
    return _verify(None, path, agent_id, level, key, heads, incremental, read_only, threads, progress)


def _verify(
    client: Optional[ProvenLogClient],
    path: Optional[str],
    agent_id: Optional[str],
    level: Optional[str],
    key: Union[str, os.PathLike[str], None],
    heads: Iterable[Union[str, os.PathLike[str]]],
    incremental: bool,
    read_only: bool,
    threads: int,
    progress: Optional[Callable[[int, int], object]],
) -> Dict[str, Any]:
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, not {type(progress).__name__}")
    agent_id = optional_text(agent_id, "agent_id")
    if isinstance(heads, (str, os.PathLike)):
        raise TypeError("heads must be a list of paths, not one path")
    level = "full" if level is None else checked_text(level, "level")
    if not isinstance(threads, int):
        raise TypeError(f"threads must be an int, not {type(threads).__name__}")
    if not 0 <= threads <= 64:
        raise InvalidEventError("threads must be from 0 to 64")
    trusted = None if key is None else os.fspath(key)
    files = [os.fspath(head) for head in heads]
    report = _native.verify(
        client, path, agent_id, bool(read_only), level, trusted, files, bool(incremental), threads, progress
    )
    return _report(report, agent_id)


def describe(error: BaseException) -> Tuple[str, Optional[KeyboardInterrupt]]:
    """The text of an exception, or its type where it has none or fails to give one.

    Second, the interrupt that came meanwhile: to be raised when the text is recorded.
    """
    name = type(error).__name__
    try:
        return str(error) or name, None
    except KeyboardInterrupt as interrupt:
        return name, interrupt
    except BaseException:
        return name, None


async def _on_a_thread(function: Callable[..., T], *arguments: Any) -> T:
    import asyncio  # whoever awaits has it; others need not load it

    return await asyncio.to_thread(function, *arguments)


def _random_id() -> str:
    import uuid

    return str(uuid.uuid4())


def _parsed(text: str) -> Dict[str, Any]:
    event: Dict[str, Any] = json.loads(text)
    return event


def _report(text: str, agent_id: Optional[str]) -> Dict[str, Any]:
    report = _parsed(text)
    if agent_id is not None:
        report.setdefault("agent_id", agent_id)
    if not report["valid"] and "error" not in report:
        findings = report.get("findings") or []
        report["error"] = findings[0]["what"] if findings else str(report["verdict"])
    return report
