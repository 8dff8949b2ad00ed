"""Random values: the stored bytes agree with the slow model, and no value prevents the recording of an event."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

from canonical import canonical, exact, expected
from hypothesis import given, settings
from hypothesis import strategies as st

from provenlog import ProvenLogClient, Redactor, _native

# An alphabet without digits and most letters: the model does not redact, and redaction would find phone numbers.
CALM = 'abé漢😀 \x00\x1f"\\\n\u2028\ud800\udc00/\x7f\ufffd'
TEXT = st.text(alphabet=CALM)
NUMBERS = st.one_of(st.integers(), st.integers(-(2**70), 2**70), st.floats())
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner), st.tuples(inner, inner), st.dictionaries(TEXT, inner)),
    max_leaves=30,
)

_directory = tempfile.TemporaryDirectory()
_client: list[ProvenLogClient] = []


def client() -> ProvenLogClient:
    if not _client or not _is_open():
        _client[:] = [ProvenLogClient(agent_id="a", db_path=Path(_directory.name) / "events.db", salt=False)]
    return _client[0]


def _is_open() -> bool:
    try:
        _client[0].stats()
    except Exception:
        return False
    return True


def teardown_module() -> None:
    for opened in _client:
        opened.close()


def calm(value: Any) -> bool:
    """Returns True if redaction does not change the value."""
    return Redactor.default().redact(value)[1] == 0


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_stored_octets_are_those_of_the_model(value: Any) -> None:
    model = canonical(expected({"v": value}))
    if not calm(value):
        return
    event_id = client().log_event(action_input={"v": value})
    text = client()._get_event(event_id, None)
    assert text is not None
    assert f'{{"action_input":{model},"agent_id":"a"' in text


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_settings_and_filters_are_canonical_json_too(value: Any) -> None:
    assert _native.Json(value).text == canonical(expected(value))


@settings(max_examples=500, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_has_its_canonical_text(value: float) -> None:
    text = _native.Json(value).text
    assert text == canonical(value)
    assert float(text) == value or (value == 0 and text == "0")


@settings(max_examples=300, deadline=None)
@given(st.integers(-(10**40), 10**40))
def test_integers_are_numbers_exactly_when_a_double_holds_them(value: int) -> None:
    stored = json.loads(_native.Json(value).text)
    assert int(stored) == value
    assert isinstance(stored, int) == exact(value) or math.isclose(value, 0)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.one_of(st.integers(-3, 12), st.sampled_from(["1", "1~2", "true", "null", "a"]), st.booleans(), st.none()),
        st.integers(0, 9),
    )
)
def test_keys_that_collide_lose_nothing(value: dict[Any, int]) -> None:
    event = client().get_event(client().log_event(action_input={"v": value}))
    assert event is not None
    stored = event["action_input"]["v"]
    assert sorted(stored.values()) == sorted(value.values())
    for key, number in value.items():
        if isinstance(key, str):
            assert stored[key] == number
    assert json.loads(_native.Json(value).text) == stored


@settings(max_examples=100, deadline=None)
@given(
    st.sets(
        st.one_of(
            st.none(),
            NUMBERS.filter(lambda n: n == n),
            TEXT,
            st.tuples(TEXT, st.integers(0, 5)),
            st.frozensets(st.integers(0, 20)),
        )
    )
)
def test_sets_are_in_the_order_of_their_canonical_octets(value: set[Any]) -> None:
    texts = [canonical(item) for item in json.loads(_native.Json(value).text)]
    assert texts == sorted(texts, key=str.encode)
    assert len(texts) == len(value)
    if calm(list(value)):
        event = client().get_event(client().log_event(action_input={"v": value}))
        assert event is not None
        assert [canonical(item) for item in event["action_input"]["v"]] == texts
