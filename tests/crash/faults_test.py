"""Faults of the machine around a ledger: a full disk, missing permissions, a foreign lock, a clock that goes back."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator

import pytest
from crash_harness import LONG, Ledger, program
from faults_harness import NOBODY, UNDRAINED, Program, needs_root

# ---- A full disk


@pytest.fixture
def small_disk(ledger: Ledger) -> Iterator[Ledger]:
    """A ledger whose directory is a file system of 6 MiB."""
    needs_root()
    ledger.db.parent.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", str(ledger.db.parent)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the permission to mount a tmpfs")
    try:
        yield ledger
    finally:
        subprocess.run(["umount", "-l", str(ledger.db.parent)], check=True)


def grow(ledger: Ledger) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", str(ledger.db.parent)], check=True)


FILL = """
errors = []
client = ProvenLogClient(
    db_path=db, on_full=MODE, block_timeout=BLOCK, flush_interval=0.05, on_error=lambda e: errors.append(e.code))
n = refused = 0
kinds = set()
while refused < 20:
    n += 1
    try:
        if log(client, n, text="x" * 20_000) == "":
            refused += 1
            kinds.add("")
    except ProvenLogError as error:
        refused += 1
        kinds.add(error.code)
        assert "the disk is full" in str(error), error
time.sleep(0.3)
say([refused, sorted(kinds), sorted(set(errors)), client.stats()["dropped"]])
wait()
for n in range(20):
    assert log(client, n, text="y" * 20_000)
client.flush(20)
say(client.stats()["stored"])
client.close()
"""


@pytest.mark.parametrize("mode", ["block", "drop", "raise"])
def test_a_full_disk_refuses_clearly_and_loses_nothing_that_was_acknowledged(small_disk: Ledger, mode: str) -> None:
    source = FILL.replace("MODE", repr(mode)).replace("BLOCK", "0.05")
    with Program(small_disk, source) as filler:
        refused, kinds, errors, dropped = filler.heard()
        assert kinds == (["PLOG_E_FULL"] if mode == "raise" else [""])
        assert dropped == (0 if mode == "raise" else refused)
        if mode != "raise":
            assert "PLOG_E_FULL" in errors
        grow(small_disk)
        filler.go()
        filler.heard()
        filler.ends()
    small_disk.check()
    gaps = small_disk.gaps()
    counted = sum(entry["count"] for gap in gaps for entry in gap["dropped"])
    assert counted == (0 if mode == "raise" else refused)


def test_whoever_waits_for_room_on_a_full_disk_is_served_when_there_is_some(small_disk: Ledger) -> None:
    source = """
client = ProvenLogClient(db_path=db, on_full="block", block_timeout=30, flush_interval=0.05)
say("begun")
for n in range(700):
    assert log(client, n, text="x" * 20_000)
client.close()
say("done")
"""
    with Program(small_disk, source) as waiter:
        waiter.heard()
        before = -1
        while before != (now := len(small_disk.acknowledged())):
            before = now
            time.sleep(0.5)
        assert 0 < now < 700
        grow(small_disk)
        assert waiter.heard() == "done"
        waiter.ends()
    small_disk.check()
    assert len(small_disk.acknowledged()) == 700
    assert small_disk.gaps() == []


def test_a_process_killed_on_a_full_disk_loses_nothing_that_was_acknowledged(small_disk: Ledger) -> None:
    source = FILL.replace("MODE", repr("drop")).replace("BLOCK", "0.05")
    with Program(small_disk, source) as filler:
        refused, *_ = filler.heard()
        filler.kill()
    grow(small_disk)
    small_disk.check()
    assert sum(entry["count"] for gap in small_disk.gaps() for entry in gap["dropped"]) == refused


def leave(ledger: Ledger, free: int) -> pathlib.Path:
    """Fills the disk until only `free` bytes are left."""
    filler = ledger.db.parent / "filler"
    with filler.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        file.truncate(max(0, file.tell() - free))
    return filler


@pytest.mark.parametrize("what", ["a new ledger", "events", "a new key", "a head", "a backup"])
def test_a_disk_that_fills_up_at_any_point_is_never_taken_for_tampering(small_disk: Ledger, what: str) -> None:
    failed = worked = 0
    for pages in range(0, 60 if what == "a new ledger" else 40, 1 if LONG else 5):
        for path in sorted(small_disk.db.parent.glob("**/*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        small_disk.ack.unlink(missing_ok=True)
        if what != "a new ledger":
            assert small_disk.run(count=3).returncode == 0
        filler = leave(small_disk, pages * 4096)
        if what in ("a new ledger", "events"):
            done = small_disk.run(count=3, block=10, patience=200)
        elif what == "a backup":
            done = small_disk.plog("backup", small_disk.db.parent / "backup.db")
        else:
            done = small_disk.plog(*(["keys", "rotate"] if what == "a new key" else ["checkpoint"]))
        if done.returncode == 0:
            worked += 1
        else:
            failed += 1
        if small_disk.db.exists():
            small_disk.calm("--read-only")
            small_disk.calm()
        backup = small_disk.db.parent / "backup.db"
        if backup.exists():
            small_disk.calm("--read-only", db=backup)
        filler.unlink()
        assert small_disk.run(count=1).returncode == 0
        small_disk.check()
    assert worked > 0
    assert failed > 0 or what == "a head"


# ---- Missing permissions


@pytest.fixture
def public() -> Iterator[Ledger]:
    """A ledger in a directory that every user may read."""
    needs_root()
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield Ledger(pathlib.Path(directory))


REFUSED = """
try:
    with ProvenLogClient(db_path=db, agent_id="a") as client:
        log(client)
        client.flush(5)
    say(["OK", ""])
