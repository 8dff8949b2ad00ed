"""Programs with different versions and builds of the library on one ledger."""

from __future__ import annotations

import sqlite3
import time

from crash_harness import Ledger
from faults_harness import Program


def set_format_writer(ledger: Ledger, number: int) -> None:
    database = sqlite3.connect(ledger.db)
    with database:
        assert database.execute("UPDATE meta SET value = ? WHERE key = 'format_writer'", (number,)).rowcount == 1
    database.close()


def format_writer(ledger: Ledger) -> int:
    database = sqlite3.connect(ledger.db)
    ((number,),) = database.execute("SELECT value FROM meta WHERE key = 'format_writer'").fetchall()
    database.close()
    return int(number)


OLDER = """
client = ProvenLogClient(db_path=db, flush_interval=0.02)
log(client, 0)
client.flush()
say("open")
wait()
for n in range(1, 100):
    log(client, n)
def outcome(call):
    try:
        return ["OK", call()]
    except ProvenLogError as error:
        return [error.code, str(error)]
say([outcome(lambda: client.flush(2)), provenlog.verify(db, read_only=True)["events"]])
wait()
client.flush(10)
client.close()
"""


def test_a_library_too_old_to_write_a_ledger_journals_says_so_and_writes_when_it_may(ledger: Ledger) -> None:
    with Program(ledger, OLDER) as older:
        older.heard()
        known = format_writer(ledger)
        set_format_writer(ledger, known + 1)
        older.go()
        (code, message), readable = older.heard()
        assert code == "PLOG_E_UNSUPPORTED"
        assert str(known + 1) in message
        assert readable == len(ledger.rows()) == 2, "the library wrote to a ledger whose format it does not know"
        set_format_writer(ledger, known)
        older.go()
        older.ends()
    ledger.check()
    assert len(ledger.acknowledged()) == 100


OPENED_LATE = """
try:
    client = ProvenLogClient(db_path=db, flush_interval=0.02)
    for n in range(10):
        log(client, n)
    client.close(2)
    say(["OK", ""])
except ProvenLogError as error:
    say([error.code, str(error)])
say(provenlog.verify(db, read_only=True)["events"])
os._exit(0)
"""


def test_a_library_that_opens_a_ledger_too_new_for_it_writes_nothing_and_loses_nothing(ledger: Ledger) -> None:
    assert ledger.run(count=20).returncode == 0
    known = format_writer(ledger)
    set_format_writer(ledger, known + 1)
    before = ledger.rows()
    with Program(ledger, OPENED_LATE) as older:
        code, message = older.heard()
        assert code == "PLOG_E_UNSUPPORTED", message
        assert older.heard() == len(before)
        older.ends()
    assert ledger.rows() == before
    set_format_writer(ledger, known)
    ledger.check()


def test_two_builds_of_the_library_with_two_sqlites_write_one_chain(ledger: Ledger) -> None:
    source = """
client = ProvenLogClient(db_path=db, flush_interval=0.005, batch_size=20)
end = time.monotonic() + 1.5
n = 0
while time.monotonic() < end:
    n += 1
    log(client, n)
    if n % 50 == 0:
        time.sleep(0.001)
client.close()
"""
    native = ledger.start(agents=1, batch=20, interval=5, pause=100)
    with Program(ledger, source) as module:
        module.ends()
    time.sleep(0.1)
    native.kill()
    native.communicate(timeout=60)
    rows = [row for row in ledger.check() if row[1] == "agent-0"]
    by_module = ["pid" not in row[4]["action_input"] for row in rows]
    changes = sum(a != b for a, b in zip(by_module, by_module[1:]))
    assert changes > 10, "the two builds did not write at the same time"
