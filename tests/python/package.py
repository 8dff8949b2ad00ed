"""Finds the package under test, the build and the shared data."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))

try:
    import provenlog
except ImportError:
    sys.path.insert(0, str(BUILD / "python"))
    import provenlog

PACKAGE_ROOT = Path(provenlog.__file__).parent.parent


def shared_lines(name: str) -> list[dict[str, Any]]:
    """Returns the records of a JSON Lines file in ../shared/data. Skips the test if the file does not exist."""
    path = SOURCE.parent / "shared" / "data" / name
    if not path.exists():
        pytest.skip(f"there is no recorded data at {path}")
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
