"""Each path that CONTRIBUTING.md and tests/README.md name exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# A path has a slash or the suffix of a source file.
PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:h|c|cpp|cmake|py|ts|go|rs|java|md|txt|tsv|json|toml)")
# Made by a build, or beside the repository.
ELSEWHERE = ("build/", "dist/", "../", ".venv/", "node/node_modules/")
FOLDERS = (
    "capi",
    "bindings",
    "cli",
    "cmake",
    "core",
    "docs",
    "examples",
    "node",
    "packaging",
    "python",
    "tests",
    "tools",
)


def documented(text: str) -> Iterator[str]:
    """The paths in code spans, code blocks and links. Only the words of a code block that have a slash are paths."""
    for block in re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL):
        for word in re.sub(r"#.*", "", block).split():
            if "/" in word and PATH.fullmatch(word):
                yield word
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"`([^`\n]+)`", text):
        yield from (word for word in span.split() if PATH.fullmatch(word))


def missing(document: str, text: str) -> list[str]:
    """The documented paths that do not exist. A path may also be written without its first folders."""
    folder = (ROOT / document).parent
    tails = [
        f"/{path.relative_to(ROOT)}"
        for name in FOLDERS
        for path in (ROOT / name).rglob("*")
        if "node_modules" not in path.parts
    ]
    absent = [link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) if not (folder / link).exists()]
    for path in documented(text):
        if path.startswith(ELSEWHERE) or (ROOT / path).exists():
            continue
        if not any(tail.endswith("/" + path.rstrip("/")) for tail in tails):
            absent.append(path)
    return absent


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "tests/README.md"])
def test_every_path_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert len(list(documented(text))) > 5
    assert missing(document, text) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("see `core/client/no_such.cpp`", "core/client/no_such.cpp"),
        ("see `no_such.h`", "no_such.h"),
        ("run `pytest tests/none`", "tests/none"),
        ("[link](docs/none.md#part)", "docs/none.md"),
        ("```console\npytest tests/e2e/none_test.py -k help\n```", "tests/e2e/none_test.py"),
    ],
)
def test_a_path_that_does_not_exist_is_found(text: str, path: str) -> None:
    assert missing("CONTRIBUTING.md", text) == [path]
