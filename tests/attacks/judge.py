"""Verifies a ledger with every verifier, and asserts that they agree."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional, Union

import second

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
PLOG = os.environ.get("PLOG_BIN", str(BUILD / "plog"))
TIMEOUT = 120

EXIT_CODES = {
    "OK": 0,
    "OK_WITH_TAIL": 10,
    "RECOVERED": 11,
    "UNVERIFIABLE": 20,
    "CANNOT_RUN": 22,
    "MISSING_LOG": 23,
    "ROLLED_BACK": 30,
    "TRUNCATED": 31,
    "FORKED": 32,
    "TAMPERED": 33,
}
VALID = ("OK", "OK_WITH_TAIL", "RECOVERED")


def run_plog(*args: Union[str, Path]) -> subprocess.CompletedProcess[str]:
    raw = subprocess.run([PLOG, *map(str, args)], capture_output=True, timeout=TIMEOUT)
    return subprocess.CompletedProcess(
        raw.args, raw.returncode, raw.stdout.decode(errors="replace"), raw.stderr.decode(errors="replace")
    )


def judge(
    db: Path,
    *,
    heads: Sequence[Path] = (),
    key: Optional[str] = None,
    agent: Optional[str] = None,
    level: str = "full",
    incremental: bool = False,
) -> dict[str, Any]:
    """Returns the report of `plog verify`. Asserts that its exit code fits, and that all verifiers agree."""
    import provenlog

    options = ["--level", level]
    for head in heads:
        options += ["--head", str(head)]
    if key is not None:
        options += ["--key", key]
    if agent is not None:
        options += ["--agent-id", agent]
    if incremental:
        options.append("--incremental")
    done = run_plog("verify", "--db", db, "--read-only", "--strict", "--json", *options)
    assert done.stdout.count("\n") == 1, done
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == EXIT_CODES[report["verdict"]], done
    assert report["valid"] is (report["verdict"] in VALID)
    assert report["valid"] is (report["findings"] == [])
    library = provenlog.verify(
        db, agent, level=level, key=key, heads=list(heads), incremental=incremental, read_only=True
    )
    assert library == report
    if agent is None and level == "full" and not incremental:
        second.check(report, db, heads, key)
    return report


def judge_export(path: Path, *, heads: Sequence[Path] = (), key: Optional[str] = None) -> dict[str, Any]:
    """Returns the report of `plog verify-export`. Asserts the same as `judge`."""
    import provenlog

    options = [str(part) for head in heads for part in ("--head", head)]
    if key is not None:
        options += ["--key", key]
    done = run_plog("verify-export", path, "--json", *options)
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if report["valid"] else EXIT_CODES[report["verdict"]]), done
    assert report["valid"] is (report["verdict"] in VALID)
    assert provenlog.verify_export(path, key=key, heads=list(heads)) == report
    second.check(report, path, heads, key, export=True)
    return report
