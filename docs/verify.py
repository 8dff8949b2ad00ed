#!/usr/bin/env python3
"""Verifies a provenlog ledger, or an export of one, without any code of provenlog.

    python3 verify.py LEDGER.db             verifies a ledger, and the head LEDGER.db.head beside it
    python3 verify.py EXPORT.plog           verifies a file that `plog export` or `plog prove` wrote
    python3 verify.py DIRECTORY             verifies a directory that `plog export --tiles` wrote

    --key KEY     a public key that you trust: its text, or a file that contains it; repeatable
    --head FILE   a head that was kept where nobody could change it; repeatable
    --json        prints the report as one JSON object

This program was written from docs/formats.md alone; each part below follows the section of that name. It needs Python
3.9 or newer and, to check signatures, the package `cryptography`. It writes nothing. It reads a ledger row by row, and
each file of an export as a whole. Its verdicts and exit codes are those of `plog verify --read-only` and `plog
verify-export`: 0 means valid, 20 and above means invalid (docs/cli.md has the table).
"""

from __future__ import annotations

import argparse
import base64
import bisect
import datetime
import functools
import hashlib
import json
import os
import re
import sqlite3
import sys
import urllib.parse
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Callable, NamedTuple, Optional, Union

# ---- Verdicts ------------------------------------------------------------------------------------------------------

# From best to worst. The verdict is the worst one found.
EXIT_CODES = {
    "OK": 0,
    "OK_WITH_TAIL": 0,
    "UNVERIFIABLE": 20,
    "CANNOT_RUN": 22,
    "MISSING_LOG": 23,
    "ROLLED_BACK": 30,
    "TRUNCATED": 31,
    "FORKED": 32,
    "TAMPERED": 33,
}
SHOWN_FINDINGS = 100


class CannotRun(Exception):
    """The ledger or export cannot be read, which says nothing about its content."""


class Damaged(Exception):
    """The database file is not a ledger, or is damaged."""


class Refused(Exception):
    """The file does not have the format of an export."""


@dataclass
class Report:
    path: str
    verdict: str = "OK"
    ledger_id: str = ""
    origin: str = ""
    key: str = ""
    events: int = 0
    agents: int = 0
    tree_size: int = 0
    root: str = ""
    tail: int = 0
    assurance: str = "consistent"
    assurance_events: int = 0
    finding_count: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, verdict: str, what: str, agent: str = "", sequence: int = 0, commit_index: int = 0) -> None:
        order = list(EXIT_CODES)
        self.verdict = max(self.verdict, verdict, key=order.index)
        self.finding_count += 1
        if len(self.findings) < SHOWN_FINDINGS:
            finding = {"verdict": verdict, "what": what, "agent_id": agent, "sequence": sequence}
            self.findings.append({**finding, "commit_index": commit_index})

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def as_json(self) -> dict[str, Any]:
        error = next((found["what"] for found in self.findings if found["verdict"] == self.verdict), None)
        return {"valid": self.exit_code == 0, **vars(self), **({} if error is None else {"error": error})}

    def as_text(self) -> str:
        lines = [f"{self.verdict}  {self.events} events of {self.agents} agents: {self.path}"]
        for found in self.findings:
            event = f"{found['agent_id']} #{found['sequence']}: " if found["agent_id"] else ""
            lines.append(f"  {found['verdict']}  {event}{found['what']}")
        if self.finding_count > len(self.findings):
            lines.append(f"  and {self.finding_count - len(self.findings)} more findings")
        lines += [f"  note: {note}" for note in self.notes]
        if self.tail:
            lines.append(f"  tail: {self.tail} events after the newest head")
        if self.exit_code == 0:
            lines.append(f"  assurance: {self.assurance} (the head covers {self.assurance_events} events)")
            lines.append(f"  tree: {self.tree_size} leaves, root {self.root}")
            lines.append(f"  key: {self.key or 'none'}")
        # The content of an event must not control the terminal.
        return "\n".join("".join(c if c.isprintable() else repr(c)[1:-1] for c in line) for line in lines)


# ---- Strict JSON, and its canonical form (RFC 8785) ----------------------------------------------------------------

MAX_DEPTH = 512
INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")


class Number(str):
    """A number, as it was spelled."""


def parse_json(octets: bytes) -> Any:
    """Raises ValueError for anything but JSON, for a key that occurs twice, and for invalid text."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a key occurs twice in one object")
        return result

    def refuse(literal: str) -> None:
        raise ValueError(f"{literal} is not JSON")

    try:
        value = json.loads(
            octets.decode(), object_pairs_hook=members, parse_int=Number, parse_float=Number, parse_constant=refuse
        )
        canonical(value).encode()  # fails for a lone surrogate
    except RecursionError:
        raise ValueError("values are nested deeper than 512 levels") from None
    return value


def canonical_number(literal: str) -> str:
    value = float(literal)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is beyond the range of a double")
    if value == 0:
        return "0"
    sign, raw, _ = shortest = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, raw)).rstrip("0")
    point = len(raw) + int(shortest.exponent)  # the position of the decimal point, counted from the first digit
    if len(digits) <= point <= 21:
        text = digits.ljust(point, "0")
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{fraction}e{point - 1:+d}"
    return "-" + text if sign else text


def canonical(value: Any, depth: int = 0) -> str:
    if isinstance(value, Number):
        text = canonical_number(value)
        if INTEGER.fullmatch(value) and text != value and value != "-0":
            raise ValueError("an integer cannot be represented as a double")
        return text
    if not isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if depth == MAX_DEPTH:
        raise ValueError("values are nested deeper than 512 levels")
    if isinstance(value, list):
        return f"[{','.join(canonical(item, depth + 1) for item in value)}]"
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(item, depth + 1)}" for key, item in members) + "}"


def parse_canonical(octets: bytes) -> Any:
    """Returns the value; raises ValueError if the bytes are not in canonical form."""
    value = parse_json(octets)
    if canonical(value).encode() != octets:
        raise ValueError("not in canonical form")
    return value


def whole_number(value: Any) -> Optional[int]:
    """The value of an integer from 0 to 2^63 − 1 in plain digits; None for anything else."""
    if not isinstance(value, Number) or not INTEGER.fullmatch(value) or value[0] == "-" or len(value) > 19:
        return None
    return int(value) if int(value) < 2**63 else None


def text_of(value: Any, name: str) -> str:
    """The member of that name if it is a string; otherwise an empty string."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, str) and not isinstance(member, Number) else ""


def is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


# ---- Times and ids -------------------------------------------------------------------------------------------------

TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
FOREIGN_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "provenlog")
DAYS_BEFORE_1970 = datetime.date(1970, 1, 1).toordinal()
DAYS_OF_400_YEARS = 146097


def parse_time(text: str) -> Optional[int]:
    """Microseconds since 1970; None if the text is not a time."""
    parts = TIME.fullmatch(text)
    if parts is None:
        return None
    year, month, day = (int(part) for part in parts.group(1, 2, 3))
    hour, minute, second = (int(part or 0) for part in parts.group(4, 5, 6))
    fraction = int((parts[7] or "").ljust(6, "0")[:6])
    if second == 60:
        second, fraction = 59, 999_999
    zone = (parts[8] or "Z").upper().replace(":", "")
    offset_hours, offset_minutes = (0, 0) if zone == "Z" else (int(zone[1:3]), int(zone[3:] or 0))
    if hour > 23 or minute > 59 or second > 59 or offset_hours > 23 or offset_minutes > 59:
        return None
    try:
        # Python's calendar begins with the year 1, that of the ledger with the year 0.
        days = datetime.date(year or 400, month, day).toordinal() - (0 if year else DAYS_OF_400_YEARS)
    except ValueError:
        return None
    offset = (offset_hours * 60 + offset_minutes) * (-1 if zone[0] == "-" else 1)
    minutes = ((days - DAYS_BEFORE_1970) * 24 + hour) * 60 + minute - offset
    result = (minutes * 60 + second) * 1_000_000 + fraction
    return result if -62_167_219_200_000_000 <= result <= 253_402_300_799_999_999 else None


def resolved_id(text: str) -> uuid.UUID:
    return uuid.UUID(text) if UUID.fullmatch(text) else uuid.uuid5(FOREIGN_IDS, text)


# ---- The Merkle tree -----------------------------------------------------------------------------------------------

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_LEVELS = 8
TILE_PLACE_BITS = 56  # tile.place: the lower 56 bits are the index, the bits above them the level
HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


NO_EVENT = leaf_hash(b"")


def make_leaf(
    agent: str, event_id: str, event_hash: bytes, prev_hash: bytes, sequence: int, warnings: Optional[bytes]
) -> bytes:
    """`warnings`: their digest, None without warnings."""
    leaf: dict[str, Any] = {
        "agent_id": agent,
        "hash": event_hash.hex(),
        "id": event_id,
        "prev_hash": prev_hash.hex(),
        "sequence": sequence,
        "v": 1,
    }
    if warnings is not None:
        leaf["warnings"] = warnings.hex()
    return canonical(leaf).encode()


def warnings_digest(warnings: Optional[bytes], salt: str) -> Optional[bytes]:
    return None if warnings is None else hashlib.sha256(warnings + salt.encode()).digest()


