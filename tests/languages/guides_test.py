"""The getting-started guides for Go, Rust and Java: their blocks are run in order in an empty folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from toolchains import SOURCE, Machine, jar, need

sys.path.insert(0, str(SOURCE / "tests" / "e2e"))

from readme_test import blocks_of, matches


@pytest.mark.parametrize("language", ["go", "rust", "java"])
def test_every_block_of_the_guide_runs_and_prints_what_it_says(
    language: str, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if language == "java":
        need("javac")
        jar("jna", "libjna-java")
    else:
        need({"go": "go", "rust": "cargo"}[language], "cc")
    monkeypatch.setitem(machine.env, "CLONE", str(SOURCE))
    document = f"docs/getting-started-{language}.md"
    output = None
    compared = 0
    for block in blocks_of(document):
        where = f"{document}:{block.line}"
        if block.language == "text":
            assert block.follows_directly and output is not None, f"{where}: this output does not follow a command"
            assert matches(block.body, output), f"{where}: the actual output is:\n{output}"
            compared += 1
        elif block.language == "sh":
            output = machine("bash", "-euo", "pipefail", "-c", block.body, cwd=tmp_path)
        else:
            assert block.name, f"{where}: this {block.language!r} block has no file name"
            path = tmp_path / block.name
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
    assert compared > 0
