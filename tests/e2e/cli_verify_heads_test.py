"""plog verify with heads and keys, on ledgers that were rolled back, truncated, emptied or rewritten."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Plog

OK, UNVERIFIABLE, CANNOT_RUN, MISSING_LOG, ROLLED_BACK, TRUNCATED, FORKED, TAMPERED = 0, 20, 22, 23, 30, 31, 32, 33


def record(plog: Plog, count: int, text: str = "x") -> None:
    plog.ingest({"agent_id": f"a{n % 3}", "action_input": f"{text} {n}", "labels": {"n": str(n)}} for n in range(count))


def report(plog: Plog, *args: str, code: int = 0) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(plog("verify", "--json", *args, code=code).stdout)
    return result


def tamper(plog: Plog, *statements: str) -> None:
    connection = sqlite3.connect(plog.db)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def head(plog: Plog) -> Path:
    return Path(str(plog.db) + ".head")


def save(plog: Plog, name: str) -> Path:
    """Backs up the ledger and its head, while nobody writes."""
    copy = plog.home / name
    plog("backup", str(copy))
    return copy


def put_back(plog: Plog, copy: Path) -> None:
    """Replaces the ledger's database with that of a copy. The ledger's head stays."""
    for suffix in ("-wal", "-shm"):
        Path(str(plog.db) + suffix).unlink(missing_ok=True)
    shutil.copy(copy, plog.db)


@pytest.fixture
def grown(plog: Plog) -> Plog:
    """A ledger of 41 events. `old.db` and `old.head` are copies from when it had 21."""
    record(plog, 20)
    save(plog, "old.db")
    shutil.copy(head(plog), plog.home / "old.head")
    record(plog, 20)
    return plog


def test_a_head_kept_elsewhere_pins_what_it_covers(grown: Plog) -> None:
    result = report(grown, "--head", "old.head")
    assert (result["verdict"], result["assurance"], result["assurance_events"]) == ("OK", "pinned", 21)
    assert [entry["status"] for entry in result["heads"]] == ["consistent", "consistent"]
    assert "assurance: pinned (the head covers 21 events)" in grown("verify", "--head", "old.head").stdout


def test_a_restored_backup_is_behind_its_head(grown: Plog) -> None:
    put_back(grown, grown.home / "old.db")
    result = report(grown, code=ROLLED_BACK)
    assert result["verdict"] == "ROLLED_BACK"
    assert "covers 41 events, but the ledger has 21" in result["error"]


def test_a_ledger_that_went_on_after_a_rollback_says_so_until_it_is_acknowledged(grown: Plog) -> None:
    put_back(grown, grown.home / "old.db")
    record(grown, 5, "other")
    result = report(grown, code=ROLLED_BACK)
    assert result["findings"][0]["agent_id"] == "provenlog"
    grown("acknowledge", "--comment", "the disk was replaced")
    result = report(grown)
    assert result["valid"] is True
    assert any("the disk was replaced" in note for note in result["notes"])


def test_two_signed_histories_are_a_fork(grown: Plog) -> None:
    new = grown.home / "new.head"
    shutil.copy(head(grown), new)
    put_back(grown, grown.home / "old.db")
    # An attacker with the key removes the traces of the longer history, and writes a different one.
    shutil.copy(grown.home / "old.head", head(grown))
    record(grown, 30, "other")
    assert report(grown)["verdict"] == "OK"
    assert report(grown, "--head", "old.head")["assurance"] == "pinned"
    assert report(grown, "--head", str(new), code=FORKED)["verdict"] == "FORKED"


@pytest.mark.parametrize("kept", [40, 22, 21, 20, 1])
def test_rows_cut_off_at_the_end_are_missing(grown: Plog, kept: int) -> None:
    tamper(grown, f"DELETE FROM event WHERE commit_index >= {kept}")
    for options in ([], ["--level", "tree"], ["--head", "old.head"]):
        result = report(grown, *options, code=TRUNCATED)
        assert result["verdict"] == "TRUNCATED"
        assert result["events"] == kept


def test_a_cut_that_takes_the_tree_along_is_behind_its_head(grown: Plog) -> None:
    # Like a database that lost its newest commits: consistent in itself.
    put_back(grown, grown.home / "old.db")
    assert report(grown, "--head", "old.head", code=ROLLED_BACK)["verdict"] == "ROLLED_BACK"


def test_an_emptied_ledger_is_missing(grown: Plog) -> None:
    tamper(grown, "DELETE FROM event")
    assert report(grown, code=MISSING_LOG)["verdict"] == "MISSING_LOG"
    tamper(grown, "DELETE FROM tile", "DELETE FROM meta WHERE key NOT LIKE 'format%'")
    assert report(grown, code=MISSING_LOG)["verdict"] == "MISSING_LOG"


def test_a_deleted_ledger_is_missing(grown: Plog) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(str(grown.db) + suffix).unlink(missing_ok=True)
    assert report(grown, code=MISSING_LOG)["verdict"] == "MISSING_LOG"


def test_a_missing_head_leaves_the_question_open(grown: Plog) -> None:
    head(grown).unlink()
    result = report(grown, code=UNVERIFIABLE)
    assert result["verdict"] == "UNVERIFIABLE"
    assert "is missing" in result["error"]


def test_the_next_writer_does_not_make_up_for_a_missing_head(grown: Plog) -> None:
    head(grown).unlink()
    record(grown, 1)
    result = report(grown, code=UNVERIFIABLE)
    assert "head_missing" in result["findings"][0]["what"]
    assert result["origin"].endswith("/branch-2")
    grown("acknowledge", "--comment", "deleted by mistake")
    assert report(grown)["verdict"] == "OK"


def test_a_copy_of_the_head_shows_a_rollback_that_took_the_head_along(plog: Plog) -> None:
    copy = plog.home / "elsewhere.head"
    (plog.home / ".provenlog").mkdir(exist_ok=True)
    (plog.home / ".provenlog" / "config.yaml").write_text(f"head_copies: [{copy}]\n")
    record(plog, 20)
    old = save(plog, "old.db")
    record(plog, 20)
    newest = copy.read_text()
    put_back(plog, old)
    shutil.copy(f"{old}.head", head(plog))
    assert report(plog, "--read-only")["verdict"] == "OK"  # without the copy, the rollback cannot be seen
    assert report(plog, "--read-only", "--head", str(copy), code=ROLLED_BACK)["verdict"] == "ROLLED_BACK"
    record(plog, 30)
    result = report(plog, code=ROLLED_BACK)
    assert "rolled_back" in result["findings"][0]["what"]
    kept = json.loads(plog("log", "--json", "--system", "--action-name", "origin.changed").stdout)
    assert kept["action_input"]["head"] == newest


def test_commands_that_write_say_what_became_of_heads(plog: Plog) -> None:
    record(plog, 2)
    key = Path(str(plog.db) + ".key")
    hidden = key.rename(plog.home / "hidden")
    assert "no heads are signed" in plog("ingest", input='{"agent_id": "a"}\n').stderr
    hidden.rename(key)
    (plog.home / ".provenlog").mkdir(exist_ok=True)
    (plog.home / ".provenlog" / "config.yaml").write_text(f"head_copies: [{plog.home}/nowhere/x]\n")
    assert "head_copies: " in plog("checkpoint", code=1).stderr
    rotated = plog("keys", "rotate", "--json")
    assert json.loads(rotated.stdout)["epoch"] == 2
    assert "nowhere" in rotated.stderr
    assert "nowhere" in plog("ingest", "--db", plog.home / "new.db", input='{"agent_id": "a"}\n').stderr
    (plog.home / ".provenlog" / "config.yaml").unlink()
    head(plog).write_text("garbage")
    assert "does not extend its head" in plog("ingest", input='{"agent_id": "a"}\n').stderr


def test_a_device_is_never_replaced_by_a_ledger(plog: Plog) -> None:
    os.mkfifo(plog.home / "pipe")
    told = plog("ingest", "--db", plog.home / "pipe", input='{"agent_id": "a"}\n', code=None)
    assert told.returncode != 0
    assert "is not a regular file" in told.stderr
    assert stat.S_ISFIFO((plog.home / "pipe").stat().st_mode)


def test_a_head_of_another_ledger_is_not_written_over(plog: Plog) -> None:
    record(plog, 2)
    theirs = head(plog).read_text()
    copy = plog.home / "shared.head"
    copy.write_text(theirs)
    (plog.home / ".provenlog").mkdir(exist_ok=True)
    (plog.home / ".provenlog" / "config.yaml").write_text(f"head_copies: [{copy}]\n")
    other = plog.home / "other.db"
    told = plog("ingest", "--db", str(other), input='{"agent_id": "a"}\n').stderr
    assert "head_copies" in told
    assert "another ledger" in told
    assert copy.read_text() == theirs
    assert report(plog, "--db", str(other), "--read-only")["verdict"] == "OK"


@pytest.mark.parametrize("text", ["", "x", "provenlog/x\n1\nAAAA\n\n— provenlog/x AAAA\n"])
def test_a_head_that_is_none_leaves_the_question_open(grown: Plog, text: str) -> None:
    head(grown).write_text(text)
    assert report(grown, code=UNVERIFIABLE)["heads"][0]["status"] == "malformed"
    for options in (["--head", str(head(grown))], ["--level", "tree"]):
        assert report(grown, *options, code=UNVERIFIABLE)["verdict"] == "UNVERIFIABLE"


def test_a_head_whose_text_was_changed_is_tampered_with(grown: Plog) -> None:
    text = head(grown).read_text()
    head(grown).write_text(text.replace("\n41\n", "\n40\n"))
    result = report(grown, code=TAMPERED)
    assert result["heads"][0]["status"] == "bad signature"


def test_a_head_of_another_ledger_says_nothing_of_this_one(grown: Plog) -> None:
    grown.ingest([{"agent_id": "b"}], "--db", str(grown.home / "second.db"))
    other = grown.home / "second.db.head"
    result = report(grown, "--head", str(other), code=UNVERIFIABLE)
    origins = {entry["origin"] for entry in result["heads"]}
    assert len(origins) == 2
    assert all(origin in result["error"] for origin in origins)
    shutil.copy(other, head(grown))
    assert report(grown, code=UNVERIFIABLE)["verdict"] == "UNVERIFIABLE"


def test_a_head_file_that_is_not_there_is_no_verdict_on_the_ledger(grown: Plog) -> None:
    assert report(grown, "--head", "nowhere.head", code=CANNOT_RUN)["verdict"] == "CANNOT_RUN"


def test_what_came_after_the_newest_head_is_the_tail(grown: Plog) -> None:
    shutil.copy(grown.home / "old.head", head(grown))
    result = report(grown)
    assert (result["verdict"], result["tail"], result["assurance_events"]) == ("OK_WITH_TAIL", 20, 21)
    assert report(grown, "--strict", code=10)["valid"] is True
    assert "20 events after the newest head" in grown("verify").stdout


def test_a_key_is_trusted_when_it_is_given_or_the_ledgers_own(grown: Plog) -> None:
    key = report(grown)["key"]
    assert report(grown)["assurance"] == "signed"
    Path(str(grown.db) + ".key").rename(grown.home / "moved.key")
    assert report(grown)["assurance"] == "consistent"
    assert report(grown, "--key", key)["assurance"] == "signed"
    (grown.home / "public").write_text(key + "\n")
    assert report(grown, "--key", "public")["assurance"] == "signed"
    grown.ingest([{"agent_id": "b"}], "--db", str(grown.home / "second.db"))
    foreign = report(grown, "--db", str(grown.home / "second.db"))["key"]
    assert report(grown, "--key", foreign, code=UNVERIFIABLE)["verdict"] == "UNVERIFIABLE"
    assert '"verdict":"CANNOT_RUN"' in grown("verify", "--json", "--key", "no key", code=CANNOT_RUN).stdout


def test_heads_of_all_epochs_are_good_after_a_rotation(grown: Plog) -> None:
    first = report(grown)["key"]
    grown("keys", "rotate")
    record(grown, 5)
    result = report(grown, "--head", "old.head", "--key", first)
    assert (result["verdict"], result["assurance"]) == ("OK", "pinned")
    assert result["key"] != first


def test_an_incremental_verification_reads_what_a_trusted_head_does_not_cover(grown: Plog) -> None:
    result = report(grown, "--head", "old.head", "--incremental")
    assert (result["verdict"], result["verified_from"], result["events"]) == ("OK", 21, 20)
    assert result["root"] == report(grown)["root"]
    change = (
        "UPDATE event SET canonical = CAST(replace(CAST(canonical AS TEXT), 'x', 'y') AS BLOB) WHERE commit_index = "
    )
    tamper(grown, change + "30")
    assert report(grown, "--head", "old.head", "--incremental", code=TAMPERED)["findings"][0]["commit_index"] == 30


def test_an_incremental_verification_goes_back_to_the_start_where_the_head_does_not_fit(grown: Plog) -> None:
    tamper(grown, "UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE place = 0")
    result = report(grown, "--head", "old.head", "--incremental", code=TAMPERED)
    assert result["verified_from"] == 0
    assert grown("verify", "--incremental", code=2).stderr


def test_an_incremental_verification_proves_the_rows_that_chains_go_on_from(grown: Plog) -> None:
    # The last row of a0 that the head covers: the next row of a0 continues its hash.
    tamper(
        grown,
        "UPDATE event SET hash = randomblob(32) WHERE commit_index = (SELECT max(commit_index) FROM event WHERE agent = "
        "(SELECT id FROM term WHERE text = 'a0') AND commit_index < 21)",
    )
    assert report(grown, "--head", "old.head", "--incremental", code=TAMPERED)["verdict"] == "TAMPERED"


def test_a_table_of_others_is_noted_and_no_more(grown: Plog) -> None:
    tamper(grown, "CREATE TABLE mine (x)")
    result = report(grown)
    assert result["valid"] is True
    assert any("mine" in note for note in result["notes"])


def test_a_damaged_database_beside_its_head_is_tampered_with(grown: Plog) -> None:
    tamper(grown, "PRAGMA wal_checkpoint(TRUNCATE)")
    data = grown.db.read_bytes()
    grown.db.write_bytes(data[:4096] + b"\xa5" * 8192 + data[12288:])
    assert report(grown, "--read-only", code=TAMPERED)["verdict"] == "TAMPERED"
    grown.db.write_bytes(b"nothing")
    assert report(grown, "--read-only", code=TAMPERED)["verdict"] == "TAMPERED"


def test_a_ledger_of_a_library_without_trees_is_a_tail_alone(plog: Plog) -> None:
    record(plog, 5)
    (event,) = [
        json.loads(row[0])
        for row in sqlite3.connect(plog.db).execute("SELECT canonical FROM event WHERE commit_index = 0")
    ]
    assert event["action_name"] == "ledger.created"
    # Its first event names a key, so it cannot pass for a ledger from before there were trees.
    tamper(plog, "DROP TABLE tile", "PRAGMA user_version = 1", "UPDATE meta SET value = 1 WHERE key = 'format_writer'")
    head(plog).unlink()
    tamper(plog, "DELETE FROM meta WHERE key IN ('head', 'key', 'epoch', 'origin')")
    assert report(plog, "--read-only", code=TAMPERED)["verdict"] == "TAMPERED"


def test_levels_say_how_much_was_looked_at(grown: Plog) -> None:
    tamper(grown, "DELETE FROM tile", "DELETE FROM event_label")
    result = report(grown, "--level", "chain")
    assert (result["verdict"], result["level"], result["assurance_events"]) == ("OK", "chain", 0)
    assert result["notes"]
    assert grown("verify", "--level", "all", code=2).stderr
