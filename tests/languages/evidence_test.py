"""Exports and proofs that one language writes verify in the other languages, with the same head and key."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from toolchains import BUILD, Machine, need, python_command

PROGRAMS = Path(__file__).resolve().parent / "evidence"


class Languages:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.plog = machine.prefix / "bin" / "plog"

    def command(self, language: str) -> list[object]:
        if language == "python":
            return python_command(PROGRAMS / "evidence.py")
        need("node")
        package = BUILD / "node" / "provenlog"
        if not (package / "dist").exists():
            pytest.skip(f"the npm package is not built in {package}")
        return ["node", PROGRAMS / "evidence.cjs", package]

    def make(self, language: str, folder: Path) -> None:
        if language != "plog":
            self.machine(*self.command(language), "make", folder, cwd=folder)
            return
        db = ("--db", folder / "events.db")
        lines = "".join(json.dumps({"action_type": "TOOL_CALL", "action_input": {"i": i}}) + "\n" for i in range(20))
        self.machine(self.plog, "ingest", "--agent-id", "a", *db, cwd=folder, input=lines)
        self.machine(self.plog, "export", *db, "--output", folder / "all.plog", cwd=folder)
        event = json.loads(self.machine(self.plog, "log", *db, "--last", 1, "--json", cwd=folder))
        (folder / "one.plog").write_text(self.machine(self.plog, "prove", event["id"], *db, cwd=folder))
        (folder / "kept.head").write_text(self.machine(self.plog, "checkpoint", *db, cwd=folder))
        key = json.loads(self.machine(self.plog, "keys", *db, "--json", cwd=folder))
        (folder / "kept.key").write_text(key["vkey"])

    def check(self, language: str, file: Path, key: Path, head: Path) -> str:
        if language != "plog":
            return self.machine(*self.command(language), "check", file, key, head, cwd=file.parent).strip()
        given = ("--key", key, "--head", head, "--json")
        report = json.loads(self.machine(self.plog, "verify-export", file, *given, cwd=file.parent))
        return f"{report['verdict']} {report['assurance']} {report['events']}"


LANGUAGES = ("python", "node", "plog")


@pytest.mark.parametrize("maker", LANGUAGES)
def test_what_one_proves_the_others_verify(machine: Machine, tmp_path: Path, maker: str) -> None:
    languages = Languages(machine)
    languages.make(maker, tmp_path)
    for checker in LANGUAGES:
        # In a folder without the ledger.
        elsewhere = tmp_path / f"for-{checker}"
        elsewhere.mkdir()
        for name in ("all.plog", "one.plog", "kept.head", "kept.key"):
            shutil.copy(tmp_path / name, elsewhere / name)
        trust = (elsewhere / "kept.key", elsewhere / "kept.head")
        assert languages.check(checker, elsewhere / "all.plog", *trust) == "OK pinned 21"
        assert languages.check(checker, elsewhere / "one.plog", *trust) == "OK pinned 1"
