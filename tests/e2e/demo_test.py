"""The demo agent: its answers, the session that it records, and that no secret is recorded."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))

pytestmark = pytest.mark.skipif(not (BUILD / "plog").exists(), reason=f"needs a build in {BUILD}: run make build")


def run_agent(db: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PROVENLOG_")}
    return subprocess.run(
        [sys.executable, str(SOURCE / "examples/agent.py"), "--db", str(db), *arguments],
        env={**environment, "HOME": str(db.parent), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def logged(db: Path, *filters: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [str(BUILD / "plog"), "log", "--db", str(db), "--last", "1000", "--json", *filters],
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    (folder / "README.md").write_text("# Thing\n\nThing counts\nsheep.\n\nMore.\n", encoding="utf-8")
    (folder / "sheep.py").write_text(
        "# Write to carol@example.org\ndef count_sheep():\n    return 7\n", encoding="utf-8"
    )
    (folder / "tests" / "sheep_test.py").write_text("from sheep import count_sheep\ncount_sheep()\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is this project?", "Thing counts sheep."),
        ("How many lines is it?", "11 lines. Markdown: 6 lines in 1 file; Python: 5 lines in 2 files."),
        ("Where is count_sheep defined?", "count_sheep is defined in sheep.py:2."),
        ("Which tests cover count_sheep?", "count_sheep is mentioned in 1 test file: tests/sheep_test.py (2 times)."),
        ("Who uses count_sheep?", "count_sheep is mentioned in 2 files: tests/sheep_test.py (2), sheep.py (1)."),
        ("What does sheep.py do?", "sheep.py has 3 lines. Write to carol@example.org"),
        ("Is carol@example.org mentioned anywhere?", "carol@example.org is mentioned 1 time: sheep.py:1."),
        ("Tell me about sheep counting", "The closest line is README.md:"),
        ("What changed last?", "No commits found (see the timeline)."),
    ],
)
def test_the_agent_answers_from_what_it_finds(tmp_path: Path, project: Path, question: str, answer: str) -> None:
    done = run_agent(tmp_path / "events.db", "--folder", str(project), question)
    assert done.returncode == 0, done.stdout + done.stderr
    assert answer in " ".join(done.stdout.split())


def test_the_session_is_in_the_ledger_with_its_parents_durations_and_labels(tmp_path: Path, project: Path) -> None:
    db = tmp_path / "events.db"
    done = run_agent(db, "--folder", str(project), "Where is count_sheep defined?")
    assert done.returncode == 0, done.stdout + done.stderr
    events = logged(db)
    by_name: dict[tuple[str, str], dict[str, Any]] = {(e["action_type"], e["action_name"]): e for e in events}
    assert {e["session_id"] for e in events} == {events[0]["session_id"]}
    assert {"session.start", "session.end", "question", "plan", "answer"} <= {e["action_name"] for e in events}
    call, result = by_name["TOOL_CALL", "search"], by_name["TOOL_RESULT", "search"]
    question, answer = by_name["CUSTOM", "question"], by_name["CUSTOM", "answer"]
    assert call["parent_event_id"] == question["id"]
    assert result["parent_event_id"] == call["id"]
    assert result["tool_call_id"] == call["tool_call_id"]
    assert result["duration_ms"] >= 0
    assert result["action_output"]["hits"] == [{"line": 2, "path": "sheep.py", "text": "def count_sheep():"}]
    assert set(answer["parents"]) == {e["id"] for e in events if e["action_type"] == "TOOL_RESULT"}
    assert all(e["labels"]["folder"] == "project" for e in events)


def test_a_tool_that_fails_is_recorded_as_an_error_and_the_agent_goes_on(tmp_path: Path, project: Path) -> None:
    db = tmp_path / "events.db"
    assert run_agent(db, "--folder", str(project), "What changed last?").returncode == 0
    (failed,) = logged(db, "--status", "error")
    assert failed["action_name"] == "run_command"
    assert "RuntimeError: exit code 128" in failed["error_message"]


def test_an_address_in_a_question_is_answered_and_never_stored(tmp_path: Path, project: Path) -> None:
    db = tmp_path / "events.db"
    done = run_agent(db, "--folder", str(project), "Is carol@example.org mentioned anywhere?")
    assert done.returncode == 0, done.stdout + done.stderr
    question = next(e for e in logged(db) if e["action_name"] == "question")
    assert question["action_input"]["text"] == "Is [REDACTED:email] mentioned anywhere?"
    search = next(e for e in logged(db) if e["action_name"] == "search")
    assert search["action_input"]["pattern"] == "[REDACTED:email]"
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("events.db*") if path.is_file())
    assert b"carol@example.org" not in stored


def test_without_a_terminal_there_are_no_colours_and_no_line_is_too_long(tmp_path: Path, project: Path) -> None:
    done = run_agent(tmp_path / "events.db", "--folder", str(project))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    report = done.stdout[done.stdout.index("Timeline") : done.stdout.index("Try next")]
    assert max(map(len, report.splitlines())) <= 100


def test_a_ledger_that_does_not_verify_makes_the_agent_fail(tmp_path: Path, project: Path) -> None:
    db = tmp_path / "events.db"
    assert run_agent(db, "--folder", str(project), "What is this project?").returncode == 0
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = db.read_bytes()
    assert b"Thing counts sheep." in data
    db.write_bytes(data.replace(b"Thing counts sheep.", b"Thing counts goats."))
    done = run_agent(db, "--folder", str(project), "What is this project?")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "TAMPERED" in done.stdout
