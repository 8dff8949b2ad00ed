"""Values whose methods raise, change other values or log events do not harm the event or the process."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hostile import Broken, Record, warnings

import provenlog
from provenlog import ClosedError, ProvenLogClient


def test_an_object_that_raises_leaves_its_mark_and_nothing_else(client: ProvenLogClient) -> None:
    class Property:
        @property
        def __dict__(self) -> Any:  # type: ignore[override]
            raise RuntimeError

        @property
        def __class__(self) -> Any:  # type: ignore[override]
            raise RuntimeError

        def __repr__(self) -> str:
            raise RecursionError

    class NoText(Exception):
        def __str__(self) -> str:
            raise ValueError

    class NotText:
        def __repr__(self) -> Any:
            return 7

    event_id = client.log_event(action_input=[Property(), NoText(), NotText(), Broken()], action_name="kept")
    event = client.get_event(event_id)
    assert event is not None
    assert event["action_name"] == "kept"
    assert event["action_input"][0] == "<unrepresentable Property: RecursionError>"
    assert event["action_input"][1]["message"] == "<unrepresentable NoText: ValueError>"
    assert event["action_input"][2] == "<unrepresentable NotText: TypeError>"
    assert warnings(client, event_id)["/action_input/3"] == "unrepresentable"


def test_a_dict_is_read_as_it_was_when_reading_began(record: Record) -> None:
    class Eraser:
        def __init__(self, target: dict[Any, Any]) -> None:
            self.target = target

        def __repr__(self) -> str:
            self.target.clear()
            self.target.update({f"new{i}": object() for i in range(100)})
            gc.collect()
            return "eraser"

    inner: dict[Any, Any] = {"x": ["a" * 50], "e": None, "y": {"deep": "b" * 50}, (1, 2): "c"}
    inner["e"] = Eraser(inner)
    outer = {"before": 1, "inner": inner, "after": ["z" * 50]}
    assert record(outer) == {
        "before": 1,
        "inner": {"x": ["a" * 50], "e": "eraser", "y": {"deep": "b" * 50}, "[1,2]": "c"},
        "after": ["z" * 50],
    }


def test_every_dict_on_the_way_down_is_safe_from_code_below_it(record: Record) -> None:
    holders: list[dict[str, Any]] = []

    class Saboteur:
        def __repr__(self) -> str:
            for holder in holders:
                holder.clear()
            gc.collect()
            return "done"

    value: Any = Saboteur()
    for level in range(20):
        value = {"first": f"v{level}" * 5, "next": value, "last": [f"w{level}" * 5]}
        holders.append(value)
    stored = record(value)
    for level in reversed(range(20)):
        assert stored["first"] == f"v{level}" * 5
        assert stored["last"] == [f"w{level}" * 5]
        stored = stored["next"]
    assert stored == "done"


def test_a_list_that_grows_while_it_is_read_ends(record: Record) -> None:
    class Growing:
        def __init__(self, target: list[Any]) -> None:
            self.target = target

        def __repr__(self) -> str:
            self.target.extend([self] * 3)
            return "g"

    items: list[Any] = [1, 2]
    items.append(Growing(items))
    assert record(items) == [1, 2, "g"]


def test_a_list_that_shrinks_while_it_is_read_ends(record: Record) -> None:
    class Emptying:
        def __init__(self, target: list[Any]) -> None:
            self.target = target

        def __repr__(self) -> str:
            self.target.clear()
            return "e"

    items: list[Any] = []
    items += [Emptying(items), ["gone" * 10], ["gone" * 10]]
    assert record(items) == ["e"]


def test_a_finaliser_that_runs_meanwhile_does_no_harm(record: Record) -> None:
    class Finalised:
        def __init__(self, target: dict[str, Any]) -> None:
            self.target = target

        def __repr__(self) -> str:
            self.target.clear()  # removes the last reference to self
            return "f"

        def __del__(self) -> None:
            self.target["late"] = "x" * 100

    value: dict[str, Any] = {}
    value.update(a=Finalised(value), b=["kept" * 20])
    assert record(value) == {"a": "f", "b": ["kept" * 20]}


def test_user_code_may_log_events_itself(client: ProvenLogClient) -> None:
    class Chatty:
        def __init__(self, depth: int) -> None:
            self.depth = depth

        def __repr__(self) -> str:
            client.log_event(
                action_name=f"inner{self.depth}", action_input={"c": Chatty(self.depth - 1)} if self.depth else 0
            )
            return f"chatty{self.depth}"

    client.log_event(action_name="outer", action_input={"c": Chatty(30)})
    events = client.get_events()
    assert [event["action_name"] for event in events] == [f"inner{i}" for i in range(31)] + ["outer"]
    assert events[-1]["action_input"] == {"c": "chatty30"}
    assert events[30]["action_input"] == {"c": "chatty29"}


def test_endless_recursion_of_user_code_is_contained(client: ProvenLogClient) -> None:
    class Endless:
        def __repr__(self) -> str:
            client.log_event(action_name="again", action_input=[self])
            return "never"

    client.log_event(action_name="outer", action_input=[Endless()])
    assert client.get_events(action_name="outer")[0]["action_input"]


def test_user_code_may_close_the_client(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db)

    class Closer:
        def __repr__(self) -> str:
            client.close()
            return "closed"

    with pytest.raises(ClosedError):
        client.log_event(action_input=[Closer()])


def test_an_interrupt_is_passed_on_after_the_event_is_recorded(client: ProvenLogClient) -> None:
    calls = []

    class Slow:
        def __repr__(self) -> str:
            calls.append(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.log_event(action_name="interrupted", action_input={"a": Slow(), "b": Slow(), "c": "kept"})
    stored = client.get_events()[0]
    assert stored["action_input"]["c"] == "kept"
    assert stored["action_input"]["a"] == "<unrepresentable Slow: KeyboardInterrupt>"
    assert len(calls) == 1


@pytest.mark.parametrize("error", [SystemExit, GeneratorExit, asyncio.CancelledError, BaseException])
def test_what_a_value_raises_never_reaches_the_caller(client: ProvenLogClient, error: type[BaseException]) -> None:
    class Raising:
        def __repr__(self) -> str:
            raise error

    class Odd(Mapping):  # type: ignore[type-arg]
        def __len__(self) -> int:
            raise error

        __iter__ = __getitem__ = __len__  # type: ignore[assignment]

    mark = f"<unrepresentable Raising: {error.__name__}>"
    event_id = client.log_event(action_input=[Raising(), {Raising(): {Raising()}}, Odd()], action_name="kept")
    event = client.get_event(event_id)
    assert event is not None
    assert event["action_input"] == [mark, {mark: [mark]}, "<Odd object>"]
    assert event["action_name"] == "kept"
    assert provenlog._native.Json([Raising()]).text == f'["{mark}"]'


def test_an_interrupt_while_an_event_or_a_key_is_read_is_passed_on_after_it_is_recorded(
    client: ProvenLogClient,
) -> None:
    class Slow(Mapping):  # type: ignore[type-arg]
        def __len__(self) -> int:
            raise KeyboardInterrupt

        __iter__ = __getitem__ = keys = __len__  # type: ignore[assignment]

    class Key:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.log_event(Slow(), action_name="a")
    with pytest.raises(KeyboardInterrupt):
        client.log_event(action_name="b", action_input={Key(): 1})
    with pytest.raises(KeyboardInterrupt):
        client.log_event(action_name="c", action_input=[{Key()}])
    mark = "<unrepresentable Key: KeyboardInterrupt>"
    first, second, third = client.get_events()
    assert (first["action_name"], first["event"]) == ("a", "<unread Slow>")
    assert second["action_input"] == {mark: 1}
    assert third["action_input"] == [[mark]]


def test_a_huge_repr_is_cut(client: ProvenLogClient) -> None:
    class Long:
        def __repr__(self) -> str:
            return "é" * 1_000_000

    event_id = client.log_event(action_input={"v": Long()})
    event = client.get_event(event_id)
    assert event is not None
    assert event["action_input"]["v"] == "é" * 10_000 + "…"
    assert warnings(client, event_id) == {"/action_input/v": "repr_cut"}


def test_addresses_do_not_get_into_the_ledger(record: Record) -> None:
    class Plain:
        pass

    class Custom:
        def __repr__(self) -> str:
            return f"<Custom with {threading.Lock()!r} {object.__repr__(self)}>"

    text = json.dumps(record([Plain(), Custom(), lambda: 0, record, threading.Lock(), (i for i in ())]))
    assert re.search(r"0x[0-9a-f]{6}", text) is None
    assert "Plain object" in text


def test_mocks_are_no_containers(record: Record) -> None:
    from unittest import mock

    stored = record([mock.MagicMock(), mock.Mock(spec=dict), mock.MagicMock(spec=list)])
    assert all(isinstance(item, (str, list, dict)) for item in stored)


def test_an_exception_group_and_a_chain(record: Record) -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError:
            raise ValueError("outer") from None
    except ValueError as error:
        suppressed = error
    try:
        try:
            raise KeyError("inner")
        except KeyError:
            raise ValueError("outer")  # noqa: B904
    except ValueError as error:
        implicit = error
    assert record(suppressed) == {"type": "ValueError", "message": "outer"}
    assert record(implicit)["cause"] == {"type": "KeyError", "message": "'inner'"}
    looped = ValueError("loop")
    looped.__cause__ = looped
    assert record(looped)["cause"] == {"reason": "cycle", "truncated": True}
    if sys.version_info >= (3, 11):
        group = ExceptionGroup("many", [ValueError("a"), OSError("b")])  # noqa: F821
        assert [error["message"] for error in record(group)["exceptions"]] == ["a", "b"]


def test_a_dataclass_with_an_unset_and_a_raising_field(record: Record) -> None:
    @dataclass
    class Odd:
        a: int
        unset: int = field(init=False)
        bad: int = 0

    class Worse(Odd):
        @property  # type: ignore[misc]
        def bad(self) -> int:  # type: ignore[override]
            return 1 // 0

        @bad.setter
        def bad(self, value: int) -> None:
            pass

    assert record(Worse(1)) == {"a": 1, "bad": "<unrepresentable Worse: ZeroDivisionError>"}
