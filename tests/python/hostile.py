"""Helpers of the tests of values."""

from __future__ import annotations

from typing import Any, Callable

from provenlog import ProvenLogClient

Record = Callable[[Any], Any]


class Broken:
    def __repr__(self) -> str:
        return str(1 // 0)


def warnings(client: ProvenLogClient, event_id: str) -> dict[str, str]:
    event = client.get_event(event_id)
    assert event is not None
    return {warning["field"]: warning["code"] for warning in event.get("validation_warnings", [])}
