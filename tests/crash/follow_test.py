"""`plog log --follow` prints each event once, in the order of the ledger, while the writers are killed."""

from __future__ import annotations

import json
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest
from crash_harness import Ledger, command_line, descendants_gone

KILLS = 1000
TOGETHER = 2  # writers that run at the same time


def killed_writers(ledger: Ledger, chance: random.Random) -> None:
    options: dict[str, object] = {"interval": chance.choice([1, 5, 20]), "batch": chance.choice([1, 10, 100])}
    writers = [ledger.start(pattern="plain", pause=300, **options) for _ in range(TOGETHER)]
    for writer in writers:
        time.sleep(chance.random() * 0.04 / TOGETHER)
        os.killpg(writer.pid, signal.SIGKILL)
    for writer in writers:
        _, err = writer.communicate(timeout=60)
        assert writer.returncode == -signal.SIGKILL, err
        descendants_gone(writer.pid)


@pytest.mark.timeout(1800)
def test_following_loses_and_repeats_nothing_over_a_thousand_kills(
    tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    ledger = Ledger(tmp_path)
    started = ledger.run(count=1)
    assert started.returncode == 0, started.stderr
    printed = tmp_path / "printed"
    words = ["log", "--follow", "--all", "--json", "--system", "--db", str(ledger.db)]
    with printed.open("w") as out:
        follower = subprocess.Popen([str(command_line()), *words], env=ledger.env(), stdout=out, stderr=subprocess.PIPE)
    for _ in range(KILLS // TOGETHER):
        killed_writers(ledger, seeded)
    rows = ledger.check()
    assert len(rows) > KILLS, "the writers were killed before they wrote anything"
    end = time.monotonic() + 30
    while printed.read_text().count("\n") < len(rows) and time.monotonic() < end:
        time.sleep(0.05)
    assert follower.poll() is None, "the follower ended by itself"
    follower.send_signal(signal.SIGINT)
    _, err = follower.communicate(timeout=30)
    assert err == b""
    seen = [json.loads(line)["id"].replace("-", "") for line in printed.read_text().splitlines()]
    assert seen == [row[3] for row in rows]
