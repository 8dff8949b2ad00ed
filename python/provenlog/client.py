"""The client, which records events and reads them back."""

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

from provenlog import _log, _native, _scope
from provenlog._arguments import checked_text, choice, mapping_text, optional_text, seconds_of, switch, zoned
from provenlog._evidence import EvidenceMixin
from provenlog._operations import OperationsMixin
from provenlog._registry import Registry
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
_DURABILITY = {"process": 1, "power": 2}
_ON_FULL = {"block": 1, "drop": 2, "raise": 3}

Self = TypeVar("Self", bound="ProvenLogClient")
T = TypeVar("T")
Time = Union[str, datetime]


class ProvenLogClient(EvidenceMixin, OperationsMixin, _native.Client):
    """Records events in one ledger and reads them back.

    Threads and tasks may share a client, and both parent and child may use it after a fork. Opening a client creates
    the ledger if it does not exist.

    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "events.db")
    >>> with ProvenLogClient(agent_id="researcher", db_path=path) as client:
    ...     event_id = client.log_event(action_type="TOOL_CALL", action_name="search", action_input={"q": "Merkle"})
    ...     client.get_event(event_id)["action_input"]
    ...     client.verify()["valid"]
    {'q': 'Merkle'}
    True

    Every parameter is optional. An option that is ``None`` takes its value from the environment, else from the
    configuration files, else the default named here. All times are in seconds. A value out of range, or a word that is
    not a choice, raises ``ConfigError``, which is also a ``ValueError``.

    - ``db_path``: the ledger file; default ``~/.provenlog/events.db``.
    - ``agent_id``, ``session_id``: the defaults for events without these fields.
    - ``labels`` (a dict of strings, indexed) and ``metadata`` (any values, not indexed) are merged into every event;
      the event's own keys win.
    - ``context`` maps default labels to dicts: one ``set_context`` call for each of them.
    - ``batch_size`` (1 to 4096 events, default 100) and ``flush_interval`` (0.001 to 3600, default 1): a batch is
      committed when one of the two is reached.
    - ``timeout``: how long ``flush`` and ``close`` wait if they are called without a timeout; default 30.
    - ``on_error`` is called with a ``ProvenLogError``, on a thread of its own, when something fails after ``log_event``
      returned. Without it, such errors are logged as warnings of the logger ``provenlog``.
    - ``durability``: "process" (the default: a recorded event survives the death of the process) or "power" (it also
      survives a power failure; each call waits for an fsync).
    - ``on_full``, when the journal has reached its limit or the disk is full: "block" (the default: wait up to
      ``block_timeout``, 0.001 to 86400, default 5, then behave like "drop"), "drop" (discard the event, record a gap
      and return "") or "raise" (JournalFullError).
    - ``salt``: if true (the default), each event gets 16 random bytes, so a short payload cannot be guessed from its
      hash.
    - ``max_event_bytes``: a larger event is truncated; 4096 to 67108864, default 1 MiB.
    - ``journal_limit_bytes``: maximum total size of this process's uncommitted events; 1 MiB to 2^53 bytes, default
      256 MiB.
    - ``read_connections``: how many queries of this process run at once on the ledger, 1 to 64, default 4. Further
      queries wait until one ends.
    - ``source`` (default "sdk") and ``capture_method`` (default "embedded") are fields of every event.
    - ``capture_content``: how content is stored: "full", "redacted" (the default), "digest", "none", or a dict with any
      of ``default``, ``fields`` and ``action_types``.
    - ``base_url``, ``api_key``: reserved for server mode, which this release does not support (UnsupportedError).
    """

    def __init__(
        self,
        base_url: Optional[str] = None,
        agent_id: Optional[str] = None,
        session_id: Optional[str] = None,
        batch_size: Optional[int] = None,
        flush_interval: Optional[float] = None,
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
        salt: Optional[bool] = None,
        max_event_bytes: Optional[int] = None,
        journal_limit_bytes: Optional[int] = None,
        read_connections: Optional[int] = None,
        source: Optional[str] = None,
        capture_method: Optional[str] = None,
        capture_content: Union[str, Mapping[str, Any], None] = None,
    ) -> None:
        if api_key is not None:
            raise UnsupportedError("api_key is for server mode, which this release does not support; leave it out")
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
            base_url or None,
            None if db_path is None else os.fspath(db_path),
            agent_id,
            session_id,
            mapping_text(labels, "labels"),
            mapping_text(metadata, "metadata"),
            mapping_text(context, "context"),
            source,
            capture_method,
            capture_content if isinstance(capture_content, str) else mapping_text(capture_content, "capture_content"),
            batch_size,
            flush_interval,
            block_timeout,
            max_event_bytes,
            journal_limit_bytes,
            read_connections,
            choice(durability, _DURABILITY, "durability"),
            choice(on_full, _ON_FULL, "on_full"),
            switch(salt, "salt"),
        )
        self._labels = dict(labels) if labels else {}
        if on_error is not None:
            self._start_watcher()
        open_clients.opened(self)

    # ---- Reading

    def get_event(self, id: str, agent_id: Optional[str] = None) -> Optional[Dict[str, Any]]:
        """Return the event with this id, or ``None``.

        ``agent_id`` selects the agent if several agents used the id; without it, the event that was committed first is
        returned.
        """
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
        """Return the events that match all filters, in the order of commit, at most ``limit`` of them.

        ``order`` is ``"asc"`` (oldest first) or ``"desc"``. ``since`` and ``until`` select events with
        ``since <= timestamp < until``; they are RFC 3339 texts or datetimes, where a datetime without a zone is UTC.
        Events that this client logged before the call are seen. ``include_system`` adds the events that provenlog
        itself records.
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
        """Iterate over the events that match all filters, without a limit unless ``limit`` is given.

        The filters are those of ``get_events``; in addition, ``after`` is a commit index, and only events after it are
        returned. The iterator holds one page of events, and no transaction is open between pages.
        """
        # This is not a generator function, so a wrong filter raises here and not at the first step.
        cursor = self._cursor(agent_id, action_type, filters)
        return (_parsed(row) for page in iter(lambda: cursor.fetch(_PAGE), []) for row in page)

    async def aiter_events(
        self, agent_id: Optional[str] = None, action_type: Optional[str] = None, **filters: Any
    ) -> AsyncIterator[Dict[str, Any]]:
        """Like ``iter_events``, for ``async for``. Pages are read on a worker thread."""
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
        """Verify the ledger, or one agent's chain: ``{"valid": True, ...}`` or ``{"valid": False, "error": ...}``.

        The report has the members of ``plog verify --json``. A ledger that was changed is a verdict, not an exception.

        ``level`` is ``"chain"``, ``"tree"`` or ``"full"`` (the default). ``key`` is a trusted public key or the path of
        a file with one. ``heads`` are paths of trusted heads. If ``incremental`` is true and the ledger extends the
        newest of them, only the events after it are read. If ``read_only`` is true, journals are not committed first,
        and their events are counted as pending. ``threads`` is how many threads read and hash (0: two). ``progress``
        is called with the number of events done and the total.
        """
        return _verify(self, None, agent_id, level, key, heads, incremental, read_only, threads, progress)

    def stats(self) -> Dict[str, Any]:
        """Return counters of this process for the ledger, over all its clients.

        ``last_error`` is the newest asynchronous error or ``None``. ``plog_client_stats_t`` in ``plog.h`` describes the
        counters.
        """
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
        """Attach a dict to one value of a label. It replaces an earlier one.

        Without ``value``, the value of this client's default label ``label_key`` is used; ``ValueError`` if there is no
        such label. Storage errors are not raised: ``on_error`` receives them, or they are logged as warnings.
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
        """Return the context of a label value (default: the value of this client's label), or ``None``."""
        checked_text(label_key, "label_key")
        if value is None:
            if label_key not in self._labels:
                raise InvalidEventError(f"{label_key!r} is not a default label of this client; pass value")
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
        """Set the session of the events logged inside the block: ``with client.session("review-42"):``.

        The default ``session_id`` is a new UUID. The block records the CUSTOM events ``session.start`` and
        ``session.end``, with the given ``metadata`` and ``labels``. ``session.end`` has the duration, the exception
        that ended the block, if any, and the number of events that this client recorded between the two, in this
        session or not. A thread that is started inside the block does not inherit the session.
        """
        return Session(self, session_id, metadata, labels)

    def agent(self, agent_id: str) -> AbstractContextManager[None]:
        """Set the agent of the events logged inside the block: ``with client.agent("critic"):``."""
        return _scope.entered(agent=optional_text(agent_id, "agent_id"))

    def parent(self, event_id: str) -> AbstractContextManager[None]:
        """Set the parent of the events logged inside the block: ``with client.parent(event_id):``."""
        return _scope.entered(parent=optional_text(event_id, "event_id"))

    # ---- End

    def flush(self, timeout: Optional[float] = None) -> None:
        """Wait until every event logged before the call is committed to the ledger.

        Raises FlushTimeoutError if that takes longer than ``timeout`` seconds (default: the client's).
        """
        seconds = self._timeout if timeout is None else seconds_of(timeout)
        try:
            self._flush(seconds)
        finally:
            self._report_errors()

    def close(self, timeout: Optional[float] = None) -> None:
        """Commit all events and close the client. Calls that write or sign then raise ClosedError.

        Reading still works: ``get_event``, ``get_events``, ``iter_events``, ``get_context``, ``verify``, ``key`` and
        ``stats``. If this raises FlushTimeoutError, the client is closed all the same; its pending events stay in the
        journal until this process or the next one that opens the ledger commits them. A second call does nothing.
        """
        seconds = self._timeout if timeout is None else seconds_of(timeout)
        open_clients.closed(self)
        self._closed = True
        try:
            self._close(seconds)
        finally:
            self._stop_watcher()
            self._report_errors()

    async def aflush(self, timeout: Optional[float] = None) -> None:
        """Like ``flush``, without blocking the event loop."""
        await _on_a_thread(self.flush, timeout)

    async def aclose(self, timeout: Optional[float] = None) -> None:
        """Like ``close``, without blocking the event loop."""
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
        """Close at interpreter exit. Later events are still recorded: ``log_event`` opens the ledger again."""
        open_clients.closed(self)
        try:
            self._close_at_exit(timeout)
        except ProvenLogError as error:
            self._deliver(error)
        self._stop_watcher()

    # ---- Asynchronous errors

    def _start_watcher(self) -> None:
        self._set_watched(True)
        self._watcher = threading.Thread(target=self._watch, name="provenlog-on-error", daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        while True:
            try:
                found = self._next_error(None)
            except ProvenLogError:
                return  # closed, and no error is left
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
        """Log asynchronous errors. Without ``on_error`` no thread waits for them, so each use of the client polls."""
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
                _log.warning("the on_error callback raised an exception", exc_info=True)
            return
        now = time.monotonic()
        if now - self._warned_at < _WARNING_INTERVAL:
            self._unwarned += 1
            return
        more = f" (and {self._unwarned} more since the last warning)" if self._unwarned else ""
        self._warned_at, self._unwarned = now, 0
        _log.warning("%s: %s%s", error.code, error, more)


class Session:
    """A session, created by ``client.session``. Use it once, with ``with`` or ``async with``.

    ``id`` is the session's id. ``start_event_id`` and ``end_event_id`` are the ids of its two events, or ``""`` before
    they are recorded.
    """

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
        """The number of events that the client recorded since ``session.start``, in this session or not."""
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
            # This must not replace the exception that ends the block, nor make a normal end fail.
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


open_clients: Registry[ProvenLogClient] = Registry()


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
    """Verify a ledger file without a client (default: the configured ledger). See ``ProvenLogClient.verify``.

    The report is returned even if there is no ledger at ``db_path``; its verdict is then MISSING_LOG.
    """
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
    """Return the text of an exception, or the name of its type if it has no text or ``str()`` fails.

    The second value is a KeyboardInterrupt that ``str()`` raised, or None. The caller must raise it after it has
    recorded the text.
    """
    name = type(error).__name__
    try:
        return str(error) or name, None
    except KeyboardInterrupt as interrupt:
        return name, interrupt
    except BaseException:
        return name, None


async def _on_a_thread(function: Callable[..., T], *arguments: Any) -> T:
    import asyncio  # imported here because most programs do not need it

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
