"""Scopes: session, agent and parent, which are kept in contextvars."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import pytest

from provenlog import (
    ClosedError,
    ProvenLogClient,
    current_agent_id,
    current_parent_id,
    current_session_id,
)


def fields(event: dict[str, Any]) -> tuple[Any, Any, Any]:
    return event["agent_id"], event.get("session_id"), event.get("parent_event_id")


def test_a_session_writes_its_start_and_its_end_with_the_count_between(client: ProvenLogClient) -> None:
    client.log_event(action_name="before")
    with client.session("review", labels={"kind": "code"}, metadata={"n": 1}) as session:
        assert current_session_id() == session.id == "review"
        client.log_event(action_name="a")
        client.log_event(action_name="b", session_id="own")
        assert session.events == 2
    client.log_event(action_name="after")
    events = client.get_events()
    assert [event["action_name"] for event in events] == ["before", "session.start", "a", "b", "session.end", "after"]
    assert [event.get("session_id") for event in events] == [None, "review", "review", "own", "review", None]
    start, end = events[1], events[4]
    assert start["action_type"] == end["action_type"] == "CUSTOM"
    assert start["id"] == session.start_event_id
    assert end["id"] == session.end_event_id
    assert end["action_output"] == {"events": 2}
    assert end["action_status"] == "success"
    assert end["duration_ms"] >= 0
    assert start["labels"] == end["labels"] == {"kind": "code"}
    assert start["metadata"] == {"n": 1}


def test_sessions_nest_and_have_an_id_without_a_name(client: ProvenLogClient) -> None:
    with client.session() as outer:
        with client.session("inner"):
            client.log_event(action_name="i")
        client.log_event(action_name="o")
    assert client.get_events(action_name="i")[0]["session_id"] == "inner"
    assert client.get_events(action_name="o")[0]["session_id"] == outer.id
    assert len(outer.id) == 36
    end = client.get_events(session_id=outer.id, action_name="session.end")[0]
    assert end["action_output"] == {"events": 4}
    assert current_session_id() is None


def test_the_exception_that_ends_a_session_is_recorded_and_goes_on(client: ProvenLogClient) -> None:
    with pytest.raises(LookupError), client.session("s"):
        raise LookupError("lost")
    end = client.get_events(action_name="session.end")[0]
    assert (end["action_status"], end["error_message"]) == ("error", "lost")


def test_closing_the_client_inside_a_session_does_not_break_the_block(client: ProvenLogClient) -> None:
    with client.session("s"):
        client.close()
    assert current_session_id() is None
    with pytest.raises(ClosedError), client.session("t"):
        pass
    assert current_session_id() is None


def test_agent_and_parent_apply_where_an_event_names_none(client: ProvenLogClient) -> None:
    root = client.log_event()
    with client.agent("critic"), client.parent(root):
        assert (current_agent_id(), current_parent_id()) == ("critic", root)
        client.log_event(action_name="scoped")
        client.log_event({"action_name": "mapping"})
        client.log_event(action_name="own", agent_id="self", parent_event_id="p", session_id="s")
        client.log_event({"action_name": "own mapping", "agent_id": "self", "parent_event_id": "p"})
        client.log_event({"action_name": "none", "agent_id": None}, session_id=None)
    client.log_event(action_name="outside")
    found = {event["action_name"]: fields(event) for event in client.get_events() if "action_name" in event}
    assert found == {
        "scoped": ("critic", None, root),
        "mapping": ("critic", None, root),
        "own": ("self", "s", "p"),
        "own mapping": ("self", None, "p"),
        "none": ("critic", None, root),
        "outside": ("tester", None, None),
    }
    assert all(event["validation_warnings"] == [] for event in client.get_events())


def test_tasks_and_copied_contexts_keep_their_own_session(client: ProvenLogClient) -> None:
    async def work(name: str) -> None:
        async with client.session(name):
            await asyncio.sleep(0)
            client.log_event(action_name="step")
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*(work(f"s{i}") for i in range(20)))

    asyncio.run(main())
    steps = client.get_events(action_name="step")
    assert sorted(event["session_id"] for event in steps) == sorted(f"s{i}" for i in range(20))
    with client.session("copied"):
        context = contextvars.copy_context()
        seen: list[Any] = []
        thread = threading.Thread(target=lambda: seen.append(current_session_id()))
        thread.start()
        thread.join()
    assert seen == [None]
    assert context.run(current_session_id) == "copied"


def test_async_counterparts(db: Any) -> None:
    async def main() -> None:
        async with ProvenLogClient(agent_id="a", db_path=db) as client:
            for i in range(700):
                client.log_event(action_output=i)
            await client.aflush()
            assert client.stats()["stored"] == 700
            assert [event["action_output"] async for event in client.aiter_events()] == list(range(700))
            await client.aclose()
            with pytest.raises(ClosedError):
                client.log_event()

    asyncio.run(main())
