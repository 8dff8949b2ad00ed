"""Containers that share a volume, where the same process id means different processes."""

from __future__ import annotations

import subprocess

import pytest
from crash_harness import Ledger
from faults_harness import UNDRAINED, Program

CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")

VISITOR = """
client = ProvenLogClient(db_path=db)
log(client, 1, "visitor")
client.flush(10)
say([os.getpid(), client.stats()["recovered"]])
client.close()
"""


@pytest.fixture(autouse=True)
def containers() -> None:
    try:
        allowed = subprocess.run([*CONTAINER, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("needs unshare(1) and the permission to create a pid namespace")


def test_the_journal_of_a_process_killed_in_another_container_is_adopted(ledger: Ledger) -> None:
    with Program(ledger, UNDRAINED, prefix=CONTAINER) as victim:
        number = victim.heard()
        victim.kill()
    assert len(ledger.acknowledged()) == 50
    with Program(ledger, VISITOR, prefix=CONTAINER) as visitor:
        assert visitor.heard() == [number, 50]
        visitor.ends()
    ledger.check()
    assert len(ledger.acknowledged()) == 51


def test_the_journal_of_a_live_process_in_another_container_is_left_to_it(ledger: Ledger) -> None:
    with Program(ledger, UNDRAINED, prefix=CONTAINER) as owner:
        number = owner.heard()
        journal = ledger.journal_files()
        assert len(journal) == 2
        with Program(ledger, VISITOR, prefix=CONTAINER) as visitor:
            assert visitor.heard() == [number, 0]
            visitor.ends()
        assert ledger.journal_files() == journal
        owner.go()
        owner.ends()
    ledger.check()
    assert len(ledger.acknowledged()) == 51
