"""What proves a ledger to others: heads, keys, exports and copies."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Union, cast

from provenlog import _native
from provenlog._arguments import checked_text, mapping_text, milliseconds, optional_text, zoned
from provenlog.errors import ClosedError

__all__ = ["EvidenceMixin", "restore", "verify_export"]

Path = Union[str, "os.PathLike[str]"]
Progress = Callable[[int, int], object]


class EvidenceMixin:
    """The part of a client that heads, keys, exports and copies make up."""

    _timeout: float
    _closed = False

    def export(
        self,
        path: Path,
        agent_id: Optional[str] = None,
        *,
        since: Union[str, datetime, None] = None,
        until: Union[str, datetime, None] = None,
        labels: Optional[Mapping[str, str]] = None,
        tiles: bool = False,
        overwrite: bool = False,
        progress: Optional[Progress] = None,
        **filters: Any,
    ) -> Dict[str, Any]:
        """Writes events with all that proves them to a ``.plog`` file: ``verify_export`` checks it without the ledger.

        What was logged before the call is committed and signed first. ``filters`` are those of ``get_events``, without
        ``limit``, ``offset``, ``order`` and ``after``; without any, the export holds everything. With ``tiles`` the
        path is a directory that gets the tree as C2SP tlog-tiles, or is brought up to date. The result says how many
        events were written and of how large a tree: ``{"events", "tree_size", "root", "tail", "path"}``.
        """
        members = {"agent_id": agent_id, "since": since, "until": until, "labels": labels, **filters}
        for name in ("since", "until"):
            if isinstance(members[name], datetime):
                members[name] = zoned(members[name])
        members = {name: value for name, value in members.items() if value is not None and value is not False}
        text = mapping_text(members, "filters") if members else None
        return _parsed(
            _native.export(_open(self), None, os.fspath(path), text, bool(tiles), bool(overwrite), _callable(progress))
        )

    def prove(self, event_id: str, agent_id: Optional[str] = None) -> Dict[str, Any]:
        """One event with all that proves it: the document of a ``.plog`` file. NotFoundError if there is no such event.

        >>> import tempfile, os
        >>> from provenlog import ProvenLogClient
        >>> with ProvenLogClient(agent_id="a", db_path=os.path.join(tempfile.mkdtemp(), "events.db")) as client:
        ...     proof = client.prove(client.log_event(action_type="TOOL_CALL"))
        >>> proof["merkle_proofs"][0]["proof"]["leaf_index"]
        1
        """
        return _parsed(
            _native.prove(_open(self), checked_text(event_id, "event_id"), optional_text(agent_id, "agent_id"))
        )

    def checkpoint(self, timeout: Optional[float] = None) -> str:
        """Signs a head over everything logged before the call and publishes it: a C2SP checkpoint, as text."""
        return _native.checkpoint(_open(self), milliseconds(timeout, self._timeout))

    def key(self) -> Dict[str, Any]:
        """The ledger's name and present key: ``{"origin", "vkey", "epoch", "head", "key_file"}``."""
        return _parsed(_native.key(_client(self)))

    def rotate_key(self, timeout: Optional[float] = None) -> str:
        """Goes over to a new signing key, in the old one's file; its public key as text."""
        return _native.rotate_key(_open(self), milliseconds(timeout, self._timeout))

    def acknowledge(self, comment: str = "", timeout: Optional[float] = None) -> int:
        """Records that heads which the ledger does not extend are known of (after a backup was restored); how many."""
        return _native.acknowledge(_open(self), checked_text(comment, "comment"), milliseconds(timeout, self._timeout))

    def backup(self, path: Path, *, progress: Optional[Progress] = None) -> None:
        """Copies the ledger, while it is in use, to a new file, with its newest head at ``<path>.head``."""
        _native.backup(_open(self), None, os.fspath(path), _callable(progress))


def verify_export(
    path: Path,
    *,
    key: Optional[Path] = None,
    heads: Sequence[Path] = (),
    progress: Optional[Progress] = None,
) -> Dict[str, Any]:
    """Checks a ``.plog`` file, or a directory of tiles, without the ledger: ``{"valid": True, ...}``.

    ``key`` is a trusted public key (as ``client.key()["vkey"]`` gives it) or a file with one, ``heads`` are files with
    trusted heads, as for ``verify``.
    Without a key the one that the export names is used, which shows that it is consistent, not who made it.
    """
    trusted = None if key is None else os.fspath(key)
    paths = [os.fspath(head) for head in heads]
    return _parsed(_native.verify_export(os.fspath(path), trusted, paths, _callable(progress)))


def restore(
    path: Path,
    db_path: Optional[Path] = None,
    *,
    replace: bool = False,
    progress: Optional[Progress] = None,
) -> Dict[str, Any]:
    """Makes a backup the ledger again: ``{"db_path", "events", "replaced", "unsigned_because"}``.

    With ``replace`` a ledger that is there is kept under another name. The ledger verifies as ROLLED_BACK until
    ``acknowledge``.
    """
    target = None if db_path is None else os.fspath(db_path)
    return _parsed(_native.restore(os.fspath(path), target, bool(replace), _callable(progress)))


def _client(self: EvidenceMixin) -> _native.Client:
    return cast(_native.Client, self)


def _open(self: EvidenceMixin) -> _native.Client:
    if self._closed:
        raise ClosedError("the client was closed")
    return _client(self)


def _callable(progress: Optional[Progress]) -> Optional[Progress]:
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, not {type(progress).__name__}")
    return progress


def _parsed(text: str) -> Dict[str, Any]:
    report: Dict[str, Any] = json.loads(text)
    return report
