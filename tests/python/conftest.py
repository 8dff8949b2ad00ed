"""Fixtures: each test has a ledger and a home directory of its own, and none of the user's configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from package import BUILD, PACKAGE_ROOT

from provenlog import ProvenLogClient


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PROVENLOG_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def client(db: Path) -> Iterator[ProvenLogClient]:
    with ProvenLogClient(agent_id="tester", db_path=db) as opened:
        yield opened


@pytest.fixture
def record(client: ProvenLogClient) -> Callable[[Any], Any]:
    """Logs a value as action_input and reads it back."""

    def log(value: Any) -> Any:
        event = client.get_event(client.log_event(action_input={"v": value}))
        assert event is not None
        return event["action_input"]["v"]

    return log


@pytest.fixture
def plog() -> Callable[..., subprocess.CompletedProcess[str]]:
    binary = os.environ.get("PLOG_BIN") or shutil.which("plog", path=f"{PACKAGE_ROOT.parent}:{BUILD}")
    if binary is None:
        pytest.skip("the plog program is not built; run make build")

    def run(*args: object, input: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([binary, *map(str, args)], input=input, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a program in a new interpreter that can import `provenlog`."""

    def run(code: str, *args: object, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(code))
        env = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}
        return subprocess.run(
            [sys.executable, str(script), *map(str, args)], env=env, capture_output=True, text=True, timeout=timeout
        )

    return run
