"""The client: constructor, queries, context, errors."""

from __future__ import annotations

import gc
import inspect
import json
import logging
import math
import os
import re
import sqlite3
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import pytest

import provenlog
from provenlog import (
    BusyError,
    ClosedError,
    ConfigError,
    CorruptLedgerError,
    FlushTimeoutError,
    InvalidEventError,
    JournalFullError,
    NotFoundError,
    ProvenLogClient,
    ProvenLogError,
    StorageError,
    UnsupportedError,
    errors,
)

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_the_constructor_has_the_documented_parameters_in_their_order() -> None:
    parameters = list(inspect.signature(ProvenLogClient).parameters.values())
    positional = [(p.name, p.default) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == [
        ("base_url", None),
        ("agent_id", None),
        ("session_id", None),
        ("batch_size", None),
        ("flush_interval", None),
        ("timeout", 30.0),
        ("metadata", None),
        ("labels", None),
        ("context", None),
        ("db_path", None),
        ("api_key", None),
        ("on_error", None),
    ]
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[len(positional) :])


def test_server_mode_is_refused_clearly(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedError, match="server"):
        ProvenLogClient("http://localhost:7600", db_path=db)
    with pytest.raises(UnsupportedError, match="server"):
        ProvenLogClient(db_path=db, api_key="k")
    monkeypatch.setenv("PROVENLOG_SERVER_URL", "http://localhost:7600")
    with pytest.raises(UnsupportedError, match="server"):
        ProvenLogClient(db_path=db)
    assert not db.exists()


def test_the_default_path_is_in_the_home_directory_and_private(tmp_path: Path) -> None:
    with ProvenLogClient(agent_id="a") as client:
        client.log_event(action_name="x")
        path = Path(client.db_path)
    assert path == (tmp_path / "home" / ".provenlog" / "events.db").resolve()
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_event_gets_a_new_id_and_the_defaults_of_the_client(db: Path) -> None:
    with ProvenLogClient(
        agent_id="a", session_id="s", metadata={"m": 1, "own": 1}, labels={"l": "1", "own": "1"}, db_path=db
    ) as client:
        event_id = client.log_event(action_type="TOOL_CALL", labels={"own": "2"}, metadata={"own": 2})
        event = client.get_event(event_id)
    assert UUID7.fullmatch(event_id)
    assert event is not None
    assert event["id"] == event_id
    assert (event["agent_id"], event["session_id"], event["sequence"]) == ("a", "s", 1)
    assert event["labels"] == {"l": "1", "own": "2"}
    assert event["metadata"] == {"m": 1, "own": 2}
    assert (event["source"], event["capture_method"], event["schema_version"]) == ("sdk", "embedded", "1.0")
    assert len(event["salt"]) == 22


def test_an_event_may_name_everything_itself(client: ProvenLogClient) -> None:
    fields = {
        "id": "01980000-0000-7000-8000-000000000001",
        "agent_id": "other",
        "session_id": "s",
        "source": "hook",
        "capture_method": "embedded",
        "action_type": "TOOL_RESULT",
        "action_name": "n",
        "action_input": [1],
        "action_output": "text",
        "action_status": "error",
        "error_message": "boom",
        "timestamp": "2026-02-17T00:00:00.000000Z",
        "duration_ms": 12,
        "labels": {"k": "v"},
        "metadata": {"m": None},
        "provenance_id": "p",
        "parent_event_id": "q",
        "parents": ["r", "s"],
        "tool_call_id": "t",
        "artifact_id": "u",
        "audit_id": "v",
        "intervention_id": "w",
        "salt": "AAAAAAAAAAAAAAAAAAAAAA",
    }
    event_id = client.log_event(**fields)
    event = client.get_event(event_id, "other")
    assert event is not None
    stored = {name: event[name] for name in fields}
    assert stored == fields
    assert client.get_event(event_id, "tester") is None


