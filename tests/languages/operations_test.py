"""Every language reaches every operation, and gets the same answer.

The calls are made from the table that `plog generate operations` prints: an operation that reads and is not in CALLS
fails the test.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from toolchains import BUILD, Machine, jar, need, python_command

CALLERS = Path(__file__).resolve().parent / "callers"
Call = tuple[str, dict[str, Any]]

# The calls of each operation whose scope is `read`. Members of results that differ from call to call are in VARYING.
CALLS: dict[str, list[dict[str, Any]]] = {
    "query": [
        {},
        {"limit": 3},
        {"limit": 2, "after": 3, "order": "desc"},
        {"action_name": "séance", "labels": {"env": "dev"}, "since": "2026-01-01T00:00:00Z"},
        {"include_system": True, "source": None},
    ],
    "count": [{}, {"agent_id": "a"}, {"until": "2000-01-01T00:00:00Z"}],
    "get": [{"event_id": "one"}, {"event_id": "@2", "agent_id": "b"}],
    "get_context": [{"label_key": "env", "value": "dev"}],
    "stats": [{}, {"redactions": True}],
    "agents": [{}, {"limit": 1, "include_system": True}, {"after": "a"}],
    "sessions": [{}, {"agent_id": "a", "limit": 1}, {"offset": 1}],
    "counters": [{}],
    "verify": [{}, {"agent_id": "a", "level": "chain", "threads": 1}],
    "prove": [{"event_id": "one"}],
    "key": [{}],
    "redact": [
        {"text": "é to ada@example.com"},
        {"value": {"to": ["ada@example.com", 1.5, None]}, "profile": "strict"},
    ],
    "findings": [{"text": "é to ada@example.com"}],
    "detectors": [{}],
    "options": [{}],
    "operations": [{}],
}
VARYING = {"stats": {"file_bytes", "wal_bytes"}, "counters": {"recovered"}, "prove": {"exported_at"}}
WRONG: list[Call] = [
    ("nothing", {}),
    ("query", {"limit": 0}),
    ("query", {"limt": 1}),
    ("get", {}),
    ("get", {"event_id": "nobody"}),
    ("redact", {"text": "x", "rules": [{"name": "r", "pattern": "("}]}),
]


@pytest.fixture(scope="module")
def ledger(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("operations")
    events = [
        {"agent_id": "a", "id": "one", "action_name": "séance", "session_id": "s", "labels": {"env": "dev"}},
        {"agent_id": "b", "action_name": "other", "action_status": "error", "session_id": "t"},
        {"agent_id": "a", "action_input": {"n": [1, 2.5, "ada@example.com", None, "😀"], "big": 9007199254740993}},
        *({"agent_id": "a", "session_id": f"s{i}"} for i in range(5)),
    ]
    db = folder / "events.db"
    lines = "".join(json.dumps(event) + "\n" for event in events)
    machine(machine.prefix / "bin" / "plog", "ingest", "--db", db, cwd=folder, input=lines)
    script = folder / "context.py"
    script.write_text(
        "import sys\nfrom provenlog import ProvenLogClient\n"
        "with ProvenLogClient(db_path=sys.argv[1]) as client:\n"
        "    client.set_context('env', {'lead': 'Ada'}, value='dev')\n    client.checkpoint()\n"
    )
    machine(*python_command(script), db, cwd=folder)
    return db


def caller(language: str, machine: Machine, folder: Path, request: pytest.FixtureRequest) -> list[object]:
    """Builds a caller and returns its command, to which the path of the ledger is appended."""
    if language == "python":
        return python_command(CALLERS / "caller.py")
    if language == "node":
        need("node")
        package = BUILD / "node" / "provenlog"
        if not (package / "dist").exists():
            pytest.skip(f"the npm package is not built in {package}")
        return ["node", CALLERS / "caller.cjs", package]
    if language == "go":
        need("go", "cc")
        machine("go", "build", "-o", folder / "caller_go", ".", cwd=CALLERS / "go")
        return [folder / "caller_go"]
    if language == "rust":
        need("cargo", "cc")
        machine("cargo", "build", "--quiet", cwd=CALLERS / "rust")
        return [Path(machine.env["CARGO_TARGET_DIR"]) / "debug" / "caller"]
    path = f"{jar('jna', 'libjna-java')}:{request.getfixturevalue('java_classes')}:{folder}"
    machine("javac", "-encoding", "UTF-8", "-cp", path, "-d", folder, CALLERS / "Caller.java", cwd=folder)
    return ["java", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=US-ASCII", "-cp", path, "Caller"]


def line_of(language: str, call: Call) -> str:
    name, parameters = call
    if language == "java":
        return f"{name}\t{json.dumps(parameters)}\n"
    return json.dumps({"name": name, "parameters": parameters}) + "\n"


def answers(
    language: str, machine: Machine, ledger: Path, folder: Path, request: pytest.FixtureRequest, calls: list[Call]
) -> list[Any]:
    command = caller(language, machine, folder, request)
    lines = "".join(line_of(language, call) for call in calls)
    found = machine(*command, ledger, cwd=folder, input=lines).split("\nend\n")[:-1]
    assert len(found) == len(calls), found
    return [
        text if text.startswith("error: ") else without(json.loads(text), VARYING.get(name, set()))
        for (name, _), text in zip(calls, found)
    ]


def without(result: dict[str, Any], names: set[str]) -> dict[str, Any]:
    assert names <= result.keys()
    return {name: value for name, value in result.items() if name not in names}


@pytest.fixture(scope="module")
def calls(machine: Machine) -> list[Call]:
    table = json.loads(machine(machine.prefix / "bin" / "plog", "generate", "operations", cwd=CALLERS))
    names = [operation["name"] for operation in table if operation["scope"] == "read"]
    assert sorted(names) == sorted(CALLS), "add calls of the new operation to CALLS"
    return [(name, parameters) for name in names for parameters in CALLS[name]] + WRONG


@pytest.fixture(scope="module")
def expected(
    machine: Machine,
    ledger: Path,
    calls: list[Call],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> list[Any]:
    return answers("python", machine, ledger, tmp_path_factory.mktemp("python"), request, calls)


def test_python_gets_results_and_messages(calls: list[Call], expected: list[Any]) -> None:
    for call, answer in zip(calls, expected):
        assert isinstance(answer, str) == (call in WRONG), (call, answer)
    assert expected[-6].startswith('error: there is no operation "nothing"')
    by_call = {json.dumps(call): answer for call, answer in zip(calls, expected)}
    assert len(by_call[json.dumps(("query", {}))]["events"]) == 8
    assert by_call[json.dumps(("query", {"limit": 3}))]["next"] == 3


@pytest.mark.parametrize("language", ["node", "go", "rust", "java"])
def test_every_language_gets_the_same(
    language: str,
    machine: Machine,
    ledger: Path,
    calls: list[Call],
    expected: list[Any],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    found = answers(language, machine, ledger, tmp_path, request, calls)
    for call, answer, wanted in zip(calls, found, expected):
        assert answer == wanted, call


@pytest.mark.parametrize("language", ["python", "node", "go", "rust", "java"])
def test_every_language_records_signs_and_copies(
    language: str, machine: Machine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    def path(name: str) -> str:
        return str(tmp_path / name)

    event = {"agent_id": "a", "id": "0190163d-8694-739b-aea5-966c26f8ad91", "action_input": {"n": 9007199254740993}}
    calls: list[Call] = [
        ("log", {"event": event}),
        ("set_context", {"label_key": "env", "value": "dev", "context": {"lead": "Ada"}}),
        ("flush", {"timeout_ms": 20000}),
        ("checkpoint", {}),
        ("export", {"path": path("all.plog")}),
        ("verify_export", {"path": path("all.plog"), "heads": [path("events.db.head")]}),
        ("acknowledge", {"comment": "nothing happened"}),
        ("rotate_key", {}),
        ("backup", {"path": path("copy.db")}),
        ("restore", {"path": path("copy.db"), "db_path": path("again.db")}),
    ]
    table = json.loads(machine(machine.prefix / "bin" / "plog", "generate", "operations", cwd=CALLERS))
    assert sorted(name for name, _ in calls) == sorted(one["name"] for one in table if one["scope"] != "read")
    found = dict(
        zip((name for name, _ in calls), answers(language, machine, tmp_path / "events.db", tmp_path, request, calls))
    )
    assert found["log"] == {"id": event["id"]}
    assert found["set_context"] == found["flush"] == {}
    assert found["checkpoint"]["checkpoint"].startswith("provenlog/")
    assert (found["export"]["tree_size"], found["export"]["tail"]) == (3, 0)
    assert (found["verify_export"]["verdict"], found["verify_export"]["assurance"]) == ("OK", "pinned")
    assert found["acknowledge"] == {"acknowledged": 0}
    assert (found["checkpoint"]["epoch"], found["rotate_key"]["epoch"]) == (1, 2)
    assert found["backup"]["bytes"] == (tmp_path / "copy.db").stat().st_size
    assert (found["restore"]["events"], found["restore"]["replaced"]) == (4, None)