class Tree:
    """A tree that grows leaf by leaf. Keeps the roots over the wanted sizes, and passes each full tile to `tile`."""

    def __init__(self, wanted: set[int], tile: Callable[[int, int, bytes], None] = lambda level, index, octets: None):
        self.size = 0
        self.roots = {size: EMPTY_ROOT for size in wanted if size == 0}
        self._wanted = wanted
        self._tile = tile
        self._subtrees: list[bytes] = []  # roots of complete subtrees, the largest first
        self._tiles = [bytearray() for _ in range(TILE_LEVELS)]  # the last tile of each level

    def add(self, leaf: bytes) -> None:
        node, number = leaf, self.size
        while number & 1:
            node, number = node_hash(self._subtrees.pop(), node), number >> 1
        self._subtrees.append(node)
        self._add_to_tile(0, leaf)
        self.size += 1
        if self.size in self._wanted:
            self.roots[self.size] = self.root()

    def _add_to_tile(self, level: int, node: bytes) -> None:
        if level == TILE_LEVELS:
            return
        tile = self._tiles[level]
        tile += node
        if len(tile) < TILE_WIDTH * HASH_SIZE:
            return
        self._tile(level, self._index(level), bytes(tile))
        row = [bytes(tile[at : at + HASH_SIZE]) for at in range(0, len(tile), HASH_SIZE)]
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2])]
        tile.clear()
        self._add_to_tile(level + 1, row[0])

    def _index(self, level: int) -> int:
        return self.size >> TILE_HEIGHT * (level + 1)

    def finish(self) -> None:
        """Passes the last, partial tile of each level to `tile`."""
        for level, tile in enumerate(self._tiles):
            if tile:
                self._tile(level, self._index(level), bytes(tile))

    def root(self) -> bytes:
        if not self._subtrees:
            return EMPTY_ROOT
        return functools.reduce(lambda right, left: node_hash(left, right), reversed(self._subtrees))


def tile_width(level: int, index: int, size: int) -> int:
    """The number of hashes that a tile has in a tree of that size."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))


def tile_path(directory: str, index: int, width: int) -> str:
    digits = str(index)
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([f"tile/{directory}", *(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def is_included(index: int, size: int, leaf: bytes, hashes: list[bytes], root: bytes) -> bool:
    if index >= size:
        return False
    first, last, result = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            return False
        if first & 1 or first == last:
            result = node_hash(sibling, result)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and result == root


# ---- Signed notes and keys -----------------------------------------------------------------------------------------

MAX_NOTE = 1_000_000
MAX_SIGNATURES = 100
MAX_KEY_FILE = 4096
ED25519 = 1
FIELD_PRIME = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
ORDER_8 = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)  # y of two of the four points of order 8
SMALL_ORDER = {0, 1, FIELD_PRIME - 1, ORDER_8, FIELD_PRIME - ORDER_8}


def ed25519() -> tuple[Any, Any]:
    """The modules for keys and for their encodings."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519 as keys
    except ImportError:
        raise CannotRun(
            "cannot check signatures without the package cryptography; install it with: pip install cryptography"
        ) from None
    return keys, serialization


def base64_octets(text: str) -> bytes:
    """Raises ValueError for anything but canonical base64."""
    octets = base64.b64decode(text.encode(), validate=True)
    if base64.b64encode(octets).decode() != text:
        raise ValueError("the base64 is not canonical")
    return octets


def is_key_name(name: str) -> bool:
    return bool(name) and not any(c.isspace() or c == "+" or c < " " for c in name)


class Key(NamedTuple):
    name: str
    octets: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([ED25519]) + self.octets).digest()[:4]

    @property
    def text(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([ED25519]) + self.octets).decode()}"

    def named(self, name: str) -> Key:
        return Key(name, self.octets)

    def signed(self, text: bytes, signature: bytes) -> bool:
        if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
            return False
        keys, _ = ed25519()
        try:
            keys.Ed25519PublicKey.from_public_bytes(self.octets).verify(signature, text)
        except Exception as error:  # InvalidSignature, or a key that is not a point of the curve
            if type(error).__name__ not in ("InvalidSignature", "ValueError"):
                raise
            return False
        return True


def split_key(text: str) -> tuple[str, bytes, bytes]:
    name, key_id, octets = (text.split("+", 2) + ["", ""])[:3]
    if not is_key_name(name) or not re.fullmatch("[0-9a-f]{8}", key_id):
        raise ValueError("it does not have the form <name>+<key id>+<base64>")
    return name, bytes.fromhex(key_id), base64_octets(octets)


def parse_key(text: str) -> Key:
    """A public key. Raises ValueError."""
    name, key_id, octets = split_key(text)
    key = Key(name, octets[1:])
    if len(octets) != 33 or octets[0] != ED25519:
        raise ValueError("it is not an Ed25519 key")
    if key.id != key_id:
        raise ValueError("its key id does not match the key")
    y = int.from_bytes(key.octets, "little") & (2**255 - 1)
    if y >= FIELD_PRIME or y in SMALL_ORDER:
        raise ValueError("it is not a valid Ed25519 public key")
    return key


def read_trusted_key(text_or_path: str) -> Key:
    text = text_or_path
    if os.path.exists(text_or_path):
        with open(text_or_path, "rb") as file:
            text = file.read(MAX_KEY_FILE).decode(errors="replace").rstrip("\r\n")
    try:
        return parse_key(text)
    except ValueError as error:
        raise CannotRun(f"--key is neither a public key nor a file that contains one: {error}") from None


def read_own_key(path: str) -> Optional[Key]:
    """The public half of the ledger's private key; None if the file cannot be read or is malformed."""
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_KEY_FILE).decode()
        if not text.startswith("PRIVATE+KEY+"):
            return None
        name, key_id, octets = split_key(text[len("PRIVATE+KEY+") :].removesuffix("\n"))
        if len(octets) != 33 or octets[0] != ED25519:
            return None
        keys, form = ed25519()
        public = keys.Ed25519PrivateKey.from_private_bytes(octets[1:]).public_key()
        key = Key(name, public.public_bytes(form.Encoding.Raw, form.PublicFormat.Raw))
        return key if key.id == key_id else None
    except (OSError, ValueError):
        return None


class Note(NamedTuple):
    text: bytes
    signatures: list[tuple[str, bytes, bytes]]  # key name, key id, signature


def parse_note(octets: bytes) -> Optional[Note]:
    """None if the bytes are not a note."""
    if len(octets) > MAX_NOTE or not octets.endswith(b"\n") or any(c < 0x20 and c != 0x0A for c in octets):
        return None
    text, separator, lines = octets.rpartition(b"\n\n")
    signatures = []
    try:
        octets.decode()
        for line in lines.decode().split("\n")[:-1]:
            dash, name, encoded = line.split(" ", 2)
            blob = base64_octets(encoded)
            if dash != "\u2014" or not is_key_name(name) or len(blob) <= 4:
                return None
            signatures.append((name, blob[:4], blob[4:]))
    except ValueError:
        return None
    if not separator or not 1 <= len(signatures) <= MAX_SIGNATURES:
        return None
    return Note(text + b"\n", signatures)


class BadSignature(Exception):
    pass


def signers(note: Note, keys: set[Key]) -> set[Key]:
    """The keys that signed the note. Raises BadSignature if a signature by one of them is invalid."""
    found = set()
    for name, key_id, signature in note.signatures:
        known = [key for key in keys if key.name == name and key.id == key_id]
        if len(known) > 1:
            return set()
        for key in known:
            if not key.signed(note.text, signature):
                raise BadSignature
            found.add(key)
    return found


# ---- Checkpoints ---------------------------------------------------------------------------------------------------


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes
    note: Note


def parse_checkpoint(octets: bytes) -> Optional[Checkpoint]:
    """None if the bytes are not a note with a checkpoint. Does not check the signatures."""
    note = parse_note(octets)
    if note is None:
        return None
    lines = note.text.decode().split("\n")[:-1]
    if len(lines) < 3 or "" in lines or not re.fullmatch("0|[1-9][0-9]{0,19}", lines[1]) or int(lines[1]) >= 2**64:
        return None
    try:
        root = base64_octets(lines[2])
    except ValueError:
        return None
    if len(root) != HASH_SIZE or (int(lines[1]) == 0 and root != EMPTY_ROOT):
        return None
    return Checkpoint(lines[0], int(lines[1]), root, note)


# ---- Heads, keys and branches, as the ledger's own events record them ----------------------------------------------

SYSTEM_AGENT = "provenlog"


class Epoch(NamedTuple):
    since: int  # commit index
    number: int
    key: Key  # its name is the origin


@dataclass
class Branch:
    commit_index: int
    sequence: int
    reason: str
    head_sha256: str  # of the head that was found; if none was found, of the event
    kept: bool  # whether a head was found
    acknowledged: bool = False
    comment: str = ""