def test_only_a_missing_agent_is_refused(db: Path) -> None:
    with ProvenLogClient(db_path=db) as client:
        with pytest.raises(InvalidEventError, match="agent_id"):
            client.log_event(action_name="x")
        with pytest.raises(InvalidEventError, match="agent_id"):
            client.log_event({"agent_id": None})
        assert client.stats()["accepted"] == 0
        assert client.log_event(agent_id="late", duration_ms="long", labels=5, timestamp="yesterday")
        assert client.get_events()[0]["metadata"]["_invalid"] == {"duration_ms": "long", "labels": 5}


def test_a_retry_with_the_same_id_is_stored_once(client: ProvenLogClient) -> None:
    event_id = client.log_event(action_name="first")
    assert client.log_event(action_name="first", id=event_id) == event_id
    client.flush()
    assert client.stats()["duplicates"] == 1
    assert len(client.get_events()) == 1


def test_queries_filter_page_and_order(client: ProvenLogClient) -> None:
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for i in range(25):
        client.log_event(
            agent_id=f"agent{i % 2}",
            session_id=f"s{i % 3}",
            action_type="TOOL_CALL" if i % 2 else "TOOL_RESULT",
            action_name=f"n{i}",
            action_status="error" if i % 5 == 0 else "success",
            labels={"parity": str(i % 2), "fifth": str(i % 5)},
            tool_call_id=f"call{i // 2}",
            timestamp=start + timedelta(hours=i),
        )

    def names(**filters: Any) -> list[int]:
        return [int(event["action_name"][1:]) for event in client.get_events(**filters)]

    assert names() == list(range(25))
    assert [e["action_name"] for e in client.get_events("agent1", "TOOL_CALL", 2, 1)] == ["n3", "n5"]
    assert names(limit=3, order="desc") == [24, 23, 22]
    assert names(session_id="s2", labels={"parity": "0"}) == [2, 8, 14, 20]
    assert names(labels={"parity": "1", "fifth": "1"}) == [1, 11, 21]
    assert names(action_status="error") == [0, 5, 10, 15, 20]
    assert names(since=start + timedelta(hours=20), until="2026-01-01T22:00:00Z") == [20, 21]
    assert names(since=datetime(2026, 1, 1, 23)) == [23, 24]
    assert names(tool_call_id="call3") == [6, 7]
    assert names(limit=0) == []
    assert client.get_events(limit=1, include_system=True)[0]["action_type"] == "SYSTEM"
    with pytest.raises(InvalidEventError):
        client.get_events(order="sideways")
    with pytest.raises(InvalidEventError):
        client.iter_events(no_such_filter=1)


def test_iteration_has_no_limit_and_bounded_pages(client: ProvenLogClient) -> None:
    total = 2_000
    for i in range(total):
        client.log_event(action_output=i)
    iterator = client.iter_events()
    assert next(iterator)["action_output"] == 0
    client.log_event(action_output=total)  # the open iterator holds no transaction that would block this
    client.flush()
    assert [event["action_output"] for event in iterator][: total - 1] == list(range(1, total))
    assert len(client.get_events()) == 100
    assert sum(1 for _ in client.iter_events(limit=300)) == 300


def test_an_iterator_outlives_its_client_object(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db)
    for i in range(600):
        client.log_event(action_output=i)
    iterator = client.iter_events()
    provenlog.set_client(None)
    del client
    assert sum(1 for _ in iterator) == 600


