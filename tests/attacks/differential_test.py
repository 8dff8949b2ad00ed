"""docs/verify.py and `plog verify` give the same verdicts for thousands of changed ledgers and exports."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Callable, Optional

import ledgers
import mutations
import pytest
from ledgers import Key, Ledger
from second import agreed

import provenlog

LONG = os.environ.get("PLOG_TEST_LONG") == "1"


class Tally:
    """Runs many cases, and reports all of those on which the verifiers disagree."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self._differing: list[str] = []

    def add(self, name: str, path: Path, **options: Any) -> None:
        try:
            self.verdicts[agreed(path, **options)] += 1
        except Exception as error:
            self._differing.append(f"{name}: {error!r}")

    def finish(self, least: int) -> None:
        assert not self._differing, "\n".join([f"{len(self._differing)} cases:", *self._differing[:20]])
        assert sum(self.verdicts.values()) >= least, self.verdicts


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A small ledger, because it is verified thousands of times."""
    return ledgers.record(tmp_path_factory.mktemp("small"), 36)


@pytest.fixture(scope="module")
def branched(small: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The ledger after a restore from its backup, more events, and an acknowledgement."""
    ledger = small.copy(tmp_path_factory.mktemp("branched") / "ledger")
    provenlog.restore(ledger.backup, ledger.db, replace=True)
    with ledger.client() as client:
        ledgers.log_some(client, 100, 3)
        client.acknowledge("the disk failed")
        ledgers.log_some(client, 103, 3)
    with ledger.database():
        pass
    return ledger


