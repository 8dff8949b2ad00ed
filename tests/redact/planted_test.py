"""Plants forty secrets in every text of an event, through every interface, and checks that none reaches a disk."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional

import pytest

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
WAYS = Path(__file__).parent / "ways"
DOORS = BUILD / "tests" / "redact" / "libredact_doors.so"
SECRETS = 40
MAX_EVENT = 8192


def built(path: Path) -> str:
    if not path.exists():
        pytest.skip(f"{path} does not exist; run make build")
    return str(path)


def commands(plan: Path, db: Path, end: str) -> Dict[str, List[str]]:
    arguments = [str(plan), str(db), end]
    return {
        "python": [sys.executable, str(WAYS / "from_python.py"), *arguments],
        "c": [sys.executable, str(WAYS / "from_c.py"), *arguments],
        "node": ["node", str(WAYS / "from_node.cjs"), *arguments],
        "ingest": [built(BUILD / "plog"), "--db", str(db), "ingest", str(plan.with_suffix(".jsonl"))],
    }


class Planted:
    """A directory with a configuration, and the secrets and events to plant."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.plog = built(BUILD / "plog")
        self.home = directory / "home"
        self.ledger = directory / "ledger"
        self.home.mkdir()
        self.ledger.mkdir()
        self.db = self.ledger / "events.db"
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("PROVENLOG_")}
        self.env["HOME"] = str(self.home)
        listed: Any = json.loads(self.run([self.plog, "redact", "--list", "--json"]).stdout)
        examples: List[Any] = []
        for detector in listed:
            if "default" in detector["profiles"] and "examples" in detector:
                example = detector["examples"]["positive"][0]
                hidden = example["text"].encode()[example["start"] : example["end"]].decode()
                if len(hidden) >= 8:
                    examples.append((example["text"], hidden))
        # Choose evenly from all detectors.
        chosen = [examples[i * len(examples) // SECRETS] for i in range(SECRETS)]
        self.texts = [text for text, _ in chosen]
        self.hidden = [hidden for _, hidden in chosen]
        assert len(set(self.hidden)) == SECRETS
        (self.home / ".provenlog").mkdir()
        config = {
            "max_event_bytes": MAX_EVENT,
            "flush_interval": 3600,
            "batch_size": 4096,
            "labels": {"of the file": self.texts[7]},
            "metadata": {self.texts[8]: self.texts[9]},
        }
        (self.home / ".provenlog" / "config.yaml").write_text(json.dumps(config))
        self.plan = directory / "plan.json"
        events = [event for text in self.texts for event in events_with(text)]
        lines = [line for text in self.texts for line in lines_with(text)]
        self.plan.write_text(json.dumps({"secrets": self.texts, "events": events, "lines": lines}))
        self.plan.with_suffix(".jsonl").write_text(
            "".join(json.dumps({"agent_id": "planted", **event}) + "\n" for event in events)
            + "".join(line + "\n" for line in lines)
        )
        # The error message for a line of broken JSON must not repeat the line.
        with self.plan.with_suffix(".jsonl").open("a") as file:
            file.writelines('{"agent_id": "planted", "action_input": ' + json.dumps(text) + "\n" for text in self.texts)
        self.expected = len(events)

    def run(
        self, command: List[str], *, env: Optional[Dict[str, str]] = None, codes: Iterable[int] = (0,)
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {
            **self.env,
            "PYTHONPATH": str(BUILD / "python"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PLOG_LIBRARY": str(BUILD / "libprovenlog.so"),
            "PLOG_PACKAGE": str(BUILD / "node" / "provenlog"),
            **(env or {}),
        }
        done = subprocess.run(
            command, env=environment, cwd=self.directory / "ledger", stdin=subprocess.DEVNULL, capture_output=True
        )
        assert done.returncode in codes, done.stderr.decode()[-2000:]
        return done

    def plant(self, way: str, end: str, env: Optional[Dict[str, str]] = None) -> subprocess.CompletedProcess[bytes]:
        if way == "node" and not shutil.which("node"):
            pytest.skip("needs node")
        needed = {"python": "python", "c": "libprovenlog.so", "node": "node/provenlog", "ingest": "plog"}
        built(BUILD / needed[way])
        # Ingest exits at the end of its input, with 4 because it rejected lines.
        codes = {"kill": (-signal.SIGKILL, 4), "close": (0, 4)}.get(end, (-signal.SIGSEGV,))
        return self.run(commands(self.plan, self.db, end)[way], env=env, codes=codes)

    def leaks(self, octets: bytes) -> List[str]:
        """The secrets in the bytes: whole or a half of one, plain or escaped as in JSON."""
        found = []
        for hidden in self.hidden:
            middle = len(hidden) // 2
            parts = [hidden] if middle < 8 else [hidden, hidden[:middle], hidden[middle:]]
            for part in parts:
                if part.encode() in octets or json.dumps(part)[1:-1].encode() in octets:
                    found.append(part)
        return found

    def check_files(self) -> int:
        """Searches all files below the ledger's directory. Returns the number of bytes searched."""
        looked = 0
        for path in sorted(self.ledger.rglob("*")):
            if path.is_file():
                octets = path.read_bytes()
                looked += len(octets)
                assert self.leaks(octets) == [], path
                assert self.leaks(str(path).encode()) == [], path
        return looked

    def check_output(self, done: subprocess.CompletedProcess[bytes]) -> None:
        assert self.leaks(done.stdout) == []
        assert self.leaks(done.stderr) == []


def events_with(text: str) -> List[Dict[str, Any]]:
    """Events with the text in every place for content, and at the position where content is cut."""
    filler = " and so on" * (MAX_EVENT // 10)
    across = "y" * 1010 + " " + text + filler
    return [
        {
            "action_name": "planted",
            "action_input": {
                "text": text,
                text: 1,
                "deep": [[{"x": [f"see {text} there"]}]],
                "json": json.dumps([text]),
            },
            "action_output": text,
            "error_message": f"failed: {text}",
            "labels": {"value": text, text: "value"},
            "metadata": {"value": text, text: {text: [text]}},
            "unknown": text,
            f"unknown {text}": {"x": text},
        },
        {
            "action_name": "wrong",
            "action_input": text,
            "timestamp": text,
            "duration_ms": text,
            "parents": {text: text},
            "session_id": {text: text},
            "hash": text,
            "validation_warnings": [{"code": text, "detail": text, "field": text}],
        },
        {"action_name": "long", "action_input": text + filler, "action_output": {"x": across}},
        {"action_name": "long text", "error_message": across, "labels": {"x": across, text: filler}},
        {"action_name": "long fields", "metadata": {"x": across, text: filler}, "first": across, text: filler},
        {"action_name": "many", "metadata": {f"{text} {i}": text for i in range(MAX_EVENT // 60)}},
    ]


def lines_with(text: str) -> List[str]:
    """JSON texts that no JSON serialiser produces: duplicate keys, everything escaped, broken Unicode."""
    quoted = json.dumps(text)
    escaped = '"' + "".join(f"\\u{ord(c):04x}" for c in text) + '"'
    return [
        f'{{"agent_id":"planted","action_name":"twice","metadata":{{{quoted}:{quoted},{escaped}:{escaped}}}}}',
        f'{{"agent_id":"planted","action_name":"broken","action_input":{{{quoted[:-1]} \\ud800":{quoted[:-1]} \\udc00"}}}}',
    ]


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted(tmp_path)


WAYS_IN = ["python", "c", "node", "ingest"]


@pytest.mark.parametrize("way", WAYS_IN)
def test_no_secret_reaches_a_disk_or_a_log(planted: Planted, way: str) -> None:
    # A killed process leaves all events in its journal. Ingest is not killed and leaves them in the ledger and its WAL.
    planted.check_output(planted.plant(way, "kill"))
    assert planted.check_files() > 100_000
    if way != "ingest":
        assert any(planted.ledger.glob("events.db.journal/*.seg"))

    # The next process adopts the journal and exits normally.
    planted.check_output(planted.plant(way, "close"))
    planted.check_files()

    def plog(*arguments: str, codes: Iterable[int] = (0,)) -> subprocess.CompletedProcess[bytes]:
        done = planted.run([planted.plog, "--db", str(planted.db), *arguments], codes=codes)
        planted.check_output(done)
        return done

    events = [json.loads(line) for line in plog("log", "--all", "--json", "--system").stdout.splitlines()]
    names = [event.get("action_name") for event in events]
    for name in ("planted", "wrong", "long", "long text", "long fields", "many"):
        assert names.count(name) >= 2 * SECRETS, name
    codes = {warning["code"] for event in events for warning in event["validation_warnings"]}
    assert {"truncated", "unknown_field", "ledger_field", "wrong_type", "bad_timestamp"} <= codes
    counts = json.loads(plog("stats", "--redactions", "--json").stdout)["redactions"]
    assert sum(counts.values()) > 10 * 2 * SECRETS
    plog("log", "--all")
    plog("get", events[-1]["id"], "--agent-id", events[-1]["agent_id"])
    assert json.loads(plog("verify", "--json").stdout)["valid"]
    plog("export", "-o", "all.plog")
    plog("export", "--tiles", "tiles")
    plog("prove", events[-1]["id"], "--agent-id", events[-1]["agent_id"], "-o", "one.plog")
    plog("backup", "copy.db")
    plog("restore", "copy.db", "--replace")
    plog("acknowledge", "--comment", f"as {planted.texts[0]} said, {planted.texts[1]}")
    system = [json.loads(line) for line in plog("log", "--all", "--json", "--system").stdout.splitlines()]
    assert (
        "[REDACTED:" in [e for e in system if e.get("action_name") == "head.acknowledged"][0]["action_input"]["comment"]
    )
    planted.check_files()


# The first write to a journal is the header of its first segment.
@pytest.mark.parametrize("stop", [2, 150])
@pytest.mark.parametrize("way", WAYS_IN)
def test_what_stands_at_the_journals_door_is_redacted(planted: Planted, way: str, stop: int) -> None:
    """Kills the process when it is about to write to its journal. The witness file contains that write too."""
    witness = planted.directory / "witness"
    env = {
        "LD_PRELOAD": built(DOORS),
        "DOORS_DIR": str(planted.ledger.resolve()),
        "DOORS_WITNESS": str(witness),
        "DOORS_STOP": str(stop),
    }
    done = planted.run(commands(planted.plan, planted.db, "close")[way], env=env, codes=(-signal.SIGKILL,))
    planted.check_output(done)
    octets = witness.read_bytes()
    records = octets.count(b'"agent_id":"planted"') + octets.count(b'"context.changed"')
    # The witness contains one record more than the journal.
    journal = b"".join(path.read_bytes() for path in planted.ledger.glob("events.db.journal/*.seg"))
    written = journal.count(b'"agent_id":"planted"') + journal.count(b'"context.changed"')
    assert records == written + 1
    assert b"[REDACTED:" in octets
    assert planted.leaks(octets) == []
    planted.check_files()


@pytest.mark.parametrize("way", WAYS_IN)
def test_no_write_to_a_file_of_the_ledger_ever_holds_a_secret(planted: Planted, way: str) -> None:
    witness = planted.directory / "witness"
    env = {
        "LD_PRELOAD": built(DOORS),
        "DOORS_DIR": str(planted.ledger.resolve()),
        "DOORS_WITNESS": str(witness),
    }
    planted.plant(way, "close", env)
    octets = witness.read_bytes()
    assert octets.count(b"[REDACTED:") > 10 * SECRETS
    assert b"WITHOUT ROWID" in octets or b"SQLite format 3" in octets
    assert planted.leaks(octets) == []


def test_the_search_finds_what_was_planted(planted: Planted) -> None:
    """With redaction off, the search finds every secret, so the other tests look in the right places."""
    config = planted.home / ".provenlog" / "config.yaml"
    config.write_text(json.dumps({**json.loads(config.read_text()), "redaction": {"enabled": False}}))
    planted.plant("python", "kill")
    journal = b"".join(path.read_bytes() for path in planted.ledger.glob("events.db.journal/*.seg"))
    assert {hidden for hidden in planted.hidden if hidden in planted.leaks(journal)} == set(planted.hidden)


# ---- Core dumps


def dumped_core(planted: Planted, end: str) -> bool:
    """Whether the kernel reports that it wrote a core file."""
    built(BUILD / "python")
    env = {**planted.env, "PYTHONPATH": str(BUILD / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        commands(planted.plan, planted.db, end)["python"], env=env, cwd=planted.ledger,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -1
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSEGV
    return os.WCOREDUMP(status)


def test_a_core_holds_what_the_program_held(planted: Planted) -> None:
    """Shows why the settings are needed: the library cannot clear the caller's memory."""
    if not dumped_core(planted, "crash-unlimited"):
        pytest.skip("the system writes no core files here")
    cores = [path for path in planted.ledger.iterdir() if path.name.startswith("core")]
    if not cores:
        pytest.skip("the system writes core files to another place")
    assert set(planted.hidden) <= set(planted.leaks(cores[0].read_bytes()))


@pytest.mark.parametrize("setting", ["crash-without-cores", "crash-undumpable"])
def test_with_the_documented_setting_a_crash_leaves_no_core(planted: Planted, setting: str) -> None:
    assert not dumped_core(planted, setting)
    assert planted.check_files() > 100_000
    assert not [path for path in planted.ledger.iterdir() if path.name.startswith("core")]


def test_a_filter_that_crashes_leaves_no_core(planted: Planted) -> None:
    """plog redact and plog ingest read unredacted text, so they switch core files off themselves."""
    script = 'ulimit -c unlimited 2>/dev/null; exec "$@"'
    for command in (["redact"], ["--db", str(planted.db), "ingest"]):
        process = subprocess.Popen(
            ["sh", "-c", script, "sh", planted.plog, *command], env=planted.env, cwd=planted.ledger,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(planted.texts[0].encode() + b"\n")
        process.stdin.flush()
        if command == ["redact"]:
            assert re.search(rb"\[REDACTED:", process.stdout.readline())
        else:
            assert process.stderr is not None and process.stderr.readline()
        os.kill(process.pid, signal.SIGSEGV)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -1
        assert os.WTERMSIG(status) == signal.SIGSEGV and not os.WCOREDUMP(status)
    planted.check_files()
