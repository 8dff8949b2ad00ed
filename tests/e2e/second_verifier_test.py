"""docs/verify.py as a program, on ledgers written through C, Python and `plog`, and on exports of them.

tests/attacks tests that it agrees with `plog verify` about every changed ledger.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Plog

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
PROGRAM = SOURCE / "docs" / "verify.py"
EVENTS = [
    {"agent_id": f"agent-{n % 3}", "action_name": f"step {n}", "action_input": {"n": n / 7, "text": "ä\n\U0001f602"}}
    for n in range(40)
]


def run(*args: object, code: int = 0, options: tuple[str, ...] = ("-I",)) -> str:
    done = subprocess.run([sys.executable, *options, PROGRAM, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == code, done
    assert done.stderr == ""
    return done.stdout


def report(*args: object, code: int = 0) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(run("--json", *args, code=code))
    return result


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
    plog.ingest(EVENTS)
    return plog.db


@pytest.mark.parametrize("write", [write_c, write_python, write_cli])
def test_a_ledger_written_through_each_way_is_sound(write: Callable[[Plog], Path], plog: Plog) -> None:
    db = write(plog)
    first = json.loads(plog("verify", "--db", db, "--json").stdout)
    second = report(db)
    shared = first.keys() & second.keys() - {"path"}
    assert {"verdict", "valid", "events", "agents", "tail", "assurance", "root", "key", "findings"} <= shared
    assert {name: second[name] for name in shared} == {name: first[name] for name in shared}
    assert second["verdict"] == "OK"


def test_it_is_one_file_with_one_package_for_signatures(plog: Plog, tmp_path: Path) -> None:
    db = write_cli(plog)
    imports = set(re.findall(r"^(?:import|from) ([\w]+)", PROGRAM.read_text(), re.MULTILINE))
    assert imports <= set(sys.stdlib_module_names) if sys.version_info >= (3, 10) else imports
    # -S: without site-packages.
    without = run(db, "--json", code=22, options=("-I", "-S"))
    assert "without the package cryptography" in json.loads(without)["error"]


def test_people_are_told_the_verdict_and_how_far_it_reaches(plog: Plog) -> None:
    db = write_cli(plog)
    text = run(db)
    assert re.match(r"OK  41 events of 4 agents: ", text)
    assert "assurance: signed (the head covers 41 events)" in text
    db.with_name("events.db.key").unlink()
    assert "assurance: consistent" in run(db)
    key = report(db)["key"]
    assert "assurance: signed" in run(db, "--key", key)
    (plog.home / "public").write_text(key + "\n")
    assert "assurance: signed" in run(db, "--key", plog.home / "public", "--key", key)
    shutil.copy(f"{db}.head", plog.home / "kept.head")
    assert "assurance: pinned" in run(db, "--head", plog.home / "kept.head")
    assert "UNVERIFIABLE" in run(
        db, "--key", "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", code=20
    )
    assert "CANNOT_RUN" in run(db, "--key", "no key", code=22)
    assert "MISSING_LOG" in run(plog.home / "nothing.db", code=23)
    sqlite3.connect(db).executescript("UPDATE event SET time = time + 1 WHERE commit_index = 7")
    assert re.search(r"TAMPERED  agent-\d #\d+: column time differs from the event at sequence", run(db, code=33))
    db.write_bytes(b"not a database at all, but long enough to look at" * 100)
    assert "TAMPERED" in run(db, code=33)
    Path(f"{db}.head").unlink()
    assert "CANNOT_RUN" in run(db, code=22)


def test_a_reader_that_has_enough_is_no_error(plog: Plog) -> None:
    db = write_cli(plog)
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run([sys.executable, PROGRAM, db], stdout=write, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_events_say_does_not_reach_the_terminal_as_it_is(plog: Plog) -> None:
    plog.ingest([{"agent_id": "a\x1b[2J\u202e"}])
    sqlite3.connect(plog.db).executescript("UPDATE event SET time = 0")
    text = run(plog.db, code=33)
    assert "\\x1b[2J\\u202e" in text
    assert "\x1b" not in text and "\u202e" not in text


def test_exports_are_told_apart_from_ledgers(plog: Plog) -> None:
    write_cli(plog)
    plog("export", "--output", "all.plog")
    plog("export", "--tiles", "log")
    shutil.copy(plog.home / "all.plog", plog.home / "all.json")
    for name in ("all.plog", "all.json", "log"):
        assert report(plog.home / name)["events"] == 41
    (plog.home / "other.plog").write_text("x")
    assert report(plog.home / "other.plog", code=20)["verdict"] == "UNVERIFIABLE"
    assert report(plog.home / "all.plog", "--head", plog.home / "other.plog", code=22)["verdict"] == "CANNOT_RUN"


@pytest.mark.parametrize("log", ["without a log", "with a log", "with a log in use"])
def test_nothing_is_written_beside_the_ledger(plog: Plog, log: str) -> None:
    write_cli(plog)
    folder = plog.home / "copy"
    folder.mkdir()
    for suffix in ("", "-wal", "-shm", ".head"):
        if Path(f"{plog.db}{suffix}").exists() and (suffix != "-shm" or log == "with a log in use"):
            shutil.copy(f"{plog.db}{suffix}", folder / f"events.db{suffix}")
    if log == "without a log":
        sqlite3.connect(folder / "events.db").execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    assert (folder / "events.db-wal").exists() is (log != "without a log")

    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".db-shm"}

    before = files()
    assert report(folder / "events.db")["events"] == 41
    assert files() == before
    assert (folder / "events.db-shm").exists() is (log == "with a log in use")


def test_a_ledger_that_is_written_to_is_sound(plog: Plog) -> None:
    writer = plog.start("ingest", "--agent-id", "a", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert writer.stdin is not None
    try:
        seen = []
        while len(seen) < 5 or seen[-1]["events"] < 500:
            writer.stdin.write(b'{"action_name":"x","labels":{"k":"v"}}\n' * 100)
            writer.stdin.flush()
            done = subprocess.run([sys.executable, "-I", PROGRAM, plog.db, "--json"], capture_output=True, text=True)
            result = json.loads(done.stdout)
            # Before the first event is committed there is no ledger.
            if result["verdict"] != "MISSING_LOG":
                seen.append(result)
        assert {result["verdict"] for result in seen} <= {"OK", "OK_WITH_TAIL"}, seen
    finally:
        writer.stdin.close()
        writer.wait()
    last = report(plog.db)
    assert (last["verdict"], last["tail"]) == ("OK", 0)


def test_the_schema_is_that_of_the_documentation() -> None:
    statements = re.findall(r"```sql\n(CREATE.*?)```", (SOURCE / "docs" / "ledger-schema.md").read_text(), re.DOTALL)
    assert len(statements) == 3
    program = PROGRAM.read_text()
    for text in statements:
        assert f'"""\\\n{text}"""' in program
