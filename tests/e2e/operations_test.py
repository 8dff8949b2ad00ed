"""The table of operations: `plog generate operations` and docs/operations.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import operation_tables

if TYPE_CHECKING:
    from conftest import Plog

SOURCE = Path(__file__).resolve().parents[2]


@pytest.fixture
def operations(plog: Plog) -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = json.loads(plog("generate", "operations").stdout)
    return table


def test_the_page_has_the_operations_of_this_program(operations: list[dict[str, Any]]) -> None:
    text = operation_tables.PAGE.read_text(encoding="utf-8")
    assert operation_tables.updated(text, operations) == text, "run tools/operation_tables.py"


def test_each_operation_is_on_a_line_of_its_own(plog: Plog, operations: list[dict[str, Any]]) -> None:
    lines = plog("generate", "operations").stdout.splitlines()
    assert (lines[0], lines[-1]) == ("[", "]")
    assert [json.loads(line.rstrip(",")) for line in lines[1:-1]] == operations


def test_the_command_line_page_describes_every_member(operations: list[dict[str, Any]]) -> None:
    page = (SOURCE / "docs" / "cli.md").read_text(encoding="utf-8")
    part = page[page.index("`plog generate operations` prints an array") : page.index("`plog generate options` prints")]
    members = {name for operation in operations for name in operation}
    members |= {name for operation in operations for parameter in operation["parameters"] for name in parameter}
    assert [name for name in members if f"`{name}`" not in part] == []
    types = {parameter["type"] for operation in operations for parameter in operation["parameters"]}
    assert [name for name in types if f"`{name}`" not in part] == []
