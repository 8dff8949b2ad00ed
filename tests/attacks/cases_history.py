"""Rows 7 to 13, 21, 22 and 24 of the matrix: truncated, rolled back and rewritten histories; the tree; the keys."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable

from cases_rows import EVENT, WHERE, close_gap
from judge import judge
from ledgers import Key, Ledger, canonical, log_some, sha256
from matrix import attack, case

# ---- 7: the newest events deleted

for name, kept in {"the newest": "(SELECT max(commit_index) FROM event)", "a third": "200", "all but one": "1"}.items():
    attack(7, name, f"DELETE FROM event WHERE commit_index >= {kept}", heads=lambda ledger: [ledger.late_head])


def cut_with_tree(ledger: Ledger) -> None:
    """Restores an older database together with its head."""
    ledger.put_back(ledger.late_backup)
    shutil.copy(ledger.late_head, ledger.head)


attack(
    7,
    "a third, tree and head too, verified with a kept head",
    cut_with_tree,
    "ROLLED_BACK",
    heads=lambda ledger: [ledger.final_head],
)
attack(
    7,
    "a third and the tree, verified with the head beside the ledger",
    lambda ledger: ledger.put_back(ledger.late_backup),
    "ROLLED_BACK",
)


# ---- 8: an empty or deleted ledger


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
attack(8, "the file is emptied", lambda ledger: ledger.db.write_bytes(b""))
attack(8, "one agent of many", "DELETE FROM event WHERE agent = (SELECT id FROM term WHERE text = 'coder')", "TAMPERED")
attack(
    8,
    "one agent of many, when that agent is verified",
    "DELETE FROM event WHERE agent = (SELECT id FROM term WHERE text = 'coder')",
    "TAMPERED",
    agent="coder",
    says="no events of agent coder",
)
attack(8, "an agent that does not exist", lambda ledger: None, agent="nobody", says="no events of agent nobody")


# ---- 9 and 10: another history, an older history


def go_on(ledger: Ledger, events: int) -> None:
    with ledger.client() as client:
        log_some(client, 1000, events // 2)
        if events % 2:
            client.log_event(action_type="CUSTOM")


def rewrite_the_tail(more: int) -> Callable[[Ledger], None]:
    """An attacker with the key replaces the events after the last backup by others, and adds `more` events."""

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
    "verified with a head from before the change, which is too old to show it",
    rewrite_the_tail(0),
    "OK",
    heads=lambda ledger: [ledger.late_head],
)


def restored(events: int) -> Callable[[Ledger], None]:
    def action(ledger: Ledger) -> None:
        ledger.put_back(ledger.late_backup)
        go_on(ledger, events)

    return action


attack(10, "and nothing more is recorded", lambda ledger: ledger.put_back(ledger.late_backup))
attack(10, "a backup from before the key rotation", lambda ledger: ledger.put_back(ledger.backup))
attack(10, "and recording continues", restored(10), says="rolled_back")
attack(10, "and recording continues to more events than before", restored(200), says="rolled_back")
attack(
    10,
    "and recording continues, verified with the old head",
    restored(200),
    "FORKED",
    heads=lambda ledger: [ledger.final_head],
)
attack(
    10,
    "all files are older, verified with a kept head",
    cut_with_tree,
    heads=lambda ledger: [ledger.final_head],
)


# ---- 11 to 13: recomputed histories


def edited(place: int) -> Callable[[Ledger], None]:
    """Changes an event's content, which no column repeats, and recomputes chain and tree."""

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


attack(11, "an event before every head", edited_call(1), says="not signed over the ledger's first")
attack(
    11,
    "an event before every head, verified with a kept head",
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
    "and a head is signed by the attacker's key",
    edited_call(1, foreign_head),
    says="is not signed by the key of its epoch",
)

RESIGNED = edited_call(1, lambda ledger: ledger.sign_head())
attack(12, "verified with a head of the first day", RESIGNED, heads=lambda ledger: [ledger.early_head])
attack(12, "verified with yesterday's head", RESIGNED, heads=lambda ledger: [ledger.late_head])
attack(
    12,
    "verified with all kept heads",
    RESIGNED,
    heads=lambda ledger: [ledger.early_head, ledger.late_head],
)


@case(13, "the kept head is the newest head: the later events are a tail")
def _(ledger: Ledger, _: Path) -> None:
    edited(ledger.place("coder", 99))(ledger)
    shutil.copy(ledger.late_head, ledger.head)
    ledger.sql("DELETE FROM meta WHERE key = 'head'")
    report = judge(ledger.db, heads=[ledger.late_head])
    assert (report["verdict"], report["assurance"]) == ("OK_WITH_TAIL", "pinned")
    assert report["tail"] == report["events"] - report["assurance_events"] > 0


@case(13, "signed again: the report says that only the events up to the kept head are pinned")
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
    21, "two leaves are replaced by their parent", edit_tile(lambda hashes: sha256(b"\1", hashes[:64]) + hashes[64:])
)


def node_as_event(ledger: Ledger) -> None:
    """Stores the bytes of a node (0x01, left, right) as an event."""
    rows = ledger.rows()
    octets = b"\1" + b"".join(sha256(b"\0", row.leaf()) for row in rows[:2])
    with ledger.database() as database:
        database.execute(f"UPDATE event SET canonical = ? {WHERE}", [octets])


