"""plog log, get, stats, agents, sessions and backup: their output, and that they do not change the ledger."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Plog

READING = [["log"], ["get", "e1"], ["verify"], ["stats"], ["agents"], ["sessions"], ["backup", "copy.db"]]
NAMES = ["search", "search", "draft", "draft", "done"]


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["action_name"] for event in events]


def snapshot(directory: Path) -> dict[str, str]:
    """Hashes of all files except SQLite's shared memory, where readers record their position in the WAL."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


# ---- plog log


def test_log_shows_the_newest_events_with_the_newest_last(story: Plog) -> None:
    assert names(story.lines("log")) == NAMES
    assert names(story.lines("log", "--last", "2")) == NAMES[-2:]
    assert names(story.lines("log", "-n", "1")) == ["done"]
    assert story.lines("log", "--last", "0") == []


def test_log_shows_twenty_events_unless_told_otherwise(plog: Plog) -> None:
    plog.ingest({"agent_id": "a", "action_name": f"n{i}"} for i in range(30))
    assert names(plog.lines("log")) == [f"n{i}" for i in range(10, 30)]
    assert names(plog.lines("log", "--all")) == [f"n{i}" for i in range(30)]


def test_log_counts_from_the_newest_also_beyond_what_is_kept_in_memory(plog: Plog) -> None:
    plog.ingest({"agent_id": "a", "action_name": f"n{i}"} for i in range(12_000))
    assert names(plog.lines("log", "--last", "11000")) == [f"n{i}" for i in range(1000, 12_000)]
    assert names(plog.lines("log", "--last", "9000")) == [f"n{i}" for i in range(3000, 12_000)]
    assert len(plog.lines("log", "--last", "99999")) == 12_000


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--agent-id", "writer"], ["e3", "e4"]),
        (["--session-id", "s1"], ["e1", "e2"]),
        (["--action-type", "LLM_CALL"], ["e3"]),
        (["--action-name", "draft"], ["e3", "e4"]),
        (["--status", "error"], ["e4"]),
        (["--label", "env=prod"], ["e1", "e2"]),
        (["--label", "env=prod", "--label", "team=search"], ["e1"]),
        (["--label", "env=prod", "--label", "env=dev"], []),
        (["--since", "2026-02-17T08:02:00Z"], ["e3", "e4", "e5"]),
        (["--until", "2026-02-17T08:02:00Z"], ["e1", "e2"]),
        (["--since", "2026-02-17T09:01:00+01:00", "--until", "2026-02-17 08:03"], ["e2", "e3"]),
        (["--since", "2026-02-17", "--until", "2026-02-18"], ["e1", "e2", "e3", "e4", "e5"]),
        (["--since", "2026-02-18"], []),
        (["--agent-id", "researcher", "--status", "success", "--last", "1"], ["e2"]),
        (["--agent-id", "nobody"], []),
    ],
)
def test_log_filters(story: Plog, options: list[str], expected: list[str]) -> None:
    by_id = {story.lines("get", name)[0]["id"]: name for name in ["e1", "e2", "e3", "e4", "e5"]}
    assert [by_id[event["id"]] for event in story.lines("log", *options)] == expected


def test_log_takes_ages(plog: Plog) -> None:
    now = datetime.now(timezone.utc)
    ages = {"s": 20, "m": 5 * 60, "h": 3 * 3600, "d": 2 * 86400, "w": 10 * 86400}
    plog.ingest(
        {"agent_id": "a", "action_name": name, "timestamp": (now - timedelta(seconds=age)).isoformat()}
        for name, age in reversed(ages.items())
    )
    assert names(plog.lines("log", "--since", "90s")) == ["s"]
    assert names(plog.lines("log", "--since", "15m")) == ["m", "s"]
    assert names(plog.lines("log", "--since", "4h")) == ["h", "m", "s"]
    assert names(plog.lines("log", "--since", "7d")) == ["d", "h", "m", "s"]
    assert names(plog.lines("log", "--since", "2w")) == ["w", "d", "h", "m", "s"]
    assert names(plog.lines("log", "--until", "1h")) == ["w", "d", "h"]


