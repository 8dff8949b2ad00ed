"""Rows 1 to 13 of the matrix, and 21 to 28: what is done to events, chain and tree."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable

from judge import judge
from ledgers import Key, Ledger, canonical, log_some, record, sha256
from matrix import attack, case

# An event in the middle, a TOOL_CALL, by agent and sequence; and how many there are before and after.
EVENT = ("coder", 49)
WHERE = "WHERE sequence = 49 AND agent = (SELECT id FROM term WHERE text = 'coder')"


def edit_octets(change: Callable[[dict[str, Any]], object]) -> Callable[[Ledger], None]:
    """Another event in an event's place: canonical, but not what was hashed."""

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
attack(2, "a term that many share", "UPDATE term SET text = 'coders' WHERE text = 'coder'", event=("coders", 1))
attack(2, "a session's name", "UPDATE term SET text = 'other' WHERE text = 'session-1'")
attack(2, "a context", "UPDATE label_context SET context = '{}'", says="label_context")
attack(2, "the ledger's id", "UPDATE meta SET value = 'other' WHERE key = 'ledger_id'", says="ledger_id")
for column in ("events", "errors", "first_time", "last_time", "last_commit"):
    attack(2, f"the sums: {column}", f"UPDATE activity SET {column} = {column} + 1", says="activity")


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
        "octets": f"CAST({column} AS BLOB)",
    }.items():
        attack(3, f"{column} becomes {kind}", retyped(column, value))


def respelled(old: str, new: str) -> Callable[[Ledger], None]:
    return lambda ledger: ledger.replace(ledger.place(*EVENT), old, new)


attack(3, "NFD becomes NFC", respelled("e\u0301", "\xe9"), event=EVENT)
attack(3, "CRLF becomes LF", respelled("one\\r\\ntwo", "one\\ntwo"), event=EVENT)
attack(3, "an escape is written out", respelled("one\\r", "one\\u000d"), event=EVENT)
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
    """Deletes rows, and numbers the others as if there had been no more; then chain and tree are made anew."""
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
        # In two steps: no two rows may have one number in between.
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
    """One more event of an agent, with a good link, and nothing in the tree."""
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
    """Exchanges columns of two events of one agent."""

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
attack(6, "octets alone", swap("canonical"), event=EVENT)
attack(6, "hashes alone", swap("hash"), event=EVENT)


def swap_times_within(ledger: Ledger) -> None:
    rows = ledger.rows()
    one, two = ledger.place("coder", 49), ledger.place("coder", 55)
    first, second = rows[one].event["timestamp"], rows[two].event["timestamp"]
    assert first != second
    ledger.replace(one, first, second)
    ledger.replace(two, second, first)
    swap("time")(ledger)


attack(6, "times, in the octets too", swap_times_within, event=EVENT)


def swap_agents(ledger: Ledger) -> None:
    """The events of two agents at neighbouring places."""
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


# ---- 7: the end cut off

for name, kept in {"the newest": "(SELECT max(commit_index) FROM event)", "a third": "200", "all but one": "1"}.items():
    attack(7, name, f"DELETE FROM event WHERE commit_index >= {kept}", heads=lambda ledger: [ledger.late_head])


def cut_with_tree(ledger: Ledger) -> None:
    """As a copy of that time is, signed by whoever has the key."""
    ledger.put_back(ledger.late_backup)
    shutil.copy(ledger.late_head, ledger.head)


attack(
    7,
    "a third, tree and head too, held against a head that was kept",
    cut_with_tree,
    "ROLLED_BACK",
    heads=lambda ledger: [ledger.final_head],
)
attack(
    7,
    "a third and the tree, held against the head beside it",
    lambda ledger: ledger.put_back(ledger.late_backup),
    "ROLLED_BACK",
)


# ---- 8: nothing left


def delete_file(ledger: Ledger) -> None:
    for suffix in ("", "-wal", "-shm"):
        ledger.db.with_name(ledger.db.name + suffix).unlink(missing_ok=True)


attack(8, "the table is emptied", "DELETE FROM event")
attack(
    8,
    "all tables are emptied",
    [f"DELETE FROM {table}" for table in ("event", "tile", "event_label", "activity")],
)
attack(8, "the file is deleted", delete_file)
attack(8, "the file is cut to nothing", lambda ledger: ledger.db.write_bytes(b""))
attack(8, "one agent of many", "DELETE FROM event WHERE agent = (SELECT id FROM term WHERE text = 'coder')", "TAMPERED")
attack(
    8,
    "one agent of many, when one asks for it",
    "DELETE FROM event WHERE agent = (SELECT id FROM term WHERE text = 'coder')",
    "TAMPERED",
    agent="coder",
    says="no events of agent coder",
)
attack(8, "an agent there never was", lambda ledger: None, agent="nobody", says="no events of agent nobody")


