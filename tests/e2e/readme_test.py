"""Runs the code blocks of the README and the guides, in order, in one folder per document.

`python` and `sh` blocks are run. `python NAME` and `c NAME` blocks are written to that file. A `text` block directly
after a block that was run is its expected output, where `...` matches anything within a line. `console` blocks are for
people (installing packages) and are not run, but each `make` target in them must exist.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "docs/concepts.md", "docs/getting-started-python.md", "docs/getting-started-c.md"]
TOP_LEVEL = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"]
FENCE = re.compile(r"^```(?P<language>\w*) ?(?P<name>\S*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    language: str
    name: str
    body: str
    line: int
    follows_directly: bool  # there are only blank lines between it and the previous block


def blocks_of(document: str) -> list[Block]:
    text = (SOURCE / document).read_text(encoding="utf-8")
    blocks = []
    end = 0
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        close = not text[end : match.start()].strip() and bool(blocks)
        blocks.append(Block(match["language"], match["name"], match["body"], line, close))
        end = match.end()
    return blocks


def build_dir() -> Path:
    path = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
    if not (path / "plog").exists():
        pytest.skip(f"needs a build in {path}: run make build")
    return path


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an installation: plog and python are on PATH, and pkg-config finds the C library."""
    home = tmp_path_factory.mktemp("home")
    prefix = home / "prefix"
    subprocess.run(
        ["cmake", "--install", str(build_dir()), "--prefix", str(prefix)], check=True, stdout=subprocess.DEVNULL
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PROVENLOG_")}
    pkg_config = next(prefix.rglob("provenlog.pc")).parent
    return {
        **kept,
        "HOME": str(home),
        "PATH": os.pathsep.join([str(prefix / "bin"), str(Path(sys.executable).parent), kept["PATH"]]),
        "PKG_CONFIG_PATH": str(pkg_config),
        "LD_LIBRARY_PATH": str(pkg_config.parent),
        "TZ": "UTC",
    }


def matches(expected: str, output: str) -> bool:
    pattern = r"[^\n]*".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, output.strip()) is not None


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_runs_and_prints_what_the_document_says(
    document: str, environment: dict[str, str], tmp_path: Path
) -> None:
    ran = 0
    output: str | None = None
    for block in blocks_of(document):
        where = f"{document}:{block.line}"
        if block.language == "text" and block.follows_directly and output is not None:
            assert matches(block.body, output), f"{where}: the output is:\n{output}"
            continue
        output = None
        if block.name:
            (tmp_path / block.name).write_text(block.body, encoding="utf-8")
            continue
        if block.language not in ("python", "sh"):
            # tests/node/guide.test.ts runs the `ts` blocks.
            assert block.language in ("console", "text", "ts", "yaml"), f"{where}: unknown block {block.language!r}"
            continue
        command = [sys.executable, "-c"] if block.language == "python" else ["bash", "-euo", "pipefail", "-c"]
        done = subprocess.run(
            [*command, block.body], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{where}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        output = done.stdout
        ran += 1
    assert ran > 0


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (SOURCE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for document in [*TOP_LEVEL, *(str(p.relative_to(SOURCE)) for p in SOURCE.glob("docs/*.md"))]:
        text = (SOURCE / document).read_text(encoding="utf-8")
        named = set(re.findall(r"(?:`|^\$? ?)make ([a-z-]+)", text, re.MULTILINE))
        assert named <= targets, f"{document} names {named - targets}"


def test_every_link_between_documents_leads_somewhere() -> None:
    for document in [*(SOURCE / name for name in TOP_LEVEL), *SOURCE.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_error_document_lists_the_statuses_of_the_header() -> None:
    header = (SOURCE / "capi/include/provenlog/plog.h").read_text(encoding="utf-8")
    statuses = dict(re.findall(r"^  (PLOG_(?:OK|E_\w+)) = (\d+)", header, re.MULTILINE))
    document = (SOURCE / "docs/errors.md").read_text(encoding="utf-8")
    listed = {name: number for number, name in re.findall(r"^\| (\d+) \| `(PLOG_\w+)`", document, re.MULTILINE)}
    assert len(statuses) == 14
    assert listed == statuses


def test_the_thread_document_lists_the_words_of_the_header() -> None:
    header = (SOURCE / "capi/include/provenlog/plog.h").read_text(encoding="utf-8")
    handles = set(re.findall(r"^typedef struct (plog_\w+) plog_\w+;", header, re.MULTILINE))
    document = (SOURCE / "docs/threads.md").read_text(encoding="utf-8")
    assert handles <= set(re.findall(r"`(plog_\w+)`", document))


def test_the_version_is_the_same_everywhere() -> None:
    version = (SOURCE / "VERSION").read_text(encoding="utf-8").strip()
    done = subprocess.run([str(build_dir() / "plog"), "--version"], capture_output=True, text=True, check=True)
    assert version in done.stdout.split()