except ProvenLogError as error:
    say([error.code, str(error)])
"""


def as_nobody(ledger: Ledger, source: str = REFUSED) -> tuple[str, str]:
    # The package is imported as root before this runs, because it may be in a directory that only root can read.
    become = f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
    with Program(ledger, become + source, ack=False) as stranger:
        code, message = stranger.heard()
        stranger.ends()
    return code, message


def test_a_directory_that_cannot_be_written_is_named(public: Ledger) -> None:
    public.db.parent.mkdir(mode=0o755)
    code, message = as_nobody(public)
    assert code == "PLOG_E_IO"
    assert str(public.db.parent) in message


def test_a_directory_that_cannot_be_made_is_named(public: Ledger) -> None:
    code, message = as_nobody(public)
    assert code == "PLOG_E_IO"
    assert str(public.db.parent) in message


@pytest.mark.parametrize("directory", ["writable", "read-only"])
def test_a_ledger_that_cannot_be_written_is_named_and_stays_as_it_is(public: Ledger, directory: str) -> None:
    with Program(public, REFUSED) as owner:
        assert owner.heard() == ["OK", ""]
        owner.ends()
    content = public.db.read_bytes()
    os.chmod(public.db.parent, 0o777 if directory == "writable" else 0o555)
    os.chmod(public.db, 0o444)
    code, message = as_nobody(public)
    assert code == "PLOG_E_IO"
    assert str(public.db.parent) in message
    assert public.db.read_bytes() == content


# ---- A foreign lock


def test_a_foreign_lock_delays_commits_but_no_call(ledger: Ledger) -> None:
    source = """
client = ProvenLogClient(db_path=db, flush_interval=0.02, batch_size=10)
log(client)
client.flush()
say("open")
wait()
slowest = 0
end = time.monotonic() + 1.5
n = 0
while time.monotonic() < end:
    began = time.monotonic()
    log(client, n)
    slowest = max(slowest, time.monotonic() - began)
    n += 1
    time.sleep(0.0005)
began = time.monotonic()
try:
    client.flush(0.3)
    word = "flushed"
except (FlushTimeoutError, BusyError) as error:
    word = error.code
say([word, slowest, time.monotonic() - began, n, client.stats()["queued_events"]])
wait()
client.flush(20)
say(client.stats()["queued_events"])
client.close()
"""
    with Program(ledger, source) as writer:
        writer.heard()
        foreign = sqlite3.connect(ledger.db, isolation_level=None)
        foreign.execute("BEGIN EXCLUSIVE")
        held = time.monotonic()
        writer.go()
        word, slowest, waited, count, queued = writer.heard()
        time.sleep(max(0.0, held + 3 - time.monotonic()))
        foreign.execute("COMMIT")
        foreign.close()
        assert word in ("PLOG_E_TIMEOUT", "PLOG_E_BUSY")
        assert slowest < 0.5, "an event waited for the lock"
        assert waited < 2, "flush returned long after its timeout"
        assert queued == count > 0
        writer.go()
        assert writer.heard() == 0
        writer.ends()
    ledger.check()


# ---- The clock


def test_a_clock_that_goes_back_changes_nothing_but_times(ledger: Ledger) -> None:
    clock = ledger.directory / "clock"
    clock.write_bytes(struct.pack("q", 0))
    source = f"""
