#!/usr/bin/env python3
"""A small agent that answers questions about a folder, with a flight recorder.

It has real tools (list, read, search, run a command) and rules instead of a model, so it needs no network and no key.
It records every question, plan, tool call, result and answer in a provenlog ledger. The report at the end is read back
from the ledger.

    python examples/agent.py                                     # questions about this repository
    python examples/agent.py --folder ~/src/thing "Where is parse_header defined?" "What changed last?"
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from agent_report import Screen, print_report

from provenlog import ProvenLogClient, trail

REPOSITORY = Path(__file__).resolve().parent.parent
REPOSITORY_QUESTIONS = [
    "What is this project?",
    "Which languages is it written in, and how many lines?",
    "Where is plog_log_event defined?",
    "Which tests cover plog_verify?",
    "Is ops@example.com mentioned anywhere?",
    "What changed last?",
]
OTHER_QUESTIONS = [
    "What is this project?",
    "Which languages is it written in, and how many lines?",
    "What changed last?",
]

SKIPPED_FOLDERS = {".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", "build", "dist", "target"}
LARGEST_FILE = 1 << 20
COMMANDS = {"git"}
LANGUAGES = {
    ".c": "C",
    ".h": "C and C++ headers",
    ".cc": "C++",
    ".cpp": "C++",
    ".hpp": "C++",
    ".py": "Python",
    ".pyi": "Python",
    ".ts": "TypeScript",
    ".js": "JavaScript",
    ".go": "Go",
    ".rs": "Rust",
    ".java": "Java",
    ".sh": "Shell",
    ".cmake": "CMake",
    ".md": "Markdown",
    ".json": "JSON",
    ".jsonl": "JSON",
    ".toml": "TOML",
    ".yaml": "YAML",
    ".yml": "YAML",
    ".pml": "Promela",
    ".sql": "SQL",
}
STOP_WORDS = {"what", "where", "which", "when", "does", "this", "that", "with", "from", "have", "into", "about"}


class Tools:
    """The tools of the agent. They know nothing about the recorder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paths: list[Path] = []

    def list_files(self) -> dict[str, Any]:
        self._paths = sorted(self._walk(self.folder))
        return {"count": len(self._paths), "paths": [self._name(path) for path in self._paths]}

    def read_file(self, path: str) -> dict[str, Any]:
        text = self._text(self.folder / path)
        if text is None:
            raise ValueError(f"{path} is not a text file, or is too large")
        return {"lines": len(text.splitlines()), "text": text}

    def search(self, pattern: str, only: str = "", limit: int = 200, literal: bool = False) -> dict[str, Any]:
        """Lines that match a regular expression (or contain a literal text), in files whose path matches `only`."""
        line_matches = re.compile(re.escape(pattern) if literal else pattern).search
        wanted = re.compile(only, re.IGNORECASE)
        hits = []
        for path in self._paths:
            name = self._name(path)
            text = self._text(path) if wanted.search(name) else None
            if text is None:
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if line_matches(line):
                    hits.append({"path": name, "line": number, "text": line.strip()[:160]})
        return {"count": len(hits), "hits": hits[:limit]}

    def count_lines(self) -> dict[str, Any]:
        lines: Counter[str] = Counter()
        files: Counter[str] = Counter()
        for path in self._paths:
            name = path.suffix if path.name != "CMakeLists.txt" else ".cmake"
            text = self._text(path) if name in LANGUAGES else None
            if text is not None:
                lines[LANGUAGES[name]] += len(text.splitlines())
                files[LANGUAGES[name]] += 1
        return {"lines": dict(lines), "files": dict(files)}

    def run_command(self, argv: list[str]) -> dict[str, Any]:
        if argv[0] not in COMMANDS:
            raise PermissionError(f"{argv[0]} is not one of the commands that this agent may run")
        done = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, timeout=20, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()}")
        return {"exit_code": done.returncode, "stdout": done.stdout}

    def _walk(self, folder: Path) -> Iterator[Path]:
        for path in folder.iterdir():
            if path.is_symlink():
                continue
            if path.is_file():
                yield path
            elif path.is_dir() and path.name not in SKIPPED_FOLDERS:
                yield from self._walk(path)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    @staticmethod
    def _text(path: Path) -> str | None:
        if path.stat().st_size > LARGEST_FILE:
            return None
        data = path.read_bytes()
        return None if b"\0" in data else data.decode("utf-8", "replace")


