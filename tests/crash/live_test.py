"""A ledger is verified repeatedly while four processes write to it and its keys change, without a false alarm."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from crash_harness import CALM, LONG, Ledger, command_line, descendants_gone
from faults_harness import Program

SECONDS = 60 if LONG else 4

PYTHON = """
from collections import Counter
from provenlog import verify
found, alarming = Counter(), []
say("ready")
end = time.monotonic() + SECONDS
with ProvenLogClient(db_path=db, agent_id="verifier") as client:
    while time.monotonic() < end:
        for report in (verify(db), verify(db, read_only=True), client.verify()):
            found[report["verdict"]] += 1
            if report["verdict"] not in CALM:
                alarming.append(report)
say([found, alarming])
"""


@contextmanager
def four_writers(ledger: Ledger) -> Iterator[None]:
    """Runs four writers, of which one continuously publishes heads and rotates keys."""
    started = ledger.run(count=1)
    assert started.returncode == 0, started.stderr
    options: dict[str, object] = {"threads": 1, "pause": 1500, "interval": 20, "batch": 50}
    writers = [ledger.start(pattern=pattern, **options) for pattern in ("heads", "plain", "plain", "fork-both")]
    try:
        yield
        for writer in writers:
            assert writer.poll() is None, writer.communicate()[1]
    finally:
        for writer in writers:
            os.killpg(writer.pid, signal.SIGKILL)  # one of them has forked
            writer.communicate()
            descendants_gone(writer.pid)


def until_the_time_is_over(look: Callable[[], dict[str, object]]) -> Counter[str]:
    found: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        report = look()
        assert report["verdict"] in CALM, json.dumps(report)
        found[str(report["verdict"])] += 1
    print(dict(found))
    return found


def test_the_command_line(ledger: Ledger) -> None:
    with four_writers(ledger):
        kept = ledger.directory / "kept"
        kept.write_bytes(ledger.db.with_name("events.db.head").read_bytes())
        variants = [
            (),
            ("--read-only",),
            ("--head", kept),
            ("--head", kept, "--incremental"),
            ("--agent-id", "agent-0"),
        ]
        turn = itertools.cycle(variants)
        assert until_the_time_is_over(lambda: ledger.calm(*next(turn))).total() > len(variants)


def test_the_python_package_and_the_c_library(ledger: Ledger) -> None:
    source = PYTHON.replace("SECONDS", str(SECONDS)).replace("CALM", repr(sorted(CALM)))
    with four_writers(ledger), Program(ledger, source, ack=False) as python:
        python.heard()
        library = ledger.start(pattern="verify", seconds=SECONDS)
        out, err = library.communicate(timeout=SECONDS + 120)
        assert library.returncode == 0, err
        reports = [json.loads(line) for line in out.splitlines()]
        assert reports
        assert {report["verdict"] for report in reports} <= CALM, [r for r in reports if r["verdict"] not in CALM][:1]
        found, alarming = python.heard()
        python.ends()
    assert not alarming, alarming[0]
    assert sum(found.values()) > 2


def test_readers_on_a_file_system_that_is_read_only_to_them(ledger: Ledger) -> None:
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    prefix = ["unshare", "--mount", "sh", "-c", mount, str(ledger.directory)]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("needs a mount namespace")

    def look() -> dict[str, object]:
        command = [*prefix, str(command_line()), "verify", "--json", "--read-only", "--db", str(ledger.db)]
        done = subprocess.run(command, env=ledger.env(), capture_output=True, text=True, timeout=300)
        report: dict[str, object] = json.loads(done.stdout)
        return report

    with four_writers(ledger):
        assert until_the_time_is_over(look).total() > 1
    # The writers are dead, and their WAL still exists.
    assert ledger.db.with_name("events.db-wal").stat().st_size > 0
    assert look()["verdict"] in CALM
    ledger.db.with_name("events.db-shm").unlink()
    assert look()["verdict"] in CALM
