"""Values are recorded as the table in docs/native-values.md says."""

from __future__ import annotations

import collections
import collections.abc
import enum
import itertools
import json
import re
import sys
import types
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, NamedTuple, Optional
from uuid import UUID

import pytest
from canonical import canonical
from hostile import Broken, Record, warnings
from package import SOURCE

from provenlog import InvalidEventError, ProvenLogClient, ProvenLogEvent


class Colour(str, enum.Enum):
    RED = "red"


class Mode(enum.Flag):
    A = 1
    B = 2


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Item:
    name: str
    tags: set[str] = field(default_factory=set)
    kind: ClassVar[str] = "not a field"


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def cyclic() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


NAMES = {
    **{name: globals()[name] for name in ("Colour", "Mode", "Point", "Item", "Broken", "caused", "cyclic")},
    "json": json,
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
    "timezone": timezone,
    "Decimal": Decimal,
    "UUID": UUID,
    "PurePosixPath": PurePosixPath,
    "MappingProxyType": types.MappingProxyType,
}


def documented() -> list[tuple[str, str]]:
    """Returns (expression, JSON) for each row of the table that has an example."""
    rows = []
    for line in (SOURCE / "docs" / "native-values.md").read_text().splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 6 and cells[2].startswith("`"):
            rows.append((cells[2].strip("`"), cells[5].strip("`")))
    return rows


@pytest.mark.parametrize(("expression", "json_text"), documented())
def test_a_value_becomes_what_the_table_says(record: Record, expression: str, json_text: str) -> None:
    assert canonical(record(eval(expression, dict(NAMES)))) == json_text


def test_the_table_has_examples() -> None:
    assert len(documented()) > 35


# ---- Numbers and text


@pytest.mark.parametrize("digits", [19, 20, 40, 4299, 4301, 15_000])
def test_an_integer_of_any_length_keeps_its_digits(record: Record, digits: int) -> None:
    text = ("1234567890" * (digits // 10 + 1))[:digits]
    value = 0
    for start in range(0, digits, 1000):  # int() rejects long strings
        piece = text[start : start + 1000]
        value = value * 10 ** len(piece) + int(piece)
    assert record(-value) == "-" + text


def test_a_monstrous_integer_is_written_in_hexadecimal(client: ProvenLogClient) -> None:
    event_id = client.log_event(action_input={"v": -(1 << 70_000)})
    event = client.get_event(event_id)
    assert event is not None
    assert event["action_input"]["v"] == "-0x1" + "0" * 17_500
    assert warnings(client, event_id) == {"/action_input/v": "integer_as_hex"}


def test_integers_around_the_exact_range(record: Record) -> None:
    for value in (2**53 - 1, 2**53, 2**53 + 1, 2**60, 2**63 - 1, -(2**63), 10**21, 10**22):
        stored = record(value)
        assert int(stored) == value
        assert isinstance(stored, str) == (canonical(float(value)) != str(value))


def test_text_of_all_widths_survives(record: Record) -> None:
    for text in ("", "plain", "é" * 10, "漢字" * 3000, "😀" * 5000, '\x00\x1f"\\/\x7f', "a" * 100_000):
        assert record(text) == text


def test_a_lone_surrogate_is_warned_about_where_it_is(client: ProvenLogClient) -> None:
    event_id = client.log_event(action_input={"a": {"k\udc00": "x"}, "b": ["\ud800"]}, action_name="n\ud800")
    assert warnings(client, event_id) == {
        "/action_input/a": "lone_surrogate",
        "/action_input/b/0": "lone_surrogate",
        "/action_name": "lone_surrogate",
    }


def test_subclasses_of_plain_types_are_read_as_what_they_inherit(record: Record) -> None:
    class Text(str):
        def __str__(self) -> str:
            raise AssertionError

    class Number(int):
        def __repr__(self) -> str:
            raise AssertionError

    class Items(list):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            raise AssertionError

    class Members(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise AssertionError

    value = [Text("t"), Number(5), Items([1]), Members(a=1), collections.OrderedDict(b=2), collections.Counter("aa")]
    assert record(value) == ["t", 5, [1], {"a": 1}, {"b": 2}, {"a": 2}]


def test_bytes_of_every_length_are_base64(record: Record) -> None:
    import base64

    for size in range(10):
        data = bytes(range(250, 250 + 6))[:size] + bytes(max(0, size - 6))
        assert record(data) == base64.b64encode(data).decode()
    assert record(memoryview(b"abcdef")[::2]) == base64.b64encode(b"ace").decode()


# ---- Dates


def test_a_time_zone_that_raises_is_contained(record: Record) -> None:
    class Nowhere(tzinfo):
        def utcoffset(self, when: Optional[datetime]) -> timedelta:
            raise LookupError

    assert record(datetime(2026, 1, 1, tzinfo=Nowhere())) == "<unrepresentable datetime.datetime: LookupError>"


def test_a_time_that_utc_cannot_express_keeps_its_offset(record: Record) -> None:
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert record(early) == "0001-01-01T00:00:00.000000+05:30"


def test_durations_are_iso_8601(record: Record) -> None:
    cases = {
        "PT0S": timedelta(),
        "P3D": timedelta(days=3),
        "-P3D": timedelta(days=-3),
        "P1DT1H1M1S": timedelta(days=1, hours=1, minutes=1, seconds=1),
        "PT0.000001S": timedelta(microseconds=1),
        "-P1DT0.5S": -timedelta(days=1, milliseconds=500),
    }
    for text, value in cases.items():
        assert record(value) == text


def test_times_of_an_event_may_be_native(client: ProvenLogClient) -> None:
    when = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=-8)))
    event = client.get_event(client.log_event(timestamp=when, duration_ms=timedelta(seconds=1.5)))
    assert event is not None
    assert event["timestamp"] == "2026-03-01T20:00:00.000000Z"
    assert event["duration_ms"] == 1500
    assert event.get("validation_warnings", []) == []


