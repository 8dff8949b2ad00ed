"""How many system calls a read makes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from package import PACKAGE_ROOT

# access() of the mark separates the reads.
SCRIPT = """
import os, sys
from provenlog import ProvenLogClient

with ProvenLogClient(agent_id="reader", db_path=sys.argv[1]) as client:
    id = client.log_event(action_name="read")
    client.flush()
    assert client.get_event(id)["action_name"] == "read"
    for _ in range(20):
        os.access("/the-mark", os.F_OK)
        client.get_event(id)
    os.access("/the-mark", os.F_OK)
"""


def tracer() -> str:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    probe = subprocess.run([strace, "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"strace does not work here: {probe.stderr.strip()}")
    return strace


def reads(trace: str) -> list[list[str]]:
    """The system calls between one mark and the next."""
    parts: list[list[str]] = [[]]
    for call in trace.splitlines():
        if '"/the-mark"' in call:
            parts.append([])
        else:
            parts[-1].append(call)
    return parts[1:-1]


def test_get_event_on_an_idle_ledger_makes_at_most_four_system_calls(db: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    # Without -f, strace shows only the calls of the thread that reads.
    command = [tracer(), "-o", str(trace), sys.executable, "-c", SCRIPT, str(db)]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    calls = reads(trace.read_text())
    assert len(calls) == 20
    # The smallest number, because a client looks for orphaned journals once a second.
    fewest = min(calls, key=len)
    assert 1 <= len(fewest) <= 4, "\n".join(fewest)