class Recorder:
    """Records every use of a tool: the call before the tool runs, and the result (or the error) after it."""

    def __init__(self, client: ProvenLogClient, tools: Tools) -> None:
        self.client = client
        self._tools = tools
        self.parent: str | None = None  # the event that caused the next ones
        self.results: list[str] = []  # the results that the answer is based on
        self.cost: list[float] = []  # seconds that each log_event took

    def log(self, action_type: str, action_name: str, **fields: Any) -> str:
        started = time.perf_counter()
        event_id = self.client.log_event(action_type=action_type, action_name=action_name, **fields)
        self.cost.append(time.perf_counter() - started)
        return event_id

    def use(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Run a tool. An error is recorded and gives an empty result, so that the agent can continue."""
        call = {"tool_call_id": uuid.uuid4().hex, "action_name": tool}
        call_id = self.log("TOOL_CALL", action_input=arguments, parent_event_id=self.parent, **call)
        outcome: dict[str, Any]
        result: dict[str, Any] = {}
        started = time.perf_counter()
        try:
            result = getattr(self._tools, tool)(**arguments)
            outcome = {"action_status": "success", "action_output": result}
        except (OSError, ValueError, RuntimeError, subprocess.TimeoutExpired) as error:
            outcome = {"action_status": "error", "error_message": f"{type(error).__name__}: {error}"}
        milliseconds = (time.perf_counter() - started) * 1000
        self.results.append(
            self.log("TOOL_RESULT", parent_event_id=call_id, duration_ms=round(milliseconds), **call, **outcome)
        )
        return result


class Agent:
    """Answers questions: a rule picks a skill, and the skill uses the tools."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._use = recorder.use
        self._skills: list[tuple[str, Callable[[str], str]]] = [
            (r"what is (?:this|it)\b", self.describe),
            (r"\blanguages?\b|how many lines|how (?:big|large)", self.measure),
            (r"what changed|last (?:change|commit)|recent", self.recent_changes),
            (r"which tests? (?:cover|test|check)s? [`'\"]?([\w:.]+)", self.tests_of),
            (r"where is [`'\"]?([\w:.]+?)[`'\"]? (?:defined|declared|implemented)", self.definition_of),
            (r"(?:who|what|where).* (?:uses?|calls?|used|called) ?[`'\"]?([\w:.]+)?", self.uses_of),
            (r"what (?:is in|does) [`'\"]?([\w./-]+\.\w+)", self.summary_of),
            (r"([\w.+-]+@[\w.-]+\w)", self.mentions_of),
        ]

    def answer(self, question: str) -> str:
        recorder = self._recorder
        recorder.parent = recorder.log("CUSTOM", "question", action_input={"text": question})
        recorder.results = []
        skill, argument = self.plan(question)
        self._use("list_files")
        text = skill(argument)
        recorder.log(
            "CUSTOM",
            "answer",
            action_output={"text": text},
            parent_event_id=recorder.parent,
            parents=recorder.results,
        )
        return text

    def plan(self, question: str) -> tuple[Callable[[str], str], str]:
        skill, argument = choose(question, [pattern for pattern, _ in self._skills])
        return (self._skills[skill][1] if skill is not None else self.best_guess), argument

    def describe(self, _: str) -> str:
        readme = self._use("search", pattern=r"\S", only=r"^readme(\.\w+)?$", limit=1)["hits"]
        if not readme:
            return "There is no README in this folder."
        text = self._use("read_file", path=readme[0]["path"]).get("text", "")
        paragraphs = re.split(r"\n\s*\n", text)
        for paragraph in paragraphs:
            if re.match(r"[A-Za-z*_`]", paragraph.strip()):
                return " ".join(paragraph.split())
        return "The README has no text."

    def measure(self, _: str) -> str:
        found = self._use("count_lines")
        lines, files = Counter(found.get("lines", {})), found.get("files", {})
        parts = [
            f"{name}: {plural(count, 'line')} in {plural(files[name], 'file')}" for name, count in lines.most_common(6)
        ]
        return plural(sum(lines.values()), "line") + ". " + "; ".join(parts) + "."

    def recent_changes(self, _: str) -> str:
        log = self._use("run_command", argv=["git", "log", "-3", "--format=%h %s"]).get("stdout", "")
        commits = log.strip().splitlines()
        return "The last commits: " + "; ".join(commits) + "." if commits else "No commits found (see the timeline)."

    def definition_of(self, name: str) -> str:
        symbol = re.escape(name.split("::")[-1].split(".")[-1])
        keyword = r"(?:def|class|struct|enum|union|interface|trait|type|fn|func|function|concept|#define|const|let|var)"
        definition = rf"^\s*(?:\w+ )*{keyword} (?:class )?{symbol}\b(?!;)|^[A-Za-z_][\w:<>,*& ]*[ *&:]{symbol}\("
        hits = self._use("search", pattern=definition, only=r"\.(?!md|jsonl?|txt)\w+$")["hits"]
        if not hits:
            return f"No definition of {name} was found."
        in_header = [hit for hit in hits if hit["path"].endswith((".h", ".hpp", ".pyi", ".d.ts"))]
        in_source = [hit for hit in hits if hit not in in_header and "test" not in hit["path"]]
        parts = [
            f"{place} in {at(found[0])}" for place, found in (("defined", in_source), ("declared", in_header)) if found
        ]
        return f"{name} is " + " and ".join(parts or [f"found in {at(hits[0])}"]) + "."

    def tests_of(self, name: str) -> str:
        hits = self._use("search", pattern=rf"\b{re.escape(name)}\b", only=r"test")["hits"]
        per_file = Counter(hit["path"] for hit in hits)
        if not per_file:
            return f"No test mentions {name}."
        parts = [f"{path} ({plural(count, 'time')})" for path, count in per_file.most_common(5)]
        return f"{name} is mentioned in {plural(len(per_file), 'test file')}: " + ", ".join(parts) + "."

    def uses_of(self, name: str) -> str:
        hits = self._use("search", pattern=rf"\b{re.escape(name)}\b")["hits"] if name else []
        per_file = Counter(hit["path"] for hit in hits)
        parts = [f"{path} ({count})" for path, count in per_file.most_common(6)]
        return (
            f"{name} is mentioned in {plural(len(per_file), 'file')}: " + ", ".join(parts) + "."
            if parts
            else f"Nothing uses {name}."
        )

    def mentions_of(self, text: str) -> str:
        found = self._use("search", pattern=text, literal=True)
        places = ", ".join(at(hit) for hit in found["hits"][:3])
        if not places:
            return f"{text} is not mentioned anywhere."
        return f"{text} is mentioned {plural(found['count'], 'time')}: {places}."

    def summary_of(self, path: str) -> str:
        paths = [hit["path"] for hit in self._use("search", pattern=r"\S", only=re.escape(path) + "$")["hits"]]
        if not paths:
            return f"There is no text file named {path}."
        content = self._use("read_file", path=paths[0])
        comment = re.search(r"(?:^(?:#|//|/?\*+|\"\"\")[^!\n].*\n?)+", content["text"], re.MULTILINE)
        words = re.sub(r"^[#/*\"\s]+", "", comment.group(0), flags=re.MULTILINE) if comment else ""
        return f"{paths[0]} has {plural(content['lines'], 'line')}. " + " ".join(words.split())

    def best_guess(self, question: str) -> str:
        words = {word for word in re.findall(r"\w{4,}", question.lower()) if word not in STOP_WORDS}
        hits = self._use("search", pattern="(?i)" + "|".join(sorted(words)))["hits"] if words else []
        if not hits:
            return "I found nothing about that."
        best = max(hits, key=lambda hit: sum(word in hit["text"].lower() for word in words))
        return f"The closest line is {at(best)}: {best['text']}"


@trail(name="plan")
def choose(question: str, patterns: list[str]) -> tuple[int | None, str]:
    """Return the first rule that matches, and the topic. `@trail` records arguments, result and duration."""
    for number, pattern in enumerate(patterns):
        match = re.search(pattern, question, re.IGNORECASE)
        if match:
            return number, next((group for group in match.groups() if group), "")
    return None, question


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def at(hit: dict[str, Any]) -> str:
    return f"{hit['path']}:{hit['line']}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Answers questions about a folder and records every step.")
    parser.add_argument("questions", nargs="*", help="what to ask (default: a few questions about the folder)")
    parser.add_argument("--folder", type=Path, default=REPOSITORY, help="the folder (default: this repository)")
    parser.add_argument("--db", type=Path, default=None, help="the ledger (default: ~/.provenlog/events.db)")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    if not folder.is_dir():
        parser.error(f"{folder} is not a folder")
    questions = arguments.questions or (REPOSITORY_QUESTIONS if folder == REPOSITORY else OTHER_QUESTIONS)

    screen = Screen(sys.stdout)
    with ProvenLogClient(
        agent_id="folder-agent",
        db_path=str(arguments.db) if arguments.db else None,
        labels={"folder": folder.name, "example": "agent.py"},
        metadata={"python": sys.version.split()[0]},
    ) as client:
        client.set_context("folder", {"path": str(folder)})
        recorder = Recorder(client, Tools(folder))
        agent = Agent(recorder)
        session = time.strftime("%Y-%m-%dT%H:%M:%S-") + uuid.uuid4().hex[:4]
        started = time.perf_counter()
        with client.session(session):
            for question in questions:
                screen.question(question)
                screen.answer(agent.answer(question))
        seconds = time.perf_counter() - started
        return print_report(screen, client, session, recorder.cost, seconds)


if __name__ == "__main__":
    sys.exit(main())