class Scratch:
    """A folder that is filled with a fresh copy of a ledger for each case."""

    def __init__(self, base: Ledger, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._base = base
        self.ledger = Ledger(folder)

    def fresh(self) -> Ledger:
        for path in self.ledger.folder.iterdir():
            path.unlink()
        for name in ("db", "head", "key"):
            source = getattr(self._base, name)
            if source.exists():
                shutil.copy(source, getattr(self.ledger, name))
        return self.ledger


@pytest.mark.parametrize("table", mutations.TABLES)
def test_of_every_change_of_a_table(table: str, small: Ledger, tmp_path: Path) -> None:
    scratch, tally = Scratch(small, tmp_path / "x"), Tally()
    rows = mutations.ROWS if LONG else {"middle": 3}
    for name, sql in mutations.statements(table, rows):
        ledger = scratch.fresh()
        try:
            with mutations.without_constraints(ledger.db) as database:
                before = mutations.values_of(database, table)
                database.execute(sql)
                changed = mutations.values_of(database, table) != before
        except sqlite3.Error:
            continue  # SQL cannot make this change, for example because of a duplicate key
        if changed:
            tally.add(f"{table}: {name}", ledger.db)
    tally.finish(10)
    assert tally.verdicts["TAMPERED"] >= sum(tally.verdicts.values()) // 2


@pytest.mark.parametrize("base", ["small", "branched"])
def test_of_every_change_of_schema_and_rows(base: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    scratch, tally = Scratch(request.getfixturevalue(base), tmp_path / "x"), Tally()
    for sql in mutations.SPECIAL:
        ledger = scratch.fresh()
        connection = sqlite3.connect(ledger.db)
        try:
            connection.executescript(sql)
        except sqlite3.Error:
            continue
        finally:
            connection.close()
        tally.add(sql, ledger.db)
    tally.finish(40)
    assert {"TAMPERED", "CANNOT_RUN"} <= tally.verdicts.keys()
    assert tally.verdicts["OK"] + tally.verdicts["OK_WITH_TAIL"] >= 3


def recomputed(ledger: Ledger) -> None:
    ledger.rechain()
    ledger.sign_head()


@pytest.mark.parametrize("base", ["small", "branched"])
def test_of_every_change_of_what_a_ledger_says_of_its_keys(
    base: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The attacker recomputes hashes and tree, and signs with the newest key."""
    scratch, tally = Scratch(request.getfixturevalue(base), tmp_path / "x"), Tally()
    events = [(index, row.event) for index, row in enumerate(scratch.fresh().rows()) if row.agent == "provenlog"]
    for index, event in events:
        for at in mutations.places(event.get("action_input", {})):
            value = event["action_input"]
            for step in at:
                value = value[step]
            changes = [(name, other) for name, other in mutations.others_of(value) if other != value]
            for name, other in changes if LONG else changes[3:6]:
                ledger = scratch.fresh()
                changed = mutations.edit(event, ("action_input", *at), lambda c, n, o=other: mutations.put(c, n, o))
                with ledger.database() as database:
                    octets = ledgers.canonical(changed)
                    database.execute("UPDATE event SET canonical = ? WHERE commit_index = ?", [octets, index])
                recomputed(ledger)
                tally.add(f"{index} {event['action_name']} {at} {name}", ledger.db)
    tally.finish(50)
    assert tally.verdicts["TAMPERED"] >= 20


def cut(ledger: Ledger, kept: int) -> None:
    ledger.sql(f"DELETE FROM event WHERE commit_index >= {kept}")


FORGERIES: dict[str, Callable[[Ledger], object]] = {
    "other canonical bytes": lambda ledger: ledger.replace(4, "question", "answer"),
    "other canonical bytes, rechained": lambda ledger: (ledger.replace(4, "question", "answer"), ledger.rechain()),
    "other canonical bytes, all signed": lambda ledger: (ledger.replace(4, "question", "answer"), recomputed(ledger)),
    "the newest event deleted": lambda ledger: cut(ledger, 38),
    "the newest events deleted": lambda ledger: cut(ledger, 20),
    "all but one event deleted": lambda ledger: cut(ledger, 1),
    "the newest events and their leaves deleted": lambda ledger: (cut(ledger, 20), ledger.retree()),
    "the newest events deleted, all signed": lambda ledger: (cut(ledger, 20), ledger.retree(), ledger.sign_head()),
    "signed by another key": lambda ledger: ledger.sign_head(Key.generate(Key.read(ledger.key).name)),
    "signed by a key of another name": lambda ledger: ledger.sign_head(Key.generate("example.com/others")),
    "an older head": lambda ledger: ledger.sign_head(size=30),
    "a head from before the key rotation": lambda ledger: ledger.sign_head(size=5),
    "an empty head": lambda ledger: ledger.sign_head(size=0),
    "no head": lambda ledger: ledger.head.unlink(),
    "no head, neither here nor in the database": lambda ledger: (
        ledger.head.unlink(),
        ledger.sql("DELETE FROM meta WHERE key = 'head'"),
    ),
    "no key": lambda ledger: ledger.key.unlink(),
    "no ledger": lambda ledger: ledger.db.unlink(),
    "an empty file": lambda ledger: ledger.db.write_bytes(b""),
    "not a database": lambda ledger: ledger.db.write_bytes(b"x" * 5000),
    "not a database, and no head": lambda ledger: (ledger.db.write_bytes(b"x" * 5000), ledger.head.unlink()),
    "half of the file": lambda ledger: os.truncate(ledger.db, ledger.db.stat().st_size // 2),
    "the first page": lambda ledger: os.truncate(ledger.db, 4096),
    "a head that is a directory": lambda ledger: (ledger.head.unlink(), ledger.head.mkdir()),
    "a ledger that is a directory": lambda ledger: (ledger.db.unlink(), ledger.db.mkdir()),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_of_forgeries(name: str, small: Ledger, tmp_path: Path) -> None:
    ledger = small.copy(tmp_path / "ledger")
    FORGERIES[name](ledger)
    for heads in ([], [ledger.early_head], [ledger.late_head, ledger.early_head]):
        agreed(ledger.db, heads)


def test_of_every_change_of_a_head(small: Ledger, tmp_path: Path) -> None:
    tally = Tally()
    for name, octets in mutations.heads(small.head.read_text(), 1 if LONG else 13):
        ledger = small.copy(tmp_path / "ledger")
        ledger.head.write_bytes(octets)
        tally.add(f"beside: {name}", ledger.db)
        kept = tmp_path / "kept.head"
        kept.write_bytes(octets)
        tally.add(f"given: {name}", small.db, heads=[kept])
        shutil.rmtree(ledger.folder)
    tally.finish(100)
    assert {"OK", "UNVERIFIABLE", "TAMPERED"} <= tally.verdicts.keys()


def test_of_several_changes_at_once(small: Ledger, tmp_path: Path) -> None:
    """Up to two changes to tables or the schema, perhaps a deleted tail, and heads that may or may not fit."""
    choose, tally, scratch = random.Random(13), Tally(), Scratch(small, tmp_path / "x")
    single = [sql for table in mutations.TABLES for _, sql in mutations.statements(table, {"middle": 3, "last": 6})]
    heads = [[], [small.early_head], [small.late_head], [small.head]]
    for _ in range(2000 if LONG else 120):
        ledger = scratch.fresh()
        changes = choose.sample(single + mutations.SPECIAL, choose.randrange(3))
        changes += choose.choice([[], [], [f"DELETE FROM event WHERE commit_index >= {choose.randrange(40)}"]])
        with mutations.without_constraints(ledger.db) as database:
            for sql in changes:
                with contextlib.suppress(sqlite3.Error):
                    database.executescript(sql)
        beside = choose.choice([small.head, small.head, small.early_head, small.late_head, None])
        ledger.head.unlink()
        if beside is not None:
            shutil.copy(beside, ledger.head)
        given = choose.choice(heads)
        tally.add(f"{changes}, head {beside}, given {given}", ledger.db, heads=given)
    tally.finish(120)
    assert len(tally.verdicts) >= 5, tally.verdicts


def test_of_every_octet_of_the_file(small: Ledger, tmp_path: Path) -> None:
    """A random selection of bytes."""
    scratch, tally = Scratch(small, tmp_path / "x"), Tally()
    size = small.db.stat().st_size
    choose = random.Random(5)
    for _ in range(3000 if LONG else 100):
        ledger, at = scratch.fresh(), choose.randrange(size)
        octets = bytearray(ledger.db.read_bytes())
        octets[at] ^= 1 << choose.randrange(8)
        ledger.db.write_bytes(octets)
        tally.add(f"byte {at}", ledger.db)
    tally.finish(100)


@pytest.mark.parametrize("shared_memory", [False, True], ids=["without -shm", "with -shm"])
def test_of_every_change_of_the_log(shared_memory: bool, small: Ledger, tmp_path: Path) -> None:
    base = small.copy(tmp_path / "base")
    with base.client() as client:
        ledgers.log_some(client, 100, 4)
    suffixes = ["", "-wal", ".head", ".key"] + (["-shm"] if shared_memory else [])
    original = Path(f"{base.db}-wal").read_bytes()
    header, frame = 32, 24 + 4096
    assert len(original) > header + frame, "the log was checkpointed already"
    choose, tally = random.Random(11), Tally()
    changes = {f"byte {at} changed": at for at in choose.sample(range(len(original)), 600 if LONG else 40)}
    cuts = [0, 1, header, header + frame // 2, header + frame, header + 2 * frame, len(original) - 1]
    others = {
        "gone": None,
        "another frame first": original[:header] + original[header + frame :] + original[header : header + frame],
        "the last frame twice": original + original[-frame:],
        "more after it": original + b"x" * 100,
        **{f"cut at {at}": original[:at] for at in cuts},
    }
    for name in ["unchanged", *changes, *others]:
        folder = tmp_path / "x"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        ledger = Ledger(folder)
        for suffix in suffixes:
            shutil.copy(f"{base.db}{suffix}", f"{ledger.db}{suffix}")
        log = Path(f"{ledger.db}-wal")
        if name in changes:
            at = changes[name]
            log.write_bytes(original[:at] + bytes([original[at] ^ 1]) + original[at + 1 :])
        octets = others.get(name, b"") if name in others else log.read_bytes()
        if octets is None:
            log.unlink()
        else:
            log.write_bytes(octets)
        tally.add(name, ledger.db)
    tally.finish(50)
    assert {"OK", "ROLLED_BACK"} <= tally.verdicts.keys()


def test_of_ledgers_heads_and_keys_that_do_not_belong_together(small: Ledger, branched: Ledger, tmp_path: Path) -> None:
    other = ledgers.record(tmp_path / "other", 12)
    cut_short = small.copy(tmp_path / "cut")
    cut(cut_short, 30)
    own, first_key = Key.read(small.key), Key.read(small.key)
    forged = {
        "forged": Key.generate(own.name).note(ledgers.checkpoint(own.name, 20, small.root(20))),
        "another root": own.note(ledgers.checkpoint(own.name, 39, small.root(38))),
        "another root, ahead": own.note(ledgers.checkpoint(own.name, 99, small.root(38))),
        "nothing": own.note(ledgers.checkpoint(own.name, 0, small.root(0))),
        "a later branch": Key(f"{own.name}/branch-7", own.private).note(
            ledgers.checkpoint(f"{own.name}/branch-7", 99, small.root(38))
        ),
        "garbage": "garbage",
    }
    heads: dict[str, Optional[Path]] = {"none": None, "missing": tmp_path / "missing.head"}
    heads |= {"small": small.head, "early": small.early_head, "late": small.late_head, "branched": branched.head}
    heads["other"] = other.head
    for name, text in forged.items():
        heads[name] = tmp_path / f"{name}.head"
        (tmp_path / f"{name}.head").write_text(text)
    databases = [small.db, small.backup, branched.db, cut_short.db, other.db]
    vkeys = [None, None, first_key.vkey, Key.read(other.key).vkey, provenlog.verify(small.backup)["key"], "no key"]
    choose, tally = random.Random(3), Tally()
    folder = tmp_path / "x"
    for _ in range(5000 if LONG else 250):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        ledger = Ledger(folder)
        database, beside, key = choose.choice(databases), choose.choice(list(heads)), choose.choice(vkeys)
        given = choose.choices(list(heads), k=choose.randrange(3))
        own_key = choose.choice([small.key, other.key, branched.key, None])
        shutil.copy(database, ledger.db)
        head = heads[beside]
        if head is not None and head.exists():
            shutil.copy(head, ledger.head)
        if own_key is not None:
            shutil.copy(own_key, ledger.key)
        trusted = [path for path in (heads[name] for name in given) if path is not None]
        name = f"{database} with head {beside}, given {given}, key {key}, own key {own_key}"
        tally.add(name, ledger.db, heads=trusted, key=key)
    tally.finish(250)
    verdicts = {"OK", "OK_WITH_TAIL", "UNVERIFIABLE", "CANNOT_RUN", "ROLLED_BACK", "TRUNCATED", "TAMPERED"}
    assert verdicts <= tally.verdicts.keys()


@pytest.fixture(scope="module")
def exports(small: Ledger, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    ledger = small.copy(tmp_path_factory.mktemp("exports") / "ledger")
    paths = {name: ledger.folder / f"{name}.plog" for name in ("all", "agent", "labels", "call", "proof")}
    with ledger.client() as client:
        client.export(paths["all"])
        client.export(paths["agent"], "coder")
        client.export(paths["labels"], labels={"env": "prod"}, since="2020-01-01")
        client.export(paths["call"], tool_call_id="call-3")
        event = client.get_events(limit=1, offset=7)[0]
        paths["proof"].write_text(json.dumps(client.prove(event["id"])))
        client.export(ledger.folder / "tiles", tiles=True)
    return {**paths, "tiles": ledger.folder / "tiles"}


def judge_texts(texts: Iterable[tuple[str, bytes]], path: Path, least: int) -> Counter[str]:
    tally = Tally()
    for name, octets in texts:
        path.write_bytes(octets)
        tally.add(name, path, export=True)
    tally.finish(least)
    return tally.verdicts


@pytest.mark.parametrize("name", ["agent", "labels", "call"] if LONG else ["call"])
def test_of_every_change_of_an_export(name: str, exports: dict[str, Path], tmp_path: Path) -> None:
    document = json.loads(exports[name].read_text())
    texts = ((what, text.encode()) for what, text in mutations.documents(document))
    verdicts = judge_texts(texts, tmp_path / "x.plog", 400)
    assert verdicts["TAMPERED"] >= 100
    assert verdicts["UNVERIFIABLE"] >= 100


def test_of_an_export_in_another_spelling(exports: dict[str, Path], tmp_path: Path) -> None:
    text = exports["agent"].read_text()
    verdicts = judge_texts(mutations.texts(text, 23 if LONG else 231), tmp_path / "x.plog", 100)
    assert verdicts["OK"] >= 3


@pytest.mark.parametrize("name", ["all", "agent", "labels", "call", "proof"])
def test_of_an_export_that_claims_another_filter(name: str, exports: dict[str, Path], tmp_path: Path) -> None:
    document = json.loads(exports[name].read_text())
    texts = ((str(given), json.dumps({**document, "filter": given}).encode()) for given in mutations.FILTERS)
    judge_texts(texts, tmp_path / "x.plog", 30)


def test_of_an_export_of_everything(exports: dict[str, Path], small: Ledger, tmp_path: Path) -> None:
    document = json.loads(exports["all"].read_text())
    changes: list[tuple[str, bytes]] = []
    for index in range(0, len(document["events"]), 1 if LONG else 3):
        for which in (["events"], ["merkle_proofs"], ["events", "merkle_proofs"]):
            changed = json.loads(exports["all"].read_text())
            for part in which:
                del changed[part][index]
            changed["event_count"] = len(changed["events"])
            changes.append((f"{which} {index} gone", json.dumps(changed).encode()))
    verdicts = judge_texts(changes, tmp_path / "x.plog", 36)
    assert verdicts.keys() == {"TAMPERED"}
    tally = Tally()
    for path in (exports["all"], exports["agent"], exports["tiles"]):
        for key in (None, Key.read(small.key).vkey, Key.generate("x").vkey):
            for heads in ([], [small.early_head], [small.late_head], [small.head], [small.db]):
                tally.add(f"{path} {key} {heads}", path, key=key, heads=heads, export=True)
    tally.finish(45)


def test_of_every_file_of_a_directory_of_tiles(exports: dict[str, Path], tmp_path: Path) -> None:
    tally = Tally()
    names = [path.relative_to(exports["tiles"]) for path in exports["tiles"].rglob("*") if path.is_file()]
    assert len(names) == 4
    choose = random.Random(7)
    for name in names:
        original = (exports["tiles"] / name).read_bytes()
        changes = {f"byte {at}": bytes([original[at] ^ 1]) for at in choose.sample(range(len(original)), 12)}
        for what in [*changes, "gone", "empty", "longer", "shorter"]:
            folder = tmp_path / "tiles"
            shutil.copytree(exports["tiles"], folder)
            if what == "gone":
                (folder / name).unlink()
            elif what in changes:
                at = int(what.split()[1])
                (folder / name).write_bytes(original[:at] + changes[what] + original[at + 1 :])
            else:
                (folder / name).write_bytes({"empty": b"", "longer": original + b"x", "shorter": original[:-1]}[what])
            tally.add(f"{name}: {what}", folder, export=True)
            shutil.rmtree(folder)
    tally.finish(60)
    assert tally.verdicts["TAMPERED"] >= 30
