"""One ledger that programs in all languages write, first in turn, then at the same time."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toolchains import BUILD, Machine, jar, need, python_command

WRITERS = Path(__file__).resolve().parent / "writers"
COUNT = 40  # events of a writer in a round

# Each of these functions builds a writer and returns its command. `count DB PREFIX COUNT` or `event DB` is appended.


def python(machine: Machine, folder: Path) -> list[object]:
    return python_command(WRITERS / "writer.py")


def node(machine: Machine, folder: Path) -> list[object]:
    need("node")
    package = BUILD / "node" / "provenlog"
    if not (package / "dist").exists():
        pytest.skip(f"the npm package is not built in {package}")
    return ["node", WRITERS / "writer.cjs", package]


def c(machine: Machine, folder: Path) -> list[object]:
    need("cc")
    flags = machine("pkg-config", "--cflags", "--libs", "provenlog", cwd=folder).split()
    machine("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", WRITERS / "writer.c", "-o", "writer_c", *flags, cwd=folder)
    return [folder / "writer_c"]


def go(machine: Machine, folder: Path) -> list[object]:
    need("go", "cc")
    machine("go", "build", "-o", folder / "writer_go", ".", cwd=WRITERS / "go")
    return [folder / "writer_go"]


def rust(machine: Machine, folder: Path) -> list[object]:
    need("cargo", "cc")
    machine("cargo", "build", "--quiet", cwd=WRITERS / "rust")
    return [Path(machine.env["CARGO_TARGET_DIR"]) / "debug" / "writer"]


def java(machine: Machine, folder: Path, classes: Path) -> list[object]:
    path = f"{jar('jna', 'libjna-java')}:{classes}:{folder}"
    machine("javac", "-encoding", "UTF-8", "-cp", path, "-d", folder, WRITERS / "Writer.java", cwd=folder)
    # The encoding must not depend on the locale of the system.
    return ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=US-ASCII", "-cp", path, "Writer"]


LANGUAGES = ("python", "node", "c", "go", "rust", "java", "plog")


class Writers:
    """The writer programs. If one cannot be built, the tests run with the others and are then reported as skipped."""

    def __init__(self, machine: Machine, folder: Path, java_classes: Callable[[], Path]) -> None:
        self.machine = machine
        self.folder = folder
        self.missing: list[str] = []
        self._commands: dict[str, Any] = {"plog": None}
        builders: dict[str, Callable[[], Any]] = {
            "python": lambda: python(machine, folder),
            "node": lambda: node(machine, folder),
            "c": lambda: c(machine, folder),
            "go": lambda: go(machine, folder),
            "rust": lambda: rust(machine, folder),
            "java": lambda: java(machine, folder, java_classes()),
        }
        for language, build in builders.items():
            try:
                self._commands[language] = build()
            except pytest.skip.Exception as reason:
                self.missing.append(f"{language}: {reason}")
        self.languages = tuple(language for language in LANGUAGES if language in self._commands)

    def admit(self) -> None:
        if self.missing:
            pytest.skip(f"passed with {', '.join(self.languages)} only; {'; '.join(self.missing)}")

    def start(self, language: str, *arguments: object) -> tuple[Any, Any]:
        """Returns the process and the text for its standard input."""
        if language != "plog":
            return self.machine.start(*self._commands[language], *arguments, cwd=self.folder), None
        command, db, *rest = arguments
        if command == "count":
            prefix, count = rest
            events = [
                {"action_type": "CUSTOM", "action_name": f"{prefix}-{i}", "action_input": {"i": i}}
                for i in range(int(str(count)))
            ]
        else:
            events = [json.loads((WRITERS / "event.json").read_text(encoding="utf-8"))]
        lines = "".join(json.dumps(event) + "\n" for event in events)
        plog = self.machine.prefix / "bin" / "plog"
        return self.machine.start(plog, "ingest", "--agent-id", "polyglot", "--db", db, cwd=self.folder), lines

    def run(self, language: str, *arguments: object) -> None:
        self.wait(language, *self.start(language, *arguments))

    def wait(self, language: str, process: Any, input: Any) -> None:
        output, _ = process.communicate(input, timeout=300)
        assert process.returncode == 0, f"{language}: {process.returncode}\n{output}"


@pytest.fixture(scope="module")
def writers(machine: Machine, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Writers:
    return Writers(machine, tmp_path_factory.mktemp("writers"), lambda: Path(request.getfixturevalue("java_classes")))


def events(writers: Writers, db: Path) -> list[dict[str, Any]]:
    text = writers.machine(
        writers.machine.prefix / "bin" / "plog",
        "log",
        "--db",
        db,
        "--agent-id",
        "polyglot",
        "--all",
        "--json",
        cwd=db.parent,
    )
    return [json.loads(line) for line in text.split("\n")[:-1]]


def verdict(writers: Writers, db: Path) -> dict[str, Any]:
    text = writers.machine(writers.machine.prefix / "bin" / "plog", "verify", "--db", db, "--json", cwd=db.parent)
    report: dict[str, Any] = json.loads(text)
    return report


def assert_complete(writers: Writers, db: Path, expected: list[str]) -> list[dict[str, Any]]:
    """The ledger contains exactly these events, in one contiguous chain, and verifies."""
    found = events(writers, db)
    assert [event["sequence"] for event in found] == list(range(1, len(expected) + 1))
    assert Counter(event["action_name"] for event in found) == Counter(expected)
    assert all(event["validation_warnings"] == [] for event in found)
    report = verdict(writers, db)
    assert report["valid"] and report["verdict"] in ("OK", "OK_WITH_TAIL"), report
    return found


def test_a_ledger_written_in_turn_by_every_language_is_one_chain(writers: Writers, tmp_path: Path) -> None:
    db = tmp_path / "events.db"
    expected = []
    for round in range(3):
        for language in writers.languages[round:] + writers.languages[:round]:
            writers.run(language, "count", db, f"{language}-{round}", COUNT)
            expected += [f"{language}-{round}-{i}" for i in range(COUNT)]
    found = assert_complete(writers, db, expected)
    assert [event["action_name"] for event in found] == expected
    assert verdict(writers, db)["events"] >= len(expected) + 1  # plus system events
    writers.admit()


def test_a_ledger_written_by_every_language_at_once_is_one_chain(writers: Writers, tmp_path: Path) -> None:
    db = tmp_path / "events.db"
    count = 10 * COUNT
    started = [(language, *writers.start(language, "count", db, language, count)) for language in writers.languages]
    for language, process, input in started:
        writers.wait(language, process, input)
    found = assert_complete(writers, db, [f"{language}-{i}" for language in writers.languages for i in range(count)])
    for language in writers.languages:  # the order of each writer is kept
        of_one = [event["action_input"]["i"] for event in found if event["action_name"].startswith(f"{language}-")]
        assert of_one == list(range(count))
    writers.admit()


@pytest.fixture
def octets(writers: Writers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], bytes]:
    """Returns a function: the stored bytes of the event that a language's writer records without salt."""
    (tmp_path / "no_salt.yaml").write_text("salt: false\n", encoding="utf-8")
    monkeypatch.setitem(writers.machine.env, "PROVENLOG_CONFIG", str(tmp_path / "no_salt.yaml"))

    def written(language: str) -> bytes:
        db = tmp_path / f"{language}.db"
        writers.run(language, "event", db)
        assert verdict(writers, db)["valid"]
        with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as connection:
            query = "SELECT canonical FROM event JOIN term ON term.id = agent WHERE text = 'polyglot'"
            ((canonical,),) = connection.execute(query).fetchall()
        connection.close()
        assert isinstance(canonical, bytes)
        return canonical

    return written


def test_the_same_event_has_the_same_octets_from_every_language(
    writers: Writers, octets: Callable[[str], bytes]
) -> None:
    expected = octets("python")
    event = json.loads(expected)
    assert event["action_input"]["integers"] == [0, -7, 9007199254740992, "9007199254740993"]
    assert event["action_input"]["mail"] == "[REDACTED:email]"
    assert "salt" not in event
    others = [language for language in writers.languages if language != "python"]
    assert {language: octets(language) for language in others} == dict.fromkeys(others, expected)
    writers.admit()