def test_log_leaves_system_events_out_unless_asked(story: Plog) -> None:
    assert all(event["agent_id"] != "provenlog" for event in story.lines("log"))
    with_system = story.lines("log", "--system")
    assert with_system[0]["agent_id"] == "provenlog"
    assert with_system[0]["action_name"] == "ledger.created"
    assert len(with_system) == 6


def test_log_in_a_pipe_is_a_plain_table_with_nothing_cut_but_details(plog: Plog) -> None:
    long_name = "n" * 300
    plog.ingest([{"agent_id": "a", "action_name": long_name, "action_input": {"x": "y" * 3000}}])
    out = plog("log").stdout
    assert long_name in out
    assert "\x1b" not in out
    assert "…" in out
    header, line = out.splitlines()
    assert header.split() == [
        "PLACE",
        "TIME",
        "(UTC)",
        "AGENT",
        "SESSION",
        "TYPE",
        "ACTION",
        "STATUS",
        "TOOK",
        "ID",
        "DETAILS",
    ]
    assert re.search(r"@1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ", line)


def test_log_of_nothing_prints_nothing(story: Plog) -> None:
    result = story("log", "--agent-id", "nobody")
    assert result.stdout == ""
    assert result.stderr == ""


def test_log_shows_durations_and_details_for_people(story: Plog) -> None:
    lines = story("log").stdout.splitlines()[1:]
    assert "12 ms" in lines[0] and "weather in Lyon" in lines[0]
    assert "1.25 s" in lines[1] and '{"hits":[1,2,3]}' in lines[1]
    assert "Write a letter" in lines[2]
    assert "2m05s" in lines[3] and "model overloaded" in lines[3]


def test_log_json_is_what_is_stored(story: Plog) -> None:
    event = story.lines("log", "--last", "1")[0]
    for field in ("id", "sequence", "hash", "prev_hash", "timestamp", "agent_id", "schema_version"):
        assert field in event
    assert event["source"] == "cli"
    assert event["capture_method"] == "cli-ingest"


# ---- plog log --follow


