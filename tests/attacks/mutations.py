"""Changes by the hundred, made from tables: of a ledger's database, of a head, and of an export."""

from __future__ import annotations

import contextlib
import copy
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

# ---- Databases -----------------------------------------------------------------------------------------------------

# Table: its key, and its other columns, with the type of each.
TABLES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "event": (
        {"commit_index": "int"},
        {
            **dict.fromkeys(["agent", "sequence", "session", "source", "type", "name", "status", "time"], "int"),
            **dict.fromkeys(["id", "hash", "prev_hash", "canonical", "warnings"], "blob"),
        },
    ),
    "term": ({"id": "int"}, {"text": "text"}),
    "label": ({"id": "int"}, {"key": "text", "value": "text"}),
    "event_label": ({"label": "int", "commit_index": "int"}, {}),
    "label_context": ({"key": "text", "value": "text"}, {"context": "text"}),
    "event_reference": ({"kind": "int", "value": "text", "commit_index": "int"}, {}),
    "activity": (
        {"agent": "int", "session": "int"},
        dict.fromkeys(["events", "errors", "first_time", "last_time", "last_commit"], "int"),
    ),
    "time_block": ({"block": "int"}, {"min_time": "int", "max_time": "int"}),
    "tile": ({"place": "int"}, {"hashes": "blob"}),
    "meta": ({"key": "text"}, {"value": "text"}),
}
EDITS = {
    "int": {
        "one more": "{c} + 1",
        "one less": "{c} - 1",
        "zero": "0",
        "negative": "-{c} - 1",
        "huge": "9223372036854775807",
        "a fraction": "{c} + 0.5",
        "a real number": "CAST({c} AS REAL)",
        "text": "CAST({c} AS TEXT)",
    },
    "text": {
        "longer": "{c} || 'x'",
        "shorter": "substr({c}, 1, length({c}) - 1)",
        "upper case": "upper({c})",
        "empty": "''",
        "a blob": "CAST({c} AS BLOB)",
        "a number": "7",
        "no UTF-8": "CAST(x'ff' AS TEXT)",
    },
    "blob": {
        "the last octet flipped": "flip({c}, -1)",
        "an octet in the middle flipped": "flip({c}, length({c}) / 2)",
        "longer": "CAST({c} || x'00' AS BLOB)",
        "shorter": "CAST(substr({c}, 1, length({c}) - 1) AS BLOB)",
        "empty": "x''",
        "zeros": "zeroblob(length({c}))",
        "text": "CAST({c} AS TEXT)",
        "a number": "7",
    },
}
EVERY_TYPE = {
    "NULL": "NULL",
    "another row's": "(SELECT {c} FROM {t} WHERE {c} IS NOT (SELECT {c} FROM {t} {w}) LIMIT 1)",
}
# Which row, of 6.
ROWS = {"first": 0, "middle": 3, "last": 6}


def flip(octets: object, at: int) -> object:
    if not isinstance(octets, bytes) or not octets:
        return b"\1"
    changed = bytearray(octets)
    changed[at] ^= 1
    return bytes(changed)


@contextlib.contextmanager
def without_constraints(path: Path) -> Iterator[sqlite3.Connection]:
    """Types and NOT NULL are kept out by the schema only, which somebody can change and put back."""
    connection = sqlite3.connect(path)
    connection.create_function("flip", 2, flip, deterministic=True)
    tables = connection.execute("SELECT sql, name FROM sqlite_schema WHERE sql LIKE 'CREATE TABLE%'").fetchall()
    loose = "replace(replace(replace(sql, ') STRICT, ', ') '), ') STRICT', ')'), 'NOT NULL', '')"
    try:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(f"UPDATE sqlite_schema SET sql = {loose} WHERE sql LIKE 'CREATE TABLE%'")
        connection.commit()
        connection.execute("PRAGMA writable_schema = RESET")
        yield connection
        connection.execute("PRAGMA writable_schema = ON")
        connection.executemany("UPDATE sqlite_schema SET sql = ? WHERE name = ?", tables)
        connection.commit()
    finally:
        connection.close()


