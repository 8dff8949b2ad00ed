"""Rows 29, 32 to 35 and 39 of the matrix: recorded content, the schema, the write-ahead log and the files."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any, Callable

from judge import TIMEOUT, VALID, judge, run_plog
from ledgers import Ledger, log_some, record
from matrix import attack, case

import provenlog

# ---- 29: clocks


@case(29, "events with times that go back, repeat or are far in the future stay in the order of recording")
def _(ledger: Ledger, _: Path) -> None:
    times = [
        "2030-01-01T00:00:00Z",
        "2020-01-01T00:00:00Z",
        "2025-01-01T00:00:00Z",
        "2025-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ]
    with ledger.client() as client:
        for number, time in enumerate(times):
            client.log_event(agent_id="traveller", action_type="CUSTOM", action_input={"n": number}, timestamp=time)
        events = client.get_events(agent_id="traveller", order="asc")
        assert [event["action_input"]["n"] for event in events] == [0, 1, 2, 3, 4]
        assert [event["sequence"] for event in events] == [1, 2, 3, 4, 5]
        assert (
            len(client.get_events(agent_id="traveller", since="2025-01-01T00:00:00Z", until="2025-01-02T00:00:00Z"))
            == 2
        )
    assert judge(ledger.db)["verdict"] == "OK"


@case(29, "an invalid time causes a warning, and the given text is kept")
def _(ledger: Ledger, _: Path) -> None:
    with ledger.client() as client:
        for time in ("2016-12-31T23:59:61Z", "2026-02-30T00:00:00Z", "yesterday"):
            event = client.get_event(client.log_event(agent_id="traveller", action_type="CUSTOM", timestamp=time))
            assert event is not None
            (warning,) = event["validation_warnings"]
            assert (warning["code"], warning["detail"]) == ("bad_timestamp", time)
    assert judge(ledger.db)["verdict"] == "OK"


# ---- 32: hostile content

HOSTILE: dict[str, Any] = {
    "a zero": "a\0b",
    "lines": "a\nb\r\nc\u2028d\u2029e\x85f",
    "terminal commands": "\x1b[2J\x1b]0;title\x07\x9b31m",
    "text directions": "\u202egnp.exe\u2066",
    "quotes": "'\"\\`$(reboot); DROP TABLE event; --",
    "JSON": '{"sequence":1,"hash":"0"}',
    "an odd key": {"": {"\0": {"__proto__": {"a\nb": 1}}}},
    "numbers": [2**53, -(2**53), 1e300, 5e-324, -0.0, 0.1],
    "emoji": "\U0001f468\u200d\U0001f469",
    "a megabyte": "x" * 500_000,
}

for name, value in HOSTILE.items():

    @case(32, f"{name}: returned unchanged, and escaped for a terminal")
    def _(ledger: Ledger, _: Path, value: Any = value) -> None:
        with ledger.client() as client:
            at = client.log_event(
                agent_id="hostile\x1b[31m", action_type="CUSTOM", action_name="\x1b[2J\n", action_input={"v": value}
            )
            event = client.get_event(at)
        assert event is not None
        assert event["action_input"]["v"] == value
        assert judge(ledger.db)["verdict"] == "OK"
        for command in (["log", "-n", "1"], ["agents"], ["get", at]):
            shown = run_plog(*command, "--db", ledger.db).stdout
            assert shown
            assert not set(shown) & set("\0\x1b\x07\x9b\u202e\u2066\u2028\x85\r")


for name, text in {
    "2^53 + 1": "9007199254740993",
    "1e400": "1e400",
    "thirty digits": "1" * 30,
}.items():

    @case(32, f"the number {name} is recorded as text, with a warning")
    def _(ledger: Ledger, folder: Path, text: str = text) -> None:
        events = folder / "events.jsonl"
        events.write_text(f'{{"agent_id":"hostile","action_input":{{"n":{text}}}}}\n')
        assert run_plog("ingest", events, "--db", ledger.db).returncode == 0
        event = json.loads(run_plog("log", "--json", "-n", "1", "--db", ledger.db).stdout)
        assert event["action_input"]["n"] == text
        assert [warning["code"] for warning in event["validation_warnings"]] == ["number_as_text"]
        assert judge(ledger.db)["verdict"] == "OK"


LINES = {
    "a key twice": '{"agent_id":"hostile","action_input":{"a":1,"a":2}}',
    "half a surrogate pair": '{"agent_id":"hostile","action_input":"\\ud800"}',
    "a thousand levels": '{"agent_id":"hostile","action_input":' + "[" * 1000 + "]" * 1000 + "}",
    "ten megabytes": '{"agent_id":"hostile","action_input":"' + "x" * 10_000_000 + '"}',
    "the fields of a ledger": '{"agent_id":"hostile","sequence":1,"hash":"0","prev_hash":"0"}',
    "the agent of the ledger itself": '{"agent_id":"provenlog","action_type":"SYSTEM","action_name":"key.rotated"}',
}

for name, line in LINES.items():

    @case(32, f"{name}: kept as far as possible, with a warning, and the chains stay intact")
    def _(ledger: Ledger, folder: Path, line: str = line) -> None:
        events = folder / "events.jsonl"
        events.write_text(line + "\n")
        assert run_plog("ingest", events, "--db", ledger.db).returncode == 0
        event = json.loads(run_plog("log", "--json", "-n", "1", "--db", ledger.db).stdout)
        assert event["validation_warnings"]
        assert event["agent_id"] in ("hostile", "_provenlog")
        assert judge(ledger.db)["verdict"] == "OK"


# ---- 33: replays


@case(33, "with the same id: stored once, and a retry with other content is reported")
def _(ledger: Ledger, folder: Path) -> None:
    events = folder / "events.jsonl"
    lines = [{"agent_id": "again", "id": f"01951f7a-5c00-7000-8000-{n:012}", "action_input": n} for n in range(20)]
    events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for stored, duplicates in ((20, 0), (0, 20), (0, 20)):
        counts = json.loads(run_plog("ingest", events, "--db", ledger.db, "--json").stdout)
        assert (counts["stored"], counts["duplicates"], counts["conflicts"]) == (stored, duplicates, 0)
    events.write_text(json.dumps({**lines[3], "action_input": "other"}) + "\n")
    counts = json.loads(run_plog("ingest", events, "--db", ledger.db, "--json").stdout)
    assert (counts["stored"], counts["conflicts"]) == (0, 1)
    assert [row.event["action_input"] for row in ledger.rows() if row.agent == "again"] == list(range(20))
    assert judge(ledger.db)["verdict"] == "OK"


# ---- 34: the schema, and the name of the file

for statement in (
    "DROP INDEX event_chain",
    "DROP INDEX event_id",
    "DROP INDEX event_status",
    "DROP TABLE label_context",
    "DROP TABLE event_label",
    "CREATE VIEW agents AS SELECT 1",
    "CREATE TRIGGER watch AFTER INSERT ON event BEGIN DELETE FROM event; END",
    "CREATE INDEX mine ON event(time)",
    "CREATE UNIQUE INDEX mine ON event(time, commit_index)",
    "ALTER TABLE event ADD COLUMN mine TEXT",
    "ALTER TABLE term RENAME COLUMN text TO texts",
):
    attack(34, statement, statement)


def shadow(*statements: str) -> Callable[[Ledger], None]:
    def action(ledger: Ledger) -> None:
        with ledger.database() as database:
            for statement in statements:
                database.execute(statement)

    return action


attack(
    34,
    "a view instead of the events",
    shadow("ALTER TABLE event RENAME TO kept", "CREATE VIEW event AS SELECT * FROM kept WHERE commit_index <> 150"),
)
attack(
    34,
    "a view instead of the labels",
    shadow("ALTER TABLE event_label RENAME TO kept", "CREATE VIEW event_label AS SELECT * FROM kept WHERE label <> 1"),
)
attack(
    34,
    "a table without constraints instead of the events",
    shadow("CREATE TABLE copied AS SELECT * FROM event", "DROP TABLE event", "ALTER TABLE copied RENAME TO event"),
)
attack(
    34,
    "an index with a condition instead of one without",
    shadow(
        "DROP INDEX event_session",
        "CREATE INDEX event_session ON event(session) WHERE session IS NOT NULL AND session <> 5",
    ),
)


def edit_schema(old: str, new: str) -> Callable[[Ledger], None]:
    def action(ledger: Ledger) -> None:
        with ledger.database() as database:
            database.execute("PRAGMA writable_schema = ON")
            changed = database.execute(
                "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE instr(sql, ?)", [old, new, old]
            )
            assert changed.rowcount > 0
            database.execute("PRAGMA writable_schema = RESET")

    return action


attack(34, "a constraint is removed from a table", edit_schema("sequence     INTEGER NOT NULL", "sequence     INTEGER"))
attack(34, "a default is added to the schema", edit_schema("warnings     BLOB", "warnings     BLOB DEFAULT x'00'"))
attack(34, "strict types are removed from the schema", edit_schema(") STRICT", ")"))
attack(34, "an additional table is only noted", "CREATE TABLE others (x)", "OK")


def exchange_pages(ledger: Ledger) -> None:
    """Makes the schema's entry for the events point to the root page of another table."""
    with ledger.database() as database:
        database.execute("CREATE TABLE copied AS SELECT * FROM event WHERE commit_index <> 150")
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'copied') WHERE name = 'event'"
        )
        database.execute("DELETE FROM sqlite_schema WHERE name = 'copied'")
        database.commit()