attack(21, "a node's bytes as an event", node_as_event, event=EVENT)


def other_leaf(place: int) -> Callable[[bytes], bytes]:
    return lambda hashes: hashes[: 32 * place] + bytes(32) + hashes[32 * place + 32 :]


attack(
    22,
    "right chain, another leaf in the tree",
    lambda ledger: edit_tile(other_leaf(ledger.place(*EVENT)))(ledger),
    event=EVENT,
    says="the tree has a different leaf",
)
attack(22, "right chain, another hash above the leaves", edit_tile(other_leaf(0), 1 << 56))
attack(22, "right chain, a tile is missing", "DELETE FROM tile WHERE place = 0")
attack(22, "right chain, an extra tile", "INSERT INTO tile VALUES (7, zeroblob(32))")
attack(22, "right chain, a tile of a level that does not exist", "INSERT INTO tile VALUES (-1, zeroblob(32))")
attack(22, "right chain, no tree", "DELETE FROM tile")
attack(22, "right chain, a tree of something else", "UPDATE tile SET hashes = randomblob(length(hashes))")
attack(22, "right chain, a tree of zeros", "UPDATE tile SET hashes = zeroblob(length(hashes))")


def chain_alone(ledger: Ledger) -> None:
    with ledger.database() as database:
        tiles = database.execute("SELECT place, hashes FROM tile").fetchall()
    edited(ledger.place(*EVENT))(ledger)
    with ledger.database() as database:
        database.execute("DELETE FROM tile")
        database.executemany("INSERT INTO tile VALUES (?, ?)", tiles)


attack(22, "a consistent new chain with the tree of the old one", chain_alone, event=EVENT)


# ---- 24: keys


def edit_rotation(change: Callable[[dict[str, Any], Ledger], object]) -> Callable[[Ledger], None]:
    """Changes the rotation event, and recomputes chain, tree and head."""

    def action(ledger: Ledger) -> None:
        rows = ledger.rows()
        place = next(index for index, row in enumerate(rows) if row.event.get("action_name") == "key.rotated")
        event = rows[place].event
        change(event["action_input"], ledger)
        with ledger.database() as database:
            database.execute("UPDATE event SET canonical = ? WHERE commit_index = ?", [canonical(event), place])
        ledger.rechain()
        ledger.sign_head()

    return action


def rotation_to(signers: Callable[[Key, Key], list[Key]], epoch: int = 2) -> Callable[[dict[str, Any], Ledger], None]:
    """A rotation to the attacker's key. `signers` selects the keys that sign its note, from the old and the new key."""

    def change(entry: dict[str, Any], ledger: Ledger) -> None:
        old = Key.read(ledger.first_key)
        new = Key.generate(old.name)
        text = f"provenlog key rotation v1\n{old.name}\n{epoch}\n{old.vkey}\n{new.vkey}\n"
        note = text + "\n" + "".join(key.signature(text) for key in signers(old, new))
        entry.update(epoch=epoch, note=note, vkey=new.vkey)

    return change


attack(
    24,
    "a rotation signed only by the new key",
    edit_rotation(rotation_to(lambda old, new: [new])),
    says="not signed by both the old and the new key",
)
attack(
    24,
    "a rotation signed only by the old key",
    edit_rotation(rotation_to(lambda old, new: [old])),
    says="not signed by both the old and the new key",
)
attack(24, "an epoch is skipped", edit_rotation(rotation_to(lambda old, new: [old, new], 3)), says="skips an epoch")
attack(
    24,
    "another key than the one in the rotation's note",
    edit_rotation(lambda entry, ledger: entry.update(vkey=Key.generate(Key.read(ledger.key).name).vkey)),
    says="names another key",
)
attack(24, "the note of a rotation is removed", edit_rotation(lambda entry, _: entry.update(note="")))
attack(
    24,
    "a valid rotation to the attacker's key, signed by the stolen old key, verified with a kept head",
    edit_rotation(rotation_to(lambda old, new: [old, new])),
    ("FORKED", "TAMPERED"),
    heads=lambda ledger: [ledger.late_head],
)


def remove_rotation(ledger: Ledger) -> None:
    close_gap(ledger, "name = (SELECT id FROM term WHERE text = 'key.rotated')")
    ledger.sign_head(Key.read(ledger.first_key))


attack(24, "a rotation and everything that depends on it are removed", remove_rotation, ("FORKED", "TAMPERED"))
attack(
    24,
    "the old key signs a head after the rotation",
    lambda ledger: ledger.sign_head(Key.read(ledger.first_key)),
    says="epoch 1",
)
attack(24, "the new key signs a head before the rotation", lambda ledger: ledger.sign_head(size=50), says="epoch 2")
attack(
    24,
    "the recorded key is changed",
    lambda ledger: ledger.sql(
        f"UPDATE meta SET value = '{Key.generate(Key.read(ledger.key).name).vkey}' WHERE key = 'key'"
    ),
    says="key differs",
)
attack(
    24,
    "the recorded epoch is changed",
    "UPDATE meta SET value = '1' WHERE key = 'epoch'",
    says="epoch differs",
)
