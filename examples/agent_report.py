"""Prints what a ledger contains about one session: timeline, statistics, verification. Used by agent.py."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import textwrap
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from provenlog import ProvenLogClient

Event = dict[str, Any]
BAR = " ▏▎▍▌▋▊▉█"
BAR_CELLS = 8
COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


class Screen:
    """Writes text, with colours only on a terminal and only if NO_COLOR is not set."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colours = out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.width = max(72, min(shutil.get_terminal_size((100, 24)).columns, 110))

    def paint(self, colour: str, text: str) -> str:
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self._colours and text else text

    def line(self, text: str = "") -> None:
        self._out.write(text.rstrip() + "\n")

    def heading(self, text: str) -> None:
        self.line()
        self.line(self.paint("bold", text))

    def question(self, text: str) -> None:
        self.line()
        self.line(self.paint("cyan", "? ") + self.paint("bold", text))

    def answer(self, text: str) -> None:
        for line in textwrap.wrap(text, self.width - 2):
            self.line("  " + line)


def print_report(screen: Screen, client: ProvenLogClient, session: str, cost: list[float], seconds: float) -> int:
    """Print the session as the ledger records it. Return the exit code: 0 if the ledger verifies."""
    events = list(client.iter_events(session_id=session))
    print_timeline(screen, session, events)
    print_statistics(screen, events, client.stats(), cost, seconds)
    report = client.verify()
    print_verification(screen, report)
    print_next(screen, client.db_path, session)
    return 0 if report["valid"] else 1


def print_timeline(screen: Screen, session: str, events: list[Event]) -> None:
    screen.heading(f"Timeline of session {session}, read back from the ledger")
    results = {e["tool_call_id"]: e for e in events if e["action_type"] == "TOOL_RESULT"}
    longest = max((e.get("duration_ms", 0) for e in events), default=0)
    begin = instant(events[0]) if events else datetime.min
    for event in events:
        if event["action_type"] == "TOOL_RESULT":
            continue  # shown with its call
        result = results.get(event.get("tool_call_id", ""))
        when = screen.paint("dim", f"{(instant(event) - begin).total_seconds():8.3f} s")
        mark, colour, name = look(event)
        detail = summary(event)
        mark_width = 13
        if result is None:
            room = screen.width - 14 - mark_width
            screen.line(f"{when}  {screen.paint(colour, mark)} {name:<{mark_width}}{shorten(detail, room)}")
            continue
        failed = result.get("action_status") != "success"
        room = screen.width - 14 - mark_width - 39
        left, right = shorten(detail, room), shorten(summary(result), 20)
        tick = screen.paint("red", "✗") if failed else screen.paint("green", "✓")
        duration = result.get("duration_ms", 0)
        bar = screen.paint("blue", gauge(duration, longest))
        screen.line(
            f"{when}  {screen.paint(colour, mark)} {name:<{mark_width}}{left:<{room}} {tick} {right:<20}"
            f"{duration:>4} ms {bar}"
        )


def look(event: Event) -> tuple[str, str, str]:
    """The mark, colour and name of an event in the timeline."""
    name = event.get("action_name", event["action_type"])
    marks = {"question": ("?", "cyan"), "answer": ("=", "green"), "plan": ("→", "yellow")}
    if event["action_type"] == "TOOL_CALL":
        return "│", "dim", name
    return (*marks.get(name, ("●", "dim")), name)


def summary(event: Event) -> str:
    """A short description of an event."""
    if event.get("error_message"):
        return str(event["error_message"])
    given, got = event.get("action_input"), event.get("action_output")
    if event["action_type"] == "TOOL_RESULT":
        return counts(got) if isinstance(got, dict) else ""
    if event.get("action_name") == "plan":
        choice = got["return"] if isinstance(got, dict) else None
        return f"rule {choice[0] + 1}: {choice[1]}".rstrip(": ") if choice and choice[0] is not None else "best guess"
    content = got if got else given
    if isinstance(content, dict) and len(content) == 1:
        content = next(iter(content.values()))
    elif isinstance(content, dict):
        content = " ".join(f"{key}={value}" for key, value in sorted(content.items()) if value != "")
    if isinstance(content, list):
        content = " ".join(map(str, content))
    return str(content) if content is not None else ""


def counts(output: Event) -> str:
    if "paths" in output:
        return f"{output['count']} files"
    if "hits" in output:
        return f"{output['count']} hit" + "s" * (output["count"] != 1)
    if isinstance(output.get("lines"), int):
        return f"{output['lines']} lines"
    if isinstance(output.get("lines"), dict):
        return f"{len(output['lines'])} languages"
    if "stdout" in output:
        return f"{len(output['stdout'])} characters"
    return ""


def print_statistics(screen: Screen, events: list[Event], stats: Any, cost: list[float], seconds: float) -> None:
    screen.heading("Statistics")
    kinds = Counter(event["action_type"] for event in events)
    most = max(kinds.values(), default=0)
    for kind, count in kinds.most_common():
        screen.line(f"  {kind:<14}{count:>5}  {screen.paint('blue', gauge(count, most, 30))}")
    errors = sum(event.get("action_status") == "error" for event in events)
    tool_ms = sum(event.get("duration_ms", 0) for event in events if event["action_type"] == "TOOL_RESULT")
    size = sum(len(json.dumps(event, ensure_ascii=False).encode()) for event in events)
    screen.line(f"  {len(events)} events, {size:,} bytes; {errors} errors; tools ran for {tool_ms:,} ms")
    screen.line(f"  {stats['redactions']} personal or secret values were redacted before anything was stored")
    share = sum(cost) / seconds * 100 if seconds else 0.0
    median = statistics.median(cost) * 1e6 if cost else 0.0
    screen.line(f"  recording took {median:.1f} µs per event (median), {share:.2f} % of the session's {seconds:.2f} s")


def print_verification(screen: Screen, report: Event) -> None:
    screen.heading("Verification")
    colour, word = ("green", "✓") if report["valid"] else ("red", "✗")
    verdict = screen.paint(colour, f"{word} {report['verdict']}")
    reach = f"{report['events']} events of {report['agents']} agents, assurance {report['assurance']}"
    screen.line(f"  {verdict}: {reach}")
    if report["valid"]:
        screen.answer("Every hash was recomputed from the stored bytes, and every event links to the one before it.")
    else:
        screen.line(f"  {report.get('error', '')}")


def print_next(screen: Screen, db_path: str, session: str) -> None:
    built = Path(__file__).resolve().parent.parent / "build" / "release" / "plog"
    plog = short_path(str(built)) if built.exists() else "plog"
    db = short_path(db_path)
    screen.heading("Try next")
    for command, purpose in (
        (f"{plog} log --db {db} --last 5", "the newest events"),
        (f"{plog} log --db {db} --session-id {session} --action-type TOOL_CALL --json", "one JSON object per line"),
        (f"{plog} verify --db {db}", "verify again, without Python"),
    ):
        screen.line(f"  {command}")
        screen.line(screen.paint("dim", f"      {purpose}"))


def short_path(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def instant(event: Event) -> datetime:
    return datetime.strptime(event["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ")


def gauge(value: float, most: float, cells: int = BAR_CELLS) -> str:
    """A bar with a resolution of an eighth of a cell. Any value above zero is visible."""
    if value <= 0 or most <= 0:
        return ""
    eighths = max(1, round(value / most * cells * 8))
    return "█" * (eighths // 8) + BAR[eighths % 8].strip()


def shorten(text: str | None, room: int) -> str:
    flat = " ".join((text or "").split())
    return flat if len(flat) <= room else flat[: room - 1] + "…"
