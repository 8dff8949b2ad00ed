"""Writers are killed with SIGKILL at random instants. No acknowledged event is lost or stored twice, and verification
never takes the result for tampering."""

from __future__ import annotations

import os
import pathlib
import random
import signal
import time

import pytest
from crash_harness import LONG, Ledger, descendants_gone

ROUNDS = 2000 if LONG else 200
ON_ONE_FILE = 8  # rounds that share a growing ledger

# How a round runs: the writers to start, whether to kill their whole process groups or only the parents, and this
# pattern's share of all rounds.
PATTERNS = {
    "one process": ([{"pattern": "plain", "threads": 2}], "group", 0.2),
    "three processes on one file": ([{"pattern": "plain", "threads": 2}] * 3, "group", 0.1),
    "heads and new keys, one after the other": ([{"pattern": "heads", "threads": 2}], "group", 0.15),
    "heads and new keys of one process, events of two": (
        [{"pattern": "heads"}, {"pattern": "plain", "threads": 2}],
        "group",
        0.1,
    ),
    "heads, new keys and checkpoints of the log": ([{"pattern": "heads", "bytes": 50000}], "group", 0.05),
    "children of fork log on after their parent is killed": ([{"pattern": "fork-parent"}], "parent", 0.1),
    "children of fork are killed": ([{"pattern": "fork-children"}], "group", 0.1),
    "fork without exec, both log": ([{"pattern": "fork-both", "threads": 2}], "group", 0.1),
    "a child of a bare clone(2) logs": ([{"pattern": "clone"}], "group", 0.1),
}


def one_round(ledger: Ledger, chance: random.Random, writers: list[dict[str, object]], victim: str) -> None:
    batch = chance.choice([1, 10, 100, 1000])
    interval = chance.choice([1, 20, 1000])
    processes = [ledger.start(batch=batch, interval=interval, agents=3, **writer) for writer in writers]
    for process in processes:
        time.sleep(chance.random() * 0.09 / len(processes))
        if victim == "group":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, err
        descendants_gone(process.pid)
    # Adopters are killed too, and two may run at the same time.
    for _ in range(chance.choice([0, 0, 1, 2])):
        adopter = ledger.start(pattern="recover")
        time.sleep(chance.random() * 0.02)
        adopter.kill()
        adopter.communicate()
    if chance.random() < 0.2:
        both = [ledger.start(pattern="recover") for _ in range(2)]
        for adopter in both:
            _, err = adopter.communicate(timeout=60)
            assert adopter.returncode == 0, err


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.timeout(3600)
def test_every_acknowledged_event_is_stored_exactly_once_after_a_kill(
    name: str, tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    writers, victim, share = PATTERNS[name]
    acknowledged = 0
    for number in range(round(ROUNDS * share)):
        directory = tmp_path / str(number // ON_ONE_FILE)
        directory.mkdir(exist_ok=True)
        ledger = Ledger(directory)
        one_round(ledger, seeded, writers, victim)
        if ledger.db.exists():
            ledger.calm("--read-only")
            if seeded.random() < 0.3:
                ledger.calm()
        ledger.check()
        acknowledged += len(ledger.acknowledged())
    assert acknowledged > 0, "no writer ever wrote an event"
