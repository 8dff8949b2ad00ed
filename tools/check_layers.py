#!/usr/bin/env python3
"""Checks the include rules of docs/architecture.md and the length of source files.

1. A folder of core/ includes only itself and the folders before it in LAYERS.
2. bindings/ and examples/ include plog.h, and nothing from core/ or capi/src.
3. plog.h includes only stddef.h and stdint.h.
4. A source file has at most 600 lines.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    "base",
    "json",
    "crypto",
    "redact",
    "event",
    "ledger",
    "store",
    "query",
    "report",
    "spool",
    "heads",
    "writer",
    "verify",
    "client",
    "operations",
]
MAX_LINES = 600
INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<open>["<])(?P<path>[^">]+)[">]')


def includes(path: Path) -> list[tuple[int, str, str]]:
    """The includes of a file, as (line number, opening bracket, path)."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            found.append((number, match["open"], match["path"]))
    return found


def sources(folder: str) -> list[Path]:
    # node_modules holds sources that npm installed for tests.
    return sorted(
        p for p in (ROOT / folder).rglob("*") if p.suffix in (".h", ".c", ".cpp") and "node_modules" not in p.parts
    )


def check_core(problems: list[str]) -> None:
    for path in sources("core"):
        parts = path.relative_to(ROOT / "core").parts
        layer = parts[0]
        if layer not in LAYERS:
            problems.append(f"{path.relative_to(ROOT)}: core/{layer} is not in LAYERS of tools/check_layers.py")
            continue
        allowed = LAYERS[: LAYERS.index(layer) + 1]
        for number, bracket, include in includes(path):
            if bracket != '"':
                continue
            where = f"{path.relative_to(ROOT)}:{number}"
            target = include.split("/")[0]
            if "/" not in include or target not in LAYERS:
                problems.append(f'{where}: "{include}" must be written relative to core/')
            elif target not in allowed:
                problems.append(f'{where}: core/{layer} must not include "{include}", which is in a higher layer')


def check_outside(problems: list[str]) -> None:
    for folder in ("bindings", "examples"):
        for path in sources(folder):
            for number, _, include in includes(path):
                where = f"{path.relative_to(ROOT)}:{number}"
                first = include.split("/")[0]
                if first in LAYERS or ".." in include.split("/") or first in ("core", "capi"):
                    problems.append(f'{where}: {folder}/ must include only plog.h, not "{include}"')


def check_header(problems: list[str]) -> None:
    header = ROOT / "capi/include/provenlog/plog.h"
    for number, _, include in includes(header):
        if include not in ("stddef.h", "stdint.h"):
            problems.append(f"{header.relative_to(ROOT)}:{number}: must include only stddef.h, stdint.h, not {include}")


def check_length(problems: list[str]) -> None:
    for folder in ("core", "capi", "bindings", "cli", "tests", "examples"):
        for path in sources(folder):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > MAX_LINES:
                problems.append(f"{path.relative_to(ROOT)}: {lines} lines; split files longer than {MAX_LINES}")


def main() -> int:
    problems: list[str] = []
    check_core(problems)
    check_outside(problems)
    check_header(problems)
    check_length(problems)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