def statements(table: str, rows: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Each with a name: every column of some rows changed in every way, rows deleted and swapped, or all of them."""
    key, others = TABLES[table]
    columns = ", ".join(key)
    for row, sixths in rows.items():
        nth = f"(SELECT count(*) - 1 FROM {table}) * {sixths} / 6"
        where = f"WHERE ({columns}) = (SELECT {columns} FROM {table} ORDER BY {columns} LIMIT 1 OFFSET {nth})"
        for column, kind in {**key, **others}.items():
            for name, value in {**EDITS[kind], **EVERY_TYPE}.items():
                expression = value.format(c=column, t=table, w=where)
                yield f"{row}.{column} {name}", f"UPDATE {table} SET {column} = {expression} {where}"
        yield f"{row} deleted", f"DELETE FROM {table} {where}"
        yield f"all but {row} deleted", f"DELETE FROM {table} WHERE NOT ({where[len('WHERE ') :]})"
    yield "emptied", f"DELETE FROM {table}"
    for column, kind in {**key, **others}.items():
        for name, value in EDITS[kind].items():
            yield f"all {column} {name}", f"UPDATE {table} SET {column} = {value.format(c=column)}"


# What is not the change of one table's values.
SPECIAL = [
    "DROP INDEX event_chain",
    "DROP INDEX event_id",
    "DROP INDEX event_status",
    "DROP INDEX activity_recent",
    "DROP TABLE label_context",
    "DROP TABLE tile",
    "DROP TABLE event",
    "DROP TABLE term",
    "DROP TABLE meta",
    "DROP TABLE journal",
    "CREATE TABLE others (x)",
    "CREATE TABLE sqlite_other_names (x)",
    "CREATE INDEX others ON event(time)",
    "CREATE VIEW others AS SELECT * FROM event",
    "CREATE VIEW events AS SELECT 1",
    "CREATE TRIGGER watch AFTER INSERT ON event BEGIN DELETE FROM event; END",
    "ALTER TABLE event ADD COLUMN others TEXT",
    "ALTER TABLE event RENAME TO events",
    "ALTER TABLE event RENAME COLUMN name TO names",
    "ALTER TABLE event RENAME TO events; CREATE VIEW event AS SELECT * FROM events",
    "ANALYZE",
    "PRAGMA application_id = 0",
    "PRAGMA application_id = 1347178312",
    "PRAGMA user_version = 0",
    "PRAGMA user_version = 1",
    "PRAGMA user_version = 3",
    "PRAGMA user_version = -1",
    "UPDATE meta SET value = 2 WHERE key = 'format_reader'",
    "UPDATE meta SET value = '1' WHERE key = 'format_reader'",
    "DELETE FROM meta WHERE key = 'format_reader'",
    "UPDATE meta SET value = 99 WHERE key = 'format_writer'",
    "INSERT INTO meta VALUES ('others', 1)",
    "DELETE FROM meta WHERE key = 'head'",
    "DELETE FROM meta WHERE key = 'key'",
    "INSERT INTO tile VALUES (-1, zeroblob(32))",
    "INSERT INTO tile VALUES (7, zeroblob(32))",
    "INSERT INTO tile VALUES (1 << 56, zeroblob(32))",
    "INSERT INTO tile VALUES (7 << 56, zeroblob(32))",
    "INSERT INTO tile VALUES (8 << 56, zeroblob(32))",
    "UPDATE tile SET hashes = CAST(hashes || zeroblob(1) AS BLOB)",
    "UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB)",
    "INSERT INTO term VALUES (4711, 'others')",
    "INSERT INTO label VALUES (4711, 'k', 'v')",
    "INSERT INTO event_label VALUES (1, 999)",
    "INSERT INTO event_label VALUES (1, -1)",
    "INSERT INTO event_label VALUES (4711, 5)",
    "INSERT INTO event_reference VALUES (0, 'x', 5)",
    "INSERT INTO event_reference VALUES (9, 'x', 5)",
    "INSERT INTO event_reference VALUES (0, 'x', -5)",
    "INSERT INTO activity VALUES (1, 4711, 1, 0, 0, 0, 0)",
    "INSERT INTO time_block VALUES (99, 0, 0)",
    "INSERT INTO time_block VALUES (-1, 0, 0)",
    "INSERT INTO label_context VALUES ('k', 'v', '{}')",
    "INSERT INTO journal VALUES (zeroblob(16), 1, 32)",
    (
        "INSERT INTO event SELECT -1, agent, 999, session, source, type, name, status, time, zeroblob(16), hash, prev_hash,"
        " canonical, warnings FROM event WHERE commit_index = 1"
    ),
    (
        "INSERT INTO event SELECT max(commit_index) + 1, agent, 999, session, source, type, name, status, time,"
        " zeroblob(16), hash, prev_hash, canonical, warnings FROM event"
    ),
    (
        "INSERT INTO event SELECT max(commit_index) + 5000, agent, 999, session, source, type, name, status, time,"
        " zeroblob(16), hash, prev_hash, canonical, warnings FROM event"
    ),
    (
        "DELETE FROM event WHERE commit_index >= 3; INSERT INTO event SELECT 3, agent, 1, session, source, type, name,"
        " status, time, zeroblob(16), hash, prev_hash, canonical, warnings FROM event WHERE commit_index = 1"
    ),
    "UPDATE event SET commit_index = -1 - commit_index",
    "UPDATE event SET commit_index = commit_index + 1000000; UPDATE event SET commit_index = commit_index - 999999",
    (
        "DELETE FROM event WHERE commit_index = 4; UPDATE event SET commit_index = -commit_index WHERE commit_index > 4;"
        " UPDATE event SET commit_index = -commit_index - 1 WHERE commit_index < 0"
    ),
]


def values_of(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    names = [name for part in TABLES[table] for name in part]
    typed = ", ".join(f"{name}, typeof({name})" for name in names)
    return connection.execute(f"SELECT {typed} FROM {table}").fetchall()


# ---- Heads ---------------------------------------------------------------------------------------------------------


def heads(text: str, step: int) -> Iterator[tuple[str, bytes]]:
    """Texts that are no longer what was signed, or written as it is not to be; and some that are still good."""
    octets = text.encode()
    for at in range(0, len(octets), step):
        yield f"octet {at} flipped", octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
        yield f"octet {at} gone", octets[:at] + octets[at + 1 :]
        yield f"cut at {at}", octets[:at]
    body, _, signatures = text.rpartition("\n\n")
    origin, size, root = body.split("\n")[:3]
    yield "twice", octets * 2
    yield "twice the signature", f"{body}\n\n{signatures}{signatures}".encode()
    yield "a line of others", f"{body}\n\n{signatures}\u2014 example.com/witness AAAAAAECAw==\n".encode()
    yield "a hundred and one lines", f"{body}\n\n{signatures * 101}".encode()
    yield "a signature cut short", f"{body}\n\n{signatures[:-9]}\n".encode()
    yield "the same name with another id", f"{body}\n\n\u2014 {origin} AAAAAAECAw==\n".encode()
    yield "CRLF", text.replace("\n", "\r\n").encode()
    yield "a newline more", octets + b"\n"
    yield "a newline less", octets[:-1]
    yield "an empty line in front", b"\n" + octets
    yield "a tab", text.replace("\n\n", "\t\n\n").encode()
    yield "a zero before the size", f"{origin}\n0{size}\n{root}\n\n{signatures}".encode()
    yield "an extension line", f"{body}\nmore\n\n{signatures}".encode()
    yield "another size", f"{origin}\n{int(size) - 1}\n{root}\n\n{signatures}".encode()
    yield "too large a size", f"{origin}\n{2**64}\n{root}\n\n{signatures}".encode()
    yield "another origin", f"{origin}x\n{size}\n{root}\n\n{signatures}".encode()
    yield "base64 without padding", text.replace("=", "").encode()
    yield "only a text", body.encode() + b"\n"
    yield "larger than a note", octets + b"x" * 1_000_000
    yield "no UTF-8", octets + b"\xff\n"
    yield "empty", b""


# ---- Exports -------------------------------------------------------------------------------------------------------

Path_ = tuple[Any, ...]


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Where something is in a document; of a long list, the first elements and the last one."""
    if at:
        yield at
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*at, name))
    if isinstance(value, list):
        for index in sorted({0, 1, len(value) - 1} & set(range(len(value)))):
            yield from places(value[index], (*at, index))