# ---- Containers


def test_a_set_has_the_same_order_in_every_run(record: Record) -> None:
    value = {"b", "a", "é", 2, 10, -1.5, True, None, (1, "x"), frozenset({3, 1}), Point(1, 2), b"z"}
    texts = [canonical(item) for item in record(value)]
    assert texts == sorted(texts, key=str.encode)
    assert len(texts) == len(value)


def test_elements_of_a_set_keep_their_warnings(client: ProvenLogClient) -> None:
    assert warnings(client, client.log_event(action_input={"s": {float("nan")}})) == {"/action_input/s/0": "not_finite"}


def test_containers_of_other_classes_are_read_through_their_methods(record: Record) -> None:
    class Squares(collections.abc.Sequence):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: Any) -> Any:
            return index * index

    class Config(collections.abc.Mapping):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Any:
            return iter(["k"])

        def __getitem__(self, key: str) -> Any:
            return key * 2

    assert record(Squares()) == [0, 1, 4, 9]
    assert record(Config()) == {"k": "kk"}
    assert record(collections.deque([1, 2])) == [1, 2]
    assert record(collections.UserDict(a=1)) == {"a": 1}
    assert record(collections.UserString("us")) == "us"
    assert record({"b": 1, "a": 2}.keys()) == ["a", "b"]
    assert record(range(10**12)) == "range(0, 1000000000000)"


def test_an_endless_mapping_ends_where_its_length_says(record: Record) -> None:
    class Endless(collections.abc.Mapping):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return 3

        def __iter__(self) -> Any:
            return itertools.count()

        def __getitem__(self, key: Any) -> Any:
            return key

    assert record(Endless()) == {"0": 0, "1": 1, "2": 2}


def test_iterators_are_never_consumed(record: Record) -> None:
    def generate() -> Any:
        yield 1

    generator, lines, counter = generate(), iter([1, 2]), itertools.count()
    stored = record([generator, lines, counter, zip([1]), map(str, [1])])
    assert stored[:3] == [
        "<generator object test_iterators_are_never_consumed.<locals>.generate>",
        "<list_iterator object>",
        "count(0)",
    ]
    assert (next(generator), next(lines), next(counter)) == (1, 1, 0)


def test_a_container_may_appear_twice_but_not_inside_itself(record: Record) -> None:
    shared = [1]
    loop: dict[str, Any] = {"shared": [shared, shared]}
    loop["self"] = [loop]
    assert record(loop) == {"shared": [[1], [1]], "self": [{"reason": "cycle", "truncated": True}]}


def test_depth_is_cut_and_never_overflows_the_stack(client: ProvenLogClient) -> None:
    deep: Any = "bottom"
    for _ in range(200_000):
        deep = [deep]
    event = client.get_event(client.log_event(action_input=deep))
    assert event is not None
    level, value = 1, event["action_input"]
    while isinstance(value, list):
        level, value = level + 1, value[0]
    assert value == {"reason": "depth", "truncated": True}
    assert level == 128
    while isinstance(deep, list):  # free the nested lists without recursion
        deep = deep[0]


def test_a_structure_that_multiplies_is_cut(db: Path) -> None:
    bomb: Any = ["x" * 10]
    for _ in range(40):
        bomb = [bomb, bomb]
    with ProvenLogClient(agent_id="a", db_path=db) as client:
        event = client.get_event(client.log_event(action_input={"bomb": bomb}))
    assert event is not None
    assert event["action_input"]["truncated"] is True
    assert "size" in {warning["code"] for warning in event.get("validation_warnings", [])}


def test_a_long_text_is_truncated_by_the_core(client: ProvenLogClient) -> None:
    event = client.get_event(client.log_event(action_input={"v": "x" * 3_000_000}))
    assert event is not None
    assert event["action_input"]["truncated"] is True
    assert event["action_input"]["bytes"] == 3_000_000 + len('{"v":""}')


