"""Recorded traffic, logged from Python and with `plog ingest`, gives the same content in both ledgers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest
from canonical import canonical
from package import shared_lines

from provenlog import ProvenLogClient, verify

PlogCommand = Callable[..., "subprocess.CompletedProcess[str]"]
# The fields that differ between two recordings of the same event.
OWN = {"id", "salt", "timestamp", "source", "capture_method", "sequence", "hash", "prev_hash", "validation_warnings"}


def agent_events() -> list[dict[str, Any]]:
    return shared_lines("agent-events.jsonl")


def llm_events() -> list[dict[str, Any]]:
    """Returns each exchange as an LLM_CALL event and an LLM_RESPONSE event."""
    events = []
    for number, exchange in enumerate(shared_lines("llm-exchanges.jsonl")):
        common = {
            "agent_id": exchange["host"] or "llm",
            "session_id": exchange["source"].split("#")[0],
            "action_name": exchange["path"],
            "tool_call_id": f"exchange-{number}",
            "labels": {"method": exchange["method"], "status": str(exchange["status"])},
        }
        events.append({**common, "action_type": "LLM_CALL", "action_input": exchange["request"]})
        events.append(
            {
                **common,
                "action_type": "LLM_RESPONSE",
                "action_output": {"content_type": exchange["content_type"], "body": exchange["response"]},
                "action_status": "success" if exchange["status"] < 400 else "error",
            }
        )
    return events


def content(db: Path) -> list[str]:
    with ProvenLogClient(agent_id="reader", db_path=db) as client:
        return [
            canonical({name: value for name, value in event.items() if name not in OWN})
            for event in client.iter_events()
        ]


@pytest.mark.parametrize("read", [agent_events, llm_events], ids=["agent-events", "llm-exchanges"])
def test_both_ways_in_record_the_same_content(
    read: Callable[[], list[dict[str, Any]]], tmp_path: Path, plog: PlogCommand
) -> None:
    events = read()
    by_python, by_ingest = tmp_path / "python.db", tmp_path / "ingest.db"
    with ProvenLogClient(db_path=by_python) as client:
        ids = [client.log_event(**event) for event in events]
        assert len(set(ids)) == len(events)
    lines = tmp_path / "events.jsonl"
    lines.write_text("".join(json.dumps(event) + "\n" for event in events))
    done = plog("ingest", lines, "--db", by_ingest)
    assert done.returncode == 0, done.stderr

    for db in (by_python, by_ingest):
        report = verify(db)
        assert report["valid"], report
        assert report["events"] == len(events) + 1  # plus ledger.created
        assert plog("verify", "--db", db).returncode == 0
    assert content(by_python) == content(by_ingest)
    with ProvenLogClient(db_path=by_python) as client:
        found = [event["id"] for event in client.iter_events()]
        assert found == ids
        assert {(event["source"], event["capture_method"]) for event in client.iter_events()} == {("sdk", "embedded")}


def test_a_mapping_and_keywords_record_the_same_content(tmp_path: Path) -> None:
    events = agent_events()
    for name, log in (("keywords", lambda c, e: c.log_event(**e)), ("mapping", lambda c, e: c.log_event(e))):
        with ProvenLogClient(db_path=tmp_path / f"{name}.db") as client:
            for event in events:
                log(client, event)
    assert content(tmp_path / "keywords.db") == content(tmp_path / "mapping.db")
