"""Output on a terminal: tables fit, colours appear only there, and events cannot affect the terminal."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import unicodedata
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Plog

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07\x1b[2J",
    "\u009b31m",
    "back\b\b\bspace",
    "line\nbreak\r\tcarriage",
    "\u202etxt.exe\u202c",
    "a\u200bb\u2028c\u2066d\ufeff",
    "\U000e0041hidden",
    "\x7f\x00",
)


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def is_harmless(text: str) -> bool:
    return not any(
        (ord(char) < 32 and char != "\n")
        or 0x7F <= ord(char) < 0xA0
        or unicodedata.category(char) in ("Cf", "Zl", "Zp")
        for char in text
    )


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 132, 200, 400])
def test_tables_fit_the_terminal(plog: Plog, width: int) -> None:
    plog.ingest(
        {
            "agent_id": f"agent-{i}-" + "a" * 40,
            "session_id": "s" * 50,
            "action_type": "TOOL_CALL",
            "action_name": "非常に長い名前" * i,
            "action_status": "success",
            "action_input": {"text": "日本語 and English 🎉" * 20},
            "duration_ms": 10**i,
        }
        for i in range(5)
    )
    for command in (["log"], ["sessions"], ["agents"]):
        code, out = plog.on_terminal(*command, width=width)
        assert code == 0
        lines = ESCAPE.sub("", out).splitlines()
        assert len(lines) == (2 if command == ["sessions"] and len(lines) == 2 else 6)
        assert all(columns(line) <= width for line in lines), lines
    if width < 200:
        assert "…" in plog.on_terminal("log", width=width)[1]


def test_columns_are_aligned(story: Plog) -> None:
    lines = ESCAPE.sub("", story.on_terminal("log", width=150)[1]).splitlines()
    header = lines[0]
    for title, values in (("AGENT", ["researcher", "writer"]), ("TYPE", ["TOOL_CALL", "LLM_CALL"])):
        start = header.index(title)
        assert [line[start:].split()[0] for line in lines[1:]][:1] == values[:1]
        assert any(line[start:].startswith(values[1]) for line in lines[1:])


def test_a_wide_terminal_shows_ids(story: Plog) -> None:
    assert story.lines("get", "e1")[0]["id"] in story.on_terminal("log", width=250)[1]


@pytest.mark.parametrize("text", HOSTILE, ids=[f"hostile{i}" for i in range(len(HOSTILE))])
def test_nothing_in_an_event_acts_on_the_terminal(plog: Plog, text: str) -> None:
    plog.ingest(
        [
            {
                "agent_id": "a" + text,
                "session_id": text,
                "id": "x",
                "action_type": text,
                "action_name": text,
                "action_status": text,
                "error_message": text,
                "action_input": {text: [text, {"k": text}]},
                "labels": {text: text},
                "metadata": {"m": text},
                "field" + text: text,
            }
        ]
    )
    for command in (["log"], ["get", "x"], ["stats"], ["agents"], ["sessions"], ["verify"]):
        for json_option in ([], ["--json"]):
            for width in (80, 400):
                code, out = plog.on_terminal(*command, *json_option, "--color=never", width=width)
                assert code == 0
                assert is_harmless(out), (command, out)
    for command in (["log"], ["get", "x"], ["stats"], ["agents"], ["sessions"]):
        assert is_harmless(plog(*command).stdout), command
    assert is_harmless(plog("get", "no" + text.replace("\0", ""), code=3).stderr)


def test_json_on_a_terminal_has_the_same_value(plog: Plog) -> None:
    import json

    plog.ingest([{"agent_id": "a", "id": "x", "action_input": "".join(HOSTILE)}])
    assert json.loads(plog.on_terminal("get", "x", "--json", width=2000)[1]) == plog.lines("get", "x")[0]


def test_colours_are_for_terminals_only(story: Plog) -> None:
    for command in (["log"], ["get", "e1"], ["stats"], ["agents"], ["sessions"], ["verify"]):
        assert "\x1b" in story.on_terminal(*command)[1]
        assert "\x1b" not in story(*command).stdout
        assert "\x1b" not in story.on_terminal(*command, env={"NO_COLOR": "1"})[1]
        assert "\x1b" in story.on_terminal(*command, env={"NO_COLOR": ""})[1]
        assert "\x1b" not in story.on_terminal(*command, env={"TERM": "dumb"})[1]
        assert "\x1b" not in story.on_terminal(*command, "--color", "never")[1]
        assert "\x1b" in story(*command, "--color=always").stdout
        assert "\x1b" in story("--color=always", *command, env={"NO_COLOR": "1"}).stdout
        assert "\x1b" not in story("--color=always", *command, "--color=auto").stdout


def test_json_never_has_colours(story: Plog) -> None:
    for command in (["log"], ["get", "e1"], ["stats"], ["agents"], ["sessions"], ["verify"]):
        assert "\x1b" not in story(*command, "--json", "--color=always").stdout


def test_a_progress_bar_is_shown_on_a_terminal_and_removed(plog: Plog) -> None:
    source = plog.home / "many.jsonl"
    source.write_text('{"agent_id":"a","action_input":"some text of a certain length"}\n' * 400_000)
    code, out = plog.on_terminal("ingest", str(source))
    assert code == 0
    assert "█" in out or "░" in out
    assert re.search(r"\r\x1b\[K[^\r█░]*400,000 events recorded[^\r]*\n$", out), out[-300:]
    assert plog("ingest", source).stderr == ""


def test_follow_on_a_terminal_ends_with_control_c(story: Plog) -> None:
    code, out = story.on_terminal("log", "--follow", input=b"\x03", delay=1)
    assert code == 0
    assert "done" in out


def test_follow_ends_with_an_interrupt_while_a_terminal_watches(story: Plog) -> None:
    process = story.start("log", "--follow", stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
