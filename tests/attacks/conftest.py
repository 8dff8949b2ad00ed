# ruff: noqa: E402
"""Fixtures of the attack tests: each test gets a copy of a recorded ledger."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# Before these modules are imported, so that pytest shows the values in their assertions.
pytest.register_assert_rewrite(
    "judge", "matrix", "cases_history", "cases_rows", "cases_heads", "cases_exports", "cases_files"
)

from judge import BUILD

try:
    import provenlog  # noqa: F401
except ImportError:
    sys.path.insert(0, str(BUILD / "python"))

import ledgers
from ledgers import Ledger


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PROVENLOG_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The recorded ledger. Tests must not change it; they use the copy `ledger`."""
    return ledgers.record(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def ledger(recorded: Ledger, tmp_path: Path) -> Ledger:
    return recorded.copy(tmp_path / "ledger")
