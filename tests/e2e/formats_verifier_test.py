"""The verifier printed in docs/formats.md agrees with `plog verify`, on ledgers written through C, Python and `plog`."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Plog

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
EVENTS = [
    {"agent_id": f"agent-{n % 3}", "action_name": f"step {n}", "action_input": {"n": n, "text": "ä\n\U0001f602"}}
    for n in range(40)
]


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = (SOURCE / "docs" / "formats.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(# verify\.py.*?)```", text, re.S)
    path = tmp_path_factory.mktemp("verifier") / "verify.py"
    path.write_text(code, encoding="utf-8")
    return path


def independent(verifier: Path, db: Path) -> tuple[int, str]:
    # -I -S: nothing but the standard library can be meant.
    done = subprocess.run([sys.executable, "-I", "-S", str(verifier), str(db)], capture_output=True, text=True)
    return done.returncode, done.stdout


def write_c(plog: Plog) -> Path:
    golden = BUILD / "tests" / "golden" / "golden_c"
    subprocess.run(
        [str(golden), str(SOURCE / "tests" / "golden" / "events.txt"), str(plog.home)],
        check=True,
        env=plog.env,
        stdout=subprocess.DEVNULL,
    )
    return plog.home / "golden-2.db"


def write_python(plog: Plog) -> Path:
    code = (
        "import json, sys, provenlog\n"
        "with provenlog.ProvenLogClient(db_path=sys.argv[1]) as client:\n"
        "    for event in json.load(sys.stdin): client.log_event(**event)\n"
    )
    env = {**plog.env, "PYTHONPATH": str(BUILD / "python")}
    subprocess.run([sys.executable, "-c", code, str(plog.db)], input=json.dumps(EVENTS), check=True, env=env, text=True)
    return plog.db


def write_cli(plog: Plog) -> Path:
    plog("ingest", input="".join(json.dumps(event) + "\n" for event in EVENTS))
    return plog.db


@pytest.mark.parametrize("write", [write_c, write_python, write_cli])
def test_a_ledger_written_through_each_way_is_intact(write: Callable[[Plog], Path], plog: Plog, verifier: Path) -> None:
    db = write(plog)
    assert independent(verifier, db) == (0, "OK\n")
    assert json.loads(plog("verify", "--db", db, "--json").stdout)["verdict"] == "OK"


TAMPERINGS = {
    "content": "UPDATE event SET canonical = replace(canonical, 'step 7', 'step 8') WHERE commit_index = 8",
    "hash": "UPDATE event SET hash = zeroblob(32) WHERE commit_index = 8",
    "prev_hash": "UPDATE event SET prev_hash = zeroblob(32) WHERE commit_index = 8",
    "sequence": "UPDATE event SET sequence = 99 WHERE commit_index = 8",
    "deletion": "DELETE FROM event WHERE commit_index = 8",
    "deletion of the first row": "DELETE FROM event WHERE commit_index = 0",
    "renumbering after a deletion": "DELETE FROM event WHERE commit_index = 8; "
    "UPDATE event SET commit_index = commit_index - 1 WHERE commit_index > 8",
    "another agent": "UPDATE event SET agent = (SELECT id FROM term WHERE text = 'agent-2'), sequence = 99 WHERE commit_index = 8",
    "a renamed agent": "UPDATE term SET text = 'agent-x' WHERE text = 'agent-1'",
    "id": "UPDATE event SET id = zeroblob(16) WHERE commit_index = 8",
    "type confusion": "UPDATE event SET canonical = CAST(canonical AS TEXT) WHERE commit_index = 8",
}


@pytest.mark.parametrize("sql", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_both_see_the_same_tampering(sql: str, plog: Plog, verifier: Path) -> None:
    db = write_cli(plog)
    with sqlite3.connect(db) as connection:
        # STRICT tables refuse what an attacker with a hex editor would not.
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'event'")
    connection.close()
    connection = sqlite3.connect(db)
    connection.create_function("replace", 3, lambda text, old, new: text.replace(old.encode(), new.encode()))
    connection.executescript(sql)
    assert connection.total_changes > 0
    connection.close()
    code, report = independent(verifier, db)
    assert code == 33, report
    done = plog("verify", "--db", db, "--json", code=33)
    assert json.loads(done.stdout)["verdict"] == "TAMPERED"
    assert json.loads(done.stdout)["valid"] is False


def test_what_is_no_ledger_is_not_called_tampered(plog: Plog, verifier: Path) -> None:
    plog.db.write_bytes(b"not a database at all, but long enough to look at" * 100)
    assert independent(verifier, plog.db)[0] == 22
    assert json.loads(plog("verify", "--json", code=22).stdout)["verdict"] == "CANNOT_RUN"