def others_of(value: Any) -> Iterator[tuple[str, Any]]:
    """What could stand in the place of a value."""
    yield "null", None
    yield "a list", [value]
    yield "an object", {"value": value}
    if isinstance(value, str):
        yield "longer", value + "x"
        yield "shorter", value[:-1]
        yield "the first character changed", ("b" if value[:1] != "b" else "c") + value[1:]
        yield "upper case", value.upper()
        yield "empty", ""
        yield "a number", 7
    if isinstance(value, bool):
        yield "the contrary", not value
    elif isinstance(value, int):
        yield "one more", value + 1
        yield "one less", value - 1
        yield "a fraction", value + 0.5
        yield "a real number", float(value)
        yield "text", str(value)
        yield "huge", 2**63
        yield "true", True
    if isinstance(value, list):
        yield "reversed", value[::-1]
        yield "without the first", value[1:]
        yield "without the last", value[:-1]
        yield "the last twice", value + value[-1:]
        yield "empty", []
    if isinstance(value, dict):
        yield "with a member more", {**value, "others": 1}
        yield "empty", {}


def edit(document: Any, at: Path_, change: Callable[[Any, Any], None]) -> Any:
    changed = copy.deepcopy(document)
    container = changed
    for step in at[:-1]:
        container = container[step]
    change(container, at[-1])
    return changed


