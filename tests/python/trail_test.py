"""The decorator @trail."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from pathlib import Path
from typing import Any, AsyncIterator, Iterator

import pytest

import provenlog
from provenlog import ProvenLogClient, trail


def last(client: ProvenLogClient) -> dict[str, Any]:
    return client.get_events(limit=1, order="desc")[0]


def test_a_call_becomes_one_event(client: ProvenLogClient) -> None:
    @trail
    def work(a: int, b: int = 2, *rest: int, flag: bool = False, **more: Any) -> int:
        """Works."""
        return a + b

    assert work(1, flag=True, extra="x") == 3
    event = last(client)
    assert event["action_type"] == "CUSTOM"
    assert event["action_name"] == "work"
    assert event["action_input"] == {"a": 1, "b": 2, "rest": [], "flag": True, "more": {"extra": "x"}}
    assert event["action_output"] == {"return": 3}
    assert event["action_status"] == "success"
    assert event["duration_ms"] >= 0
    assert event["agent_id"] == "tester"
    assert (work.__name__, work.__doc__) == ("work", "Works.")
    assert list(inspect.signature(work).parameters) == ["a", "b", "rest", "flag", "more"]


def test_its_parameters_override_the_client(client: ProvenLogClient, tmp_path: Path) -> None:
    with ProvenLogClient(agent_id="other", db_path=tmp_path / "other.db") as other:

        @trail(client, name="named", agent_id="special", metadata={"team": "core"})
        def work() -> None:
            pass

        work()
        assert other.get_events() == []
    event = last(client)
    assert (event["action_name"], event["agent_id"], event["metadata"]) == ("named", "special", {"team": "core"})
    assert event["action_output"] == {"return": None}


def test_an_exception_is_recorded_and_goes_on(client: ProvenLogClient) -> None:
    @trail()
    def fail() -> None:
        raise LookupError("not here")

    with pytest.raises(LookupError, match="not here"):
        fail()
    event = last(client)
    assert (event["action_status"], event["error_message"]) == ("error", "not here")
    assert "action_output" not in event

    @trail
    def leave() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        leave()
    assert last(client)["error_message"] == "SystemExit"


def test_arguments_are_recorded_as_they_were_at_the_call(client: ProvenLogClient) -> None:
    @trail
    def consume(items: list[int]) -> None:
        items.clear()

    consume([1, 2, 3])
    assert last(client)["action_input"] == {"items": [1, 2, 3]}


def test_wrong_arguments_raise_what_they_always_did(client: ProvenLogClient) -> None:
    @trail
    def work(a: int) -> None: ...

    with pytest.raises(TypeError, match="missing 1 required"):
        work()  # type: ignore[call-arg]
    assert last(client)["action_status"] == "error"


def test_nested_calls_have_the_outer_one_as_parent(client: ProvenLogClient) -> None:
    @trail
    def inner() -> str:
        return client.log_event(action_name="leaf")

    @trail
    def outer() -> None:
        inner()
        inner()

    outer()
    client.log_event(action_name="outside")
    events = client.get_events()
    by_name = {event["action_name"]: event for event in events}
    assert [event["action_name"] for event in events] == ["leaf", "inner", "leaf", "inner", "outer", "outside"]
    assert [event.get("parent_event_id") for event in events] == [
        events[1]["id"],
        by_name["outer"]["id"],
        events[3]["id"],
        by_name["outer"]["id"],
        None,
        None,
    ]
    assert by_name["outer"]["timestamp"] <= events[0]["timestamp"]


def test_methods_are_recorded_without_self(client: ProvenLogClient) -> None:
    class Agent:
        @trail
        def act(self, what: str) -> str:
            return what

        @trail
        @classmethod
        def make(cls, n: int) -> str:
            return cls.__name__

        @staticmethod
        @trail(name="static")
        def double(n: int) -> int:
            return n * 2

    assert Agent().act("go") == "go"
    assert last(client)["action_input"] == {"what": "go"}
    assert Agent.make(1) == "Agent"
    assert last(client)["action_input"] == {"n": 1}
    assert Agent.double(4) == 8
    assert last(client)["action_name"] == "static"


def test_partials_and_callable_objects(client: ProvenLogClient) -> None:
    class Caller:
        def __call__(self, x: int) -> int:
            return x

    def add(a: int, b: int) -> int:
        return a + b

    assert trail(functools.partial(add, 1))(2) == 3
    assert last(client)["action_name"] == "add"
    assert trail(Caller())(5) == 5
    assert last(client)["action_name"] == "Caller"
    with pytest.raises(TypeError):
        trail(5)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        trail(Caller)


def test_coroutines(client: ProvenLogClient) -> None:
    @trail
    async def fetch(n: int) -> int:
        await asyncio.sleep(0)
        client.log_event(action_name="inside")
        if n < 0:
            raise ValueError("negative")
        return n

    async def main() -> None:
        assert await asyncio.gather(fetch(1), fetch(2)) == [1, 2]
        with pytest.raises(ValueError, match="negative"):
            await fetch(-1)

    assert inspect.iscoroutinefunction(fetch)
    asyncio.run(main())
    calls = client.get_events(action_name="fetch")
    assert [call["action_status"] for call in calls] == ["success", "success", "error"]
    inside = client.get_events(action_name="inside")
    assert [event["parent_event_id"] for event in inside] == [call["id"] for call in calls]


def test_a_cancelled_coroutine_is_recorded(client: ProvenLogClient) -> None:
    @trail
    async def wait() -> None:
        await asyncio.sleep(60)

    async def main() -> None:
        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    event = last(client)
    assert (event["action_status"], event["error_message"]) == ("error", "CancelledError")


def test_generators_are_recorded_when_they_end(client: ProvenLogClient) -> None:
    @trail
    def count(n: int) -> Iterator[Any]:
        got = []
        for i in range(n):
            client.log_event(action_name="inside")
            got.append((yield i))
        return got

    assert inspect.isgeneratorfunction(count)
    running = count(2)
    assert next(running) == 0
    client.log_event(action_name="between")
    assert running.send("x") == 1  # type: ignore[attr-defined]
    with pytest.raises(StopIteration) as end:
        running.send("y")  # type: ignore[attr-defined]
    assert end.value.value == ["x", "y"]
    event = last(client)
    assert event["action_output"] == {"items": 2, "return": ["x", "y"]}
    assert event["action_input"] == {"n": 2}
    parents = {e["action_name"]: e.get("parent_event_id") for e in client.get_events()}
    assert parents["inside"] == event["id"]
    assert parents["between"] is None

    closed = count(5)
    next(closed)
    closed.close()  # type: ignore[attr-defined]
    assert last(client)["action_output"] == {"closed": True, "items": 1}


def test_a_generator_that_raises_or_handles_what_is_thrown(client: ProvenLogClient) -> None:
    @trail
    def stubborn() -> Iterator[str]:
        try:
            yield "a"
        except KeyError:
            yield "handled"
        raise OSError("end")

    running = stubborn()
    next(running)
    assert running.throw(KeyError()) == "handled"  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="end"):
        next(running)
    event = last(client)
    assert (event["error_message"], event["action_output"]) == ("end", {"items": 2})


def test_a_generator_keeps_a_session_of_its_own_across_steps(client: ProvenLogClient) -> None:
    @trail
    def steps() -> Iterator[int]:
        with client.session("inner"):
            for i in range(2):
                client.log_event(action_name="step")
                yield i

    for _ in steps():
        client.log_event(action_name="consumer")
    assert {event["session_id"] for event in client.get_events(action_name="step")} == {"inner"}
    assert all("session_id" not in event for event in client.get_events(action_name="consumer"))


def test_async_generators(client: ProvenLogClient) -> None:
    @trail
    async def stream(n: int) -> AsyncIterator[int]:
        for i in range(n):
            await asyncio.sleep(0)
            client.log_event(action_name="inside")
            yield i
        if n == 3:
            raise ValueError("three")

    async def main() -> None:
        assert [i async for i in stream(2)] == [0, 1]
        assert last(client)["action_output"] == {"items": 2}
        with pytest.raises(ValueError, match="three"):
            [i async for i in stream(3)]
        assert last(client)["error_message"] == "three"
        running = stream(9)
        async for _ in running:
            break
        await running.aclose()  # type: ignore[attr-defined]
        assert last(client)["action_output"] == {"closed": True, "items": 1}

    assert inspect.isasyncgenfunction(stream)
    asyncio.run(main())
    assert (
        client.get_events(action_name="inside")[0]["parent_event_id"]
        == client.get_events(action_name="stream")[0]["id"]
    )


def test_without_a_client_the_function_just_runs(caplog: pytest.LogCaptureFixture) -> None:
    @trail
    def work(n: int) -> int:
        return n

    @trail
    def items() -> Iterator[int]:
        yield 1

    @trail
    async def later() -> AsyncIterator[int]:
        yield 2

    async def collect() -> list[int]:
        return [i async for i in later()]

    assert provenlog.get_client() is None
    with caplog.at_level(logging.WARNING, "provenlog"):
        assert [work(1), work(2), list(items()), asyncio.run(collect())] == [1, 2, [1], [2]]
    assert len([entry for entry in caplog.records if "work" in entry.getMessage()]) == 1


def test_a_failure_to_record_does_not_reach_the_caller(
    client: ProvenLogClient, caplog: pytest.LogCaptureFixture
) -> None:
    @trail(client)
    def work() -> str:
        return "result"

    @trail(client)
    def fail() -> None:
        raise LookupError("mine")

    client.close()
    with caplog.at_level(logging.WARNING, "provenlog"):
        assert work() == "result"
        with pytest.raises(LookupError, match="mine"):
            fail()
    assert "PLOG_E_CLOSED" in caplog.text


def test_hostile_arguments_and_results(client: ProvenLogClient) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    @trail
    def echo(value: Any) -> Any:
        return value

    broken = Broken()
    assert echo(broken) is broken
    event = last(client)
    mark = "<unrepresentable Broken: RuntimeError>"
    assert event["action_input"] == {"value": mark}
    assert event["action_output"] == {"return": mark}
    assert {w["field"] for w in event["validation_warnings"]} >= {"/action_output/return"}


def test_an_interrupt_in_an_argument_or_a_message_is_passed_on_after_the_event_is_recorded(
    client: ProvenLogClient,
) -> None:
    class Slow(Exception):
        def __repr__(self) -> str:
            raise KeyboardInterrupt

        __str__ = __repr__

    class Plain:
        __repr__ = Slow.__repr__

    ran = []

    @trail
    def work(value: Any, error: Any = None) -> None:
        ran.append(value)
        if error is not None:
            raise error

    with pytest.raises(KeyboardInterrupt):
        work(Plain())
    event = last(client)
    assert event["action_input"]["value"] == "<unrepresentable Plain: KeyboardInterrupt>"
    assert (event["action_status"], event["error_message"]) == ("error", "KeyboardInterrupt")
    assert ran == []

    with pytest.raises(KeyboardInterrupt):
        trail(lambda: ran.append(1) or (_ for _ in ()).throw(Slow()))()
    assert last(client)["error_message"] == "Slow"
    with pytest.raises(KeyboardInterrupt), client.session("s"):
        raise Slow
    assert last(client)["error_message"] == "Slow"
    assert provenlog.current_session_id() is None


def test_exits_that_values_raise_do_not_reach_the_caller(client: ProvenLogClient) -> None:
    class Leaving(Exception):
        def __repr__(self) -> str:
            raise SystemExit

        __str__ = __repr__

    class Plain:
        __repr__ = Leaving.__repr__

    @trail
    def work(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    value = Plain()
    assert work(value) is value
    assert last(client)["action_output"] == {"return": "<unrepresentable Plain: SystemExit>"}
    with pytest.raises(Leaving):
        work(Leaving())
    assert last(client)["error_message"] == "Leaving"


def test_a_plain_function_keeps_a_first_argument_called_self_or_cls(client: ProvenLogClient) -> None:
    @trail
    def greet(self: Any, word: str) -> None: ...

    @trail
    def build(cls: Any) -> None: ...

    class Agent:
        def act(self) -> None:
            @trail
            def inner(self: Any) -> None: ...

            inner(5)

        @staticmethod
        @trail
        def apart(self: Any, n: int) -> None: ...

        @trail
        def take(self: Any) -> None: ...

    greet("me", "hi")
    assert last(client)["action_input"] == {"self": "me", "word": "hi"}
    build(int)
    assert last(client)["action_input"] == {"cls": "int"}
    Agent().act()
    assert last(client)["action_input"] == {"self": 5}
    Agent.apart(Agent(), 1)
    assert sorted(last(client)["action_input"]) == ["n", "self"]
    Agent.take(7)
    assert last(client)["action_input"] == {"self": 7}


def test_every_kind_of_method_is_recorded_without_its_receiver(client: ProvenLogClient) -> None:
    class Meta(type):
        @trail
        def make(cls, n: int) -> int:
            return n

    class Base(metaclass=Meta):
        @trail
        def __new__(cls, n: int) -> Any:
            return super().__new__(cls)

        @trail
        def __init__(self, n: int) -> None:
            self.n = n

        @property
        @trail
        def double(self) -> int:
            return self.n * 2

        @classmethod
        @trail
        def named(cls, n: int) -> int:
            return n

        @trail
        def __hidden(self, n: int) -> int:
            return n

        def reveal(self) -> int:
            return self.__hidden(3)

    class Derived(Base):
        pass

    derived = Derived(1)
    assert (derived.double, derived.named(2), derived.reveal(), Derived.make(4)) == (2, 2, 3, 4)
    assert Base.double.fget(derived) == 2  # type: ignore[attr-defined]
    calls = [(event["action_name"], event.get("action_input", {})) for event in client.get_events()]
    assert calls == [
        ("__new__", {"n": 1}),
        ("__init__", {"n": 1}),
        ("double", {}),
        ("named", {"n": 2}),
        ("__hidden", {"n": 3}),
        ("make", {"n": 4}),
        ("double", {}),
    ]
