"""plog redact: a filter that lets nothing through that it could not read."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Plog

MAIL = "jane.doe@example.com"


def test_text_goes_through_line_by_line(plog: Plog) -> None:
    out = plog("redact", input=f"hello\n\nwrite to {MAIL}, please\nlast line").stdout
    lines = out.split("\n")
    assert lines[:2] == ["hello", ""]
    assert lines[2].startswith("write to [REDACTED:") and lines[2].endswith("], please")
    assert lines[3] == "last line"
    assert MAIL not in out


def test_a_file_is_read_like_standard_input(plog: Plog) -> None:
    (plog.home / "text.txt").write_text(f"{MAIL}\n")
    expected = plog("redact", input=f"{MAIL}\n").stdout
    assert plog("redact", "text.txt").stdout == expected
    assert plog("redact", "-", input=f"{MAIL}\n").stdout == expected
    assert "no-such" in plog("redact", "no-such", code=3).stderr


def test_text_without_secrets_is_unchanged(plog: Plog) -> None:
    text = "\n".join(["plain", "tab\there", "", "é 日本 🎉", "  spaces  ", "cr\r", "\x1b[1mbold"]) + "\n"
    assert plog("redact", input=text).stdout == text
    assert plog("redact", input="").stdout == ""
    assert plog("redact", input="no line feed").stdout == "no line feed"


def test_redacting_twice_changes_nothing_more(plog: Plog) -> None:
    once = plog("redact", input=f"{MAIL} and 192.168.1.20 and 4111 1111 1111 1111\n").stdout
    assert "4111" not in once
    assert plog("redact", input=once).stdout == once


def test_invalid_utf8_is_repaired(plog: Plog) -> None:
    assert plog("redact", input=b"a\xffb\xc3\nok\n").stdout == "a\ufffdb\ufffd\nok\n"
    assert MAIL not in plog("redact", input=b"\xff" + MAIL.encode() + b"\xfe\n").stdout


def test_json_lines_come_out_canonical(plog: Plog) -> None:
    value = {"z": [f"to {MAIL}", 1.0, None], "a": {MAIL: True}, "n": "x\n" + MAIL}
    out = plog("redact", "--json", input=json.dumps(value, indent=None) + "\n\n7\n").stdout
    first, blank, number, end = out.split("\n")
    assert MAIL not in first
    parsed = json.loads(first)
    assert parsed["z"][1:] == [1, None]
    assert list(parsed) == ["a", "n", "z"]
    assert ": " not in first.replace("to [", "")
    assert (blank, number, end) == ("", "7", "")


def test_a_line_that_is_no_json_is_kept_out_and_reported(plog: Plog) -> None:
    result = plog("redact", "--json", input=f'{{"a":1}}\n{{"mail":"{MAIL}"\n[2]\n', code=4)
    assert result.stdout == '{"a":1}\n[2]\n'
    assert result.stderr.startswith("plog: line 2: ")
    assert MAIL not in result.stderr


def test_rules_of_the_configuration_are_used(plog: Plog) -> None:
    (plog.home / "provenlog.yaml").write_text("redaction:\n  rules:\n    - name: project\n      pattern: Bluebird\n")
    assert plog("redact", input="Bluebird\n").stdout == "[REDACTED:project]\n"
    assert plog("redact", "--json", input='{"Bluebird":"x"}\n').stdout == '{"[REDACTED:project]":"x"}\n'


def test_a_broken_configuration_lets_nothing_through(plog: Plog) -> None:
    (plog.home / "provenlog.yaml").write_text("redaction: 7\n")
    result = plog("redact", input="text\n", code=1)
    assert result.stdout == ""
    assert "provenlog.yaml" in result.stderr


def test_each_line_comes_out_before_the_next_goes_in(plog: Plog) -> None:
    process = plog.start("redact", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    for i in range(3):
        process.stdin.write(f"line {i}\n".encode())
        process.stdin.flush()
        assert process.stdout.readline() == f"line {i}\n".encode()
    process.stdin.close()
    assert process.wait(timeout=30) == 0


def test_a_reader_that_goes_away_ends_it_quietly(plog: Plog) -> None:
    script = f'yes some text | "{plog.binary}" redact | head -3; echo "${{PIPESTATUS[1]}}"'
    result = subprocess.run(["bash", "-c", script], env=plog.env, capture_output=True, text=True, timeout=60)
    assert result.stdout == "some text\n" * 3 + "0\n"
    assert "plog" not in result.stderr


def test_a_line_over_the_limit_is_kept_out(plog: Plog) -> None:
    data = b"before\n" + b"x" * 70_000_000 + b"\nafter\n"
    result = plog("redact", input=data, code=4)
    assert result.stdout == "before\nafter\n"
    assert result.stderr == "plog: line 2: longer than 64 MiB\n"
