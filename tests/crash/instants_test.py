"""A process is killed right before each change that it makes to the files of a ledger, while it creates the ledger,
commits, publishes heads, rotates keys, checkpoints the WAL, adopts journals and makes copies. See killat.c."""

from __future__ import annotations

import os
import pathlib
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from crash_harness import CALM, LONG, Ledger, command_line, program

# For a run of equal changes to one file, the process is killed at this many: the first, the last, and some in between.
MOST_OF_A_ROW = 40 if LONG else 4


@dataclass
class Change:
    number: int
    call: str
    name: str  # relative to the ledger's directory


@dataclass
class Killed:
    """A command that changes a ledger and is killed while it does."""

    before: pathlib.Path  # a directory with the state before the command
    command: Callable[[Ledger], list[str]]

    def begin(self, directory: pathlib.Path) -> Ledger:
        shutil.copytree(self.before, directory, symlinks=True)
        return Ledger(directory)

    def run(self, ledger: Ledger, number: int) -> subprocess.CompletedProcess[str]:
        env = ledger.env(
            LD_PRELOAD=str(program("libcrash_killat.so")),
            KILLAT_DIR=str(ledger.db.parent),
            KILLAT_N=str(number),
            KILLAT_TRACE=str(ledger.directory / "trace"),
        )
        return subprocess.run(
            self.command(ledger), env=env, cwd=ledger.directory, capture_output=True, text=True, timeout=300
        )

    def changes(self, ledger: Ledger) -> list[Change]:
        done = self.run(ledger, 0)
        assert done.returncode == 0, done.stderr
        changes = []
        for line in (ledger.directory / "trace").read_text().splitlines():
            number, call, path = line.split(" ", 2)
            changes.append(Change(int(number), call, path.removeprefix(str(ledger.db.parent) + "/")))
        return changes


def instants(changes: list[Change], chance: random.Random) -> list[int]:
    rows: list[list[Change]] = []
    for change in changes:
        if rows and (rows[-1][-1].call, rows[-1][-1].name) == (change.call, change.name):
            rows[-1].append(change)
        else:
            rows.append([change])
    chosen: list[int] = []
    for row in rows:
        numbers = [change.number for change in row]
        if len(numbers) > MOST_OF_A_ROW:
            between = chance.sample(numbers[1:-1], MOST_OF_A_ROW - 2)
            numbers = [numbers[0], *between, numbers[-1]]
        chosen += numbers
    return chosen


