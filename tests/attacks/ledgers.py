"""Ledgers to attack: the real client records them, and functions change them as an attacker could.

The functions that compute the chain, the tree and signed heads follow docs/formats.md and use no code of provenlog.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenlog import ProvenLogClient

TILE = 256  # hashes in a full tile
AGENTS = ("planner", "coder", "reviewer")


# ---- The formats of docs/formats.md -----------------------------------------------------------------------------


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(value: Any) -> bytes:
    """RFC 8785, for values without fractions and with ASCII keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def leaf_of(event: bytes, link: dict[str, Any], warnings: Optional[bytes]) -> bytes:
    """Returns the bytes of a leaf. `link` has agent_id, hash, id, prev_hash and sequence."""
    leaf = {**link, "v": 1}
    if warnings is not None:
        leaf["warnings"] = sha256(warnings, json.loads(event).get("salt", "").encode()).hex()
    return canonical(leaf)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1", left, right)


def root_of(hashes: list[bytes]) -> bytes:
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node(root_of(hashes[:split]), root_of(hashes[split:]))


def tiles_of(leaf_hashes: list[bytes]) -> dict[int, bytes]:
    """Returns the rows of the table `tile`, by place."""
    tiles = {}
    level, hashes = 0, leaf_hashes
    while hashes:
        for first in range(0, len(hashes), TILE):
            tiles[level << 56 | first // TILE] = b"".join(hashes[first : first + TILE])
        full = len(hashes) // TILE * TILE
        hashes = [root_of(hashes[first : first + TILE]) for first in range(0, full, TILE)]
        level += 1
    return tiles


@dataclass
class Key:
    """A key that signs notes."""

    name: str
    private: Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str) -> Key:
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, path: Path) -> Key:
        """Reads the text form of a private key: PRIVATE+KEY+<name>+<id>+<base64>."""
        name, _, seed = path.read_text().strip()[len("PRIVATE+KEY+") :].split("+", 2)
        return cls(name, Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed)[1:]))

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode(), b"\n\1", self.public)[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([1]) + self.public).decode()}"

    def signature(self, text: str) -> str:
        signed = base64.b64encode(self.id + self.private.sign(text.encode())).decode()
        return f"\u2014 {self.name} {signed}\n"

    def note(self, text: str) -> str:
        return text + "\n" + self.signature(text)


def checkpoint(origin: str, size: int, root: bytes) -> str:
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


# ---- A ledger --------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """The columns of an event that the chain and the tree cover."""

    agent: str
    sequence: int
    id: bytes
    hash: bytes
    prev_hash: bytes
    canonical: bytes
    warnings: Optional[bytes]

    @property
    def event(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.canonical)
        return parsed

    def leaf(self) -> bytes:
        identity = self.id.hex()
        text = "-".join((identity[:8], identity[8:12], identity[12:16], identity[16:20], identity[20:]))
        link = {
            "agent_id": self.agent,
            "hash": self.hash.hex(),
            "id": text,
            "prev_hash": self.prev_hash.hex(),
            "sequence": self.sequence,
        }
        return leaf_of(self.canonical, link, self.warnings)


