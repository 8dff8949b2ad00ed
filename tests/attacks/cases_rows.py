"""Rows 2 to 6, 25, 27 and 28 of the matrix: changes to rows of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from ledgers import Ledger, canonical, record, sha256
from matrix import attack, case

# A TOOL_CALL in the middle: agent and sequence.
EVENT = ("coder", 49)
WHERE = "WHERE sequence = 49 AND agent = (SELECT id FROM term WHERE text = 'coder')"


def edit_octets(change: Callable[[dict[str, Any]], object]) -> Callable[[Ledger], None]:
    """Replaces an event by another one, which is canonical but was not hashed."""

    def action(ledger: Ledger) -> None:
        place = ledger.place(*EVENT)
        row = ledger.rows()[place]
        event = row.event
        change(event)
        assert canonical(event) != row.canonical
        with ledger.database() as database:
            database.execute("UPDATE event SET canonical = ? WHERE commit_index = ?", [canonical(event), place])

    return action


def member(name: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda event: event.update({name: value})


# ---- 2: every column that queries return

for column, value in {
    "hash": "zeroblob(32)",
    "prev_hash": "zeroblob(32)",
    "id": "zeroblob(16)",
    "warnings": "x'5b7b22636f6465223a2278227d5d'",
    "canonical": "CAST(replace(CAST(canonical AS TEXT), 'question', 'answer') AS BLOB)",
}.items():
    attack(2, f"column {column}", f"UPDATE event SET {column} = {value} {WHERE}", event=EVENT)
for column in ("session", "source", "type", "name", "status", "time"):
    attack(2, f"column {column}", f"UPDATE event SET {column} = agent + 1 {WHERE}", event=EVENT)
attack(2, "column sequence", f"UPDATE event SET sequence = 4711 {WHERE}", event=("coder", 4711))
attack(
    2, "column agent", f"UPDATE event SET agent = (SELECT id FROM term WHERE text = 'planner'), sequence = 4711 {WHERE}",
    event=("planner", 4711),
)  # fmt: skip
attack(2, "column commit_index", f"UPDATE event SET commit_index = 4711 {WHERE}", event=EVENT)
for name, value in {
    "action_input": {"query": "another"},
    "action_name": "other",
    "action_status": "other",
    "action_type": "OTHER",
    "agent_id": "planner",
    "capture_method": "other",
    "duration_ms": 4711,
    "id": "01951f7a-5c00-7000-8000-000000000001",
    "labels": {"env": "other"},
    "metadata": {},
    "salt": "AAAAAAAAAAAAAAAAAAAAAA",
    "schema_version": "1.1",
    "session_id": "other",
    "source": "other",
    "timestamp": "2026-02-17T00:00:00.000000Z",
    "tool_call_id": "other",
    "added": "by somebody",
}.items():
    attack(2, f"member {name}", edit_octets(member(name, value)), event=EVENT)
attack(2, "a term that many events share", "UPDATE term SET text = 'coders' WHERE text = 'coder'", event=("coders", 1))
attack(2, "a session's name", "UPDATE term SET text = 'other' WHERE text = 'session-1'")
attack(2, "a context", "UPDATE label_context SET context = '{}'", says="label_context")
attack(2, "the ledger's id", "UPDATE meta SET value = 'other' WHERE key = 'ledger_id'", says="ledger_id")
for column in ("events", "errors", "first_time", "last_time", "last_commit"):
    attack(2, f"the totals: {column}", f"UPDATE activity SET {column} = {column} + 1", says="activity")


# ---- 3: types and spellings


def retyped(column: str, value: str) -> Callable[[Ledger], None]:
    def action(ledger: Ledger) -> None:
        with ledger.loosely() as database:
            assert database.execute(f"UPDATE event SET {column} = {value} {WHERE}").rowcount == 1

    return action


for column in ("id", "hash", "prev_hash", "canonical"):
    for kind, value in {"text": f"CAST({column} AS TEXT)", "NULL": "NULL", "a number": "1", "empty": "x''"}.items():
        attack(3, f"{column} becomes {kind}", retyped(column, value))
for kind, value in {
    "text": "CAST(x'5b5d' AS TEXT)",
    "an empty list": "x'5b5d'",
    "a number": "1",
    "empty": "x''",
    "empty text": "''",
}.items():
    attack(3, f"warnings become {kind}", retyped("warnings", value), event=EVENT)
for column in ("sequence", "agent", "time", "session", "type", "name", "status", "source"):
    for kind, value in {
        "text": f"CAST({column} AS TEXT) || 'x'",
        "NULL": "NULL",
        "a fraction": f"{column} + 0.5",
        "a real number": f"CAST({column} AS REAL)",
        "a blob": f"CAST({column} AS BLOB)",
    }.items():
        attack(3, f"{column} becomes {kind}", retyped(column, value))


def respelled(old: str, new: str) -> Callable[[Ledger], None]:
    return lambda ledger: ledger.replace(ledger.place(*EVENT), old, new)


attack(3, "NFD becomes NFC", respelled("e\u0301", "\xe9"), event=EVENT)
attack(3, "CRLF becomes LF", respelled("one\\r\\ntwo", "one\\ntwo"), event=EVENT)
attack(3, "an escape is written in another way", respelled("one\\r", "one\\u000d"), event=EVENT)
attack(3, "a number becomes a fraction", respelled('"number":73', '"number":73.0'), event=EVENT)
attack(3, "a number becomes a text", respelled('"number":73', '"number":"73"'), event=EVENT)
attack(3, "white space", respelled('"number":73', '"number": 73'), event=EVENT)
attack(3, "a key twice", respelled('"number":73', '"number":72,"number":73'), event=EVENT)
attack(3, "a letter as an escape", respelled('"number":73', '"numbe\\u0072":73'), event=EVENT)


# ---- 4: deletions

DELETED = "DELETE FROM event WHERE commit_index"
attack(4, "one", f"DELETE FROM event {WHERE}", event=("coder", 50))
attack(4, "the first", f"{DELETED} = 0")
attack(
    4,
    "the first of an agent",
    "DELETE FROM event WHERE sequence = 1 AND agent = (SELECT id FROM term WHERE text = 'coder')",
    event=("coder", 2),
)
attack(4, "a run", f"{DELETED} BETWEEN 100 AND 180")
attack(4, "every third", f"{DELETED} % 3 = 0")
attack(
    4,
    "every other of one agent",
    "DELETE FROM event WHERE sequence % 2 = 0 AND agent = (SELECT id FROM term WHERE text = 'coder')",
)
attack(4, "all of a kind", "DELETE FROM event WHERE type = (SELECT id FROM term WHERE text = 'TOOL_RESULT')")


def close_gap(ledger: Ledger, gone: str) -> None:
    """Deletes rows, renumbers the others to close the gap, and recomputes chain and tree."""
    with ledger.database() as database:
        database.execute(f"DELETE FROM event WHERE {gone}")
        rows = database.execute("SELECT commit_index, agent FROM event ORDER BY commit_index").fetchall()
        last: dict[int, int] = {}
        for place, (index, agent) in enumerate(rows):
            last[agent] = last.get(agent, 0) + 1
            database.execute(
                "UPDATE event SET commit_index = ?, sequence = ? WHERE commit_index = ?", [place, last[agent], index]
            )
    ledger.rechain()


attack(
    4, "one, and the gap is closed in numbers, chain and tree", lambda ledger: close_gap(ledger, "commit_index = 150")
)
attack(
    4,
    "a run, and the gap is closed in numbers, chain and tree",
    lambda ledger: close_gap(ledger, "commit_index > 250"),
    ("TAMPERED", "ROLLED_BACK"),
)


# ---- 5: insertions

COLUMNS = "agent, sequence, session, source, type, name, status, time, id, hash, prev_hash, canonical, warnings"
COPIED = "agent, 4711, session, source, type, name, status, time, randomblob(16), hash, prev_hash, canonical, warnings"
attack(
    5,
    "a genuine row again, at the end",
    f"INSERT INTO event SELECT (SELECT max(commit_index) + 1 FROM event), {COPIED} FROM event WHERE commit_index = 150",
)


def open_gap(ledger: Ledger, place: int) -> None:
    with ledger.database() as database:
        # In two steps, because two rows must never have the same number.
        database.execute("UPDATE event SET commit_index = -commit_index - 2 WHERE commit_index >= ?", [place])
        database.execute("UPDATE event SET commit_index = -commit_index - 1 WHERE commit_index < 0")


def insert_copy(ledger: Ledger) -> None:
    open_gap(ledger, 150)
    ledger.sql(f"INSERT INTO event SELECT 150, {COPIED} FROM event WHERE commit_index = 140")


attack(5, "a genuine row again, in the middle", insert_copy, event=("provenlog", 4))


def forged(ledger: Ledger, **members: Any) -> bytes:
    event = {**ledger.rows()[ledger.place(*EVENT)].event, "id": "01951f7a-5c00-7000-8000-000000000001", **members}
    return canonical(event)


def append_forged(ledger: Ledger) -> None:
    """Appends an event of an agent with a valid link, but without a leaf in the tree."""
    last = [row for row in ledger.rows() if row.agent == EVENT[0]][-1]
    octets = forged(ledger)
    digest = sha256(octets, last.hash.hex().encode())
    with ledger.database() as database:
        database.execute(
            f"INSERT INTO event SELECT (SELECT max(commit_index) + 1 FROM event), agent, {last.sequence + 1}, session, source, "
            f"type, name, status, time, ?, ?, ?, ?, NULL FROM event {WHERE}",
            [bytes.fromhex("01951f7a5c0070008000000000000001"), digest, last.hash, octets],
        )


attack(5, "a forged row with a good link", append_forged, says="no writer appended")


def from_another_ledger(ledger: Ledger) -> None:
    other = record(ledger.folder / "other", 12)
    with ledger.database() as database:
        database.execute("ATTACH ? AS other", [str(other.db)])
        database.execute(
            "UPDATE event SET (id, hash, prev_hash, canonical) = (SELECT id, hash, prev_hash, canonical FROM other.event o "
            f"WHERE o.sequence = 2 AND o.agent = (SELECT id FROM other.term WHERE text = 'coder')) {WHERE}"
        )
        database.commit()
        database.execute("DETACH other")


attack(5, "a row of another ledger", from_another_ledger, event=EVENT)


# ---- 6: order


def swap(columns: str) -> Callable[[Ledger], None]:
    """Swaps columns of two events of one agent."""

    def action(ledger: Ledger) -> None:
        one, two = ledger.place("coder", 49), ledger.place("coder", 55)
        marks = ", ".join(f"{column} = ?" for column in columns.split(", "))
        with ledger.database() as database:
            values = [
                database.execute(f"SELECT {columns} FROM event WHERE commit_index = {at}").fetchone()
                for at in (one, two)
            ]
            if "id" in columns.split(", "):
                database.execute(f"UPDATE event SET id = randomblob(16) WHERE commit_index = {one}")
            if "sequence" in columns.split(", "):
                database.execute(f"UPDATE event SET sequence = -1 WHERE commit_index = {one}")
            database.execute(f"UPDATE event SET {marks} WHERE commit_index = {two}", values[0])
            database.execute(f"UPDATE event SET {marks} WHERE commit_index = {one}", values[1])

    return action


WHOLE = "sequence, session, source, type, name, status, time, id, hash, prev_hash, canonical, warnings"
attack(6, "two rows", swap(WHOLE), event=("coder", 55))
attack(
    6,
    "two rows, each at its number",
    swap("session, source, type, name, status, time, id, hash, prev_hash, canonical"),
    event=EVENT,
)
attack(6, "sequences alone", swap("sequence"), event=("coder", 55))
attack(6, "times alone", swap("time"), event=EVENT)
attack(6, "canonical bytes alone", swap("canonical"), event=EVENT)
attack(6, "hashes alone", swap("hash"), event=EVENT)


def swap_times_within(ledger: Ledger) -> None:
    rows = ledger.rows()
    one, two = ledger.place("coder", 49), ledger.place("coder", 55)
    first, second = rows[one].event["timestamp"], rows[two].event["timestamp"]
    assert first != second
    ledger.replace(one, first, second)
    ledger.replace(two, second, first)
    swap("time")(ledger)


attack(6, "times, in the canonical bytes too", swap_times_within, event=EVENT)


def swap_agents(ledger: Ledger) -> None:
    """Swaps two neighbouring events of different agents."""
    with ledger.database() as database:
        database.execute("UPDATE event SET commit_index = -1 WHERE commit_index = 150")
        database.execute("UPDATE event SET commit_index = 150 WHERE commit_index = 151")
        database.execute("UPDATE event SET commit_index = 151 WHERE commit_index = -1")


attack(6, "two places in the order of commit", swap_agents)
attack(
    6,
    "every sequence one higher",
    "UPDATE event SET sequence = 4711 + sequence WHERE agent = (SELECT id FROM term WHERE text = 'coder')",
    event=("coder", 4712),
)


# ---- 25: what filters read

for statement in (
    "UPDATE event SET session = NULL",
    "UPDATE event SET name = NULL",
    "UPDATE event SET source = NULL",
    "UPDATE event SET type = status",
    "UPDATE event SET status = type",
    "UPDATE event SET time = time + 1",
    "DELETE FROM event_label",
    "UPDATE event_label SET commit_index = commit_index + 1 WHERE label = (SELECT id FROM label WHERE value = '73')",
    "INSERT INTO event_label VALUES (1, 999)",
    "UPDATE label SET value = 'other' WHERE value = '5'",
    "UPDATE label SET id = 4711 WHERE value = '5'",
    "DELETE FROM label WHERE value = '5'",
    "DELETE FROM event_reference WHERE value = 'call-5'",
    "UPDATE event_reference SET value = 'other' WHERE value = 'call-5'",
    "UPDATE event_reference SET kind = 3 WHERE value = 'call-5'",
    "INSERT INTO event_reference VALUES (0, 'x', 5)",
    "DELETE FROM activity",
    "INSERT INTO activity VALUES (1, 1, 1, 0, 0, 0, 0)",
    "UPDATE time_block SET min_time = max_time",
    "UPDATE time_block SET max_time = min_time",
    "DELETE FROM time_block",
    "INSERT INTO time_block VALUES (99, 0, 0)",
    "DELETE FROM label_context",
    "INSERT INTO label_context VALUES ('k', 'v', '{}')",
    "UPDATE term SET text = 'other' WHERE text = 'TOOL_CALL'",
    "DELETE FROM term WHERE text = 'search'",
    "UPDATE term SET id = 4711 WHERE text = 'search'",
):
    where = f" {WHERE}" if statement.startswith("UPDATE event SET") else ""
    attack(25, statement, statement + where)


def stale_index(index: str) -> Callable[[Ledger], None]:
    """Removes the entry of one row from an index, and leaves the row as it was."""

    def action(ledger: Ledger) -> None:
        with ledger.database() as database:
            (schema,) = database.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [index]).fetchone()
            place = ledger.place(*EVENT)
            database.execute("PRAGMA writable_schema = ON")
            # Build the index without the row, then restore the schema's text.
            database.execute(f"DROP INDEX {index}")
            partial = schema[: schema.index("WHERE")] if "WHERE" in schema else schema
            database.execute(f"{partial} WHERE commit_index <> {place}")
            database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", [schema, index])
            database.execute("PRAGMA writable_schema = RESET")

    return action


for index in ("event_session", "event_type", "event_name", "event_status", "event_chain", "event_id"):
    attack(25, f"an entry of the index {index} is removed", stale_index(index), says="structure")


# ---- 27 and 28: false erasures; payloads

attack(27, "the canonical bytes are emptied", f"UPDATE event SET canonical = x'' {WHERE}", event=EVENT)
attack(
    27,
    "a payload is replaced by a marker",
    edit_octets(member("action_input", {"erased": True, "sha256": "0" * 64})),
    event=EVENT,
)
attack(27, "the oldest events are removed", "DELETE FROM event WHERE commit_index < 50")
attack(
    27,
    "rows are deleted, and an event about it is forged",
    lambda ledger: (ledger.sql("DELETE FROM event WHERE commit_index BETWEEN 10 AND 20"), append_forged(ledger)),
)


def erased(ledger: Ledger) -> None:
    place = ledger.place(*EVENT)
    ledger.sql(
        f"UPDATE event SET canonical = x'', session = NULL, source = NULL, type = NULL, name = NULL, status = NULL {WHERE}",
        f"INSERT INTO erased VALUES ({place}, NULL, 1)",
        "UPDATE meta SET value = 2 WHERE key = 'format_reader'",
    )


attack(27, "an event is emptied and passed off as erased", erased, event=EVENT, says="the content was erased")
attack(27, "an event that has its content is listed as erased", "INSERT INTO erased VALUES (30, NULL, 1)")

attack(28, "another payload, the same salt", edit_octets(member("action_input", {"query": "harmless"})), event=EVENT)
attack(28, "the salt is removed", edit_octets(lambda event: event.pop("salt")), event=EVENT)


def borrowed_salt(ledger: Ledger) -> None:
    salt = ledger.rows()[ledger.place("coder", 1)].event["salt"]
    edit_octets(member("salt", salt))(ledger)


attack(28, "the salt of another event", borrowed_salt, event=EVENT)


@case(28, "the same short payload twice has two hashes, so that it cannot be guessed")
def _(ledger: Ledger, _: Path) -> None:
    when = "2026-02-17T00:00:00Z"
    with ledger.client("spy") as client:
        for _ in range(2):
            client.log_event(agent_id="spy", action_type="CUSTOM", action_input={"answer": "yes"}, timestamp=when)
    rows = [row for row in ledger.rows() if row.agent == "spy"]
    guesses = [{**row.event, "salt": ""} for row in rows]
    for guess in guesses:
        assert guess.pop("salt") == ""
    assert len({row.event["salt"] for row in rows}) == 2
    assert {sha256(canonical(guess), bytes(32).hex().encode()) for guess in guesses}.isdisjoint(
        row.hash for row in rows
    )