def follow(plog: Plog, *args: str) -> subprocess.Popen[bytes]:
    return plog.start("log", "--follow", "--json", *args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def read_names(process: subprocess.Popen[bytes], count: int) -> list[str]:
    assert process.stdout is not None
    return [json.loads(process.stdout.readline())["action_name"] for _ in range(count)]


def stop(process: subprocess.Popen[bytes], how: int = signal.SIGINT) -> str:
    process.send_signal(how)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    return err.decode()


def test_follow_shows_what_other_processes_record(story: Plog) -> None:
    process = follow(story, "--last", "1")
    assert read_names(process, 1) == ["done"]
    story.ingest({"agent_id": "late", "action_name": f"n{i}"} for i in range(3))
    assert read_names(process, 3) == ["n0", "n1", "n2"]
    story.ingest([{"agent_id": "late", "action_name": "last"}])
    assert read_names(process, 1) == ["last"]
    assert stop(process) == ""


def test_follow_filters_and_may_begin_with_nothing(story: Plog) -> None:
    process = follow(story, "--last", "0", "--agent-id", "wanted")
    time.sleep(0.5)
    story.ingest([{"agent_id": "other", "action_name": "no"}, {"agent_id": "wanted", "action_name": "yes"}])
    assert read_names(process, 1) == ["yes"]
    stop(process, signal.SIGTERM)


def test_follow_shows_events_of_a_process_that_was_killed(story: Plog) -> None:
    process = follow(story, "--last", "0")
    time.sleep(0.5)
    # Killed before it flushes, so its events are only in its journal.
    other = story.start("ingest", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert other.stdin is not None
    other.stdin.write(b'{"agent_id":"a","action_name":"orphan"}\n')
    other.stdin.flush()
    time.sleep(0.3)
    other.kill()
    other.wait()
    assert read_names(process, 1) == ["orphan"]
    stop(process)


def test_follow_ends_quietly_when_its_reader_goes(story: Plog) -> None:
    process = follow(story, "--last", "1")
    read_names(process, 1)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == b""


def test_follow_says_that_the_ledger_was_replaced(story: Plog) -> None:
    copy = story.home / "copy.db"
    story("backup", copy)
    story.ingest({"agent_id": "late", "action_name": f"n{i}"} for i in range(20))
    process = follow(story, "--last", "1")
    assert read_names(process, 1) == ["n19"]
    story("restore", copy, "--replace")
    assert read_names(process, len(NAMES)) == NAMES
    story.ingest([{"agent_id": "late", "action_name": "after"}])
    assert read_names(process, 1) == ["after"]
    assert stop(process, signal.SIGTERM) == "plog: the ledger was replaced; its events follow from the first\n"


def test_follow_ends_when_the_ledger_is_deleted_and_does_not_wait_for_one(story: Plog) -> None:
    process = follow(story, "--last", "1")
    read_names(process, 1)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{story.db}{suffix}").unlink(missing_ok=True)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "there is no ledger" in err.decode()
    assert not story.db.exists()
    assert "there is no ledger" in story("log", "--follow", code=3).stderr


# ---- plog get


def test_get_finds_an_event_by_its_id_and_by_its_place(story: Plog) -> None:
    event = story.lines("get", "e1")[0]
    assert event["action_input"] == {"query": "weather in Lyon"}
    assert story.lines("get", event["id"])[0] == event
    assert story.lines("get", event["id"].upper())[0] == event
    assert story.lines("get", "@1")[0] == event
    assert story.lines("get", "@0")[0]["action_name"] == "ledger.created"


def test_get_takes_an_agent_where_ids_are_not_unique(plog: Plog) -> None:
    plog.ingest([{"agent_id": "a", "id": "order-1"}, {"agent_id": "b", "id": "order-1"}])
    assert plog.lines("get", "order-1")[0]["agent_id"] == "a"
    assert plog.lines("get", "order-1", "--agent-id", "b")[0]["agent_id"] == "b"
    assert "agent c" in plog("get", "order-1", "--agent-id", "c", code=3).stderr


def test_get_of_an_unknown_event_says_so(story: Plog) -> None:
    for name in ("nothing", "@6", "@99999999999999999999", "019c6a3e-7d2b-7c41-9a55-2b1f0e3c4d5e"):
        result = story("get", name, code=3)
        assert name in result.stderr
        assert result.stdout == ""


def test_get_shows_everything_to_people(plog: Plog) -> None:
    plog.ingest(
        [
            {
                "agent_id": "a",
                "id": "x",
                "session_id": "s",
                "action_type": "TOOL_CALL",
                "action_name": "n",
                "action_status": "error",
                "error_message": "broken",
                "action_input": {"list": list(range(50)), "text": "line\nbreak"},
                "action_output": [None, True, 1.5],
                "metadata": {"m": 1},
                "labels": {"k": "v"},
                "duration_ms": 1,
                "tool_call_id": "call-7",
                "parents": ["p1"],
                "extra": {"unknown": "field"},
                "timestamp": "no time",
            }
        ]
    )
    out = plog("get", "x").stdout
    event = plog.lines("get", "x")[0]
    assert event["hash"] in out and event["prev_hash"] in out and event["salt"] in out and event["id"] in out
    for part in ("event 1 of its chain", "TOOL_CALL", "broken", "k=v", "1 ms", "call-7", '"p1"', '"unknown"'):
        assert part in out
    for title in ("input", "output", "metadata", "parents", "other fields", "validation warnings"):
        assert f"\n  {title}\n" in out
    assert r"line\nbreak" in out
    assert "[null, true, 1.5]" in out


# ---- plog stats, agents, sessions


def test_stats_count(story: Plog) -> None:
    stats = story.lines("stats")[0]
    assert stats["db_path"] == str(story.db)
    assert re.fullmatch(r"[0-9a-f-]{36}", stats["ledger_id"])
    assert stats["total_events"] == 5
    assert stats["system_events"] == 1
    assert stats["error_events"] == 1
    assert stats["agents"] == 2
    assert stats["sessions"] == 3
    assert stats["first_activity"] == "2026-02-17T08:00:00.000000Z"
    assert stats["last_activity"] == "2026-02-17T08:04:00.000000Z"
    assert stats["file_bytes"] > 0 and stats["wal_bytes"] >= 0
    assert stats["by_type"] == {
        "TOOL_CALL": 1,
        "TOOL_RESULT": 1,
        "LLM_CALL": 1,
        "LLM_RESPONSE": 1,
        "CUSTOM": 1,
    }
    assert {key: stats["by_status"][key] for key in ("success", "error", "timeout")} == {
        "success": 2,
        "error": 1,
        "timeout": 1,
    }
    out = story("stats").stdout
    assert str(story.db) in out and "5, 1 error" in out and "LLM_RESPONSE" in out


def test_stats_count_the_markers_of_each_built_in_detector(plog: Plog) -> None:
    events = [
        {"agent_id": "a", "action_input": ["ada@example.com", "bob@example.com, 555-123-4567"]},
        {"agent_id": "a", "labels": {"to": "eve@example.com"}, "metadata": {"password": "correct-horse"}},
        {"agent_id": "a", "action_output": "[REDACTED:visa:****1111] [REDACTED:mrn] [REDACTED:", "ada@example.com": 1},
    ]
    plog("ingest", input="".join(json.dumps(event) + "\n" for event in events))
    assert "redactions" not in plog.lines("stats")[0]
    # The warning about the unknown field also contains its name.
    counts = plog.lines("stats", "--redactions")[0]["redactions"]
    assert counts == {"email": 5, "phone": 1, "password": 1, "visa": 1}
    out = plog("stats", "--redactions").stdout
    assert re.search(r"DETECTOR +MARKERS", out) and re.search(r"email +5 +63 %", out) and "mrn" not in out


def test_agents_are_listed(story: Plog) -> None:
    agents = {agent["agent_id"]: agent for agent in story.lines("agents")}
    assert set(agents) == {"researcher", "writer"}
    assert agents["researcher"] == {
        "agent_id": "researcher",
        "event_count": 3,
        "first_activity": "2026-02-17T08:00:00.000000Z",
        "last_activity": "2026-02-17T08:04:00.000000Z",
    }
    assert {agent["agent_id"] for agent in story.lines("agents", "--system")} == {"researcher", "writer", "provenlog"}
    assert re.search(r"researcher +3 +2026-02-17 08:00:00.000 +2026-02-17 08:04:00.000", story("agents").stdout)


def test_sessions_are_listed_the_latest_first(story: Plog) -> None:
    sessions = story.lines("sessions")
    assert [session["session_id"] for session in sessions] == ["s3", "s2", "s1"]
    assert sessions[1] == {
        "session_id": "s2",
        "agent_id": "writer",
        "event_count": 2,
        "error_count": 1,
        "first_activity": "2026-02-17T08:02:00.000000Z",
        "last_activity": "2026-02-17T08:03:00.000000Z",
    }
    assert [session["session_id"] for session in story.lines("sessions", "--agent-id", "researcher")] == ["s3", "s1"]
    assert [session["session_id"] for session in story.lines("sessions", "--last", "1")] == ["s3"]
    assert re.search(r"s2 +writer +2 +1 .* 1m00s", story("sessions").stdout)


def test_sessions_show_twenty_unless_told_otherwise(plog: Plog) -> None:
    plog.ingest({"agent_id": "a", "session_id": f"s{i}"} for i in range(30))
    assert len(plog.lines("sessions")) == 20
    assert len(plog.lines("sessions", "--all")) == 30


# ---- plog backup


def test_a_backup_is_a_ledger_that_verifies(story: Plog) -> None:
    copy = story.home / "copy.db"
    assert str(copy) in story("backup", copy).stdout
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    story.ingest([{"agent_id": "later"}])
    assert story.lines("verify", "--db", str(copy))[0]["valid"] is True
    assert names(story.lines("log", "--db", str(copy))) == NAMES


def test_a_backup_replaces_nothing(story: Plog) -> None:
    copy = story.home / "copy.db"
    copy.write_text("precious")
    assert "copy.db" in story("backup", copy, code=1).stderr
    assert copy.read_text() == "precious"
    assert "no-such-dir" in story("backup", story.home / "no-such-dir" / "copy.db", code=None).stderr


@pytest.mark.parametrize("suffix", ["", "-wal", ".key", ".head", ".journal/x"])
def test_a_backup_is_never_a_file_of_the_ledger(story: Plog, suffix: str) -> None:
    assert "belongs to the ledger" in story("backup", f"{story.db}{suffix}", code=1).stderr
    assert names(story.lines("log")) == NAMES


def test_a_backup_is_taken_while_an_agent_writes(plog: Plog) -> None:
    plog.ingest([{"agent_id": "a"}])
    writer = plog.start("ingest", "--agent-id", "a", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert writer.stdin is not None
    for i in range(3):
        writer.stdin.write(b'{"action_name":"x"}\n' * 5000)
        writer.stdin.flush()
        plog("backup", f"copy{i}.db")
    writer.stdin.close()
    assert writer.wait(timeout=60) == 0
    for i in range(3):
        report = plog.lines("verify", "--db", f"copy{i}.db")[0]
        assert report["valid"] is True
    assert plog.lines("stats")[0]["total_events"] == 15_001


# ---- Reading changes nothing


@pytest.mark.parametrize("command", READING, ids=lambda command: str(command[0]))
def test_reading_creates_no_ledger(plog: Plog, command: list[str]) -> None:
    result = plog(*command, code=23 if command[0] == "verify" else 3)
    assert "no ledger at" in result.stdout + result.stderr
    assert str(plog.db) in result.stdout + result.stderr
    assert list(plog.home.iterdir()) == []


@pytest.mark.parametrize("command", READING, ids=lambda command: str(command[0]))
def test_reading_what_is_no_ledger_fails_clearly(plog: Plog, command: list[str]) -> None:
    plog.db.write_text("This is no ledger, but a text of some length. " * 20)
    result = plog(*command, code=22 if command[0] == "verify" else 1)
    assert "ledger" in result.stdout + result.stderr
    assert plog.db.read_text().startswith("This is no ledger")


@pytest.mark.parametrize("command", READING[:-1], ids=lambda command: str(command[0]))
def test_reading_read_only_writes_nothing(story: Plog, command: list[str]) -> None:
    before = snapshot(story.home)
    story(*command, "--read-only")
    assert snapshot(story.home) == before


@pytest.mark.skipif(sys.platform != "linux", reason="needs unshare")
@pytest.mark.parametrize("command", READING[:-1], ids=lambda command: str(command[0]))
def test_reading_works_in_a_directory_that_cannot_be_written(story: Plog, command: list[str]) -> None:
    story.db.chmod(0o400)
    story.home.chmod(0o500)
    prefix = []
    if os.geteuid() == 0:
        # Root can write to any directory, but not to a read-only mount.
        script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
        prefix = ["unshare", "--mount", "sh", "-c", script, str(story.home)]
        probe = subprocess.run([*prefix, "true"], capture_output=True)
        if probe.returncode != 0:
            pytest.skip("needs a mount namespace: " + probe.stderr.decode())
    try:
        result = subprocess.run(
            [*prefix, story.binary, *command], env=story.env, cwd=story.home, capture_output=True, text=True
        )
    finally:
        story.home.chmod(0o700)
    assert result.returncode == 0, result
    assert result.stdout


def test_events_of_a_killed_process_are_shown_unless_reading_only(story: Plog) -> None:
    writer = story.start("ingest", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert writer.stdin is not None
    writer.stdin.write(b'{"agent_id":"a","action_name":"orphan"}\n')
    writer.stdin.flush()
    time.sleep(0.3)
    writer.kill()
    writer.wait()
    assert "orphan" not in names(story.lines("log", "--read-only"))
    assert story.lines("verify", "--read-only")[0]["pending"] >= 1
    assert names(story.lines("log"))[-1] == "orphan"
    assert names(story.lines("log", "--read-only"))[-1] == "orphan"
