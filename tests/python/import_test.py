"""`import provenlog` loads few modules. The rest is loaded on first use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import provenlog


def run(program: str, cwd: Path) -> str:
    # Import the same package as these tests do.
    found = Path(provenlog.__file__).parent.parent
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(found)!r}); {program}"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_loads_no_large_module_of_the_standard_library(tmp_path: Path) -> None:
    program = "before = set(sys.modules); import provenlog; print(*sorted(set(sys.modules) - before))"
    loaded = set(run(program, tmp_path).split())
    assert "provenlog._native" in loaded
    large = {
        "asyncio",
        "dataclasses",
        "decimal",
        "inspect",
        "logging",
        "pathlib",
        "socket",
        "ssl",
        "subprocess",
        "uuid",
    }
    assert loaded & large == set()


def test_every_public_name_is_there_when_asked_for(tmp_path: Path) -> None:
    program = (
        "from provenlog import *; import provenlog\n"
        "missing = [name for name in provenlog.__all__ if name not in globals() or name not in dir(provenlog)]\n"
        "print(missing, provenlog.redact.Redactor is Redactor, provenlog.event.ProvenLogEvent is ProvenLogEvent)"
    )
    assert run(program, tmp_path) == "[] True True\n"


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'provenlog' has no attribute 'nothing'"):
        provenlog.nothing  # noqa: B018


def test_values_of_modules_that_are_imported_after_the_package_are_recognised(tmp_path: Path) -> None:
    program = (
        "import provenlog\n"
        "with provenlog.ProvenLogClient(agent_id='a', db_path='events.db') as client:\n"
        "    client.log_event(action_input={'early': 1})\n"
        "    import decimal, json, pathlib, uuid\n"
        "    client.log_event(action_input=[decimal.Decimal('1.50'), uuid.UUID(int=1), pathlib.PurePosixPath('/a')])\n"
        "    print(json.dumps([event['action_input'] for event in client.get_events()]))"
    )
    early, late = json.loads(run(program, tmp_path))
    assert early == {"early": 1}
    assert late == ["1.50", "00000000-0000-0000-0000-000000000001", "/a"]
