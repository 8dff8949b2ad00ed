"""The Python programs of the fault tests: they log through the package and note the ids of acknowledged events."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from crash_harness import BUILD, Ledger, descendants_gone

PACKAGE = BUILD / "python"
NOBODY = 65534

_PRELUDE = """
import json, os, sys, time
import provenlog
from provenlog import ProvenLogClient
from provenlog.errors import *
db, ack = sys.argv[1:3]
acknowledged = os.open(ack, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if ack else -1
def log(client, n=0, agent="agent-0", text=""):
    identity = client.log_event(
        agent_id=agent, action_type="TOOL_CALL", action_input={"n": n, "text": text})
    if identity:
        os.write(acknowledged, (identity + "\\n").encode())
    return identity
def say(value):
    print(json.dumps(value), flush=True)
def wait():
    sys.stdin.readline()
"""


class Program:
    """A Python program. `heard()` returns what it passes to `say(value)`, and `go()` ends its `wait()`."""

    def __init__(
        self,
        ledger: Ledger,
        source: str,
        *,
        prefix: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
        ack: bool = True,
    ) -> None:
        if not PACKAGE.exists():
            pytest.skip(f"{PACKAGE} is not built (set PLOG_BUILD_DIR, or run `make build`)")
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", _PRELUDE + source, str(ledger.db), str(ledger.ack) if ack else ""],
            env={**ledger.env(), "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
            cwd=ledger.directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def heard(self) -> object:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, err = self.process.communicate(timeout=60)
            raise AssertionError(f"the program ended with {self.process.returncode}: {err}")
        return json.loads(line)

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def ends(self) -> None:
        _, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err

    def kill(self) -> None:
        """Sends SIGKILL to the whole process group."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate(timeout=60)
            descendants_gone(self.process.pid)


def needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")


# A program whose events stay in its journal until it closes the client. Tests kill it before that.
UNDRAINED = """
client = ProvenLogClient(db_path=db, flush_interval=3600, batch_size=4096)
for n in range(50):
    log(client, n, f"agent-{n % 3}")
say(os.getpid())
wait()
client.close()
"""
