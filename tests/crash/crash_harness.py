"""Shared by the crash tests: where the programs are, how to run them, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import pathlib
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PLOG_BUILD_DIR", ROOT / "build" / "release"))
LONG = os.environ.get("PLOG_TEST_LONG", "") not in ("", "0")
CALM = {"OK", "OK_WITH_TAIL", "RECOVERED"}  # the verdicts that are allowed after a crash


def program(name: str) -> pathlib.Path:
    path = BUILD / "tests" / "crash" / name
    if not path.exists():
        pytest.skip(f"{path} is not built (set PLOG_BUILD_DIR, or run `make build`)")
    return path


def command_line() -> pathlib.Path:
    path = BUILD / "plog"
    if not path.exists():
        pytest.skip(f"{path} is not built (set PLOG_BUILD_DIR, or run `make build`)")
    return path


@dataclass
class Ledger:
    """A ledger in its own directory, with the ids of the acknowledged events that writers noted."""

    directory: pathlib.Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def db(self) -> pathlib.Path:
        return self.directory / "ledger" / "events.db"

    @property
    def ack(self) -> pathlib.Path:
        return self.directory / "acknowledged"

    @property
    def journal(self) -> pathlib.Path:
        return self.directory / "ledger" / "events.db.journal"

    def env(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PROVENLOG_")}
        return {**kept, "HOME": str(self.directory), **self.environment, **more}

    def start(self, *, env: dict[str, str] | None = None, prefix: tuple[str, ...] = (), **options: object):
        """Starts a writer in a new session."""
        given = {"db": self.db, "ack": self.ack, **options}
        words = [f"{key}={value}" for key, value in given.items()]
        return subprocess.Popen(
            [*prefix, str(program("crash_writer")), *words],
            env=env or self.env(),
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, **options: object) -> subprocess.CompletedProcess[str]:
        process = self.start(**options)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def recover(self) -> dict[str, object]:
        """Opens and closes a client, which adopts orphaned journals, and returns a report of a verification."""
        done = self.run(pattern="recover")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def plog(self, *words: object, db: pathlib.Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(command_line()), *(str(word) for word in words), "--db", str(db or self.db)],
            env=self.env(),
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def calm(
        self, *words: object, allowed: Collection[str] = CALM, db: pathlib.Path | None = None
    ) -> dict[str, object]:
        """Runs `plog verify` after a crash. Neither its verdict nor its exit code may raise an alarm."""
        done = self.plog("verify", "--json", *words, db=db)
        report = json.loads(done.stdout)
        assert report["verdict"] in allowed, report
        assert not (allowed is CALM and done.returncode), report
        return report

    def acknowledged(self) -> list[str]:
        return self.ack.read_text().split() if self.ack.exists() else []

    def rows(self) -> list[tuple[int, str, int, str, dict[str, object]]]:
        """(commit index, agent, sequence, id, event) of every row, read with Python's SQLite."""
        with sqlite3.connect(f"file:{self.db}?mode=ro", uri=True) as database:
            stored = database.execute("SELECT commit_index, sequence, id, canonical FROM event ORDER BY 1").fetchall()
        database.close()
        rows = []
        for index, sequence, identity, canonical in stored:
            event = json.loads(canonical)
            rows.append((index, event["agent_id"], sequence, identity.hex(), event))
        return rows

    def journal_files(self) -> list[str]:
        return sorted(path.name for path in self.journal.iterdir()) if self.journal.exists() else []

    def check(
        self, *, exactly: bool = True, leftovers: bool = False
    ) -> list[tuple[int, str, int, str, dict[str, object]]]:
        """Recovers, then checks that the ledger verifies, that indexes and sequences are contiguous, that each
        acknowledged event is stored exactly once (`exactly`), and that no journal file is left over.

        After a loss of power, parts of journals may stay that cannot be recognised (`leftovers`).
        """
        report = self.recover()
        assert report["verdict"] == "OK", report
        assert report["valid"] is True
        assert leftovers or report["pending"] == 0
        rows = self.rows()
        assert [row[0] for row in rows] == list(range(len(rows))), "commit indexes have gaps"
        branches = [row[4]["action_input"] for row in rows if row[4].get("action_name") == "origin.changed"]
        assert not branches, f"a writer found that the ledger does not extend its head: {branches}"
        assert report["events"] == len(rows)
        heads: Counter[str] = Counter()
        for _, agent, sequence, _, _ in rows:
            heads[agent] += 1
            assert sequence == heads[agent], f"sequence {sequence} of {agent}, expected {heads[agent]}"
        stored = Counter(row[3] for row in rows)
        twice = [identity for identity, count in stored.items() if count > 1]
        assert not twice, f"stored more than once: {twice[:5]}"
        if exactly:
            lost = [identity for identity in self.acknowledged() if stored[identity.replace("-", "")] != 1]
            assert not lost, f"{len(lost)} acknowledged events are not in the ledger, such as {lost[:5]}"
        assert leftovers or self.journal_files() == []
        return rows

    def gaps(self) -> list[dict[str, object]]:
        return [row[4]["action_input"] for row in self.rows() if row[4].get("action_name") == "gap"]


def descendants_gone(group: int, deadline: float = 30.0) -> None:
    """Waits until no process of the process group is left."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            pass
        time.sleep(0.002)
    raise AssertionError(f"processes of group {group} are still running")
