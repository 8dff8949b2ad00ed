"""Fixtures for the command line tests: the `plog` program, with its own home directory and ledger in each test."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional, Union

import pytest

SOURCE = Path(__file__).resolve().parents[2]
TIMEOUT = 120


def find_plog() -> Path:
    if "PLOG_BIN" in os.environ:
        return Path(os.environ["PLOG_BIN"])
    return Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release")) / "plog"


def become_session_leader() -> None:
    """Makes standard input the controlling terminal, so that Ctrl-C sends a signal."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Plog:
    """Runs `plog` with PROVENLOG_DB_PATH set to `db`."""

    def __init__(self, binary: Path, home: Path) -> None:
        self.binary = str(binary)
        self.home = home
        self.db = home / "events.db"
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith("PROVENLOG_") and key not in ("NO_COLOR", "COLUMNS")
        }
        self.env = {**kept, "HOME": str(home), "PROVENLOG_DB_PATH": str(self.db), "TERM": "xterm"}

    def __call__(
        self,
        *args: Union[str, Path],
        input: Union[str, bytes] = b"",
        env: Optional[dict[str, str]] = None,
        code: Optional[int] = 0,
    ) -> subprocess.CompletedProcess[str]:
        """`code`: the expected exit code; None: any."""
        data = input.encode() if isinstance(input, str) else input
        raw = subprocess.run(
            [self.binary, *map(str, args)],
            input=data,
            capture_output=True,
            env={**self.env, **(env or {})},
            cwd=self.home,
            timeout=TIMEOUT,
        )
        result = subprocess.CompletedProcess(
            raw.args,
            raw.returncode,
            raw.stdout.decode("utf-8", "surrogateescape"),
            raw.stderr.decode("utf-8", "surrogateescape"),
        )
        if code is not None:
            assert result.returncode == code, result
        return result

    def lines(self, *args: Union[str, Path]) -> list[dict[str, Any]]:
        """The JSON lines that a command prints."""
        # Not splitlines(), which also splits at U+2028.
        return [json.loads(line) for line in self(*args, "--json").stdout.split("\n")[:-1]]

    def ingest(self, events: Iterable[dict[str, Any]], *args: str) -> None:
        text = "".join(json.dumps(event) + "\n" for event in events)
        self("ingest", *args, input=text)

    def start(self, *args: str, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen([self.binary, *args], env=self.env, cwd=self.home, **options)

    def on_terminal(
        self, *args: str, width: int = 80, env: Optional[dict[str, str]] = None, input: bytes = b"", delay: float = 0
    ) -> tuple[int, str]:
        """Runs plog on a terminal. Returns the exit code and the output that the terminal received."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        attributes = termios.tcgetattr(slave)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        process = subprocess.Popen(
            [self.binary, *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**self.env, **(env or {})},
            cwd=self.home,
            preexec_fn=become_session_leader,
        )
        os.close(slave)
        if input:
            time.sleep(delay)
            os.write(master, input)
        received = b""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(master, 65536)
            except OSError:  # Linux reports this when the other side is closed
                break
            if not part:
                break
            received += part
        code = process.wait(timeout=TIMEOUT)
        os.close(master)
        return code, received.decode().replace("\r\n", "\n")


@pytest.fixture
def plog(tmp_path: Path) -> Plog:
    binary = find_plog()
    if not binary.exists():
        pytest.skip(f"needs {binary}: run make build")
    return Plog(binary, tmp_path)


@pytest.fixture
def story(plog: Plog) -> Plog:
    """A ledger with five events of two agents, a minute apart."""
    plog.ingest(
        [
            {
                "agent_id": "researcher",
                "session_id": "s1",
                "id": "e1",
                "action_type": "TOOL_CALL",
                "action_name": "search",
                "action_input": {"query": "weather in Lyon"},
                "action_status": "success",
                "duration_ms": 12,
                "timestamp": "2026-02-17T08:00:00Z",
                "labels": {"env": "prod", "team": "search"},
            },
            {
                "agent_id": "researcher",
                "session_id": "s1",
                "id": "e2",
                "action_type": "TOOL_RESULT",
                "action_name": "search",
                "action_output": {"hits": [1, 2, 3]},
                "action_status": "success",
                "duration_ms": 1250,
                "timestamp": "2026-02-17T08:01:00Z",
                "labels": {"env": "prod"},
            },
            {
                "agent_id": "writer",
                "session_id": "s2",
                "id": "e3",
                "action_type": "LLM_CALL",
                "action_name": "draft",
                "action_input": "Write a letter",
                "timestamp": "2026-02-17T08:02:00Z",
                "labels": {"env": "dev"},
            },
            {
                "agent_id": "writer",
                "session_id": "s2",
                "id": "e4",
                "action_type": "LLM_RESPONSE",
                "action_name": "draft",
                "action_status": "error",
                "error_message": "model overloaded",
                "duration_ms": 125000,
                "timestamp": "2026-02-17T08:03:00Z",
                "metadata": {"model": "m-1", "tokens": 42},
            },
            {
                "agent_id": "researcher",
                "session_id": "s3",
                "id": "e5",
                "action_type": "CUSTOM",
                "action_name": "done",
                "action_status": "timeout",
                "timestamp": "2026-02-17T08:04:00Z",
                "parent_event_id": "e1",
            },
        ]
    )
    return plog
