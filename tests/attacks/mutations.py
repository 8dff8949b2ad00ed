"""Tables from which hundreds of changes are generated: to the database of a ledger, to a head, and to an export."""

from __future__ import annotations

import contextlib
import copy
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

# ---- Databases -----------------------------------------------------------------------------------------------------

# For each table: the columns of its key and its other columns, with their types.
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
        "invalid UTF-8": "CAST(x'ff' AS TEXT)",
    },
    "blob": {
        "a bit of the last byte flipped": "flip({c}, -1)",
        "a bit of the middle byte flipped": "flip({c}, length({c}) / 2)",
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
# The position of a row, in sixths of the table.
ROWS = {"first": 0, "middle": 3, "last": 6}


def flip(octets: object, at: int) -> object:
    if not isinstance(octets, bytes) or not octets:
        return b"\1"
    changed = bytearray(octets)
    changed[at] ^= 1
    return bytes(changed)


@contextlib.contextmanager
def without_constraints(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection without STRICT types and NOT NULL. An attacker can change the schema like this and restore it."""
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
    """Yields (name, SQL) for each change of a table: every column of some rows, every column of all rows, deletions."""
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


# Changes to the schema, to pragmas and metadata, and insertions and renumberings of rows.
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
    "PRAGMA user_version = 2",
    "PRAGMA user_version = 4",
    "PRAGMA user_version = -1",
    "UPDATE meta SET value = 2 WHERE key = 'format_reader'",
    "UPDATE meta SET value = 3 WHERE key = 'format_reader'",
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
    """Yields changed heads: with another content, in a wrong form, and a few that are still valid."""
    octets = text.encode()
    for at in range(0, len(octets), step):
        yield f"byte {at} changed", octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
        yield f"byte {at} missing", octets[:at] + octets[at + 1 :]
        yield f"cut at {at}", octets[:at]
    body, _, signatures = text.rpartition("\n\n")
    origin, size, root = body.split("\n")[:3]
    yield "twice", octets * 2
    yield "the signature twice", f"{body}\n\n{signatures}{signatures}".encode()
    yield "a signature of a witness", f"{body}\n\n{signatures}\u2014 example.com/witness AAAAAAECAw==\n".encode()
    yield "a hundred and one signatures", f"{body}\n\n{signatures * 101}".encode()
    yield "a signature cut short", f"{body}\n\n{signatures[:-9]}\n".encode()
    yield "the same name with another id", f"{body}\n\n\u2014 {origin} AAAAAAECAw==\n".encode()
    yield "CRLF", text.replace("\n", "\r\n").encode()
    yield "an extra newline", octets + b"\n"
    yield "a missing newline", octets[:-1]
    yield "an empty line before it", b"\n" + octets
    yield "a tab", text.replace("\n\n", "\t\n\n").encode()
    yield "a zero before the size", f"{origin}\n0{size}\n{root}\n\n{signatures}".encode()
    yield "an extension line", f"{body}\nmore\n\n{signatures}".encode()
    yield "another size", f"{origin}\n{int(size) - 1}\n{root}\n\n{signatures}".encode()
    yield "a size beyond 64 bits", f"{origin}\n{2**64}\n{root}\n\n{signatures}".encode()
    yield "another origin", f"{origin}x\n{size}\n{root}\n\n{signatures}".encode()
    yield "base64 without padding", text.replace("=", "").encode()
    yield "no signature", body.encode() + b"\n"
    yield "larger than a note", octets + b"x" * 1_000_000
    yield "invalid UTF-8", octets + b"\xff\n"
    yield "empty", b""


# ---- Exports -------------------------------------------------------------------------------------------------------

Path_ = tuple[Any, ...]


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Yields the path of every value in a document. Of a list, only the first two elements and the last one."""
    if at:
        yield at
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*at, name))
    if isinstance(value, list):
        for index in sorted({0, 1, len(value) - 1} & set(range(len(value)))):
            yield from places(value[index], (*at, index))


def others_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yields (name, value) for values that could replace a value."""
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
        yield "negated", not value
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
        yield "with an extra member", {**value, "others": 1}
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
    """Yields (name, text) for documents that differ in one place."""
    for at in places(document):
        where = "/".join(map(str, at))
        value = document
        for step in at:
            value = value[step]
        for name, other in others_of(value):
            if other != value or type(other) is not type(value):
                yield f"{where} {name}", json.dumps(edit(document, at, lambda c, n, other=other: put(c, n, other)))
        yield f"{where} missing", json.dumps(edit(document, at, lambda container, name: container.pop(name)))
        if isinstance(at[-1], str):
            text = json.dumps(edit(document, at, lambda c, n: put(c, n + "_", c.pop(n))))
            yield f"{where} renamed", text
            # Another member with the same name before it. Many parsers would use the last one.
            yield (
                f"{where} twice",
                text.replace(json.dumps(at[-1] + "_"), json.dumps(at[-1])).replace(
                    json.dumps(at[-1]) + ":", f"{json.dumps(at[-1])}:null,{json.dumps(at[-1])}:", 1
                ),
            )
            yield f"{where} in upper case", json.dumps(edit(document, at, lambda c, n: put(c, n.upper(), c.pop(n))))


def texts(text: str, step: int) -> Iterator[tuple[str, bytes]]:
    """Yields malformed JSON, and JSON written in another way."""
    octets = text.encode()
    document = json.loads(text)
    yield "indented", json.dumps(document, indent=3).encode()
    yield "sorted", json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
    for at in range(0, len(octets), step):
        yield f"byte {at} changed", octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
        yield f"byte {at} missing", octets[:at] + octets[at + 1 :]
    for at in range(0, len(octets), 10 * step):
        yield f"cut at {at}", octets[:at]
    for name, added in {"an object": b"{}", "a comma": b",", "a word": b"x", "white space": b" \n\t"}.items():
        yield f"{name} after it", octets + added
    yield "a byte-order mark", b"\xef\xbb\xbf" + octets
    for size in (f'"tree_size":{document["tree_size"]}',):
        for other in (".0", "e0", "0", "E+0"):
            yield f"{size}{other}", text.replace(size, size + other, 1).encode()
        yield "a plus sign", text.replace(size, size.replace(":", ":+"), 1).encode()
        yield "a leading zero", text.replace(size, size.replace(":", ":0"), 1).encode()
    yield "NaN", text.replace('"event_count":', '"event_count":NaN,"x":', 1).encode()
    yield "a lone surrogate", text.replace('"ledger_id":"', '"ledger_id":"\\ud800', 1).encode()
    yield "invalid UTF-8", text.encode().replace(b'"ledger_id":"', b'"ledger_id":"\xff', 1)
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
