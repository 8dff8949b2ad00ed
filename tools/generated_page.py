"""What the tools share that write parts of a page in docs/ from `plog generate`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parent.parent
Entry = dict[str, Any]


def declared(plog: Path, what: str) -> list[Entry]:
    """The declarations that `plog generate WHAT` prints."""
    entries: list[Entry] = json.loads(subprocess.check_output([plog, "generate", what], text=True))
    return entries


def row(cells: list[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def main(page: Path, what: str, updated: Callable[[str, list[Entry]], str]) -> int:
    """The whole of such a tool: [--check] [PLOG]. Returns its exit code."""
    words = [word for word in sys.argv[1:] if word != "--check"]
    plog = Path(words[0]) if words else ROOT / "build" / "release" / "plog"
    before = page.read_text(encoding="utf-8")
    after = updated(before, declared(plog, what))
    if "--check" in sys.argv[1:]:
        if before != after:
            print(f"{page} is not up to date; run {sys.argv[0]}", file=sys.stderr)
        return int(before != after)
    page.write_text(after, encoding="utf-8")
    return 0
