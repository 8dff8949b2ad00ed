#!/usr/bin/env python3
"""Writes the tables of options in docs/configuration.md from `plog generate options`.

Usage: option_tables.py [--check] [PLOG]

PLOG is the program to ask (default: build/release/plog). With --check, nothing is written, and the exit code is 1 if a
table is not up to date. A table is the text between the comments `<!-- options: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
import sys
from typing import Callable

import generated_page
from generated_page import ROOT, Entry, row

PAGE = ROOT / "docs" / "configuration.md"

# The names of an option where the rule of a language does not give it. This is the only place that knows them.
C_NAMES = {"labels": "labels_json", "metadata": "metadata_json", "context": "context_json"}
NODE_NAMES = {"base_url": "url"}  # the first argument of the constructor
GO_INITIALISMS = {"id": "ID", "db": "DB", "url": "URL"}
BUILDER_NAMES = {"labels": "label"}  # Rust and Java: one call for each label


def c_name(option: Entry) -> str:
    suffix = "_ms" if option["type"] == "duration_ms" else ""
    return C_NAMES.get(option["name"], option["name"] + suffix)


def python_name(option: Entry) -> str:
    return str(option["name"])


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def node_name(option: Entry) -> str:
    return NODE_NAMES.get(option["name"], camel(option["name"]))


def go_name(option: Entry) -> str:
    return "".join(GO_INITIALISMS.get(word, word.capitalize()) for word in option["name"].split("_"))


def rust_name(option: Entry) -> str:
    return BUILDER_NAMES.get(option["name"], option["name"])


def java_name(option: Entry) -> str:
    return camel(rust_name(option))


LANGUAGES: dict[str, Callable[[Entry], str]] = {
    "C": c_name,
    "Python": python_name,
    "Node": node_name,
    "Go": go_name,
    "Rust": rust_name,
    "Java": java_name,
}


def seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".")


def accepted(option: Entry) -> str:
    """What a configuration file accepts."""
    low, high = option["minimum"], option["maximum"]
    words = [f"`{choice}`" for choice in option["choices"] or []]
    kind = option["type"]
    if kind == "integer":
        return f"whole number, {low} to {high}"
    if kind == "duration_ms":
        return f"seconds, {seconds(low)} to {seconds(high)}"
    if kind == "boolean":
        return "`true` or `false`"
    if kind in ("choice", "choice or object"):
        last = "a mapping" if kind == "choice or object" else words.pop()
        return ", ".join(words) + " or " + last
    return {"text": "text", "object": "mapping", "list": "list"}[str(kind)]


def default(option: Entry) -> str:
    if option["default"] is None:
        return "none"
    if option["type"] == "duration_ms":
        return seconds(int(option["default"]))
    return str(option["default"]) if option["type"] == "integer" else f"`{option['default']}`"


def table(*rows: list[str]) -> str:
    head, *body = rows
    return "\n".join([row(head), "|" + "---|" * len(head), *map(row, body)])


def keys(options: list[Entry]) -> str:
    rows = [
        [
            f"`{option['configuration_key']}`",
            accepted(option),
            default(option),
            option["documentation"],
            "yes" if option["additive"] else "",
        ]
        for option in options
        if option["configuration_key"]
    ]
    return table(["key", "value", "default", "meaning", "additive file"], *rows)


def arguments(options: list[Entry]) -> str:
    rows = [
        [f"`{name(option)}`" for name in LANGUAGES.values()]
        + [default(option), f"`{option['environment']}`" if option["environment"] else ""]
        for option in options
        if option["argument"]
    ]
    return table([*LANGUAGES, "default", "variable"], *rows)


TABLES = {"keys": keys, "arguments": arguments}


def updated(text: str, options: list[Entry]) -> str:
    """The text of the page with all tables made anew."""
    for name, make in TABLES.items():
        pattern = re.compile(rf"(<!-- options: {name} -->\n).*?(<!-- end -->)", re.S)
        parts = pattern.split(text)
        if len(parts) != 4:
            raise SystemExit(f"{PAGE}: there must be exactly one table {name}")
        text = f"{parts[0]}{parts[1]}{make(options)}\n{parts[2]}{parts[3]}"
    return text


if __name__ == "__main__":
    sys.exit(generated_page.main(PAGE, "options", updated))