def test_verification_tells_valid_from_tampered(db: Path) -> None:
    with ProvenLogClient(agent_id="a", db_path=db) as client:
        for i in range(50):
            client.log_event(action_name=f"step{i}", labels={"n": str(i)})
        assert client.verify()["valid"] is True
        report = client.verify("a")
        assert (report["valid"], report["agent_id"]) == (True, "a")
        assert client.verify("nobody")["valid"] is False
        seen: list[tuple[int, int]] = []
        client.verify(progress=lambda done, total: seen.append((done, total)))
        assert seen
        assert seen[-1][0] <= seen[-1][1]
    with sqlite3.connect(db) as raw:
        changed = 0
        for (table,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
            if "canonical" in columns:
                changed += raw.execute(
                    f"UPDATE {table} SET canonical = CAST(replace(CAST(canonical AS TEXT), 'step41', 'stepXX') AS BLOB) "
                    "WHERE instr(canonical, CAST('step41' AS BLOB))"
                ).rowcount
    raw.close()
    assert changed == 1
    report = provenlog.verify(db)
    assert report["valid"] is False
    assert report["error"] == "hash mismatch at sequence 42"
    assert report["verdict"] == "TAMPERED"
    assert provenlog.verify(db, "a", read_only=True)["error"] == "hash mismatch at sequence 42"


def test_verification_stops_for_a_callback_that_raises(client: ProvenLogClient) -> None:
    client.log_event()
    with pytest.raises(ZeroDivisionError):
        client.verify(progress=lambda done, total: 1 // 0)


def test_what_is_no_ledger_cannot_be_verified(tmp_path: Path) -> None:
    report = provenlog.verify(tmp_path / "missing.db")
    assert (report["valid"], report["verdict"]) == (False, "MISSING_LOG")
    assert report["error"]


def test_context_belongs_to_default_labels(db: Path) -> None:
    with ProvenLogClient(
        agent_id="a", labels={"env": "prod", "team": "core"}, context={"env": {"region": "eu"}}, db_path=db
    ) as client:
        assert client.get_context("env") == {"region": "eu"}
        client.set_context("team", {"lead": "ada", "since": datetime(2026, 1, 1)})
        client.set_context("team", {"lead": "grace"})
        client.set_context("env", {"region": "us"}, value="staging")
        assert client.get_context("team") == {"lead": "grace"}
        assert client.get_context("env", "staging") == {"region": "us"}
        assert client.get_context("env", "unknown") is None
        with pytest.raises(ValueError, match="owner"):
            client.set_context("owner", {})
        with pytest.raises(ValueError, match="owner"):
            client.get_context("owner")
        with pytest.raises(ValueError, match="mapping"):
            client.set_context("env", [1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="owner"):
        ProvenLogClient(agent_id="a", labels={"env": "prod"}, context={"owner": {}}, db_path=db)


def test_a_closed_client_refuses_events_but_closes_again(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db)
    client.log_event(action_name="kept")
    client.close()
    client.close()
    with pytest.raises(ClosedError):
        client.log_event(action_name="late")
    with ProvenLogClient(agent_id="a", db_path=db) as again:
        assert [event["action_name"] for event in again.get_events()] == ["kept"]


def test_batches_are_committed_without_a_flush(db: Path) -> None:
    with ProvenLogClient(agent_id="a", db_path=db, batch_size=10, flush_interval=0.05) as client:
        client.log_event()
        deadline = time.monotonic() + 30
        while client.stats()["stored"] == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        stats = client.stats()
    assert (stats["accepted"], stats["stored"], stats["queued_events"]) == (1, 1, 0)
    assert stats["last_error"] is None


def test_power_durability_is_in_the_ledger_when_log_event_returns(db: Path) -> None:
    with ProvenLogClient(agent_id="a", db_path=db, durability="power", flush_interval=3600) as client:
        for i in range(5):
            client.log_event(action_output=i)
            assert client.stats()["stored"] == i + 1


def test_without_salt_nothing_is_added(db: Path) -> None:
    with ProvenLogClient(agent_id="a", db_path=db, salt=False) as client:
        assert "salt" not in client.get_event(client.log_event())  # type: ignore[operator]


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": -1},
        {"labels": ["a"]},
        {"metadata": "text"},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
    ],
)
def test_a_wrong_option_is_refused(db: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ProvenLogClient(agent_id="a", db_path=db, **wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 0}, "batch_size: 0 is out of range; use 1 to 4096"),
        ({"batch_size": 100000}, "batch_size: 100000 is out of range; use 1 to 4096"),
        ({"flush_interval": 0}, "flush_interval: 0 s is out of range; use 0.001 to 3600 s"),
        ({"flush_interval": -1.5}, "flush_interval: -1.5 s is out of range; use 0.001 to 3600 s"),
        ({"flush_interval": 4000}, "flush_interval: 4000 s is out of range; use 0.001 to 3600 s"),
        ({"block_timeout": float("nan")}, 'block_timeout: "nan" is not a number of seconds; use 0.001 to 86400 s'),
        ({"block_timeout": float("inf")}, "block_timeout: inf s is out of range; use 0.001 to 86400 s"),
        ({"block_timeout": 10**400}, "block_timeout: 1"),
        ({"durability": "eternal"}, 'durability: "eternal" is not valid; use process or power'),
        ({"on_full": "panic"}, 'on_full: "panic" is not valid; use block, drop or raise'),
        ({"max_event_bytes": 1}, "max_event_bytes: 1 is out of range; use 4096 to 67108864"),
        ({"max_event_bytes": -1}, "max_event_bytes: -1 is out of range; use 4096 to 67108864"),
        ({"max_event_bytes": 2**70}, f"max_event_bytes: {2**70} is out of range; use 4096 to 67108864"),
        ({"read_connections": 65}, "read_connections: 65 is out of range; use 1 to 64"),
        ({"read_connections": 0}, "read_connections: 0 is out of range; use 1 to 64"),
        ({"journal_limit_bytes": 2**53 + 1}, "journal_limit_bytes: 9007199254740993 is out of range; use 1048576 to "),
        ({"capture_content": "all"}, "capture_content: must be one of: full, redacted, digest, none"),
    ],
)
def test_a_value_out_of_range_is_a_config_error_with_the_range(db: Path, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match="^" + re.escape(message)) as caught:
        ProvenLogClient(agent_id="a", db_path=db, **wrong)
    assert isinstance(caught.value, ValueError)
    assert not db.exists()


