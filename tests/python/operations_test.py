"""Operations by name: ``client.call`` and ``provenlog.call``. Each gives the answer of the method beside it."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest

import provenlog
from provenlog import (
    ClosedError,
    InvalidEventError,
    NotFoundError,
    OperationCancelledError,
    ProvenLogClient,
    Redactor,
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[ProvenLogClient]:
    with ProvenLogClient(agent_id="a", db_path=tmp_path / "events.db", labels={"team": "blue"}) as client:
        for number in range(5):
            client.log_event(id=f"e{number}", action_type="TOOL_CALL", action_name=f"n{number}", session_id="s")
        client.log_event(agent_id="b", action_name="other", action_status="error")
        yield client


def test_every_method_has_its_operation(client: ProvenLogClient) -> None:
    client.set_context("team", {"lead": "Ada"})
    client.checkpoint()
    assert client.call("get", event_id="e1") == client.get_event("e1")
    assert client.call("query")["events"] == client.get_events()
    assert client.call("query", action_name="n2", order="desc")["events"] == client.get_events(action_name="n2")
    assert client.call("get_context", label_key="team") == client.get_context("team") == {"lead": "Ada"}
    assert client.call("verify") == client.verify()
    assert client.call("key") == client.key()
    assert client.call("counters") == client.stats()
    proof = client.prove("e1")
    assert {**client.call("prove", event_id="e1"), "exported_at": ""} == {**proof, "exported_at": ""}
    assert client.call("checkpoint")["checkpoint"] == client.checkpoint()
    assert client.call("flush", timeout_ms=1000) == {}
    assert client.call("acknowledge", comment="none") == {"acknowledged": client.acknowledge()}


def test_files_are_named_by_paths(client: ProvenLogClient, tmp_path: Path) -> None:
    by_name = client.call("export", path=tmp_path / "one.plog", agent_id="a")
    by_method = client.export(tmp_path / "two.plog", "a")
    assert {**by_name, "path": ""} == {**by_method, "path": ""}
    assert provenlog.call("verify_export", path=tmp_path / "one.plog") == {
        **provenlog.verify_export(tmp_path / "two.plog"),
        "path": str(tmp_path / "one.plog"),
    }
    assert client.call("backup", path=tmp_path / "copy.db")["bytes"] == (tmp_path / "copy.db").stat().st_size
    restored = provenlog.call("restore", path=tmp_path / "copy.db", db_path=tmp_path / "again.db")
    assert restored["db_path"] == str(tmp_path / "again.db")
    heads = [tmp_path / "events.db.head"]
    assert client.call("verify", heads=heads)["assurance"] == client.verify(heads=heads)["assurance"]


def test_parameters_are_given_by_name_or_in_a_mapping(client: ProvenLogClient) -> None:
    assert client.call("query", {"action_name": "n1"}) == client.call("query", action_name="n1")
    assert client.call("query", {"limit": 2}, order="desc")["events"] == client.get_events(limit=2, order="desc")
    assert client.call("count", {"agent_id": None}) == {"count": 6}
    since = datetime.now(timezone.utc)
    assert client.call("count", since=since) == {"count": 0}
    assert client.call("count", until=datetime.now(timezone.utc).replace(tzinfo=None)) == {"count": 6}


def test_pages_continue_where_the_last_one_ended(client: ProvenLogClient) -> None:
    found = []
    after = None
    while True:
        page = client.call("query", limit=4, after=after)
        found += page["events"]
        after = page["next"]
        if after is None:
            break
    assert found == client.get_events()


def test_an_event_is_logged(client: ProvenLogClient) -> None:
    result = client.call("log", event={"action_name": "called", "action_input": {"n": [1, 2.5, None]}})
    event = client.get_event(result["id"])
    assert event is not None
    assert event["action_input"] == {"n": [1, 2.5, None]}
    assert event["agent_id"] == "a"


def test_a_wrong_call_names_the_parameter(client: ProvenLogClient) -> None:
    for operation, parameters, message in (
        ("nothing", {}, 'there is no operation "nothing"'),
        ("query", {"limit": 0}, "query: limit: 0 is out of range; use a whole number from 1 to 1000"),
        ("query", {"limit": 2**53 + 1}, "query: limit: 9007199254740993 is out of range; use a whole number from 1 to"),
        (
            "query",
            {"limit": float("nan")},
            "query: limit: NaN is not a whole number; use a whole number from 1 to 1000",
        ),
        ("redact", {"text": "x", "pseudonym_key": "short"}, "redact: pseudonym_key: has 5 bytes"),
        ("query", {"limt": 1}, 'query: "limt" is not a parameter'),
        ("get", {}, "get: event_id: missing"),
        ("a\0b", {}, "NUL"),
    ):
        wrong: Dict[str, Any] = dict(parameters)
        with pytest.raises(InvalidEventError, match=message.replace("(", r"\(")):
            client.call(operation, wrong)
    with pytest.raises(NotFoundError):
        client.call("get", event_id="nothing")
    with pytest.raises(InvalidEventError, match="needs a client"):
        provenlog.call("query")
    with pytest.raises(TypeError, match="parameters must be a mapping"):
        client.call("query", ["limit"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="operation must be a str"):
        client.call(1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="progress must be callable"):
        client.call("verify", progress=1)  # type: ignore[arg-type]


def test_progress_is_reported_and_stops_the_operation(client: ProvenLogClient) -> None:
    seen = []
    client.call("verify", progress=lambda done, total: seen.append((done, total)))
    assert seen
    assert seen[-1][0] == seen[-1][1]

    def stop(done: int, total: int) -> None:
        raise OperationCancelledError("enough")

    with pytest.raises(OperationCancelledError, match="enough"):
        client.call("verify", progress=stop)


def test_acall_does_not_block_the_event_loop(client: ProvenLogClient) -> None:
    threads = set()

    async def main() -> Dict[str, Any]:
        return await client.acall("verify", progress=lambda done, total: threads.add(threading.get_ident()))

    assert asyncio.run(main())["valid"]
    assert threads
    assert threading.get_ident() not in threads


def test_a_closed_client_reads_but_neither_writes_nor_signs(client: ProvenLogClient, tmp_path: Path) -> None:
    client.close()
    assert client.call("count") == {"count": 6}
    assert client.call("verify")["valid"]
    for operation, parameters in (("checkpoint", {}), ("backup", {"path": tmp_path / "x"}), ("log", {"event": {}})):
        with pytest.raises(ClosedError):
            client.call(operation, parameters)


def test_redaction_needs_no_client() -> None:
    text = "é to ada@example.com"
    redacted, count = Redactor().redact_string(text)
    assert provenlog.call("redact", text=text) == {"text": redacted, "count": count}
    value, count = Redactor().redact({"to": [text]})
    assert provenlog.call("redact", value={"to": [text]}) == {"value": value, "count": count}
    finding = provenlog.call("findings", text=text)["findings"][0]
    assert text.encode()[finding["start"] : finding["end"]] == b"ada@example.com"
    assert provenlog.call("detectors")["detectors"] == Redactor.detectors()


def test_the_table_describes_itself(client: ProvenLogClient) -> None:
    table = provenlog.call("operations")["operations"]
    assert {"query", "verify", "operations"} <= {operation["name"] for operation in table}
    assert client.call("options")["options"][0]["name"] == "base_url"
    json.dumps(table)
