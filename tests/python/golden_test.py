"""The golden file, logged from Python, gives the same bytes, warnings and hashes as in the other languages."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from canonical import canonical
from package import SOURCE

from provenlog import ProvenLogClient, _native

LEDGER_FIELDS = ("sequence", "hash", "prev_hash", "validation_warnings")


def cases() -> list[dict[str, str]]:
    blocks = (SOURCE / "tests" / "golden" / "events.txt").read_bytes().decode().split("\n\n")
    return [
        dict(line.split(": ", 1) for line in block.split("\n") if ": " in line) for block in blocks if block.strip()
    ]


CASES = [case for case in cases() if "native" not in case]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_native_values_give_the_golden_octets(case: dict[str, str], tmp_path: Path) -> None:
    options: dict[str, Any] = {name: json.loads(case[name]) for name in ("labels", "metadata") if name in case}
    if "max_event_bytes" in case:
        options["max_event_bytes"] = int(case["max_event_bytes"])
    with ProvenLogClient(db_path=tmp_path / "golden.db", salt=False, **options) as client:
        event_id = client.log_event(json.loads(case["input"]))
        text = client._get_event(event_id, None)
    assert text is not None
    event = json.loads(text)
    content = {name: value for name, value in event.items() if name not in LEDGER_FIELDS}
    assert canonical(content) == case["canonical"]
    assert text.startswith(case["canonical"][:-1])
    assert event["hash"] == case["hash"]
    found = [f"{warning['code']} {warning['field']}" for warning in event.get("validation_warnings", [])]
    assert Counter(found) == Counter(filter(None, case.get("warnings", "").split("\t")))


def test_the_module_is_the_one_of_this_release() -> None:
    assert _native.version() == (SOURCE / "VERSION").read_text().strip()


def test_the_golden_file_has_cases_for_native_values() -> None:
    assert len(CASES) > 20