# ---- 9 and 10: another history, an older one


def go_on(ledger: Ledger, events: int) -> None:
    with ledger.client() as client:
        log_some(client, 1000, events // 2)
        if events % 2:
            client.log_event(action_type="CUSTOM")


def rewrite_the_tail(more: int) -> Callable[[Ledger], None]:
    """By who has the key: events after the last backup are others, and `more` than there were."""

    def action(ledger: Ledger) -> None:
        events = len(ledger.rows())
        ledger.put_back(ledger.late_backup)
        shutil.copy(ledger.late_head, ledger.head)
        go_on(ledger, events + more - len(ledger.rows()))
        assert len(ledger.rows()) == events + more

    return action


attack(9, "to the same number", rewrite_the_tail(0), heads=lambda ledger: [ledger.final_head])
attack(9, "to more than there were", rewrite_the_tail(50), heads=lambda ledger: [ledger.final_head])
attack(9, "to fewer than there were", rewrite_the_tail(-50), "ROLLED_BACK", heads=lambda ledger: [ledger.final_head])
attack(
    9,
    "held against a head before the cut: the anchor was too early",
    rewrite_the_tail(0),
    "OK",
    heads=lambda ledger: [ledger.late_head],
)


def restored(events: int) -> Callable[[Ledger], None]:
    def action(ledger: Ledger) -> None:
        ledger.put_back(ledger.late_backup)
        go_on(ledger, events)

    return action


attack(10, "and nothing is recorded", lambda ledger: ledger.put_back(ledger.late_backup))
attack(10, "a backup of the time before the key was rotated", lambda ledger: ledger.put_back(ledger.backup))
attack(10, "and recording goes on", restored(10), says="rolled_back")
attack(10, "and recording goes on to more than there were", restored(200), says="rolled_back")
attack(
    10,
    "and recording goes on, held against the head that was there",
    restored(200),
    "FORKED",
    heads=lambda ledger: [ledger.final_head],
)
attack(
    10,
    "all files are those of an earlier time, held against a head that was kept",
    cut_with_tree,
    heads=lambda ledger: [ledger.final_head],
)


# ---- 11 to 13: recomputed


def edited(place: int) -> Callable[[Ledger], None]:
    """Another question of an agent, with chain and tree recomputed; what is not in the octets stays right."""

    def action(ledger: Ledger) -> None:
        ledger.replace(place, "question", "QUESTION")
        ledger.rechain()

    return action


def edited_call(sequence: int, *more: Callable[[Ledger], object]) -> Callable[[Ledger], None]:
    def action(ledger: Ledger) -> None:
        edited(ledger.place("coder", sequence))(ledger)
        for each in more:
            each(ledger)

    return action


def foreign_head(ledger: Ledger) -> None:
    ledger.sign_head(Key.generate(Key.read(ledger.key).name))


attack(11, "an event before every head", edited_call(1), says="not those that it was signed over")
attack(
    11,
    "an event before every head, held against one that was kept",
    edited_call(1),
    heads=lambda ledger: [ledger.early_head],
)
attack(11, "and the head is deleted", edited_call(1, lambda ledger: ledger.head.unlink()))
attack(
    11,
    "and the head is deleted, here and in the database",
    edited_call(
        1, lambda ledger: ledger.head.unlink(), lambda ledger: ledger.sql("DELETE FROM meta WHERE key = 'head'")
    ),
    ("UNVERIFIABLE", "FORKED", "TAMPERED"),
    heads=lambda ledger: [ledger.early_head],
)
attack(
    11,
    "and a head is signed by a key of the attacker's",
    edited_call(1, foreign_head),
    says="is not signed by the key of its time",
)

RESIGNED = edited_call(1, lambda ledger: ledger.sign_head())
attack(12, "held against a head of the first day", RESIGNED, heads=lambda ledger: [ledger.early_head])
attack(12, "held against yesterday's head", RESIGNED, heads=lambda ledger: [ledger.late_head])
attack(
    12,
    "held against all heads that were kept",
    RESIGNED,
    heads=lambda ledger: [ledger.early_head, ledger.late_head],
)


@case(13, "the head that was kept is the newest there is: the rest is a tail")
def _(ledger: Ledger, _: Path) -> None:
    edited(ledger.place("coder", 99))(ledger)
    shutil.copy(ledger.late_head, ledger.head)
    ledger.sql("DELETE FROM meta WHERE key = 'head'")
    report = judge(ledger.db, heads=[ledger.late_head])
    assert (report["verdict"], report["assurance"]) == ("OK_WITH_TAIL", "pinned")
    assert report["tail"] == report["events"] - report["assurance_events"] > 0


@case(13, "signed again: what is pinned ends at the head that was kept, and the report says so")
def _(ledger: Ledger, _: Path) -> None:
    kept = int(ledger.late_head.read_text().splitlines()[1])
    edited(ledger.place("coder", 99))(ledger)
    assert ledger.place("coder", 99) >= kept
    ledger.sign_head()
    report = judge(ledger.db, heads=[ledger.late_head])
    assert report["valid"]
    assert (report["assurance"], report["assurance_events"]) == ("pinned", kept)
    assert report["events"] > kept


# ---- 21 and 22: the tree

NEXT_TO_LAST = "(SELECT max(place) FROM tile WHERE place < 1 << 56)"


def edit_tile(change: Callable[[bytes], bytes], place: int = 0) -> Callable[[Ledger], None]:
    def action(ledger: Ledger) -> None:
        with ledger.database() as database:
            (hashes,) = database.execute("SELECT hashes FROM tile WHERE place = ?", [place]).fetchone()
            changed = change(hashes)
            assert changed != hashes
            database.execute("UPDATE tile SET hashes = ? WHERE place = ?", [changed, place])

    return action


attack(
    21,
    "an odd leaf paired with itself",
    edit_tile(lambda hashes: hashes + hashes[-32:], 1),
    ("TAMPERED", "TRUNCATED"),
)
attack(
    21, "the parent of two leaves in their place", edit_tile(lambda hashes: sha256(b"\1", hashes[:64]) + hashes[64:])
)


def node_as_event(ledger: Ledger) -> None:
    """The octets of a node as those of an event: 0x01, left, right."""
    rows = ledger.rows()
    octets = b"\1" + b"".join(sha256(b"\0", row.leaf()) for row in rows[:2])
    with ledger.database() as database:
        database.execute(f"UPDATE event SET canonical = ? {WHERE}", [octets])


attack(21, "a node's octets as an event", node_as_event, event=EVENT)


def other_leaf(place: int) -> Callable[[bytes], bytes]:
    return lambda hashes: hashes[: 32 * place] + bytes(32) + hashes[32 * place + 32 :]


attack(
    22,
    "right chain, another leaf in the tree",
    lambda ledger: edit_tile(other_leaf(ledger.place(*EVENT)))(ledger),
    event=EVENT,
    says="the tree holds another leaf",
)
attack(22, "right chain, another hash above the leaves", edit_tile(other_leaf(0), 1 << 56))
attack(22, "right chain, a tile is gone", "DELETE FROM tile WHERE place = 0")
attack(22, "right chain, a tile too many", "INSERT INTO tile VALUES (7, zeroblob(32))")
attack(22, "right chain, a tile of a level that there is not", "INSERT INTO tile VALUES (-1, zeroblob(32))")
attack(22, "right chain, no tree", "DELETE FROM tile")
attack(22, "right chain, a tree of something else", "UPDATE tile SET hashes = randomblob(length(hashes))")
attack(22, "right chain, a tree of as many zeros", "UPDATE tile SET hashes = zeroblob(length(hashes))")


def chain_alone(ledger: Ledger) -> None:
    with ledger.database() as database:
        tiles = database.execute("SELECT place, hashes FROM tile").fetchall()
    edited(ledger.place(*EVENT))(ledger)
    with ledger.database() as database:
        database.execute("DELETE FROM tile")
        database.executemany("INSERT INTO tile VALUES (?, ?)", tiles)


attack(22, "another chain, right in itself, and the tree of the one before", chain_alone, event=EVENT)


# ---- 24: keys


def edit_rotation(change: Callable[[dict[str, Any], Ledger], object], sign: bool = True) -> Callable[[Ledger], None]:
    """Another rotation in its place, with chain, tree and head made to fit."""

    def action(ledger: Ledger) -> None:
        rows = ledger.rows()
        place = next(index for index, row in enumerate(rows) if row.event.get("action_name") == "key.rotated")
        event = rows[place].event
        change(event["action_input"], ledger)
        with ledger.database() as database:
            database.execute("UPDATE event SET canonical = ? WHERE commit_index = ?", [canonical(event), place])
        ledger.rechain()
        if sign:
            ledger.sign_head()

    return action


def rotation_to(signers: Callable[[Key, Key], list[Key]], epoch: int = 2) -> Callable[[dict[str, Any], Ledger], None]:
    """To a key that the attacker chose; `signers` of its note, of the old key and that one."""

    def change(entry: dict[str, Any], ledger: Ledger) -> None:
        old = Key.read(ledger.first_key)
        new = Key.generate(old.name)
        text = f"provenlog key rotation v1\n{old.name}\n{epoch}\n{old.vkey}\n{new.vkey}\n"
        note = text + "\n" + "".join(key.signature(text) for key in signers(old, new))
        entry.update(epoch=epoch, note=note, vkey=new.vkey)

    return change


attack(
    24,
    "a rotation that the new key alone signed",
    edit_rotation(rotation_to(lambda old, new: [new])),
    says="not signed by the old key and the new one",
)
attack(
    24,
    "a rotation that the old key alone signed",
    edit_rotation(rotation_to(lambda old, new: [old])),
    says="not signed by the old key and the new one",
)
attack(24, "an epoch is skipped", edit_rotation(rotation_to(lambda old, new: [old, new], 3)), says="skips an epoch")
attack(
    24,
    "another key than the one that was rotated to",
    edit_rotation(lambda entry, ledger: entry.update(vkey=Key.generate(Key.read(ledger.key).name).vkey)),
    says="names another key",
)
attack(24, "the note of a rotation is taken out", edit_rotation(lambda entry, _: entry.update(note="")))
attack(
    24,
    "a good rotation to a key of the attacker's, who has the old one, held against a head that was kept",
    edit_rotation(rotation_to(lambda old, new: [old, new])),
    ("FORKED", "TAMPERED"),
    heads=lambda ledger: [ledger.late_head],
)


def remove_rotation(ledger: Ledger) -> None:
    close_gap(ledger, "name = (SELECT id FROM term WHERE text = 'key.rotated')")
    ledger.sign_head(Key.read(ledger.first_key))


attack(24, "a rotation is removed, with all that follows from it", remove_rotation, ("FORKED", "TAMPERED"))
attack(
    24,
    "the old key signs what came after it",
    lambda ledger: ledger.sign_head(Key.read(ledger.first_key)),
    says="epoch 1",
)
attack(24, "the new key signs what came before it", lambda ledger: ledger.sign_head(size=50), says="epoch 2")
attack(
    24,
    "the key that is on record is another",
    lambda ledger: ledger.sql(
        f"UPDATE meta SET value = '{Key.generate(Key.read(ledger.key).name).vkey}' WHERE key = 'key'"
    ),
    says="key differs",
)
attack(
    24,
    "the epoch that is on record is another",
    "UPDATE meta SET value = '1' WHERE key = 'epoch'",
    says="epoch differs",
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


def stale_index(index: str, column: str) -> Callable[[Ledger], None]:
    """The row is as it was, and the index leads nowhere: as if its entry had been cut out of the page."""

    def action(ledger: Ledger) -> None:
        with ledger.database() as database:
            (schema,) = database.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [index]).fetchone()
            place = ledger.place(*EVENT)
            database.execute("PRAGMA writable_schema = ON")
            # Behind the index's back.
            database.execute(f"DROP INDEX {index}")
            partial = schema[: schema.index("WHERE")] if "WHERE" in schema else schema
            database.execute(f"{partial} WHERE commit_index <> {place}")
            database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", [schema, index])
            database.execute("PRAGMA writable_schema = RESET")

    return action


for index in ("event_session", "event_type", "event_name", "event_status", "event_chain", "event_id"):
    attack(25, f"an entry of the index {index} is cut out", stale_index(index, ""), says="structure")


# ---- 27 and 28: erasures that are none; payloads

attack(27, "the octets are emptied", f"UPDATE event SET canonical = x'' {WHERE}", event=EVENT)
attack(
    27,
    "a marker in a payload's place",
    edit_octets(member("action_input", {"erased": True, "sha256": "0" * 64})),
    event=EVENT,
)
attack(27, "the oldest events are removed", "DELETE FROM event WHERE commit_index < 50")
attack(
    27,
    "a note that says so is forged",
    lambda ledger: (ledger.sql("DELETE FROM event WHERE commit_index BETWEEN 10 AND 20"), append_forged(ledger)),
)

attack(28, "a payload under the same salt", edit_octets(member("action_input", {"query": "harmless"})), event=EVENT)
attack(28, "the salt is removed", edit_octets(lambda event: event.pop("salt")), event=EVENT)


def borrowed_salt(ledger: Ledger) -> None:
    salt = ledger.rows()[ledger.place("coder", 1)].event["salt"]
    edit_octets(member("salt", salt))(ledger)


attack(28, "the salt of another event", borrowed_salt, event=EVENT)


@case(28, "the same short payload twice has two hashes: it can't be guessed from one")
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
