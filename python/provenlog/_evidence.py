"""Heads, keys, exports and copies: everything that proves a ledger to others."""

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
    """The methods of a client for heads, keys, exports and copies."""

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
        """Write events with their proofs to a ``.plog`` file, which ``verify_export`` checks without the ledger.

        Everything that was logged before the call is committed and signed first. The filters have the same meaning as
        in ``get_events``; ``limit``, ``offset`` and ``order`` are not allowed. Without a filter, every event is
        exported. If ``tiles`` is true, ``path`` is a directory: the tree is written to it as C2SP tlog-tiles, or an
        earlier export in it is updated. An existing file is replaced only if ``overwrite`` is true. ``progress`` is
        called with the amount of work done and the total amount; if it raises, the export stops and leaves no file.

        Returns ``{"path", "events", "tree_size", "root", "tail"}``: how many events were written, the size and root
        hash of the tree that they belong to, and how many newer events were left out because no head covers them.
        Raises InvalidEventError for a bad filter or an existing file, and NotFoundError if the ledger has no head.
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
        """Return one event with its proof: the document of a ``.plog`` file.

        ``agent_id`` selects the agent if several agents used the id. Raises NotFoundError if there is no such event.

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
        """Commit everything logged before the call, sign a head over it, publish the head and return it.

        The head is the text of a C2SP checkpoint. ``timeout`` is in seconds (default: the client's). Raises
        NotFoundError if the signing key is missing.
        """
        return _native.checkpoint(_open(self), milliseconds(timeout, self._timeout))

    def key(self) -> Dict[str, Any]:
        """Return the ledger's origin, current public key, epoch, newest head and key file.

        The members are ``{"origin", "vkey", "epoch", "head", "key_file"}``.
        """
        return _parsed(_native.key(_client(self)))

    def rotate_key(self, timeout: Optional[float] = None) -> str:
        """Replace the signing key, in its file, by a new one; return the new public key as text.

        An event that both keys sign records the change. Raises NotFoundError if the old key is missing.
        """
        return _native.rotate_key(_open(self), milliseconds(timeout, self._timeout))

    def acknowledge(self, comment: str = "", timeout: Optional[float] = None) -> int:
        """Record that the heads that the ledger does not extend are known, and why; return how many there were.

        Call it after a backup was restored, for example. ``verify`` then no longer reports ROLLED_BACK or FORKED for
        these heads. If there are none, nothing is recorded.
        """
        return _native.acknowledge(_open(self), checked_text(comment, "comment"), milliseconds(timeout, self._timeout))

    def backup(self, path: Path, *, progress: Optional[Progress] = None) -> None:
        """Copy the ledger to a new file, and its newest head to ``<path>.head``. The ledger may be in use.

        The signing key is not copied. Raises InvalidEventError if one of the two files exists.
        """
        _native.backup(_open(self), None, os.fspath(path), _callable(progress))


def verify_export(
    path: Path,
    *,
    key: Optional[Path] = None,
    heads: Sequence[Path] = (),
    progress: Optional[Progress] = None,
) -> Dict[str, Any]:
    """Check a ``.plog`` file or a directory of tiles, without the ledger.

    ``key`` is a trusted public key (such as ``client.key()["vkey"]``) or the path of a file with one. Without it, the
    key that the export names is used, which proves that the export is consistent, not who wrote it. ``heads`` are
    paths of trusted heads, as in ``verify``.

    Returns a report like that of ``verify``: ``{"valid": True, "verdict": "OK", ...}``. An export that was changed is
    a verdict, not an exception.
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
    """Copy the backup at ``path`` to ``db_path`` (default: the configured path), where it becomes the ledger.

    If there is a ledger at ``db_path``, it is renamed when ``replace`` is true; otherwise InvalidEventError is raised.
    The restored ledger verifies as ROLLED_BACK until ``ProvenLogClient.acknowledge``. Raises CorruptLedgerError if the
    backup does not verify.

    Returns ``{"db_path", "events", "replaced", "unsigned_because"}``: ``replaced`` is the new path of the renamed
    ledger, or None; ``unsigned_because`` is the reason why no head could be signed, or None.
    """
    target = None if db_path is None else os.fspath(db_path)
    return _parsed(_native.restore(os.fspath(path), target, bool(replace), _callable(progress)))


def _client(self: EvidenceMixin) -> _native.Client:
    return cast(_native.Client, self)


def _open(self: EvidenceMixin) -> _native.Client:
    if self._closed:
        raise ClosedError("the client is closed; open a new one")
    return _client(self)


def _callable(progress: Optional[Progress]) -> Optional[Progress]:
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, not {type(progress).__name__}")
    return progress


def _parsed(text: str) -> Dict[str, Any]:
    report: Dict[str, Any] = json.loads(text)
    return report