class Ledger:
    """The files of a ledger in a folder: `events.db`, its head and key, and the copies that `record` kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = folder / "events.db"
        self.head = folder / "events.db.head"
        self.key = folder / "events.db.key"
        # Copies that the attacker cannot reach: heads, backups, the first key (see `record`).
        self.early_head = folder / "kept" / "early.head"
        self.late_head = folder / "kept" / "late.head"
        self.final_head = folder / "kept" / "final.head"
        self.backup = folder / "kept" / "early.db"
        self.late_backup = folder / "kept" / "late.db"
        self.first_key = folder / "kept" / "first.key"

    def copy(self, folder: Path) -> Ledger:
        shutil.copytree(self.folder, folder)
        return Ledger(folder)

    def client(self, agent: str = AGENTS[0], **options: Any) -> ProvenLogClient:
        return ProvenLogClient(agent_id=agent, db_path=self.db, **options)

    # Actions of an attacker who can write the files.

    @contextlib.contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """A connection. At the end its changes are committed and checkpointed, so that the WAL is empty."""
        connection = sqlite3.connect(self.db)
        try:
            yield connection
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def sql(self, *statements: str) -> None:
        """Runs statements. Each must change at least one row, or the schema."""
        with self.database() as database:
            for statement in statements:
                assert database.execute(statement).rowcount != 0, statement

    @contextlib.contextmanager
    def loosely(self, table: str = "event") -> Iterator[sqlite3.Connection]:
        """A connection that can store values of any type: the schema is relaxed and restored afterwards."""
        with self.database() as database:
            (schema,) = database.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [table]).fetchone()
        self._set_schema(table, re.sub(r"INTEGER(?! PRIMARY)|NOT NULL|STRICT", "", schema))
        with self.database() as database:
            yield database
        self._set_schema(table, schema)

    def _set_schema(self, table: str, schema: str) -> None:
        with self.database() as database:
            database.execute("PRAGMA writable_schema = ON")
            database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", [schema, table])
            database.execute("PRAGMA writable_schema = RESET")

    def rows(self) -> list[Row]:
        with self.database() as database:
            found = database.execute(
                "SELECT t.text, e.sequence, e.id, e.hash, e.prev_hash, e.canonical, e.warnings FROM event e "
                "JOIN term t ON t.id = e.agent ORDER BY e.commit_index"
            )
            return [Row(*values) for values in found]

    def scalar(self, query: str) -> Any:
        with self.database() as database:
            return database.execute(query).fetchone()[0]

    def place(self, agent: str, sequence: int) -> int:
        """Returns the commit index of an event."""
        return int(
            self.scalar(
                f"SELECT commit_index FROM event WHERE sequence = {sequence} AND agent = "
                f"(SELECT id FROM term WHERE text = '{agent}')"
            )
        )

    def put_back(self, backup: Path) -> None:
        """Replaces the database by an older one. The head stays as it is."""
        for suffix in ("-wal", "-shm"):
            self.db.with_name(self.db.name + suffix).unlink(missing_ok=True)
        shutil.copy(backup, self.db)

    def replace(self, index: int, old: str, new: str) -> None:
        """Changes the canonical bytes of an event, and nothing else."""
        with self.database() as database:
            (octets,) = database.execute("SELECT canonical FROM event WHERE commit_index = ?", [index]).fetchone()
            changed = octets.replace(old.encode(), new.encode())
            assert changed != octets
            database.execute("UPDATE event SET canonical = ? WHERE commit_index = ?", [changed, index])

    def rechain(self) -> None:
        """Recomputes everything that needs no key: hashes, links, tree."""
        last: dict[str, bytes] = {}
        rows = self.rows()
        with self.database() as database:
            for index, row in enumerate(rows):
                row.prev_hash = last.get(row.agent, bytes(32))
                row.hash = last[row.agent] = sha256(row.canonical, row.prev_hash.hex().encode())
                database.execute(
                    "UPDATE event SET hash = ?, prev_hash = ? WHERE commit_index = ?", [row.hash, row.prev_hash, index]
                )
        self.retree(rows)

    def retree(self, rows: Optional[list[Row]] = None) -> None:
        """Writes the tiles that belong to the rows."""
        rows = self.rows() if rows is None else rows
        with self.database() as database:
            database.execute("DELETE FROM tile")
            tiles = tiles_of([sha256(b"\0", row.leaf()) for row in rows])
            database.executemany("INSERT INTO tile VALUES (?, ?)", tiles.items())

    def root(self, size: Optional[int] = None) -> bytes:
        return root_of([sha256(b"\0", row.leaf()) for row in self.rows()[:size]])

    def sign_head(self, key: Optional[Key] = None, size: Optional[int] = None) -> str:
        """Signs a head over the current ledger and stores it. `key`: the default is the ledger's own key."""
        key = Key.read(self.key) if key is None else key
        size = len(self.rows()) if size is None else size
        head = key.note(checkpoint(key.name, size, self.root(size)))
        self.head.write_text(head)
        with self.database() as database:
            database.execute("UPDATE meta SET value = ? WHERE key = 'head'", [head])
        return head


Change = Callable[[Ledger], object]


# ---- The recorded ledger ----------------------------------------------------------------------------------------


def log_some(client: ProvenLogClient, first: int, count: int) -> None:
    """Logs events that fill every column and table: sessions, labels, references, warnings, text that is not ASCII."""
    for number in range(first, first + count):
        call = client.log_event(
            agent_id=AGENTS[number % 3],
            session_id=f"session-{number % 5}",
            action_type="TOOL_CALL",
            action_name=("search", "write", "test")[number % 3],
            action_input={"query": f"question {number}", "text": 'häß\n"\\\U0001f602'},
            action_status="error" if number % 7 == 0 else "success",
            labels={"env": "prod" if number % 2 else "test", "n": str(number)},
            tool_call_id=f"call-{number}",
            metadata={"number": number, "unicode": "e\u0301", "line": "one\r\ntwo"},
            duration_ms=number,
        )
        client.log_event(
            agent_id=AGENTS[number % 3],
            action_type="TOOL_RESULT",
            action_status=number if number % 11 == 0 else "success",  # a number causes a warning
            action_output={"answer": number},
            parent_event_id=call,
            tool_call_id=f"call-{number}",
        )


def record(folder: Path, events: int = 300) -> Ledger:
    """Records a ledger of about `events` events, with contexts and a key rotation, and keeps copies on the way.

    `early_head` and `backup` cover one third of the events. `late_head` and `late_backup` cover two thirds, including
    the rotation. `final_head` covers all. `first_key` is the private key before the rotation.
    """
    ledger = Ledger(folder)
    ledger.early_head.parent.mkdir(parents=True)
    third = events // 6
    with ledger.client(labels={"env": "prod"}) as client:
        client.set_context("env", {"owner": "us"})
        log_some(client, 0, third)
        ledger.early_head.write_text(client.checkpoint())
        client.backup(ledger.backup)
        shutil.copy(ledger.key, ledger.first_key)
        client.rotate_key()
        log_some(client, third, third)
        ledger.late_head.write_text(client.checkpoint())
        client.backup(ledger.late_backup)
        client.set_context("env", {"owner": "others"})
        log_some(client, 2 * third, third)
    shutil.copy(ledger.head, ledger.final_head)
    with ledger.database():
        pass  # checkpoints the WAL, so that the database is one file
    return ledger
