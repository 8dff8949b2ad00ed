"""Fixtures of the crash tests."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

# Appended, not inserted at the front: the tests of the Python package import their own conftest by this name.
sys.path.append(str(Path(__file__).parent))

from crash_harness import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


@pytest.fixture
def seeded() -> random.Random:
    """Reproducible random numbers: set PLOG_TEST_SEED to the number that a failing run printed."""
    seed = int(os.environ.get("PLOG_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    print(f"PLOG_TEST_SEED={seed}", file=sys.stderr)
    return random.Random(seed)