clock = os.open({str(clock)!r}, os.O_WRONLY)
client = ProvenLogClient(db_path=db, flush_interval=0.02, batch_size=50)
for step, offset in enumerate([0, -1, -3600, 86400, -86400 * 400, 0, -5]):
    os.pwrite(clock, offset.to_bytes(8, "little", signed=True), 0)
    for n in range(100):
        log(client, step * 100 + n)
client.close()
"""
    shim = {"LD_PRELOAD": str(program("libcrash_faults.so")), "FAULTS_CLOCK": str(clock)}
    with Program(ledger, source, env=shim) as writer:
        writer.ends()
    rows = [row for row in ledger.check() if row[1] == "agent-0"]
    assert [row[4]["action_input"]["n"] for row in rows] == list(range(700))
    times = [row[4]["timestamp"] for row in rows]
    assert times[400][:4] < times[0][:4], "the clock did not go back"
    assert len(ledger.acknowledged()) == len(set(ledger.acknowledged())) == 700


# ---- Another SQLite


def test_other_copies_of_sqlite_that_come_and_go_lose_nothing(ledger: Ledger) -> None:
    source = """
import sqlite3
try:
    import pandas
except ImportError:
    pandas = None
client = ProvenLogClient(db_path=db, flush_interval=0.01, batch_size=20)
log(client)
client.flush()
say("open")
end = time.monotonic() + 2
n = looks = 0
while time.monotonic() < end:
    for _ in range(20):
        n += 1
        log(client, n, f"agent-{n % 3}")
    other = sqlite3.connect(db)
    if pandas is not None and looks % 10 == 0:
        pandas.read_sql("SELECT count(*) AS n FROM event", other)
    other.execute("SELECT count(*) FROM event").fetchone()
    other.close()
    looks += 1
say(looks)
os._exit(0)
"""
    with Program(ledger, source) as writer:
        writer.heard()
        done = threading.Event()

        failures: list[sqlite3.Error] = []

        def look() -> None:
            while not done.is_set():
                other = sqlite3.connect(ledger.db)
                try:
                    other.execute("SELECT max(commit_index) FROM event").fetchone()
                except sqlite3.Error as error:
                    failures.append(error)
                other.close()

        outside = threading.Thread(target=look)
        outside.start()
        try:
            assert writer.heard() > 10
            writer.ends()
        finally:
            done.set()
            outside.join()
    assert failures == []
    ledger.check()


# ---- Journals that cannot be read


def orphaned(ledger: Ledger) -> None:
    with Program(ledger, UNDRAINED) as victim:
        victim.heard()
        victim.kill()


def test_a_journal_of_an_unknown_version_is_left_alone(ledger: Ledger) -> None:
    orphaned(ledger)
    (owner,) = ledger.journal.glob("*.owner")
    octets = bytearray(owner.read_bytes())
    octets[8] = 77
    owner.write_bytes(octets)
    (ledger.journal / "from-the-future.v9").write_bytes(b"a journal of another kind")
    before = {path.name: path.read_bytes() for path in ledger.journal.iterdir()}
    assert len(before) == 3
    with Program(ledger, REFUSED) as other:
        assert other.heard() == ["OK", ""]
        other.ends()
    assert {path.name: path.read_bytes() for path in ledger.journal.iterdir()} == before
    octets[8] = 1
    owner.write_bytes(octets)
    ledger.check(leftovers=True)
    assert ledger.journal_files() == ["from-the-future.v9"]


def test_a_damaged_segment_becomes_a_gap_and_is_kept(ledger: Ledger) -> None:
    orphaned(ledger)
    (segment,) = ledger.journal.glob("*.seg")
    first = ledger.acknowledged()
    octets = bytearray(segment.read_bytes())
    octets[len(octets.rstrip(b"\0")) - 20] ^= 0xFF  # the segment ends with zeros
    segment.write_bytes(octets)
    octets = bytes(octets)
    orphaned(ledger)  # adopts the first one
    rows = ledger.check(exactly=False, leftovers=True)
    stored = {row[3] for row in rows}
    lost = [identity for identity in ledger.acknowledged() if identity.replace("-", "") not in stored]
    assert lost == first[-1:], "more was lost than was damaged"
    assert [gap["reason"] for gap in ledger.gaps()] == ["journal_damaged"]
    assert ledger.journal_files() == [segment.name + ".damaged"]
    assert (ledger.journal / (segment.name + ".damaged")).read_bytes() == octets
