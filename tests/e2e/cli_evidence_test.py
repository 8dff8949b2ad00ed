"""plog export, verify-export, prove, checkpoint, keys, acknowledge, backup and restore, from end to end."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Plog

UNVERIFIABLE, TAMPERED = 20, 33


def exported(plog: Plog, *args: str) -> dict[str, Any]:
    path = plog.home / "x.plog"
    plog("export", "--output", path, "--overwrite", *args)
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def test_an_export_is_checked_without_the_ledger(story: Plog) -> None:
    path = story.home / "all.plog"
    assert "exported 6 of 6 events" in story("export", "--output", path).stdout
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    nowhere = {"HOME": "/nonexistent", "PROVENLOG_DB_PATH": "/nonexistent/x.db"}
    assert "OK" in story("verify-export", path, env=nowhere).stdout
    report = json.loads(story("verify-export", path, "--json", env=nowhere).stdout)
    assert (report["verdict"], report["valid"], report["events"], report["complete"]) == ("OK", True, 6, True)
    assert report["assurance"] == "consistent"


def test_filters_choose_what_is_exported(story: Plog) -> None:
    everything = exported(story)
    agents = {event["agent_id"] for event in everything["events"]}
    for agent in agents - {"provenlog"}:
        document = exported(story, "--agent-id", agent)
        assert {event["agent_id"] for event in document["events"]} == {agent}
        assert document["filter"] == {"agent_id": agent}
    assert exported(story, "--since", "2999-01-01")["events"] == []
    assert exported(story, "--label", "no=such")["events"] == []


def test_a_change_of_an_export_has_the_exit_code_of_tampering(story: Plog) -> None:
    document = exported(story)
    document["events"][2]["action_name"] = "something else"
    changed = story.home / "changed.plog"
    changed.write_text(json.dumps(document))
    result = story("verify-export", changed, code=TAMPERED)
    assert "TAMPERED" in result.stdout
    assert "differs from its canonical bytes" in result.stdout
    changed.write_text("no json")
    assert "UNVERIFIABLE" in story("verify-export", changed, code=UNVERIFIABLE).stdout


def test_keys_and_heads_that_are_trusted_raise_the_assurance(story: Plog) -> None:
    path = story.home / "all.plog"
    key = json.loads(story("keys", "--json").stdout)
    head = story.home / "monday.head"
    head.write_text(story("checkpoint").stdout)
    story("export", "--output", path)
    vkey = story.home / "ledger.vkey"
    vkey.write_text(key["vkey"] + "\n")
    for given in (key["vkey"], vkey):
        report = json.loads(story("verify-export", path, "--key", given, "--json").stdout)
        assert report["assurance"] == "signed"
    report = json.loads(story("verify-export", path, "--key", vkey, "--head", head, "--json").stdout)
    assert (report["assurance"], report["assurance_events"]) == ("pinned", 6)
    assert key["vkey"] in story("keys").stdout
    assert "PRIVATE" not in story("keys").stdout


def test_a_rotated_key_is_another_one(story: Plog) -> None:
    before = json.loads(story("keys", "--json").stdout)
    assert "new key" in story("keys", "rotate").stdout
    after = json.loads(story("keys", "--json").stdout)
    assert (before["epoch"], after["epoch"]) == (1, 2)
    assert before["vkey"] != after["vkey"]
    document = exported(story)
    assert document["vkey"] == after["vkey"]
    old = story("verify-export", story.home / "x.plog", "--key", before["vkey"], code=UNVERIFIABLE)
    assert "no signature by a known key" in old.stdout
    assert "ACTION" in story("keys", "remove", code=2).stderr


def test_one_event_is_proved(story: Plog) -> None:
    event = json.loads(story("log", "--json", "-n", "1").stdout)
    proof = story.home / "event.plog"
    story("prove", event["id"], "--output", proof)
    assert json.loads(proof.read_text())["events"] == [event]
    assert json.loads(story("prove", event["id"]).stdout)["events"] == [event]
    story("verify-export", proof)
    assert "no event" in story("prove", "no-such-event", code=3).stderr


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal", ".key", ".head", ".lock", ".journal", ".journal/x"])
def test_no_output_replaces_a_file_of_the_ledger(story: Plog, suffix: str) -> None:
    path = Path(f"{story.db}{suffix}")
    before = path.read_bytes() if path.is_file() else None
    refused = f"{path} belongs to the ledger {story.db}; choose another path"
    for options in (["--output", str(path), "--overwrite"], ["--output", str(path)], ["--tiles", str(path)]):
        assert refused in story("export", *options, code=1).stderr
    assert refused in story("prove", "e1", "--output", path, code=1).stderr
    # SQLite's shared memory changes with each reader.
    if suffix != "-shm":
        assert (path.read_bytes() if path.is_file() else None) == before
    assert json.loads(story("verify", "--json").stdout)["verdict"] == "OK"


def test_no_output_replaces_a_file_of_the_ledger_through_a_link(story: Plog) -> None:
    (story.home / "symbolic").symlink_to(story.db)
    os.link(f"{story.db}.key", story.home / "hard")
    (story.home / "here").symlink_to(story.home, target_is_directory=True)
    for name in ("symbolic", "hard", "here/events.db", "events.db", "./events.db", "here/here/events.db.head"):
        assert f"{name} belongs to the ledger" in story("export", "--output", name, "--overwrite", code=1).stderr
    assert json.loads(story("verify", "--json").stdout)["verdict"] == "OK"


def test_a_backup_that_is_restored_after_the_database_was_deleted_has_exactly_its_events(story: Plog) -> None:
    copy = story.home / "copy.db"
    story("backup", copy)
    story.ingest({"agent_id": "late", "action_name": f"n{i}"} for i in range(20))
    story.db.unlink()
    assert Path(f"{story.db}-wal").stat().st_size > 0
    assert "restored 6 events" in story("restore", copy).stdout
    assert len(story.lines("log", "--all")) == 5
    assert list(story.home.glob("events.db-wal.orphaned-*"))
    assert json.loads(story("verify", "--json", code=None).stdout)["verdict"] == "ROLLED_BACK"
    story("acknowledge")
    assert json.loads(story("verify", "--json", code=None).stdout)["valid"] is True


def test_a_directory_of_tiles_is_checked_like_a_file(story: Plog) -> None:
    log = story.home / "log"
    story("export", "--tiles", log)
    assert (log / "checkpoint").read_text().splitlines()[1] == "6"
    assert "OK" in story("verify-export", log).stdout
    tile = log / "tile" / "0" / "000.p" / "6"
    octets = bytearray(tile.read_bytes())
    octets[33] ^= 4
    tile.write_bytes(octets)
    assert "tile/0/000.p/6 differs" in story("verify-export", log, code=TAMPERED).stdout
    assert "--output" in story("export", code=2).stderr
    assert story("export", "--tiles", log, "--output", "x.plog", code=2).stderr


def test_a_restored_backup_waits_for_an_acknowledgement(story: Plog) -> None:
    copy = story.home / "copy.db"
    story("backup", copy)
    assert Path(f"{copy}.head").exists()
    assert not Path(f"{copy}.key").exists()
    assert "already" in story("restore", copy, code=1).stderr
    result = story("restore", copy, "--replace").stdout
    assert "restored 6 events" in result
    assert "replaced-" in result
    assert "acknowledged 1 head" in story("acknowledge", "--comment", "the disk failed").stdout
    assert "nothing to acknowledge" in story("acknowledge").stdout
    assert json.loads(story("acknowledge", "--json").stdout) == {"acknowledged": 0}


def test_a_check_that_can_not_run_is_a_verdict_too(story: Plog) -> None:
    story("export", "--output", "all.plog")
    for options in (["--head", "nowhere.head"], ["--head", "all.plog"], ["--key", "no key"]):
        report = json.loads(story("verify-export", "all.plog", "--json", *options, code=22).stdout)
        assert (report["verdict"], report["valid"]) == ("CANNOT_RUN", False)
        assert report["error"]
        assert "CANNOT_RUN" in story("verify-export", "all.plog", *options, code=22).stdout


def test_without_a_ledger_nothing_is_made(plog: Plog) -> None:
    for command in (["checkpoint"], ["keys"], ["acknowledge"], ["prove", "x"], ["export", "--output", "x.plog"]):
        assert "no ledger" in plog(*command, code=3).stderr
    assert not plog.db.exists()
