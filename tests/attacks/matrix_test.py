"""Runs the attack matrix: each case attacks a ledger that the real client recorded, and checks the verdict."""

from __future__ import annotations

from pathlib import Path

import cases_exports  # noqa: F401
import cases_files  # noqa: F401
import cases_heads  # noqa: F401
import cases_history  # noqa: F401
import cases_rows  # noqa: F401
import pytest
from judge import SOURCE
from ledgers import Ledger
from matrix import ROWS, Check, Row

CASES = [
    pytest.param(check, id=f"{row.number:02} {row.attack}: {name}") for row in ROWS for name, check in row.cases.items()
]
LEFT = [pytest.param(row, id=f"{row.number:02} {row.attack}") for row in ROWS if row.left]


def test_the_matrix_is_whole() -> None:
    assert [row.number for row in ROWS] == list(range(1, 46))
    for row in ROWS:
        assert row.cases or row.elsewhere or row.left, row.attack
        for path in row.elsewhere:
            assert (SOURCE / path).is_file(), path


@pytest.mark.parametrize("check", CASES)
def test_an_attack_is_called_what_it_is(check: Check, ledger: Ledger, tmp_path: Path) -> None:
    check(ledger, tmp_path)


@pytest.mark.parametrize("row", LEFT)
def test_what_is_left(row: Row) -> None:
    pytest.skip(row.left)