def test_salt_follows_the_configuration_unless_it_is_given(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("salt: false\n")
    monkeypatch.setenv("PROVENLOG_CONFIG", str(config))
    for salt in (None, True, False):
        with ProvenLogClient(agent_id="a", db_path=db, salt=salt) as client:
            assert ("salt" in client.get_event(client.log_event())) is (salt is True)  # type: ignore[operator]


def test_options_of_the_wrong_type_are_refused(db: Path) -> None:
    for wrong in (
        {"agent_id": 5},
        {"on_error": 5},
        {"session_id": b"s"},
        {"max_event_bytes": "big"},
        {"max_event_bytes": 5000.5},
        {"batch_size": "9"},
        {"batch_size": 1.5},
        {"flush_interval": "1"},
        {"block_timeout": []},
        {"timeout": None},
        {"durability": []},
        {"on_full": 1},
        {"salt": 1},
    ):
        with pytest.raises(TypeError, match=f"^{next(iter(wrong))} must be "):
            ProvenLogClient(db_path=db, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="agent_id"):
        ProvenLogClient(agent_id="a\0b", db_path=db)


def test_configuration_gives_way_to_arguments_and_defaults_give_way_to_it(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("labels:\n  env: configured\nbatch_size: 1\nflush_interval: 3600\n")
    monkeypatch.setenv("PROVENLOG_CONFIG", str(config))
    monkeypatch.setenv("PROVENLOG_DB_PATH", str(db))
    with ProvenLogClient(agent_id="a") as client:
        assert client.db_path == str(db.resolve())
        client.log_event()
        deadline = time.monotonic() + 30
        while client.stats()["stored"] == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert client.stats()["stored"] == 1  # a batch of one, from the file
        assert client.get_events()[0]["labels"] == {"env": "configured"}


def test_a_broken_configuration_names_the_place(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("agent_id: a\nno_such_key: 1\n")
    monkeypatch.setenv("PROVENLOG_CONFIG", str(config))
    with pytest.raises(ConfigError, match=r"c\.yaml:2.*no_such_key"):
        ProvenLogClient(db_path=db)


# ---- Errors


def test_exceptions_form_a_tree_with_codes() -> None:
    classes = [getattr(errors, name) for name in errors.__all__ if name not in ("ProvenLogError", "__version__")]
    assert sorted(cls.status for cls in classes) == list(range(1, 14))
    for cls in classes:
        assert issubclass(cls, ProvenLogError)
        assert cls.code == provenlog._native.status_name(cls.status)
        assert isinstance(errors.from_status(cls.status, "m"), cls)
        assert str(cls("message")) == "message"
        assert getattr(provenlog, cls.__name__) is cls
    assert issubclass(InvalidEventError, ValueError)
    assert issubclass(NotFoundError, LookupError)
    assert issubclass(StorageError, OSError)
    assert issubclass(FlushTimeoutError, TimeoutError)
    assert BusyError.code == "PLOG_E_BUSY"


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("this is not a database, only some text " * 100)
    with pytest.raises(CorruptLedgerError):
        ProvenLogClient(agent_id="a", db_path=path)
    assert path.read_text().startswith("this is not a database")


def test_a_directory_that_cannot_be_made_is_a_storage_error() -> None:
    with pytest.raises(StorageError) as caught:
        ProvenLogClient(agent_id="a", db_path="/dev/null/provenlog/events.db")
    assert caught.value.code == "PLOG_E_IO"


def locked(db: Path) -> sqlite3.Connection:
    """Returns a connection that holds the database's write lock, as another program could."""
    connection = sqlite3.connect(db, isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def test_a_flush_has_a_deadline(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db)
    foreign = locked(db)
    client.log_event(action_name="waits")
    began = time.monotonic()
    with pytest.raises(FlushTimeoutError):
        client.flush(0.3)
    assert time.monotonic() - began < 10
    foreign.rollback()
    foreign.close()
    client.flush()
    assert client.stats()["stored"] == 1
    client.close()


@pytest.mark.parametrize("on_full", ["drop", "block", "raise"])
def test_a_full_journal_does_what_it_was_told(db: Path, on_full: str) -> None:
    reported: list[ProvenLogError] = []
    client = ProvenLogClient(
        agent_id="a",
        db_path=db,
        on_full=on_full,
        block_timeout=0.2,
        journal_limit_bytes=1 << 20,
        on_error=reported.append,
    )
    foreign = locked(db)
    recorded, lost = [], 0
    for _ in range(40):
        try:
            event_id = client.log_event(action_input={"v": "x" * 60_000})
        except JournalFullError:
            assert on_full == "raise"
            lost += 1
        else:
            if event_id:
                recorded.append(event_id)
            else:
                assert on_full != "raise"
                lost += 1
    assert lost > 0
    assert recorded
    foreign.rollback()
    foreign.close()
    client.flush()
    assert [event["id"] for event in client.iter_events()] == recorded
    stats = client.stats()
    assert stats["dropped"] == (0 if on_full == "raise" else lost)
    client.close()
    if on_full != "raise":
        assert any(isinstance(error, JournalFullError) for error in reported)


def test_other_threads_run_while_one_waits_for_space(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db, on_full="block", block_timeout=1.5, journal_limit_bytes=1 << 20)
    foreign = locked(db)
    while client.log_event(action_input={"v": "x" * 60_000}):
        pass
    steps = 0
    done = threading.Event()

    def fill() -> None:
        client.log_event(action_input={"v": "x" * 60_000})
        done.set()

    threading.Thread(target=fill).start()
    while not done.wait(0.01):
        steps += 1
    assert steps > 20
    foreign.rollback()
    foreign.close()
    client.close()


def test_errors_that_come_later_reach_on_error_on_a_thread_of_its_own(db: Path) -> None:
    reported: list[tuple[ProvenLogError, str]] = []
    arrived = threading.Event()

    def on_error(error: ProvenLogError) -> None:
        reported.append((error, threading.current_thread().name))
        arrived.set()
        raise RuntimeError("a callback may fail")

    with ProvenLogClient(agent_id="a", db_path=db, on_error=on_error) as client:
        event_id = client.log_event(action_name="first")
        client.log_event(action_name="second", id=event_id)
        client.flush()
        assert arrived.wait(30)
    error, thread = reported[0]
    assert isinstance(error, ProvenLogError)
    assert event_id in str(error) or error.code
    assert thread == "provenlog-on-error"
    assert "provenlog-on-error" not in {thread.name for thread in threading.enumerate()}


def test_without_on_error_they_are_logged_now_and_then(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "provenlog"), ProvenLogClient(agent_id="a", db_path=db) as client:
        event_id = client.log_event(action_name="first")
        for i in range(5):
            client.log_event(action_name=f"other{i}", id=event_id)
        client.flush()
        client.flush()
    ours = [entry for entry in caplog.records if entry.name == "provenlog"]
    assert len(ours) == 1
    assert ours[0].levelno == logging.WARNING


def test_stored_octets_are_canonical_json(client: ProvenLogClient) -> None:
    client.log_event(action_input={"b": 1, "a": [1.0, "é"]})
    event = client.get_events()[0]
    assert list(event["action_input"]) == ["a", "b"]
    json.dumps(event)


def test_a_path_may_be_relative_or_a_path_object(tmp_path: Path) -> None:
    os.chdir(tmp_path)
    with ProvenLogClient(agent_id="a", db_path=Path("here.db")) as client:
        assert client.db_path == str((tmp_path / "here.db").resolve())


def test_the_newest_client_is_the_active_one(db: Path) -> None:
    first = ProvenLogClient(agent_id="a", db_path=db)
    second = ProvenLogClient(agent_id="b", db_path=db)
    assert provenlog.get_client() is second
    assert provenlog.set_client(first) is second
    second.close()
    assert provenlog.get_client() is first
    first.close()
    assert provenlog.get_client() is None


def test_when_the_active_client_is_closed_the_newest_open_one_takes_its_place(db: Path, tmp_path: Path) -> None:
    oldest, middle = (ProvenLogClient(agent_id=name, db_path=db) for name in ("oldest", "middle"))
    closed = ProvenLogClient(agent_id="closed", db_path=db)
    forgotten = ProvenLogClient(agent_id="forgotten", db_path=tmp_path / "other.db")
    closed.close()
    provenlog.set_client(middle)
    del forgotten
    gc.collect()
    with ProvenLogClient(agent_id="newest", db_path=db) as newest:
        assert provenlog.get_client() is newest
    assert provenlog.get_client() is middle
    provenlog.trail(lambda: None)()
    middle.close()
    assert provenlog.get_client() is oldest
    assert [event["agent_id"] for event in oldest.get_events()] == ["middle"]
    oldest.close()
    assert provenlog.get_client() is None


def test_closing_another_client_leaves_the_choice_of_none_alone(db: Path) -> None:
    with ProvenLogClient(agent_id="a", db_path=db):
        with ProvenLogClient(agent_id="b", db_path=db):
            provenlog.set_client(None)
        assert provenlog.get_client() is None


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda client: client.verify(5), "agent_id"),
        (lambda client: client.verify(progress=5), "progress"),
        (lambda client: provenlog.verify(client.db_path, b"a"), "agent_id"),
        (lambda client: client.get_event(5), "id"),
        (lambda client: client.get_event(None), "id"),
        (lambda client: client.get_event("e", 5), "agent_id"),
        (lambda client: client.set_context(5, {}), "label_key"),
        (lambda client: client.set_context("env", {}, value=5), "value"),
        (lambda client: client.get_context(5), "label_key"),
        (lambda client: client.get_context("env", 5), "value"),
        (lambda client: client.flush("1"), "timeout"),
        (lambda client: client.close("1"), "timeout"),
        (lambda client: client.session(5).__enter__(), "session_id"),
        (lambda client: client.agent(5).__enter__(), "agent_id"),
        (lambda client: client.parent(5).__enter__(), "event_id"),
    ],
)
def test_an_argument_of_the_wrong_type_is_named(
    client: ProvenLogClient, call: Callable[[Any], object], named: str
) -> None:
    with pytest.raises(TypeError, match=rf"^{named} must be .*, not \w+$|^{named} must be callable, not int$"):
        call(client)
    assert client.get_events() == []
    assert provenlog.get_client() is client


@pytest.mark.parametrize("timeout", [float("nan"), -1, -math.inf])
def test_a_timeout_that_is_no_time_is_refused_and_nothing_is_closed(client: ProvenLogClient, timeout: float) -> None:
    for call in (client.flush, client.close):
        with pytest.raises(InvalidEventError, match="timeout must be a number of seconds"):
            call(timeout)
    assert provenlog.get_client() is client
    assert client.log_event()
    client.flush(math.inf)
    client.flush(10**400)


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Any:
    yield
    assert provenlog.get_client() is None
