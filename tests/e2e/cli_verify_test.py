"""plog verify: verdicts, reports and exit codes, on ledgers that are intact, missing, damaged or tampered with."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Plog

TAMPERED = 33


def tamper(plog: Plog, *statements: str) -> None:
    connection = sqlite3.connect(plog.db)
    with connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement
    connection.close()


def report(plog: Plog, *args: str, code: int = 0) -> dict[str, Any]:
    import json

    return json.loads(plog("verify", "--json", *args, code=code).stdout)


def test_a_sound_ledger_is_ok(story: Plog) -> None:
    result = report(story)
    assert result["verdict"] == "OK"
    assert result["valid"] is True
    assert result["events"] == 6
    assert result["agents"] == 3
    assert result["tail"] == 0
    assert result["assurance"] == "signed"
    assert result["assurance_events"] == 6
    assert result["findings"] == []
    assert report(story, "--strict") == result
    assert "✔ OK  6 events of 3 agents" in story("verify").stdout


def test_one_agent_is_checked_by_itself(story: Plog) -> None:
    result = report(story, "--agent-id", "writer")
    assert result["valid"] is True
    assert result["events"] == 2
    assert "agent writer" in story("verify", "--agent-id", "writer").stdout


def test_an_unknown_agent_is_never_valid(story: Plog) -> None:
    result = report(story, "--agent-id", "nobody", code=23)
    assert result["valid"] is False
    assert "nobody" in story("verify", "--agent-id", "nobody", code=23).stdout


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET canonical = CAST(replace(CAST(canonical AS TEXT), 'Lyon', 'Nice') AS BLOB) WHERE commit_index = 1",
        "UPDATE event SET hash = zeroblob(32) WHERE commit_index = 2",
        "UPDATE event SET prev_hash = zeroblob(32) WHERE commit_index = 2",
        "UPDATE event SET canonical = x'' WHERE commit_index = 3",
        "UPDATE event SET canonical = x'ff00' WHERE commit_index = 3",
        "UPDATE event SET id = zeroblob(16) WHERE commit_index = 4",
        "UPDATE event SET sequence = 99 WHERE commit_index = 5",
        "UPDATE event SET agent = (SELECT id FROM term WHERE text = 'writer'), sequence = 50 WHERE commit_index = 5",
        "DELETE FROM event WHERE commit_index = 2",
        "UPDATE term SET text = 'someone' WHERE text = 'writer'",
    ],
)
def test_every_change_is_found(story: Plog, statement: str) -> None:
    tamper(story, statement)
    for options in ([], ["--read-only"], ["--strict"]):
        result = report(story, *options, code=TAMPERED)
        assert result["verdict"] == "TAMPERED"
        assert result["valid"] is False
        assert result["findings"]
        for finding in result["findings"]:
            assert {"agent_id", "sequence", "what"} <= finding.keys()
    out = story("verify", code=TAMPERED).stdout
    assert out.startswith("✘ TAMPERED")
    assert len(out.splitlines()) >= 2


def test_the_report_names_agent_and_sequence(story: Plog) -> None:
    tamper(
        story, "UPDATE event SET canonical = CAST(replace(canonical, 'Lyon', 'Nice') AS BLOB) WHERE commit_index = 1"
    )
    finding = report(story, code=TAMPERED)["findings"][0]
    assert finding["agent_id"] == "researcher"
    assert finding["sequence"] == 1
    assert finding["what"] == "hash mismatch at sequence 1"
    assert "researcher, event 1: hash mismatch at sequence 1" in story("verify", code=TAMPERED).stdout


def test_a_change_of_one_agent_does_not_make_another_invalid(story: Plog) -> None:
    tamper(
        story, "UPDATE event SET canonical = CAST(replace(canonical, 'Lyon', 'Nice') AS BLOB) WHERE commit_index = 1"
    )
    assert report(story, "--agent-id", "writer")["valid"] is True
    assert report(story, "--agent-id", "researcher", code=TAMPERED)["valid"] is False


def test_many_findings_are_counted(plog: Plog) -> None:
    plog.ingest({"agent_id": "a"} for _ in range(300))
    tamper(plog, "UPDATE event SET hash = randomblob(32) WHERE commit_index > 0")
    out = plog("verify", code=TAMPERED).stdout
    assert len(out.splitlines()) < 30
    assert " more\n" in out


def test_a_missing_ledger_has_a_report_too(plog: Plog) -> None:
    result = report(plog, code=23)
    assert result["verdict"] == "MISSING_LOG"
    assert result["valid"] is False
    assert (result["events"], result["agents"], result["tail"]) == (0, 0, 0)
    assert [finding["verdict"] for finding in result["findings"]] == ["MISSING_LOG"]
    assert not plog.db.exists()


def test_an_empty_file_is_a_missing_ledger(plog: Plog) -> None:
    plog.db.touch()
    result = report(plog, "--read-only", code=23)
    assert result["verdict"] == "MISSING_LOG"
    assert result["valid"] is False


@pytest.mark.parametrize("content", [b"x" * 5000, b"SQLite format 3\0" + b"\0" * 5000])
def test_a_file_that_is_no_ledger_cannot_be_verified_and_is_not_tampered_with(plog: Plog, content: bytes) -> None:
    plog.db.write_bytes(content)
    result = report(plog, "--read-only", code=22)
    assert result["verdict"] == "CANNOT_RUN"
    assert result["valid"] is False
    assert plog.db.read_bytes() == content
    assert plog("verify", "--read-only", code=22).stdout.startswith("✘ CANNOT_RUN")


def test_a_database_of_something_else_is_left_alone(plog: Plog) -> None:
    connection = sqlite3.connect(plog.db)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = plog.db.read_bytes()
    assert report(plog, code=22)["verdict"] == "CANNOT_RUN"
    assert plog.db.read_bytes() == before


def test_a_broken_configuration_still_gives_a_report(plog: Plog) -> None:
    config = plog.home / "config.yaml"
    config.write_text("db_path: [")
    result = plog("verify", "--json", env={"PROVENLOG_CONFIG": str(config), "PROVENLOG_DB_PATH": ""}, code=22)
    assert '"verdict":"CANNOT_RUN"' in result.stdout
    assert "config.yaml" in result.stdout


def test_a_torn_copy_is_not_called_ok(plog: Plog) -> None:
    plog.ingest({"agent_id": "a", "action_input": "x" * 2000} for _ in range(300))
    plog("backup", "copy.db")
    copy = plog.home / "copy.db"
    data = copy.read_bytes()
    copy.write_bytes(data[: len(data) // 8192 * 4096])
    result = plog("verify", "--db", "copy.db", "--read-only", "--json", code=None)
    assert result.returncode >= 20
    assert '"valid":false' in result.stdout


def test_a_killed_process_never_looks_like_tampering(plog: Plog) -> None:
    plog.ingest([{"agent_id": "a"}])  # a writer killed while it creates the ledger may leave one without events
    for _ in range(5):
        writer = plog.start("ingest", "--agent-id", "a", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert writer.stdin is not None
        writer.stdin.write(b'{"action_name":"x"}\n' * 3000)
        writer.stdin.flush()
        time.sleep(0.05)
        writer.kill()
        writer.wait()
        assert report(plog, "--read-only")["valid"] is True
        assert report(plog)["valid"] is True


def test_the_verdict_survives_a_reader_that_goes_away(story: Plog) -> None:
    tamper(story, "UPDATE event SET hash = zeroblob(32) WHERE commit_index = 1")
    for code, command in ((TAMPERED, "verify"), (0, "log")):
        script = f'{{ "{story.binary}" {command}; echo $? >code; }} | true'
        subprocess.run(["bash", "-c", script], env=story.env, cwd=story.home, check=True)
        assert (story.home / "code").read_text() == f"{code}\n"


@pytest.mark.parametrize("octets", ["x''", "x'ff00'", "x'7b7d'", "x'5b315d'", "zeroblob(5000)"])
def test_a_damaged_event_is_shown_as_such_and_hides_no_other(story: Plog, octets: str) -> None:
    tamper(story, f"UPDATE event SET canonical = {octets}, warnings = x'00' WHERE commit_index = 3")
    out = story("log").stdout
    assert len(out.splitlines()) == 6
    assert ("damaged" in out) == (octets != "x'7b7d'")
    assert "model overloaded" in out
    assert "damaged" in story("get", "@3").stdout
    lines = story("log", "--json", code=0 if octets == "x'7b7d'" else 1)
    assert lines.stdout.count("model overloaded") == 1
    assert ("index 3" in lines.stderr) == (octets != "x'7b7d'")
    for command in ("stats", "agents", "sessions"):
        story(command)