def put(container: Any, name: Any, value: Any) -> None:
    container[name] = value


def documents(document: Any) -> Iterator[tuple[str, str]]:
    """The texts of documents that differ in one place."""
    for at in places(document):
        where = "/".join(map(str, at))
        value = document
        for step in at:
            value = value[step]
        for name, other in others_of(value):
            if other != value or type(other) is not type(value):
                yield f"{where} {name}", json.dumps(edit(document, at, lambda c, n, other=other: put(c, n, other)))
        yield f"{where} gone", json.dumps(edit(document, at, lambda container, name: container.pop(name)))
        if isinstance(at[-1], str):
            text = json.dumps(edit(document, at, lambda c, n: put(c, n + "_", c.pop(n))))
            yield f"{where} renamed", text
            # Another member of the same name, in front: the last one would win.
            yield (
                f"{where} twice",
                text.replace(json.dumps(at[-1] + "_"), json.dumps(at[-1])).replace(
                    json.dumps(at[-1]) + ":", f"{json.dumps(at[-1])}:null,{json.dumps(at[-1])}:", 1
                ),
            )
            yield f"{where} in upper case", json.dumps(edit(document, at, lambda c, n: put(c, n.upper(), c.pop(n))))


def texts(text: str, step: int) -> Iterator[tuple[str, bytes]]:
    """What is no JSON, or JSON written in another way."""
    octets = text.encode()
    document = json.loads(text)
    yield "indented", json.dumps(document, indent=3).encode()
    yield "sorted", json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
    for at in range(0, len(octets), step):
        yield f"octet {at} flipped", octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
        yield f"octet {at} gone", octets[:at] + octets[at + 1 :]
    for at in range(0, len(octets), 10 * step):
        yield f"cut at {at}", octets[:at]
    for name, added in {"an object": b"{}", "a comma": b",", "a word": b"x", "white space": b" \n\t"}.items():
        yield f"{name} behind it", octets + added
    yield "a mark of its byte order", b"\xef\xbb\xbf" + octets
    for size in (f'"tree_size":{document["tree_size"]}',):
        for other in (".0", "e0", "0", "E+0"):
            yield f"{size}{other}", text.replace(size, size + other, 1).encode()
        yield "a plus sign", text.replace(size, size.replace(":", ":+"), 1).encode()
        yield "a leading zero", text.replace(size, size.replace(":", ":0"), 1).encode()
    yield "NaN", text.replace('"event_count":', '"event_count":NaN,"x":', 1).encode()
    yield "a lone surrogate", text.replace('"ledger_id":"', '"ledger_id":"\\ud800', 1).encode()
    yield "no UTF-8", text.encode().replace(b'"ledger_id":"', b'"ledger_id":"\xff', 1)
    yield "a control character", text.encode().replace(b'"ledger_id":"', b'"ledger_id":"\x01', 1)
    yield "deep", text.replace('"filter":{}', '"filter":{"labels":' + "[" * 600 + "]" * 600 + "}", 1).encode()


FILTERS: list[dict[str, Any]] = [
    {},
    *({name: "x"} for name in ("agent_id", "session_id", "source", "action_type", "action_name", "action_status")),
    *({name: "x"} for name in ("provenance_id", "parent_event_id", "tool_call_id", "artifact_id", "audit_id")),
    {"agent_id": None},
    {"agent_id": 7},
    {"agent_id": "planner"},
    {"agent_id": "provenlog"},
    {"since": "2020-01-01"},
    {"since": "2100-01-01T00:00:00Z"},
    {"until": "2020-01-01T00:00:00+01:00"},
    {"until": "2100-01-01T00:00Z"},
    {"since": "yesterday"},
    {"labels": {}},
    {"labels": {"env": "prod"}},
    {"labels": {"env": 1}},
    {"labels": None},
    {"include_system": True},
    {"include_system": False},
    {"include_system": "yes"},
    {"event_id": "x"},
    {"event_id": None},
    {"order": "asc"},
    {"limit": 3},
    {"limit": None},
    {"others": 1},
]
