"""The command line: help, version, options before and after the command, and usage errors."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Plog

SOURCE = Path(__file__).resolve().parents[2]
GLOBAL = ["--db", "--color", "--help"]
READING = ["--json", "--read-only"]
OPTIONS = {
    "log": [
        *READING,
        "--last",
        "--all",
        "--follow",
        "--agent-id",
        "--session-id",
        "--action-type",
        "--action-name",
        "--status",
        "--since",
        "--until",
        "--label",
        "--system",
    ],
    "get": [*READING, "--agent-id"],
    "verify": [
        *READING,
        "--agent-id",
        "--strict",
        "--level",
        "--head",
        "--key",
        "--incremental",
        "--threads",
    ],
    "stats": [*READING, "--redactions"],
    "agents": [*READING, "--system"],
    "sessions": [*READING, "--agent-id", "--last", "--all"],
    "backup": ["--read-only"],
    "ingest": ["--json", "--agent-id", "--session-id", "--label"],
    "restore": ["--replace", "--json"],
    "export": [
        *READING,
        "--output",
        "--tiles",
        "--agent-id",
        "--session-id",
        "--action-type",
        "--action-name",
        "--status",
        "--since",
        "--until",
        "--label",
        "--overwrite",
    ],
    "verify-export": ["--key", "--head", "--strict", "--json"],
    "prove": ["--agent-id", "--output", "--read-only"],
    "checkpoint": ["--json"],
    "keys": ["--json"],
    "acknowledge": ["--comment", "--json"],
    "redact": ["--json", "--profile", "--report", "--list", "--explain"],
    "generate": [],
}


@pytest.mark.parametrize("command", OPTIONS)
def test_help_names_every_option_and_gives_examples(plog: Plog, command: str) -> None:
    out = plog(command, "--help").stdout
    found = set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", out, re.MULTILINE))
    assert found == {*OPTIONS[command], *GLOBAL}
    assert "Examples:" in out
    assert f"plog {command}" in out
    assert plog(command, "-h").stdout == out


def test_help_lists_every_command_and_exit_code(plog: Plog) -> None:
    out = plog("--help").stdout
    for command in OPTIONS:
        assert re.search(rf"^  {command} ", out, re.MULTILINE)
    for option in (*GLOBAL, "--version"):
        assert option in out
    assert "Exit codes:" in out and "PROVENLOG_DB_PATH" in out and "NO_COLOR" in out


def test_help_and_the_manual_agree(plog: Plog) -> None:
    manual = (SOURCE / "docs" / "cli.md").read_text(encoding="utf-8")
    for command, options in OPTIONS.items():
        assert f"plog {command}" in manual
        for option in options:
            assert option in manual
    assert "--db PATH" in manual and "--color" in manual
    for verdict, code in re.findall(r"(\d\d) ([A-Z_]+)", plog("verify", "--help").stdout):
        assert re.search(rf"^\| {code} \| {verdict} ", manual, re.MULTILINE)


def test_the_version_is_that_of_the_release(plog: Plog) -> None:
    assert plog("--version").stdout == f"plog {(SOURCE / 'VERSION').read_text().split()[0]}\n"


@pytest.mark.parametrize(
    ("args", "part"),
    [
        ([], "Usage"),
        (["unknown"], "unknown"),
        (["log", "--unknown"], "--unknown"),
        (["log", "--last"], "--last"),
        (["log", "--last", "x"], "--last"),
        (["log", "--last", "-1"], "--last"),
        (["log", "--last", "5", "--all"], "--all"),
        (["log", "--since", "yesterday"], "yesterday"),
        (["log", "--since", "5y"], "5y"),
        (["log", "--since", "m"], "m"),
        (["log", "--until", "2026-02-30"], "2026-02-30"),
        (["log", "--label", "novalue"], "novalue"),
        (["log", "--label", "=x"], "=x"),
        (["log", "--color", "sometimes"], "--color"),
        (["log", "--db", ""], "--db"),
        (["log", "extra"], "extra"),
        (["get"], "ID"),
        (["get", "a", "b"], "b"),
        (["backup"], "FILE"),
        (["verify", "--label", "a=b"], "--label"),
        (["log", "\x1b[31m"], r"\x1b[31m"),
    ],
)
def test_wrong_usage_says_what_is_wrong(plog: Plog, args: list[str], part: str) -> None:
    result = plog(*args, code=2)
    assert part in result.stderr
    assert result.stdout == ""
    assert "\x1b" not in result.stderr
    if args:
        assert "--help" in result.stderr
    assert not plog.db.exists()


def test_db_stands_before_or_after_the_command(story: Plog) -> None:
    path = str(story.db)
    away = {"PROVENLOG_DB_PATH": str(story.home / "elsewhere.db")}
    for args in (
        ["--db", path, "stats"],
        ["stats", "--db", path],
        [f"--db={path}", "stats"],
        ["stats", f"--db={path}", "--json"],
        ["--db", "wrong.db", "stats", "--db", path],
    ):
        assert path in story(*args, env=away).stdout
    story("stats", env=away, code=3)


def test_db_comes_from_the_environment_and_the_configuration(story: Plog) -> None:
    config = story.home / "config.yaml"
    config.write_text(f"db_path: {story.db}\n")
    story("stats", env={"PROVENLOG_DB_PATH": ""}, code=3)
    story("stats", env={"PROVENLOG_DB_PATH": "", "PROVENLOG_CONFIG": str(config)})
    (story.home / ".provenlog").mkdir()
    config.rename(story.home / ".provenlog" / "config.yaml")
    story("stats", env={"PROVENLOG_DB_PATH": ""})


def test_db_is_the_default_path_without_anything(plog: Plog) -> None:
    env = {"PROVENLOG_DB_PATH": ""}
    plog("ingest", input='{"agent_id":"a"}\n', env=env)
    assert (plog.home / ".provenlog" / "events.db").exists()
    assert "1" in plog("stats", env=env).stdout
    plog("stats", "--db", "~/.provenlog/events.db", env=env)


def test_a_server_is_not_silently_ignored(story: Plog) -> None:
    env = {"PROVENLOG_SERVER_URL": "http://localhost:7600"}
    assert "server" in story("stats", env=env, code=1).stderr
    story("stats", "--db", str(story.db), env=env)


def test_a_full_standard_output_is_an_error(story: Plog) -> None:
    with Path("/dev/full").open("wb") as full:
        for command in (["log"], ["stats"], ["--help"], ["verify"]):
            result = subprocess.run(
                [story.binary, *command], env=story.env, cwd=story.home, stdout=full, stderr=subprocess.PIPE, text=True
            )
            assert result.returncode == 1, command
            assert "No space left" in result.stderr


def test_a_closed_standard_output_breaks_nothing(story: Plog) -> None:
    result = subprocess.run(
        ["sh", "-c", f'"{story.binary}" log >&-'], env=story.env, cwd=story.home, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "standard output" in result.stderr
    assert story.lines("verify")[0]["valid"] is True
