"""Invalid arguments: plog names the argument, says what is wrong with it, and exits with the documented code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Plog

USAGE, NOT_FOUND, CANNOT_RUN = 2, 3, 22


@pytest.mark.parametrize(
    "command",
    [
        ("verify", "--db", "FIFO"),
        ("verify", "--head", "FIFO"),
        ("verify", "--key", "FIFO"),
        ("verify-export", "FIFO"),
        ("verify-export", "whole.plog", "--head", "FIFO"),
    ],
)
def test_nothing_waits_for_the_other_end_of_a_fifo(story: Plog, command: tuple[str, ...]) -> None:
    story("export", "--output", "whole.plog")
    fifo = story.home / "FIFO"
    os.mkfifo(fifo)
    result = story(*command, code=CANNOT_RUN)
    assert "FIFO is not a regular file" in result.stdout


@pytest.mark.parametrize("option", ["--head", "--key"])
def test_a_directory_in_the_place_of_a_file_is_named(story: Plog, option: str) -> None:
    assert f"{story.home} is not a regular file" in story("verify", option, story.home, code=CANNOT_RUN).stdout


@pytest.mark.parametrize("command", ["redact", "ingest"])
def test_a_directory_is_no_input(plog: Plog, command: str) -> None:
    assert f"{plog.home} is a directory" in plog(command, plog.home, code=1).stderr


def test_a_key_that_is_not_there_is_said_to_be_missing(story: Plog) -> None:
    said = story("verify", "--key", "nothere", code=CANNOT_RUN).stdout
    assert "--key" in said
    assert "neither an existing file nor a public key" in said


def test_a_report_that_could_not_start_has_all_members(story: Plog) -> None:
    whole = json.loads(story("verify", "--json").stdout)
    refused = json.loads(story("verify", "--json", "--key", "bad", code=CANNOT_RUN).stdout)
    assert set(refused) == {*whole, "error"}
    assert (refused["verdict"], refused["valid"], refused["db_path"]) == ("CANNOT_RUN", False, str(story.db))


def test_only_what_is_valid_is_assured(story: Plog) -> None:
    assert "assurance" in story("verify").stdout
    assert "assurance" not in story("verify", "--db", "nothere.db", code=None).stdout


def test_a_profile_that_is_asked_for_is_in_force_whatever_is_switched_off(plog: Plog) -> None:
    config = plog.home / "config.yaml"
    config.write_text("redaction:\n  enabled: false\n")
    env = {"PROVENLOG_CONFIG": str(config)}
    text = '"write to jane.doe@example.com"\n'
    assert plog("redact", input=text, env=env).stdout == text
    for more in ([], ["--json"]):
        assert "jane.doe" not in plog("redact", "--profile", "strict", *more, input=text, env=env).stdout


def test_an_export_says_how_to_replace_a_file_but_not_a_directory(story: Plog) -> None:
    story("export", "--output", "x.plog")
    assert "--overwrite" in story("export", "--output", "x.plog", code=1).stderr
    (story.home / "folder").mkdir()
    said = story("export", "--output", "folder", code=1).stderr
    assert "cannot write folder: it is a directory" in said
    assert "--overwrite" not in said


@pytest.mark.parametrize(("option", "value"), [("--agent-id", "writer"), ("--since", "1d"), ("--label", "env=prod")])
def test_tiles_are_of_the_whole_log(story: Plog, option: str, value: str) -> None:
    assert option in story("export", "--tiles", "tiles", option, value, code=USAGE).stderr
    assert not (story.home / "tiles").exists()


def test_tiles_are_never_overwritten(story: Plog) -> None:
    assert "--overwrite" in story("export", "--tiles", "tiles", "--overwrite", code=USAGE).stderr


def test_an_export_of_an_unknown_agent_is_none(story: Plog) -> None:
    assert "nobody" in story("export", "--agent-id", "nobody", "--output", "x.plog", code=NOT_FOUND).stderr
    assert not (story.home / "x.plog").exists()


@pytest.mark.parametrize("wanted", ["nope", "@99"])
def test_an_event_that_nothing_proves_is_named_as_it_was_given(story: Plog, wanted: str) -> None:
    assert f"no event {wanted}" in story("prove", wanted, code=NOT_FOUND).stderr


def test_prove_takes_the_place_of_an_event_as_get_does(story: Plog) -> None:
    story("prove", "@3", "--output", "third.plog")
    assert json.loads((story.home / "third.plog").read_text())["events"] == [
        json.loads(story("get", "@3", "--json").stdout)
    ]
    story("verify-export", "third.plog")


def test_a_backup_that_is_not_there_is_not_found(plog: Plog) -> None:
    assert "nothere" in plog("restore", "nothere", code=NOT_FOUND).stderr
    assert not Path(plog.db).exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server_url: https://example.com\n", "config.yaml:1: server_url"),
        (
            "redaction:\n  rules:\n    - name: x\n      pattern: aaa\n    - name: x\n      pattern: bbb\n",
            "config.yaml:5: redaction.rules[1].name",
        ),
    ],
)
def test_faults_of_the_configuration_are_named_with_file_and_line(plog: Plog, text: str, said: str) -> None:
    config = plog.home / "config.yaml"
    config.write_text(text)
    assert said in plog("ingest", input="{}\n", env={"PROVENLOG_CONFIG": str(config)}, code=1).stderr


def test_a_server_that_the_environment_names_is_said_to_come_from_there(plog: Plog) -> None:
    said = plog("ingest", input="{}\n", env={"PROVENLOG_SERVER_URL": "https://example.com"}, code=1).stderr
    assert "PROVENLOG_SERVER_URL" in said