# ---- Libraries


def test_pydantic_models(record: Record) -> None:
    pydantic = pytest.importorskip("pydantic")

    class Base(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        model_config = {"extra": "allow"}
        name: str
        when: date
        secret: str = pydantic.Field("s", exclude=True)
        _private: int = 1

        @pydantic.field_serializer("name")
        def refuse(self, name: str) -> str:
            raise RuntimeError

        @pydantic.computed_field  # type: ignore[misc]
        @property
        def length(self) -> int:
            return len(self.name)

    class Names(pydantic.RootModel[list[str]]):  # type: ignore[misc, name-defined]
        pass

    model = Base(name="ada", when=date(2026, 1, 2), nested=Names(["x"]))
    assert record(model) == {"name": "ada", "when": "2026-01-02", "nested": ["x"], "length": 3}


def test_pydantic_1_models(record: Record) -> None:
    if sys.version_info >= (3, 14):
        pytest.skip("pydantic.v1 does not run on Python 3.14")
    pydantic = pytest.importorskip("pydantic.v1")

    class Old(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        name: str
        hidden: int = pydantic.Field(1, exclude=True)
        tags: set[str] = set()

    assert record(Old(name="a", tags={"y", "x"})) == {"name": "a", "tags": ["x", "y"]}


def test_numpy_values(record: Record) -> None:
    numpy = pytest.importorskip("numpy")
    assert record(
        [
            numpy.int64(2**62),
            numpy.float32(0.5),
            numpy.float64("nan"),
            numpy.bool_(True),
            numpy.str_("s"),
            numpy.datetime64("2026-01-02T03:04:05.000000006"),
            numpy.longdouble(1.5),
        ]
    ) == [
        str(2**62) if canonical(float(2**62)) != str(2**62) else 2**62,
        0.5,
        "NaN",
        True,
        "s",
        "2026-01-02T03:04:05.000000006",
        "1.5",
    ]
    assert record(numpy.arange(6).reshape(2, 3)) == [[0, 1, 2], [3, 4, 5]]
    assert record(numpy.array(7)) == 7
    assert record(numpy.array(["2026-01-02"], dtype="datetime64[ns]")) == ["2026-01-02T00:00:00.000000000"]
    assert record(numpy.zeros((1000, 1000))) == {
        "dtype": "float64",
        "reason": "size",
        "shape": [1000, 1000],
        "truncated": True,
    }
    looped = numpy.empty(1, dtype=object)
    looped[0] = looped
    assert record(looped) == [{"reason": "cycle", "truncated": True}]


def test_pandas_values(record: Record) -> None:
    pandas = pytest.importorskip("pandas")
    assert record(pandas.NaT) == "NaT"
    assert record(pandas.Timestamp("2026-01-02T03:04:05Z")) == "2026-01-02T03:04:05.000000Z"
    assert "a" in record(pandas.DataFrame({"a": range(10)}))


# ---- Events


def test_keys_that_are_no_text_are_warned_about(client: ProvenLogClient) -> None:
    event_id = client.log_event(action_input={1.5: 0, ("a", 1): 1, b"x": 2, Broken(): 3})
    event = client.get_event(event_id)
    assert event is not None
    assert event["action_input"] == {
        "1.5": 0,
        '["a",1]': 1,
        "eA==": 2,
        "<unrepresentable Broken: ZeroDivisionError>": 3,
    }
    assert set(warnings(client, event_id).values()) == {"key_not_string"}


def test_an_event_may_be_a_dataclass_a_mapping_keywords_or_a_mix(client: ProvenLogClient) -> None:
    forms: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((ProvenLogEvent(action_name="n", labels={"l": "1"}, extra={"own": 1}),), {}),
        (({"action_name": "n", "labels": {"l": "1"}, "own": 1},), {}),
        ((types.MappingProxyType({"action_name": "n", "labels": {"l": "1"}, "own": 1}),), {}),
        ((), {"action_name": "n", "labels": {"l": "1"}, "own": 1}),
        ((), {"event": {"action_name": "x", "labels": {"l": "1"}}, "action_name": "n", "own": 1}),
        (({"action_name": "x", "own": 1, "agent_id": None},), {"action_name": "n", "labels": {"l": "1"}}),
    ]
    for args, keywords in forms:
        event = client.get_event(client.log_event(*args, **keywords))
        assert event is not None
        assert (event["action_name"], event["labels"], event["own"]) == ("n", {"l": "1"}, 1)
        assert [warning["code"] for warning in event.get("validation_warnings", [])] == ["unknown_field"]


@pytest.mark.parametrize("wrong", ["text", 5, [1], Broken(), object])
def test_something_that_is_no_event_is_refused(client: ProvenLogClient, wrong: Any) -> None:
    with pytest.raises(InvalidEventError):
        client.log_event(wrong)
    with pytest.raises(TypeError):
        client.log_event({}, {})
    assert client.get_events() == []