class Epochs:
    """Reads the events of the reserved agent, in order. add() returns the fault of an event, or an empty string."""

    def __init__(self) -> None:
        self.ledger_id = ""
        self.redaction = ""  # digest of the newest redaction rules
        self.all: list[Epoch] = []
        self.branches: list[Branch] = []

    def at(self, size: int) -> Optional[Epoch]:
        """The epoch of a head over `size` events."""
        place = bisect.bisect_left([epoch.since for epoch in self.all], size)
        return self.all[place - 1] if place > 0 else None

    def add(self, event: dict[str, Any], octets: bytes, commit_index: int, sequence: int) -> str:
        name, given = text_of(event, "action_name"), event.get("action_input")
        if name == "ledger.created":
            if commit_index != 0:
                return "ledger.created is not the first event of the ledger"
            self.ledger_id = text_of(given, "ledger_id")
            self.redaction = text_of(given.get("redaction") if isinstance(given, dict) else None, "digest")
            return self._first(given, commit_index) if text_of(given, "vkey") else ""
        if name == "key.created":
            return self._first(given, commit_index)
        if name == "key.rotated":
            return self._rotated(given, commit_index)
        if name == "origin.changed":
            return self._branched(given, octets, commit_index, sequence)
        if name == "head.acknowledged":
            self._acknowledged(given)
        if name == "redaction.changed":
            self.redaction = text_of(given, "digest")
        return ""

    @staticmethod
    def _key(given: Any) -> Optional[Key]:
        try:
            key = parse_key(text_of(given, "vkey"))
        except ValueError:
            return None
        return key if key.name == text_of(given, "origin") else None

    def _first(self, given: Any, commit_index: int) -> str:
        if self.all:
            return "the ledger had a key before its first epoch"
        if whole_number(given.get("epoch") if isinstance(given, dict) else None) != 1:
            return "the first key epoch does not have number 1"
        key = self._key(given)
        if key is None:
            return "the key is malformed or its name is not the origin"
        self.all.append(Epoch(commit_index, 1, key))
        return ""

    def _rotated(self, given: Any, commit_index: int) -> str:
        if not self.all:
            return "the rotation has no key before it"
        before = self.all[-1]
        if whole_number(given.get("epoch") if isinstance(given, dict) else None) != before.number + 1:
            return "the rotation skips an epoch"
        key = self._key(given)
        if text_of(given, "origin") != before.key.name or key is None:
            return "the rotation has another origin"
        number = before.number + 1
        text = f"provenlog key rotation v1\n{key.name}\n{number}\n{before.key.text}\n{key.text}\n"
        note = parse_note(text_of(given, "note").encode())
        try:
            both = note is not None and note.text == text.encode() and len(signers(note, {before.key, key})) == 2
        except BadSignature:
            both = False
        if not both:
            return "the rotation is not signed by both the old and the new key"
        self.all.append(Epoch(commit_index, number, key))
        return ""

    def _branched(self, given: Any, octets: bytes, commit_index: int, sequence: int) -> str:
        head, name = text_of(given, "head").encode(), text_of(given, "head_sha256")
        identity = name or hashlib.sha256(octets).hexdigest()
        self.branches.append(Branch(commit_index, sequence, text_of(given, "reason"), identity, bool(name)))
        if head and hashlib.sha256(head).hexdigest() != name:
            return "the kept head does not match its head_sha256"
        if not self.all:
            return "the change of origin has no key before it"
        if whole_number(given.get("size") if isinstance(given, dict) else None) != commit_index:
            return "the change of origin names another size"
        before, key = self.all[-1], self._key(given)
        if text_of(given, "origin") in ("", before.key.name):
            return "the change of origin does not change the origin"
        if key is None or key.octets != before.key.octets:
            return "the change of origin changes the key"
        self.all.append(Epoch(commit_index, before.number, key))
        return ""

    def _acknowledged(self, given: Any) -> None:
        heads = given.get("heads") if isinstance(given, dict) else None
        for head in heads if isinstance(heads, list) else []:
            for branch in self.branches:
                if not branch.acknowledged and branch.head_sha256 == head:
                    branch.acknowledged, branch.comment = True, text_of(given, "comment")


# ---- The heads of a ledger -----------------------------------------------------------------------------------------


class Head:
    """A head as it was read. Its signatures are not checked yet."""

    def __init__(self, path: str, trusted: bool) -> None:
        self.path = path
        self.trusted = trusted  # given by --head
        self.octets: Optional[bytes] = None  # None: the file does not exist
        try:
            with open(path, "rb") as file:
                self.octets = file.read(MAX_NOTE + 1)
        except FileNotFoundError:
            pass
        self.checkpoint = parse_checkpoint(self.octets) if self.octets is not None else None


class HeadJudge:
    def __init__(self, report: Report, epochs: Epochs, rows: int, leaves: int, keys: list[Key], own: Optional[Key]):
        self._report = report
        self._epochs = epochs
        self._rows = rows
        self._leaves = leaves
        self._keys = keys
        self._own = own

    def judge(self, heads: list[Head], roots: dict[int, bytes]) -> None:
        """Checks the ledger against the heads. `roots` has the roots over its own events, by size."""
        agreeing, differing = [], []
        for head in heads:
            if head.octets is None:
                self._add("CANNOT_RUN", head, "the file does not exist")
            elif not head.trusted and hashlib.sha256(head.octets).hexdigest() in self._known_branches():
                self._report.notes.append(f"the ledger does not extend the head {head.path} (see the change of origin)")
            elif head.checkpoint is None:
                self._add("UNVERIFIABLE", head, "it is not a signed checkpoint")
            elif self._is_signed(head, head.checkpoint):
                size = head.checkpoint.size
                if size > self._rows:
                    verdict = "TRUNCATED" if self._leaves >= size else "ROLLED_BACK"
                    self._add(verdict, head, f"it covers {size} events, but the ledger has {self._rows}")
                elif roots.get(size) != head.checkpoint.root:
                    differing.append(head)
                else:
                    agreeing.append(head)
        # If the head beside the ledger agrees, a differing one shows that two histories were signed.
        beside = any(not head.trusted for head in agreeing)
        for head in differing:
            verdict = "FORKED" if head.trusted and beside else "TAMPERED"
            self._add(verdict, head, "it was not signed over this ledger's events")
        self._conclude(agreeing)

    def _add(self, verdict: str, head: Head, what: str) -> None:
        self._report.add(verdict, f"head {head.path}: {what}")

    def _known_branches(self) -> set[str]:
        return {branch.head_sha256 for branch in self._epochs.branches}

    def _is_signed(self, head: Head, checkpoint: Checkpoint) -> bool:
        """Whether a key that may sign the head has signed it."""
        known, origin = self._epochs.all, checkpoint.origin
        ahead = checkpoint.size > self._rows
        epoch = (known[-1] if known else None) if ahead else self._epochs.at(max(checkpoint.size, 1))
        names = {epoch.key.name for epoch in known}
        later_branch = (
            ahead and origin not in names and bool(known) and origin.startswith(known[0].key.name + "/branch-")
        )
        if epoch is None or not (later_branch or (origin in names if head.trusted else origin == epoch.key.name)):
            own = f"this ledger's is {epoch.key.name}" if epoch else "this ledger has no key"
            self._add("UNVERIFIABLE", head, f"its origin is {origin}, but {own}")
            return False
        given = {key.named(origin) for key in self._keys}
        if ahead or epoch.key.name != origin:
            # The events that it covers, and the event that introduced its key, may be missing.
            keys = {key.named(origin) for _, _, key in known if key.name == origin or later_branch} | given
            keys |= {self._own.named(origin)} if self._own else set()
        else:
            keys = {epoch.key} | (given if head.trusted else set())
        try:
            if signers(checkpoint.note, keys):
                return True
        except BadSignature:
            self._add("TAMPERED", head, "its signature is invalid")
            return False
        if self._signed_by_another_epoch(checkpoint):
            self._add("TAMPERED", head, f"it is signed by a key that was not in force at {checkpoint.size} events")
        else:
            self._add("UNVERIFIABLE", head, "it is not signed by any key of this ledger")
        return False

    def _signed_by_another_epoch(self, checkpoint: Checkpoint) -> bool:
        for epoch in self._epochs.all:
            try:
                if signers(checkpoint.note, {epoch.key.named(checkpoint.origin)}):
                    return True
            except BadSignature:
                pass
        return False

    def _conclude(self, agreeing: list[Head]) -> None:
        report, known = self._report, {epoch.key.octets for epoch in self._epochs.all}
        for key in self._keys:
            if key.octets not in known:
                report.add("UNVERIFIABLE", f"no epoch of this ledger has the given key {key.text}")
        sizes = [(head.trusted, head.checkpoint.size) for head in agreeing if head.checkpoint]
        report.tail = self._rows - max((size for _, size in sizes), default=0)
        present = self._epochs.all[-1].key.octets if self._epochs.all else None
        if any(trusted for trusted, _ in sizes):
            report.assurance = "pinned"
            report.assurance_events = max(size for trusted, size in sizes if trusted)
        elif sizes:
            report.assurance_events = max(size for _, size in sizes)
            if any(key.octets in known for key in self._keys) or (self._own and self._own.octets == present):
                report.assurance = "signed"


# ---- The ledger's database (docs/ledger-schema.md) -----------------------------------------------------------------