attack(34, "a copy without one event, under the root page of the table", exchange_pages)


def stranger(ledger: Ledger) -> Ledger:
    return record(ledger.folder / "stranger", 12)


def another_database(ledger: Ledger) -> None:
    shutil.copy(stranger(ledger).db, ledger.db)


def link_to_another(ledger: Ledger) -> None:
    other = stranger(ledger)
    ledger.db.unlink()
    ledger.db.symlink_to(other.db)


attack(34, "another ledger's database under the name", another_database, ("UNVERIFIABLE", "TAMPERED"))
attack(
    34,
    "a symbolic link to another ledger, verified with a kept head",
    link_to_another,
    "UNVERIFIABLE",
    heads=lambda ledger: [ledger.late_head],
)
attack(
    34,
    "a symbolic link to another ledger, verified with a key",
    link_to_another,
    "UNVERIFIABLE",
    key=lambda ledger: (
        ledger.scalar("SELECT value FROM meta WHERE key = 'key'") if not ledger.db.is_symlink() else KEPT_KEY
    ),
)
KEPT_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


@case(34, "another ledger's database replaces an open one")
def _(ledger: Ledger, _: Path) -> None:
    other = stranger(ledger)
    # The client may report that this is not its database. It must not continue as if nothing had happened.
    with contextlib.suppress(provenlog.ProvenLogError), ledger.client() as client:
        client.log_event(action_type="CUSTOM")
        client.flush()
        shutil.copy(other.db, ledger.folder / "new.db")
        os.replace(ledger.folder / "new.db", ledger.db)
        for _ in range(10):
            client.log_event(action_type="CUSTOM")
        client.flush()
    assert judge(ledger.db)["verdict"] not in VALID


