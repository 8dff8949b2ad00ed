#!/usr/bin/env python3
"""Writes the reference of docs/operations.md from `plog generate operations`.

Usage: operation_tables.py [--check] [PLOG]

PLOG is the program to ask (default: build/release/plog). With --check, nothing is written, and the exit code is 1 if
the reference is not up to date. It is the text between the comments `<!-- operations -->` and `<!-- end -->`.
"""

from __future__ import annotations

import json
import re
import sys

import generated_page
from generated_page import ROOT, Entry, row

PAGE = ROOT / "docs" / "operations.md"

SCOPES = {"read": "Scope `read`", "ingest": "Scope `ingest`", "admin": "Scope `admin`"}
CLIENTS = {"required": "", "optional": "; with or without a client", "none": "; needs no client"}


def bytes_of(size: int) -> str:
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def accepted(parameter: Entry) -> str:
    kind, low, high = parameter["type"], parameter["minimum"], parameter["maximum"]
    if kind == "choice":
        return " or ".join(f"`{choice}`" for choice in parameter["choices"])
    if kind == "integer":
        return f"integer, {low} to {'2^53' if high == 1 << 53 else high}"
    if kind == "paths":
        return f"up to {high} paths"
    if kind == "time":
        return "RFC 3339 time"
    if kind == "boolean":
        return "boolean"
    name = {"json": "any JSON value", "list": "array"}.get(kind, kind)
    return f"{name}, {'' if low == 0 else f'{low} byte to '}{'up to ' if low == 0 else ''}{bytes_of(high)}"


def default(parameter: Entry) -> str:
    if parameter["required"]:
        return "required"
    return "" if parameter["default"] is None else f"`{json.dumps(parameter['default'])}`"


def section(operation: Entry) -> str:
    notes = SCOPES[operation["scope"]] + CLIENTS[operation["client"]]
    notes += "; reports progress." if operation["progress"] else "."
    lines = [f"### {operation['name']}", "", operation["documentation"], "", notes, ""]
    if operation["parameters"]:
        lines += ["| parameter | value | default | meaning |", "|---|---|---|---|"]
        for parameter in operation["parameters"]:
            cells = [f"`{parameter['name']}`", accepted(parameter), default(parameter), parameter["documentation"]]
            lines.append(row(cells))
        lines.append("")
    lines += [f"Result: {operation['result']}", ""]
    return "\n".join(lines)


def updated(text: str, operations: list[Entry]) -> str:
    """The text of the page with the reference made anew."""
    parts = re.split(r"(<!-- operations -->\n).*?(<!-- end -->)", text, flags=re.S)
    if len(parts) != 4:
        raise SystemExit(f"{PAGE}: there must be exactly one reference")
    return f"{parts[0]}{parts[1]}\n{chr(10).join(map(section, operations))}\n{parts[2]}{parts[3]}"


if __name__ == "__main__":
    sys.exit(generated_page.main(PAGE, "operations", updated))