APPLICATION_ID = 0x504C4F47  # PLOG
HEADER_SIZE = 72
NEWEST_FORMAT = 2  # for readers
BLOCK_SHIFT = 10
MAX_INDEXED_TEXT = 1024
MAX_FAULTS = 20
# Parts of the errors that SQLite reports if it cannot access a file, as opposed to errors about its content.
ELSEWHERE = (
    "unable to open",
    "disk i/o",
    "locked",
    "busy",
    "readonly",
    "not authorized",
    "access permission",
    "memory",
)
# The statements that each version of the tables adds. The database's schema contains exactly these texts.
SCHEMA = [
    """\
CREATE TABLE meta (              -- ledger_id; format_reader and format_writer, the least that a library must know
  key   TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE event (             -- the ledger itself: one row an event, in the order of commit
  commit_index INTEGER PRIMARY KEY,  -- 0, 1, 2... without gaps
  agent        INTEGER NOT NULL,     -- term.id of agent_id
  sequence     INTEGER NOT NULL,     -- 1, 2, 3... for each agent
  session      INTEGER,              -- term.id of session_id, and so on
  source       INTEGER,
  type         INTEGER,
  name         INTEGER,
  status       INTEGER,
  time         INTEGER NOT NULL,     -- the event's timestamp in microseconds since 1970, UTC
  id           BLOB    NOT NULL,     -- 16 octets
  hash         BLOB    NOT NULL,     -- SHA-256 over canonical and the hexadecimal text of prev_hash
  prev_hash    BLOB    NOT NULL,     -- hash of the agent's previous event; zeros for its first
  canonical    BLOB    NOT NULL,     -- the event as RFC 8785 JSON
  warnings     BLOB                  -- validation_warnings as RFC 8785 JSON
) STRICT;
CREATE UNIQUE INDEX event_chain   ON event(agent, sequence);
CREATE UNIQUE INDEX event_id      ON event(id, agent);
CREATE INDEX        event_session ON event(session) WHERE session IS NOT NULL;
CREATE INDEX        event_type    ON event(type)    WHERE type    IS NOT NULL;
CREATE INDEX        event_name    ON event(name)    WHERE name    IS NOT NULL;
CREATE INDEX        event_status  ON event(status)  WHERE status  IS NOT NULL;

CREATE TABLE term (              -- texts that events share, by number
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE label (
  id    INTEGER PRIMARY KEY,
  key   TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (key, value)
) STRICT;
CREATE TABLE event_label (
  label        INTEGER NOT NULL,     -- label.id
  commit_index INTEGER NOT NULL,
  PRIMARY KEY (label, commit_index)
) STRICT, WITHOUT ROWID;
CREATE TABLE label_context (
  key     TEXT NOT NULL,
  value   TEXT NOT NULL,
  context TEXT NOT NULL,             -- a JSON object
  PRIMARY KEY (key, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_reference (   -- provenance ids of the events that have them
  kind         INTEGER NOT NULL,     -- 0 provenance_id, 1 parent_event_id and parents, 2 tool_call_id, 3 artifact_id,
                                     -- 4 audit_id, 5 intervention_id
  value        ANY     NOT NULL,     -- the text; of kind 1 the 16 octets of event.id
  commit_index INTEGER NOT NULL,
  PRIMARY KEY (kind, value, commit_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE activity (          -- sums over the events of an agent in a session
  agent       INTEGER NOT NULL,
  session     INTEGER NOT NULL,      -- 0: events without a session_id
  events      INTEGER NOT NULL,
  errors      INTEGER NOT NULL,      -- of these, with the status `error`
  first_time  INTEGER NOT NULL,
  last_time   INTEGER NOT NULL,
  last_commit INTEGER NOT NULL,
  PRIMARY KEY (agent, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_recent ON activity(last_commit);

CREATE TABLE time_block (        -- earliest and latest time of 1,024 rows of event
  block    INTEGER PRIMARY KEY,      -- commit_index >> 10
  min_time INTEGER NOT NULL,
  max_time INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (           -- how far the journal of a process has been committed
  id      BLOB PRIMARY KEY,
  segment INTEGER NOT NULL,
  offset  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
""",
    """\
CREATE TABLE tile (              -- the Merkle tree over all events, as C2SP tlog-tiles
  place  INTEGER PRIMARY KEY,        -- level << 56 | index
  hashes BLOB NOT NULL               -- up to 256 of 32 octets
) STRICT;
""",
    """\
CREATE TABLE erased (            -- events whose content was erased: their canonical is empty, warnings and texts NULL
  commit_index INTEGER PRIMARY KEY,  -- event.commit_index
  warnings     BLOB,                 -- 32 bytes that the event's leaf holds of its warnings; NULL: it had none
  recorded_by  INTEGER NOT NULL      -- commit_index of the event that records the erasure
) STRICT;
""",
]
EVENT_COLUMNS = {
    "commit_index": int,
    "agent": int,
    "sequence": int,
    "id": bytes,
    "hash": bytes,
    "prev_hash": bytes,
    "canonical": bytes,
    "warnings": bytes,
    "time": int,
    "session": int,
    "source": int,
    "type": int,
    "name": int,
    "status": int,
}
SIZES = {"id": 16, "hash": HASH_SIZE, "prev_hash": HASH_SIZE}
OPTIONAL_COLUMNS = {"warnings", "session", "source", "type", "name", "status"}
TEXT_COLUMNS = {
    "session": "session_id",
    "source": "source",
    "type": "action_type",
    "name": "action_name",
    "status": "action_status",
}
REFERENCES = ["provenance_id", "parent_event_id", "tool_call_id", "artifact_id", "audit_id", "intervention_id"]
PARENT = 1


class Text(bytes):
    """The bytes of a TEXT column, which may be invalid UTF-8."""


def text(octets: bytes) -> str:
    return octets.decode(errors="replace")


def file_states(path: str) -> list[Optional[tuple[int, int, int]]]:
    """The states of the database and its log. If they change, somebody has written to one of them."""
    states: list[Optional[tuple[int, int, int]]] = []
    for name in (path, path + "-wal"):
        try:
            info = os.stat(name)
            states.append((info.st_ino, info.st_size, info.st_mtime_ns))
        except FileNotFoundError:
            states.append(None)
    return states


def open_database(path: str) -> tuple[sqlite3.Connection, bool]:
    """Opens a database without writing anything. Also returns whether locks keep writers from disturbing us.

    SQLite creates a file `-shm` beside a database that it reads in the ordinary way. If there is no such file, nobody
    uses the database. Then its log is read through an index in memory (`unix-none`, exclusive) or, if there is no log,
    the file is opened as `immutable`.
    """
    if os.path.exists(path + "-journal") and os.path.getsize(path + "-journal") > 0:
        raise Damaged("there is a rollback journal beside it; no ledger has one, and SQLite would play it back")
    shared = os.path.exists(path + "-shm")
    log = os.path.exists(path + "-wal") and os.path.getsize(path + "-wal") > 0
    how = "mode=ro" if shared else "mode=ro&vfs=unix-none" if log else "immutable=1"
    connection = sqlite3.connect(f"file:{urllib.parse.quote(path)}?{how}", uri=True, isolation_level=None)
    connection.text_factory = Text
    if log and not shared:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    return connection, shared