def each(numbers: Iterable[int], work: Callable[[int], bool]) -> int:
    """Does the work for all numbers, in parallel on all processors. Returns how many runs were killed."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(work, numbers))


def goes_on(ledger: Ledger) -> None:
    """Checks that verification raises no alarm and that the next writer works as usual."""
    if ledger.db.exists():
        ledger.calm("--read-only")
        ledger.calm()
    else:
        assert ledger.acknowledged() == []
    done = ledger.run(count=1)
    assert done.returncode == 0, done.stderr
    ledger.check()
    assert ledger.calm("--read-only", "--strict")["verdict"] == "OK"


def killed_at_each_instant(
    scenario: Killed,
    tmp_path: pathlib.Path,
    chance: random.Random,
    expected: set[tuple[str, str]],
    afterwards: Callable[[Ledger], None] = goes_on,
    only: str | None = None,
) -> None:
    """`expected`: changes that the command must make, each as a call and the end of a file name. `only`: the name of
    the one file before whose changes the process is killed."""
    changes = scenario.changes(scenario.begin(tmp_path / "whole"))
    missing = [
        (call, end) for call, end in expected if not any(c.call == call and c.name.endswith(end) for c in changes)
    ]
    assert not missing, f"never happened: {missing}"
    numbers = instants([change for change in changes if only is None or change.name == only], chance)

    def one(number: int) -> bool:
        ledger = scenario.begin(tmp_path / str(number))
        done = scenario.run(ledger, number)
        # It can end normally: threads may make fewer changes in this run.
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        try:
            afterwards(ledger)
        except AssertionError as failure:
            trace = ledger.directory / "trace"
            raise AssertionError(f"killed before {trace.read_text()}{failure}") from failure
        shutil.rmtree(ledger.directory)
        return done.returncode != 0

    killed = each(numbers, one)
    print(f"{len(changes)} changes, {len(numbers)} instants, {killed} killed")
    assert killed > len(numbers) * 0.8


def writer(**options: object) -> Callable[[Ledger], list[str]]:
    def command(ledger: Ledger) -> list[str]:
        given = {"db": ledger.db, "ack": ledger.ack, "interval": 60000, **options}
        return [str(program("crash_writer")), *(f"{key}={value}" for key, value in given.items())]

    return command


def plog(*words: str) -> Callable[[Ledger], list[str]]:
    return lambda ledger: [str(command_line()), *words, "--db", str(ledger.db)]


@pytest.fixture
def nothing(tmp_path: pathlib.Path) -> pathlib.Path:
    """A directory without a ledger, with a configuration that copies heads."""
    directory = tmp_path / "nothing"
    copies = directory / "ledger" / "elsewhere"
    copies.mkdir(parents=True)
    (directory / ".provenlog").mkdir()
    (directory / ".provenlog" / "config.yaml").write_text("head_copies: [~/ledger/elsewhere/copy]\n")
    return directory


@pytest.fixture
def some(nothing: pathlib.Path) -> pathlib.Path:
    """A directory with a ledger of a few events."""
    done = Ledger(nothing).run(count=3)
    assert done.returncode == 0, done.stderr
    return nothing


def copies_agree(ledger: Ledger) -> None:
    copy = ledger.db.parent / "elsewhere" / "copy"
    if copy.exists():
        ledger.calm("--read-only", "--head", copy)
    goes_on(ledger)
    ledger.calm("--read-only", "--head", copy)


def test_from_the_birth_of_a_ledger_over_a_new_key_to_its_close(
    nothing: pathlib.Path, tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    expected = {
        ("link", "events.db"),
        ("link", "events.db.key"),
        ("link", "events.db.key.next"),
        ("rename", "events.db.key"),
        ("rename", "events.db.head"),
        ("rename", "elsewhere/copy"),
        ("sync", "events.db-wal"),
        ("sync", "elsewhere"),
        ("unlink", ".seg"),
    }
    scenario = Killed(nothing, writer(pattern="steps", count=3))
    killed_at_each_instant(scenario, tmp_path, seeded, expected, copies_agree)


def test_a_rotation_by_the_command_line(some: pathlib.Path, tmp_path: pathlib.Path, seeded: random.Random) -> None:
    def afterwards(ledger: Ledger) -> None:
        goes_on(ledger)
        # Whether the old or the new key is in the file, it is the ledger's current key.
        assert ledger.plog("keys", "rotate").returncode == 0
        assert ledger.calm("--read-only")["assurance"] == "signed"

    expected = {("link", "events.db.key.next"), ("rename", "events.db.key"), ("rename", "events.db.head")}
    killed_at_each_instant(Killed(some, plog("keys", "rotate")), tmp_path, seeded, expected, afterwards)


def test_a_checkpoint_of_the_write_ahead_log(
    nothing: pathlib.Path, tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    expected = {("write", "events.db-wal"), ("write", "events.db"), ("sync", "events.db")}
    scenario = Killed(nothing, writer(count=35, bytes=1000000, batch=4096))
    killed_at_each_instant(scenario, tmp_path, seeded, expected, only="events.db")


def test_the_adoption_of_what_a_dead_process_left(
    some: pathlib.Path, tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    done = Ledger(some).run(count=5, interval=60000, batch=4096, end="_exit")
    assert done.returncode == 0, done.stderr
    expected = {("unlink", ".seg"), ("unlink", ".owner"), ("rename", "events.db.head")}
    killed_at_each_instant(Killed(some, writer(pattern="recover")), tmp_path, seeded, expected)


def test_a_verification_that_brings_in_what_a_dead_process_left(
    some: pathlib.Path, tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    done = Ledger(some).run(count=5, interval=60000, batch=4096, end="_exit")
    assert done.returncode == 0, done.stderr
    killed_at_each_instant(Killed(some, plog("verify")), tmp_path, seeded, {("unlink", ".owner")})


def test_a_backup(some: pathlib.Path, tmp_path: pathlib.Path, seeded: random.Random) -> None:
    def afterwards(ledger: Ledger) -> None:
        backup = ledger.db.parent / "backup.db"
        if backup.exists():
            ledger.calm("--read-only", db=backup)
        goes_on(ledger)

    scenario = Killed(some, plog("backup", "ledger/backup.db"))
    killed_at_each_instant(scenario, tmp_path, seeded, {("sync", ""), ("rename", "backup.db.head")}, afterwards)


def test_the_acknowledgement_of_a_restored_backup(
    some: pathlib.Path, tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    ledger = Ledger(some)
    assert ledger.plog("backup", some / "backup.db").returncode == 0
    assert ledger.plog("restore", some / "backup.db", "--replace").returncode == 0

    def afterwards(ledger: Ledger) -> None:
        ledger.calm("--read-only", allowed={"ROLLED_BACK", *CALM})
        assert ledger.plog("acknowledge", "--comment", "we know").returncode == 0
        assert ledger.calm()["verdict"] == "OK"

    scenario = Killed(some, plog("acknowledge", "--comment", "a test"))
    killed_at_each_instant(scenario, tmp_path, seeded, {("rename", "events.db.head")}, afterwards)