# ---- 35: the write-ahead log


def live(ledger: Ledger, more: int = 20) -> Path:
    """Records more events and leaves them in the write-ahead log, whose path it returns."""
    with ledger.client() as client:
        log_some(client, 5000, more // 2)
    shm = ledger.db.with_name(ledger.db.name + "-shm")
    shm.unlink(missing_ok=True)
    wal = ledger.db.with_name(ledger.db.name + "-wal")
    assert wal.stat().st_size > 4096
    return wal


def with_log(change: Callable[[Path], object]) -> Callable[[Ledger], None]:
    return lambda ledger: (change(live(ledger)), None)[1]


def garbage(start: float, count: int = 64) -> Callable[[Path], None]:
    """Overwrites `count` bytes of the log; `start` is their position as a fraction of its size."""

    def change(wal: Path) -> None:
        octets = bytearray(wal.read_bytes())
        at = int(len(octets) * start)
        octets[at : at + count] = bytes(255 - octet for octet in octets[at : at + count])
        wal.write_bytes(octets)

    return change


def cut(part: float) -> Callable[[Path], None]:
    return lambda wal: os.truncate(wal, int(wal.stat().st_size * part))


LOST = ("ROLLED_BACK", "TRUNCATED")
attack(35, "it is not changed", with_log(lambda wal: None), "OK")
attack(35, "it is deleted", with_log(lambda wal: wal.unlink()), LOST)
attack(35, "it is emptied", with_log(lambda wal: wal.write_bytes(b"")), LOST)
attack(35, "it is cut in half", with_log(cut(0.5)), (*LOST, "TAMPERED"))
attack(35, "its last pages are cut off", with_log(cut(0.8)), (*LOST, "TAMPERED"))
attack(35, "its header is garbage", with_log(garbage(0, 32)), LOST)
attack(35, "its first page is garbage", with_log(garbage(0, 4096)), LOST)
attack(35, "a page in the middle is garbage", with_log(garbage(0.5)), (*LOST, "TAMPERED"))
attack(35, "one of its last pages is garbage", with_log(garbage(0.8)), (*LOST, "TAMPERED"))
attack(35, "it is garbage", with_log(lambda wal: wal.write_bytes(os.urandom(50_000))), LOST)
attack(
    35,
    "garbage after its end changes nothing",
    with_log(lambda wal: wal.write_bytes(wal.read_bytes() + os.urandom(9000))),
    "OK",
)


def aged(ledger: Ledger) -> None:
    """Puts an older log beside a newer database."""
    wal = live(ledger)
    old = wal.read_bytes()
    with ledger.database():
        pass
    live(ledger, 40)
    with ledger.database():
        pass
    wal.write_bytes(old)


attack(35, "an older one is put back beside a newer database", aged, ("TAMPERED", *LOST))


def of_another(ledger: Ledger) -> None:
    other = stranger(ledger)
    shutil.copy(live(other), live(ledger))


attack(35, "it is replaced by that of another ledger", of_another, ("TAMPERED", "UNVERIFIABLE", *LOST))


@case(35, "a rollback journal is planted that SQLite would play back")
def _(ledger: Ledger, _: Path) -> None:
    ledger.db.with_name(ledger.db.name + "-shm").unlink(missing_ok=True)
    # A journal with one page: the first page of an empty database.
    page = bytearray(ledger.db.read_bytes()[:4096])
    page[100:] = bytes(len(page) - 100)
    nonce = 7
    checksum = (nonce + sum(page[at] for at in range(4096 - 200, 0, -200))) & 0xFFFFFFFF
    header = bytes.fromhex("d9d505f920a163d7") + b"".join(
        value.to_bytes(4, "big") for value in (1, nonce, 1, 512, 4096)
    )
    journal = ledger.db.with_name(ledger.db.name + "-journal")
    journal.write_bytes(header.ljust(512, b"\0") + (1).to_bytes(4, "big") + bytes(page) + checksum.to_bytes(4, "big"))
    database = ledger.db.read_bytes()
    assert judge(ledger.db)["verdict"] == "TAMPERED"
    # No writer plays it back either: new events wait in provenlog's journal.
    with contextlib.suppress(provenlog.ProvenLogError), ledger.client() as client:
        client.log_event(agent_id="patient", action_type="CUSTOM")
    run_plog("verify", "--db", ledger.db)
    assert ledger.db.read_bytes() == database
    journal.unlink()
    assert run_plog("verify", "--db", ledger.db).returncode == 0


@case(35, "the ledger is verified while another program has it open and writes to its log")
def _(ledger: Ledger, _: Path) -> None:
    connection = sqlite3.connect(ledger.db, timeout=TIMEOUT)
    connection.execute("UPDATE event SET time = 0 WHERE commit_index = 150")
    connection.commit()
    assert ledger.db.with_name(ledger.db.name + "-wal").stat().st_size > 0
    assert judge(ledger.db)["verdict"] == "TAMPERED"
    connection.close()


# ---- 39: copies


@case(39, "events are recorded to a copy of an open ledger: each verifies, and the heads of both show the fork")
def _(ledger: Ledger, folder: Path) -> None:
    with ledger.client() as client:
        client.log_event(action_type="CUSTOM", action_name="before")
        client.flush()
        other = ledger.copy(folder / "copy")
        client.log_event(action_type="CUSTOM", action_name="here")
    with other.client() as client:
        client.log_event(action_type="CUSTOM", action_name="there")
    for one, two in ((ledger, other), (other, ledger)):
        assert judge(one.db)["valid"]
        assert judge(one.db, heads=[two.head])["verdict"] in ("FORKED", "ROLLED_BACK")