class Ledger:
    """Verifies one ledger, which it reads in one transaction."""

    def __init__(self, database: sqlite3.Connection, report: Report, heads: list[Head], keys: list[Key]) -> None:
        self._database = database
        self._report = report
        self._heads = heads
        self._keys = keys
        self._epochs = Epochs()
        self._chains: dict[
            str, tuple[int, set[bytes]]
        ] = {}  # agent: newest sequence, and its hash as stored and as computed
        self._labels = 0
        self._references = 0
        self._activity: dict[tuple[int, int], list[int]] = {}
        self._blocks: dict[int, tuple[int, int]] = {}
        self._contexts: dict[tuple[str, str], str] = {}
        self._has_tiles = False
        self._term = functools.lru_cache(65536)(self._read_term)
        self._tile_of_leaves = functools.lru_cache(1)(functools.partial(self._stored_tile, 0))

    def verify(self) -> None:
        report = self._report
        self._check_format()
        meta = {
            text(key): text(value) for key, value in self._rows("SELECT key, ifnull(CAST(value AS BLOB), '') FROM meta")
        }
        report.ledger_id, report.origin, report.key = (meta.get(name, "") for name in ("ledger_id", "origin", "key"))
        if not self._check_schema():
            return  # after that the content of the tables cannot be relied on
        first, last = self._one("SELECT min(commit_index), max(commit_index) FROM event")
        rows = 0 if last is None else max(last + 1, 0)
        leaves = self._leaves()
        if first is not None and first < 0:
            report.add("TAMPERED", f"a row has the negative commit index {first}")
        if leaves:
            self._check_ends(rows, leaves)
        if first is None:
            report.add("MISSING_LOG", "the ledger has no events")
            return

        published = parse_checkpoint(meta["head"].encode(errors="replace")) if meta.get("head") else None
        checkpoints = [published, *(head.checkpoint for head in self._heads)]
        tree = Tree(
            {checkpoint.size for checkpoint in checkpoints if checkpoint},
            lambda level, index, octets: self._check_tile(level, index, octets, rows, leaves),
        )
        self._read_events(tree)
        report.agents = len(self._chains)
        if leaves:
            tree.finish()
            report.tree_size, report.root = tree.size, tree.root().hex()
        elif self._epochs.all:
            report.add("TAMPERED", "the ledger's tree is missing")
        else:
            report.notes.append("an older library without trees wrote this ledger, so only its chains can be verified")

        self._check_heads(meta, tree.roots, rows, leaves)
        self._check_branches()
        self._check_meta(meta, published, tree.roots, rows, leaves)
        for (fault,) in self._rows(f"PRAGMA integrity_check({MAX_FAULTS})"):
            if fault != b"ok":
                report.add("TAMPERED", f"the database's structure: {text(fault)}")
        if rows >= leaves:
            self._check_tables(last)
        if report.verdict == "OK" and report.tail > 0:
            report.verdict = "OK_WITH_TAIL"

    # Reading

    def _rows(self, sql: str, *parameters: Union[int, str, bytes]) -> Iterator[tuple[Any, ...]]:
        return self._database.execute(sql, parameters)

    def _one(self, sql: str, *parameters: Union[int, str, bytes]) -> Any:
        """The first row; None if there is no row."""
        return self._database.execute(sql, parameters).fetchone()

    def _read_term(self, number: int) -> Optional[bytes]:
        row = self._one("SELECT text FROM term WHERE id = ?", number)
        return row[0] if row is not None and isinstance(row[0], Text) else None

    # Form

    def _check_format(self) -> None:
        if self._one("PRAGMA application_id")[0] != APPLICATION_ID:
            raise Damaged("it is an SQLite database, but not a ledger")
        if self._one("PRAGMA user_version")[0] < 1:
            raise Damaged("it has no tables")
        row = self._one("SELECT value FROM meta WHERE key = 'format_reader'")
        if row is None or not isinstance(row[0], int):
            raise Damaged("the table meta has no format_reader")
        if row[0] > NEWEST_FORMAT:
            raise CannotRun(f"the ledger needs a reader of format {row[0]}, this program has format {NEWEST_FORMAT}")

    def _check_schema(self) -> bool:
        version = self._one("PRAGMA user_version")[0]
        query = "SELECT name, type, tbl_name, sql FROM sqlite_schema"
        if sqlite3.sqlite_version_info < (3, 33):
            query = query.replace("sqlite_schema", "sqlite_master")
        found = {row[0]: row[1:] for row in self._rows(query)}

        def schema_of(version: int) -> dict[bytes, tuple[Any, ...]]:
            model = sqlite3.connect(":memory:")
            model.text_factory = Text
            for step in SCHEMA[:version]:
                model.executescript(step)
            entries = {row[0]: row[1:] for row in model.execute(query)}
            model.close()
            return entries

        expected, newest = schema_of(version), schema_of(len(SCHEMA))
        faults = []
        for name, entry in expected.items():
            if found.get(name) != entry:
                verb = "has a different" if name in found else "lacks the"
                faults.append(f"the schema {verb} {text(entry[0])} {text(name)}")
        known = version <= len(SCHEMA)  # a newer library may have tables of its own
        for name in sorted(found.keys() - expected.keys()):
            kind, table, _ = found[name]
            what = f"{text(kind)} {text(name)}"
            if kind in (b"view", b"trigger") or (table in newest and known):
                faults.append(f"the schema has an additional {what}")
            elif known:
                self._report.notes.append(f"the database also has the {what}, which is not provenlog's")
        for fault in faults:
            self._report.add("TAMPERED", fault)
        return not faults

    # Tree

    def _leaves(self) -> int:
        self._has_tiles = self._one("PRAGMA user_version")[0] >= 2
        if not self._has_tiles:
            return 0
        row = self._one(
            "SELECT place, length(hashes) FROM tile WHERE place >= 0 AND place < 1 << 56 ORDER BY place DESC"
        )
        return 0 if row is None else int(row[0] * TILE_WIDTH + (row[1] or 0) // HASH_SIZE)

    def _check_ends(self, rows: int, leaves: int) -> None:
        report = self._report
        for level in range(TILE_LEVELS):
            row = self._one(
                "SELECT place - ?1, length(hashes) FROM tile WHERE place >= ?1 AND place < ?2 ORDER BY place DESC",
                *(level << TILE_PLACE_BITS, min((level + 1) << TILE_PLACE_BITS, 2**63 - 1)),
            )
            nodes = leaves >> TILE_HEIGHT * level
            last = (nodes - 1) // TILE_WIDTH
            expected = (last, tile_width(level, last, leaves) * HASH_SIZE) if nodes else None
            if row != expected:
                report.add("TAMPERED", f"the last tile of level {level} is not that of a tree of {leaves} leaves")
        if self._one("SELECT 1 FROM tile WHERE place < 0 OR place >= 8 << 56"):
            report.add("TAMPERED", "the database has tiles that do not belong to the tree")
        if rows > leaves:
            what = f"the ledger has {rows - leaves} events that no writer appended"
            report.add("TAMPERED", f"{what}: the tree has only {leaves} events, the ledger {rows}")
        elif rows < leaves:
            verdict = "TRUNCATED" if rows else "MISSING_LOG"
            what = f"the newest {leaves - rows} events are missing"
            report.add(verdict, f"{what}: the tree has {leaves} events, the ledger only {rows}")

    def _stored_tile(self, level: int, index: int) -> bytes:
        if not self._has_tiles:
            return b""
        row = self._one("SELECT hashes FROM tile WHERE place = ?", (level << TILE_PLACE_BITS) + index)
        return row[0] if row and isinstance(row[0], bytes) else b""

    def _stored_leaf(self, place: int) -> bytes:
        """Empty if there is no such leaf."""
        at = place % TILE_WIDTH * HASH_SIZE
        return self._tile_of_leaves(place // TILE_WIDTH)[at : at + HASH_SIZE]

    def _check_tile(self, level: int, index: int, octets: bytes, rows: int, leaves: int) -> None:
        if not leaves:
            return
        stored = self._stored_tile(level, index)
        # If rows are missing, stored tiles have more hashes. Differences at level 0 were reported with the events.
        same = level == 0 or (stored.startswith(octets) if rows < leaves else stored == octets)
        if not same or len(stored) != tile_width(level, index, leaves) * HASH_SIZE:
            path = tile_path(str(level), index, TILE_WIDTH)
            self._report.add("TAMPERED", f"{path} does not match the ledger's events")

    # Events

    def _read_events(self, tree: Tree) -> None:
        (error,) = self._one("SELECT id FROM term WHERE text = 'error'") or (None,)
        for values in self._rows(f"SELECT {', '.join(EVENT_COLUMNS)} FROM event WHERE commit_index >= 0 ORDER BY 1"):
            row = dict(zip(EVENT_COLUMNS, values))
            self._report.events += 1
            faults: list[str] = []
            if row["commit_index"] != tree.size:
                faults.append(f"commit index {row['commit_index']} where {tree.size} was expected")
                # Continues after a gap, but limits the work, because somebody may have made the gap huge.
                for _ in range(min(row["commit_index"] - tree.size, TILE_WIDTH)):
                    tree.add(NO_EVENT)
            agent, leaf = self._check_event(row, faults)
            if self._stored_leaf(tree.size) not in (leaf, b""):
                faults.append("the tree has a different leaf for the event")
            tree.add(leaf)
            if faults:
                where = (agent, row["sequence"], row["commit_index"])
                self._report.add("TAMPERED", f"{'; '.join(faults)} at sequence {row['sequence']}", *where)
            self._count(row, error)

    def _check_event(self, row: dict[str, Any], faults: list[str]) -> tuple[str, bytes]:
        """The event's agent, and the hash of its leaf."""
        for column, kind in EVENT_COLUMNS.items():
            size = SIZES.get(column)
            if row[column] is None and column in OPTIONAL_COLUMNS:
                continue
            if type(row[column]) is not kind:
                faults.append(f"column {column} has the wrong type")
            elif size is not None and len(row[column]) != size:
                faults.append(f"column {column} has the wrong size")
        name = self._term(row["agent"]) if type(row["agent"]) is int else None
        if name is None:
            faults.append("column agent refers to a missing term")
        agent = text(name or b"")
        sound = not faults
        erased = self._erased(row)
        self._check_link(row, agent, faults, erased is not None)
        if not sound:
            return agent, NO_EVENT
        event_id = str(uuid.UUID(bytes=row["id"]))
        if erased is not None:
            faults.append("the content was erased, but no event records the erasure")
            leaf = make_leaf(agent, event_id, row["hash"], row["prev_hash"], row["sequence"], erased[0])
            return agent, leaf_hash(leaf)
        try:
            event = parse_canonical(row["canonical"])
            if not isinstance(event, dict):
                raise ValueError
        except ValueError:
            faults.append("the canonical bytes are not a canonical JSON object")
            event = {}
        else:
            self._check_columns(row, event, agent, event_id, faults)
        if agent == SYSTEM_AGENT:
            self._note_system_event(row, event, faults)
        digest = warnings_digest(row["warnings"], text_of(event, "salt"))
        leaf = make_leaf(agent, event_id, row["hash"], row["prev_hash"], row["sequence"], digest)
        return agent, leaf_hash(leaf)

    def _erased(self, row: dict[str, Any]) -> Optional[tuple[Optional[bytes]]]:
        """What the ledger keeps of an erased event: the digest of its warnings, if it had any."""
        if row["canonical"] != b"" or self._one("PRAGMA user_version")[0] < 3:
            return None
        found = self._one("SELECT warnings FROM erased WHERE commit_index = ?", row["commit_index"])
        return None if found is None else (found[0] if isinstance(found[0], bytes) else None,)

    def _check_link(self, row: dict[str, Any], agent: str, faults: list[str], erased: bool) -> None:
        """Continues from the stored values, so each fault is found once."""
        sequence, hashes = self._chains.get(agent, (0, {bytes(HASH_SIZE)}))
        if row["sequence"] != sequence + 1:
            faults.append(f"sequence gap: expected {sequence + 1}")
        if row["prev_hash"] not in hashes:
            faults.append("prev_hash mismatch")
        octets = [row[column] if isinstance(row[column], bytes) else b"" for column in ("canonical", "prev_hash")]
        computed = hashlib.sha256(octets[0] + octets[1].hex().encode()).digest()
        if row["hash"] != computed and not erased:
            faults.append("hash mismatch")
        next_from = row["sequence"] if type(row["sequence"]) is int else sequence + 1
        self._chains[agent] = (next_from, {row["hash"], computed})

    def _check_columns(
        self, row: dict[str, Any], event: dict[str, Any], agent: str, event_id: str, faults: list[str]
    ) -> None:
        if text_of(event, "agent_id") != agent or not agent:
            faults.append("column agent differs from the event's agent_id")
        if text_of(event, "id") != event_id:
            faults.append("column id differs from the event's id")
        if parse_time(text_of(event, "timestamp")) != row["time"]:
            faults.append("column time differs from the event")
        for column, member in TEXT_COLUMNS.items():
            recorded = event[member].encode() if is_text(event.get(member)) else None
            stored = None if row[column] is None else self._term(row[column])
            if stored != recorded or (row[column] is None) != (recorded is None):
                faults.append(f"column {column} differs from the event")
        if row["warnings"] is not None:
            try:
                warnings = parse_canonical(row["warnings"])
            except ValueError:
                warnings = None
            if not isinstance(warnings, list) or not warnings:
                faults.append("the warnings are not a canonical JSON array")
        self._check_labels(row["commit_index"], event, faults)
        self._check_references(row["commit_index"], event, faults)

    def _check_labels(self, commit_index: int, event: dict[str, Any], faults: list[str]) -> None:
        labels = event.get("labels")
        for key, value in labels.items() if isinstance(labels, dict) else []:
            if not is_text(value):
                continue
            self._labels += 1
            found = self._one(
                "SELECT 1 FROM event_label WHERE label = (SELECT id FROM label WHERE key = ? AND value = ?)"
                " AND commit_index = ?",
                *(indexed_text(key), indexed_text(value), commit_index),
            )
            if not found:
                faults.append("the tables label and event_label lack a label of the event")

    def _check_references(self, commit_index: int, event: dict[str, Any], faults: list[str]) -> None:
        for kind, value in references(event):
            self._references += 1
            sql = "SELECT 1 FROM event_reference WHERE kind = ? AND value = ? AND commit_index = ?"
            if not self._one(sql, kind, value, commit_index):
                faults.append("the table event_reference lacks a reference of the event")

    def _note_system_event(self, row: dict[str, Any], event: dict[str, Any], faults: list[str]) -> None:
        fault = self._epochs.add(event, row["canonical"], row["commit_index"], row["sequence"])
        if fault:
            faults.append(fault)
        given = event.get("action_input")
        if text_of(event, "action_name") != "context.changed" or not isinstance(given, dict):
            return
        if is_text(given.get("label_key")) and is_text(given.get("label_value")) and "context" in given:
            self._contexts[given["label_key"], given["label_value"]] = canonical(given["context"])

    def _count(self, row: dict[str, Any], error: Optional[int]) -> None:
        """Updates the expected content of activity and time_block."""
        if not all(isinstance(row[column], int) for column in ("agent", "time")):
            return
        time, commit_index = row["time"], row["commit_index"]
        low, high = self._blocks.get(commit_index >> BLOCK_SHIFT, (time, time))
        self._blocks[commit_index >> BLOCK_SHIFT] = (min(low, time), max(high, time))
        sums = self._activity.setdefault((row["agent"], row["session"] or 0), [0, 0, time, time, 0])
        sums[0] += 1
        sums[1] += error is not None and row["status"] == error
        sums[2:] = [min(sums[2], time), max(sums[3], time), commit_index]

    # Heads

    def _check_heads(self, meta: dict[str, str], roots: dict[int, bytes], rows: int, leaves: int) -> None:
        own = read_own_key(self._report.path + ".key")
        there = [head for head in self._heads if head.trusted or head.octets is not None]
        HeadJudge(self._report, self._epochs, rows, leaves, self._keys, own).judge(there, roots)
        # If the head was created after the heads were read, it is the ledger's first one.
        if self._heads[0].octets is None and meta.get("head") and not os.path.exists(self._heads[0].path):
            what = "is missing, but the database records that a head was published"
            self._report.add("UNVERIFIABLE", f"the head file {self._heads[0].path} {what}")

    def _check_branches(self) -> None:
        for branch in self._epochs.branches:
            what = f"at event {branch.commit_index} the ledger did not extend its head ({branch.reason})"
            what += " and continued under another origin"
            if branch.acknowledged:
                self._report.notes.append(f"{what}; acknowledged: {branch.comment}")
                continue
            verdicts = {"head_mismatch": "FORKED", "head_missing": "UNVERIFIABLE"}
            verdict = verdicts.get(branch.reason, "ROLLED_BACK")
            where = (SYSTEM_AGENT, branch.sequence, branch.commit_index)
            remedy = f"if this is expected, run plog acknowledge --comment WHY (branch {branch.head_sha256})"
            self._report.add(verdict, f"{what}; {remedy}", *where)

    def _check_meta(
        self, meta: dict[str, str], published: Optional[Checkpoint], roots: dict[int, bytes], rows: int, leaves: int
    ) -> None:
        epochs, newest = self._epochs, self._epochs.all[-1] if self._epochs.all else None
        branch = epochs.branches[-1] if epochs.branches else None
        expected = {"ledger_id": epochs.ledger_id}
        # If rows are missing, they may include the events that the other entries repeat.
        if rows >= leaves:
            expected["redaction"] = epochs.redaction
            expected["key"] = newest.key.text if newest else ""
            expected["epoch"] = str(newest.number) if newest else ""
            expected["kept_head"] = branch.head_sha256 if branch and branch.kept else ""
        if newest and rows >= leaves:
            expected["origin"] = newest.key.name
        for name, value in expected.items():
            if meta.get(name, "") != value:
                self._report.add("TAMPERED", f"table meta: {name} differs from the events")
        fault = self._published_fault(published, roots, rows) if meta.get("head") and rows >= leaves else ""
        if fault:
            self._report.add("TAMPERED", f"table meta: the newest head {fault}")

    def _published_fault(self, published: Optional[Checkpoint], roots: dict[int, bytes], rows: int) -> str:
        if published is None:
            return "is not a signed checkpoint"
        if published.size > rows:
            return ""  # reported as missing rows
        epoch = self._epochs.at(max(published.size, 1))
        try:
            if epoch is None or published.origin != epoch.key.name or not signers(published.note, {epoch.key}):
                return "is not signed by the key of its epoch"
        except BadSignature:
            return "is not signed by the key of its epoch"
        return "" if roots.get(published.size) == published.root else "was signed over other events"

    # Tables for finding events

    def _check_tables(self, last: int) -> None:
        report = self._report
        for table, expected in (("event_label", self._labels), ("event_reference", self._references)):
            (count,) = self._one(f"SELECT count(*) FROM {table}")
            if count != expected:
                report.add("TAMPERED", f"table {table} has {count} rows, but the events need {expected}")
        if self._one("PRAGMA user_version")[0] >= 3:
            whole = "SELECT count(*) FROM erased x LEFT JOIN event e USING (commit_index) "
            (count,) = self._one(whole + "WHERE e.commit_index IS NULL OR length(e.canonical) > 0")
            if count:
                report.add("TAMPERED", "table erased has rows of events that were not erased")
        query = "SELECT agent, session, events, errors, first_time, last_time, last_commit FROM activity"
        activity = {(row[0], row[1]): list(row[2:]) for row in self._rows(query)}
        self._compare("activity", activity, self._activity)
        blocks = {row[0]: row[1:] for row in self._rows("SELECT block, min_time, max_time FROM time_block")}
        self._compare("time_block", blocks, self._blocks)
        contexts = {row[:2]: row[2] for row in self._rows("SELECT key, value, context FROM label_context")}
        known = {(key.encode(), value.encode()): context.encode() for (key, value), context in self._contexts.items()}
        self._compare("label_context", contexts, known)

    def _compare(self, table: str, stored: dict[Any, Any], expected: dict[Any, Any]) -> None:
        if stored != expected:
            differing = sum(stored.get(key) != expected.get(key) for key in stored.keys() | expected.keys())
            self._report.add("TAMPERED", f"table {table} differs from the events in {differing} rows")


def indexed_text(value: str) -> str:
    octets = value.encode()
    if len(octets) <= MAX_INDEXED_TEXT:
        return value
    return octets[:MAX_INDEXED_TEXT].decode(errors="ignore") + " sha256:" + hashlib.sha256(octets).hexdigest()


def references(event: dict[str, Any]) -> set[tuple[int, Union[str, bytes]]]:
    """The rows that an event needs in event_reference: kind and value."""
    found: set[tuple[int, Union[str, bytes]]] = set()
    parents = event.get("parents")
    given = [(kind, event.get(name)) for kind, name in enumerate(REFERENCES)]
    given += [(PARENT, parent) for parent in (parents if isinstance(parents, list) else [])]
    for kind, value in given:
        if is_text(value) and value:
            found.add((kind, resolved_id(value).bytes if kind == PARENT else value))
    return found


def says_it_is_a_ledger(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(HEADER_SIZE)[68:] == APPLICATION_ID.to_bytes(4, "big")
    except OSError:
        return False


def verify_ledger(path: str, keys: Optional[list[Key]] = None, heads: Optional[list[str]] = None) -> Report:
    report = Report(path)
    read: list[Head] = []
    try:
        if not os.path.lexists(path):
            raise FileNotFoundError
        # Read before the database, so that a head can be older than the ledger but never newer.
        read = [Head(path + ".head", False), *(Head(head, True) for head in heads or [])]
        read_database(report, read, keys or [])
    except FileNotFoundError:
        report.add("MISSING_LOG", f"no ledger at {path}")
    except (CannotRun, OSError) as error:
        report.add("CANNOT_RUN", str(error))
    except Damaged as error:
        # Without a sign that the file is a ledger, it may be any file. With one, somebody has damaged it.
        known = len(read) > 1 or says_it_is_a_ledger(path) or any(head.checkpoint for head in read)
        report.add("TAMPERED" if known else "CANNOT_RUN", f"the database file is damaged: {error}")
    return report


def read_database(report: Report, heads: list[Head], keys: list[Key]) -> None:
    for _ in range(10):
        path = report.path
        before = file_states(path)
        if not os.path.isfile(path):
            raise Damaged("it is not a regular file")
        if os.stat(path).st_size == 0:
            report.add("MISSING_LOG", "the ledger has no events")
            return
        attempt = Report(path)
        failure: Optional[Exception] = None
        undisturbed = True
        try:
            database, undisturbed = open_database(path)
            try:
                database.execute("BEGIN")
                Ledger(database, attempt, heads, keys).verify()
            finally:
                database.close()
        except (sqlite3.Error, UnicodeError) as error:
            elsewhere = any(words in str(error).lower() for words in ELSEWHERE)
            failure = CannotRun(str(error)) if elsewhere else Damaged(str(error))
        except (CannotRun, Damaged) as error:
            failure = error
        if undisturbed or file_states(path) == before:
            vars(report).update(vars(attempt))
            if failure is not None:
                raise failure
            return
    raise CannotRun("the ledger changed while it was being read, 10 times in a row; try again later")


# ---- Exports -------------------------------------------------------------------------------------------------------

DOCUMENT = {
    "version",
    "exported_at",
    "ledger_id",
    "filter",
    "merkle_root",
    "tree_size",
    "checkpoint",
    "vkey",
    "events",
    "merkle_proofs",
    "event_count",
}
LEDGER_FIELDS = ("sequence", "hash", "prev_hash", "validation_warnings")
FILTER_TEXTS = {"agent_id", "session_id", "source", "action_type", "action_name", "action_status", *REFERENCES}
MAX_PROOF = 64


def only_members(value: Any, names: set[str], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(f"{where} must be an object")
    if value.keys() != names:
        raise Refused(f"{where} has unknown or missing members: {', '.join(sorted(value.keys() ^ names))}")
    return value


def text_member(value: dict[str, Any], name: str) -> str:
    if not is_text(value[name]):
        raise Refused(f"{name} must be a string")
    return str(value[name])


def number_member(value: dict[str, Any], name: str) -> int:
    number = whole_number(value.get(name))
    if number is None:
        raise Refused(f"{name} must be an integer from 0 to 2^63 - 1, in plain digits")
    return number


def hash_value(value: Any, name: str) -> bytes:
    if not is_text(value) or not re.fullmatch("[0-9a-f]{64}", value):
        raise Refused(f"{name} must be 64 lower-case hexadecimal digits")
    return bytes.fromhex(value)


class Filter:
    """The filter by which an export claims to have chosen its events."""

    def __init__(self, given: Any) -> None:
        if not isinstance(given, dict):
            raise Refused("filter must be an object")
        self.everything = not given
        wanted = {name: value for name, value in given.items() if value is not None or name == "event_id"}
        unknown = given.keys() - FILTER_TEXTS - {"since", "until", "labels", "include_system", "event_id"}
        if unknown:
            raise Refused(f"filter has unknown members: {', '.join(sorted(unknown))}")
        texts = wanted.keys() & (FILTER_TEXTS | {"event_id", "since", "until"})
        if not all(is_text(wanted[name]) for name in texts):
            raise Refused("filter: ids, times and field values must be strings")
        self.texts = {name: wanted[name] for name in texts - {"event_id", "since", "until"}}
        self.event_id = resolved_id(wanted["event_id"]) if "event_id" in wanted else None
        self.since, self.until = (self._time(wanted, name) for name in ("since", "until"))
        self.labels = wanted.get("labels", {})
        if not isinstance(self.labels, dict) or not all(is_text(value) for value in self.labels.values()):
            raise Refused("filter: labels must be an object of strings")
        include_system = wanted.get("include_system", False)
        if not isinstance(include_system, bool):
            raise Refused("filter: include_system must be true or false")
        # A filter that names an agent or an event may name the reserved agent or one of its events.
        self.include_system = include_system or self.everything or "agent_id" in self.texts or self.event_id is not None
        chosen = [self.event_id, self.since, self.until]
        self.whole_chains = not self.labels and not self.texts.keys() - {"agent_id"} and chosen == [None, None, None]

    @staticmethod
    def _time(wanted: dict[str, Any], name: str) -> Optional[int]:
        if name not in wanted:
            return None
        time = parse_time(wanted[name])
        if time is None:
            raise Refused(f"filter: {name} is not a time")
        return time

    def matches(self, event: dict[str, Any]) -> bool:
        if self.event_id is not None and str(self.event_id) != event.get("id"):
            return False
        if not self.include_system and event.get("agent_id") == SYSTEM_AGENT:
            return False
        refers_to = references(event)
        for name, value in self.texts.items():
            if name not in REFERENCES:
                if not is_text(event.get(name)) or event[name] != value:
                    return False
                continue
            kind = REFERENCES.index(name)
            if (kind, resolved_id(value).bytes if kind == PARENT else value) not in refers_to:
                return False
        time = parse_time(text_of(event, "timestamp"))
        if self.since is not None and (time is None or time < self.since):
            return False
        if self.until is not None and (time is None or time >= self.until):
            return False
        labels = event.get("labels")
        return all(
            isinstance(labels, dict) and is_text(labels.get(key)) and labels[key] == value
            for key, value in self.labels.items()
        )


class Entry:
    """One event of an export with its proof. Raises Refused if one of them is malformed."""

    def __init__(self, event: Any, proof: Any) -> None:
        where = "an element of merkle_proofs"
        entry = only_members(proof, {"event_id", "canonical", "leaf", "proof"}, where)
        inclusion = only_members(entry["proof"], {"leaf_hash", "leaf_index", "siblings", "tree_size"}, "a proof")
        if not isinstance(event, dict) or not event.keys() >= set(LEDGER_FIELDS):
            raise Refused("an element of events must be an object with ledger fields")
        if not isinstance(inclusion["siblings"], list) or len(inclusion["siblings"]) > MAX_PROOF:
            raise Refused("siblings must be an array of at most 64 hashes")
        if not isinstance(event["validation_warnings"], list):
            raise Refused("validation_warnings must be an array")
        self.event = event
        self.event_id = text_member(entry, "event_id")
        self.canonical = text_member(entry, "canonical").encode()
        self.leaf = text_member(entry, "leaf").encode()
        self.leaf_hash = hash_value(inclusion["leaf_hash"], "leaf_hash")
        self.index = number_member(inclusion, "leaf_index")
        self.tree_size = number_member(inclusion, "tree_size")
        self.siblings = [hash_value(sibling, "a sibling") for sibling in inclusion["siblings"]]
        self.sequence = number_member(event, "sequence")
        self.hash = hash_value(event["hash"], "hash")
        self.prev_hash = hash_value(event["prev_hash"], "prev_hash")
        self.content: dict[str, Any] = {}

    def fault(self, root: bytes) -> str:
        try:
            content = parse_canonical(self.canonical)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            return "the canonical bytes are not a canonical JSON object"
        self.content = content
        if canonical({name: value for name, value in self.event.items() if name not in LEDGER_FIELDS}) != canonical(
            content
        ):
            return "the event differs from its canonical bytes"
        if hashlib.sha256(self.canonical + self.prev_hash.hex().encode()).digest() != self.hash:
            return "hash mismatch"
        agent, event_id = text_of(content, "agent_id"), text_of(content, "id")
        if not agent or not UUID.fullmatch(event_id) or parse_time(text_of(content, "timestamp")) is None:
            return "the canonical bytes are not an event"
        warnings = canonical(self.event["validation_warnings"]).encode() if self.event["validation_warnings"] else None
        event_id = event_id.lower()
        digest = warnings_digest(warnings, text_of(content, "salt"))
        if self.leaf != make_leaf(agent, event_id, self.hash, self.prev_hash, self.sequence, digest):
            return "the leaf differs from the event"
        if event_id != self.event_id:
            return "the proof is for another event"
        if leaf_hash(self.leaf) != self.leaf_hash:
            return "leaf_hash mismatch"
        if not is_included(self.index, self.tree_size, self.leaf_hash, self.siblings, root):
            return "the inclusion proof does not lead to the root"
        return ""


def verify_document(octets: bytes, report: Report, keys: list[Key], heads: list[Checkpoint]) -> None:
    """Raises Refused if the document is malformed. The report must then contain nothing else."""
    try:
        value = parse_json(octets)
    except ValueError as error:
        raise Refused(f"the export is not valid JSON: {error}") from None
    document = only_members(value, DOCUMENT, "the export")
    if document["version"] != "1.0" or not is_text(document["version"]):
        raise Refused('the export\'s version is not "1.0"')
    if parse_time(text_member(document, "exported_at")) is None:
        raise Refused("exported_at is not an RFC 3339 time")
    report.ledger_id, vkey = text_member(document, "ledger_id"), text_member(document, "vkey")
    note = text_member(document, "checkpoint").encode()
    root = hash_value(document["merkle_root"], "merkle_root")
    report.tree_size, event_count = number_member(document, "tree_size"), number_member(document, "event_count")
    wanted = Filter(document["filter"])
    if not isinstance(document["events"], list) or not isinstance(document["merkle_proofs"], list):
        raise Refused("events and merkle_proofs must be arrays")

    tree = Tree({head.size for head in heads})
    chains: dict[str, tuple[int, bytes]] = {}
    last = -1
    if len(document["events"]) != len(document["merkle_proofs"]):
        report.add("TAMPERED", "the numbers of events and proofs differ")
    for event, proof in zip(document["events"], document["merkle_proofs"]):
        entry = Entry(event, proof)
        report.events += 1
        faults = [fault for fault in [entry.fault(root)] if fault]
        if entry.tree_size != report.tree_size:
            faults.append("the proof is for a tree of another size")
        if entry.index <= last:
            faults.append("leaf_index out of order")
        last = entry.index
        if not wanted.matches(entry.event):
            faults.append("the event does not match the export's filter")
        if entry.index == 0 and text_of(entry.content.get("action_input"), "ledger_id") != report.ledger_id:
            faults.append("the export names another ledger_id")
        agent = text_of(entry.content, "agent_id")
        sequence, previous = chains.get(agent, (0, bytes(HASH_SIZE)))
        if entry.sequence <= sequence:
            faults.append("sequence out of order")
        if entry.sequence == sequence + 1 and entry.prev_hash != previous:
            faults.append("prev_hash mismatch")
        if wanted.whole_chains and entry.sequence != sequence + 1:
            faults.append(f"sequence gap: expected {sequence + 1}")
        chains[agent] = (entry.sequence, entry.hash)
        if faults:
            what = f"{'; '.join(faults)} at sequence {entry.sequence}"
            report.add("TAMPERED", what, agent, entry.sequence, entry.index)
        if entry.index == tree.size:
            tree.add(entry.leaf_hash)
    report.agents = len(chains)
    if report.events != event_count:
        report.add("TAMPERED", f"the export claims {event_count} events, but has {report.events}")
    if wanted.everything and not tree.size == report.events == report.tree_size:
        what = f"the export claims to be complete, but has {report.events} of {report.tree_size} events"
        report.add("TAMPERED", what)
    check_checkpoint(note, vkey, root, report, keys, heads, tree.roots)


def check_checkpoint(
    note: bytes,
    vkey: str,
    root: bytes,
    report: Report,
    keys: list[Key],
    heads: list[Checkpoint],
    roots: dict[int, bytes],
) -> None:
    report.root = root.hex()
    try:
        trusted = keys or [parse_key(vkey)]
    except ValueError as error:
        report.add("UNVERIFIABLE", f"the export's vkey is not a public key: {error}")
        return
    checkpoint = parse_checkpoint(note)
    if checkpoint is None:
        report.add("UNVERIFIABLE", "the checkpoint is malformed")
        return
    report.origin = checkpoint.origin
    if (checkpoint.size, checkpoint.root) != (report.tree_size, root):
        report.add("TAMPERED", "the size or root of the signed checkpoint differs from that of the export")
    # The names of the keys are ignored, because one key signs for all branches of a ledger.
    named = {key.named(checkpoint.origin) for key in trusted}
    try:
        signed_by = signers(checkpoint.note, named)
    except BadSignature:
        report.add("TAMPERED", "the checkpoint has an invalid signature")
        return
    if not signed_by:
        report.add("UNVERIFIABLE", "the checkpoint has no signature by a known key")
        return
    report.key = min(signed_by).text
    report.assurance = "signed" if keys else "consistent"
    for head in heads:
        check_trusted_head(head, named, checkpoint, report, roots)
    report.assurance_events = report.tree_size if report.exit_code == 0 else 0


def check_trusted_head(
    head: Checkpoint, keys: set[Key], checkpoint: Checkpoint, report: Report, roots: dict[int, bytes]
) -> None:
    if head.origin != checkpoint.origin:
        what = f"the trusted head has the origin {head.origin}, but the export has {checkpoint.origin}"
        report.add("UNVERIFIABLE", what)
        return
    try:
        signed = bool(signers(head.note, keys))
    except BadSignature:
        signed = False
    if not signed:
        report.add("UNVERIFIABLE", "the trusted head has no valid signature by a known key")
    elif head.size > report.tree_size:
        what = f"the trusted head covers {head.size} events, but the export's tree has only {report.tree_size}"
        report.add("ROLLED_BACK", what)
    else:
        root = bytes.fromhex(report.root) if head.size == report.tree_size else roots.get(head.size)
        if root is None:
            what = f"the export does not have all of the first {head.size} events"
            report.add("UNVERIFIABLE", f"{what}, so it cannot be compared with the trusted head; export everything")
        elif root != head.root:
            report.add("FORKED", "the trusted head covers other events: two histories of one log were signed")
        else:
            report.assurance = "pinned"


# ---- Directories of tiles ------------------------------------------------------------------------------------------

LEAF_MEMBERS = {"agent_id", "hash", "id", "prev_hash", "sequence", "v"}


def read_part(directory: str, path: str) -> bytes:
    try:
        with open(os.path.join(directory, path), "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise Damaged(f"{path} is missing") from None


def read_entries(octets: bytes, width: int, path: str) -> list[bytes]:
    entries, at = [], 0
    while at < len(octets):
        size = int.from_bytes(octets[at : at + 2], "big")
        entries.append(octets[at + 2 : at + 2 + size])
        if len(octets) < at + 2 or len(entries[-1]) != size:
            break
        at += 2 + size
    if at != len(octets) or len(entries) != width:
        raise Damaged(f"{path} is malformed")
    return entries


def verify_tiles(directory: str, report: Report, keys: list[Key], heads: list[Checkpoint]) -> None:
    """Raises Damaged if a file is missing or malformed."""
    note = read_part(directory, "checkpoint")
    checkpoint = parse_checkpoint(note)
    if checkpoint is None:
        raise Damaged("checkpoint is malformed")
    vkey = "" if keys else text(read_part(directory, "vkey")).removesuffix("\n")
    report.tree_size = checkpoint.size
    chains: dict[str, tuple[int, str]] = {}

    def compare(level: int, index: int, octets: bytes) -> None:
        path = tile_path(str(level), index, tile_width(level, index, report.tree_size))
        if read_part(directory, path) != octets:
            report.add("TAMPERED", f"{path} differs from the tree over the entries")

    tree = Tree({head.size for head in heads}, compare)
    for index in range(-(-checkpoint.size // TILE_WIDTH)):
        width = tile_width(0, index, checkpoint.size)
        path = tile_path("entries", index, width)
        for entry in read_entries(read_part(directory, path), width, path):
            check_entry(entry, tree.size, chains, report)
            tree.add(leaf_hash(entry))
            report.events += 1
    tree.finish()
    report.agents = len(chains)
    check_checkpoint(note, vkey, tree.root(), report, keys, heads, tree.roots)


def check_entry(entry: bytes, place: int, chains: dict[str, tuple[int, str]], report: Report) -> None:
    try:
        leaf = parse_canonical(entry)
    except ValueError:
        leaf = None
    sequence = whole_number(leaf.get("sequence")) if isinstance(leaf, dict) else None
    if not sequence or leaf.keys() - {"warnings"} != LEAF_MEMBERS:
        report.add("TAMPERED", f"entry {place} is not a leaf of a ledger", commit_index=place)
        return
    agent = text_of(leaf, "agent_id")
    last, previous = chains.get(agent, (0, "0" * 64))
    if sequence != last + 1 or text_of(leaf, "prev_hash") != previous:
        what = f"entry {place} does not follow its agent's last event"
        report.add("TAMPERED", what, agent, sequence, place)
    chains[agent] = (sequence, text_of(leaf, "hash"))


def verify_export(path: str, keys: Optional[list[Key]] = None, heads: Optional[list[str]] = None) -> Report:
    """Verifies a `.plog` file or a directory of tiles. Raises CannotRun if a trusted head is not a checkpoint."""
    report = Report(path)
    trusted = []
    for name in heads or []:
        head = Head(name, True).checkpoint
        if head is None:
            raise CannotRun(f"--head {name} is not a signed checkpoint")
        trusted.append(head)
    try:
        if os.path.isdir(path):
            if not os.path.lexists(os.path.join(path, "checkpoint")):
                report.add("MISSING_LOG", f"{path} contains no checkpoint")
            else:
                verify_tiles(path, report, keys or [], trusted)
        else:
            with open(path, "rb") as file:
                octets = file.read()
            verify_document(octets, report, keys or [], trusted)
    except Refused as refusal:
        # A document in an unknown format is neither valid nor forged.
        report = Report(path)
        report.add("UNVERIFIABLE", str(refusal))
    except Damaged as damage:
        report.add("TAMPERED", str(damage))
    except (CannotRun, OSError) as error:
        report.add("CANNOT_RUN", str(error))
    return report


# ---- Command line --------------------------------------------------------------------------------------------------


def is_export(path: str) -> bool:
    if os.path.isdir(path) or path.endswith(".plog"):
        return True
    try:
        with open(path, "rb") as file:
            return file.read(4096).lstrip(b" \t\r\n").startswith(b"{")
    except OSError:
        return False


def main(arguments: Optional[list[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("path", metavar="LEDGER.db|EXPORT.plog|DIRECTORY")
    parser.add_argument(
        "--key", action="append", default=[], metavar="KEY", help="a trusted public key, or its file; repeatable"
    )
    parser.add_argument("--head", action="append", default=[], metavar="FILE", help="a trusted head; repeatable")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    options = parser.parse_args(arguments)
    try:
        keys = [read_trusted_key(key) for key in options.key]
        verify = verify_export if is_export(options.path) else verify_ledger
        report = verify(options.path, keys, options.head)
    except (CannotRun, OSError) as error:
        report = Report(options.path)
        report.add("CANNOT_RUN", str(error))
    try:
        print(json.dumps(report.as_json()) if options.json else report.as_text(), flush=True)
    except BrokenPipeError:
        # The reader has closed the pipe. The exit code still gives the verdict. Without this, Python would fail again
        # when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
