"""plog redact: a filter that does not print a line that it cannot read."""

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


KEY = "\n".join(
    [
        "-----BEGIN PRIVATE " + "KEY-----",
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgT1e5",
        "SxkWqqweASDF=",
        "-----END PRIVATE KEY-----",
    ]
)


def test_a_private_key_of_many_lines_goes_as_one(plog: Plog) -> None:
    assert plog("redact", input=f"before\n{KEY}\nafter\n").stdout == "before\n[REDACTED:private_key]\nafter\n"
    cut = KEY.rsplit("\n", 1)[0]
    out = plog("redact", input=f"before\n{cut}\n").stdout
    assert "MIGHAg" not in out and "Sxkq" not in out and out.startswith("before\n")
    assert plog("redact", "--profile", "pii", input=KEY + "\n").stdout == KEY + "\n"


def test_the_report_counts_markers_and_leaves_the_text_alone(plog: Plog) -> None:
    text = f"{MAIL} {MAIL}\n10.0.0.1 [REDACTED:email]\n"
    result = plog("redact", "--report", input=text)
    assert result.stdout == plog("redact", input=text).stdout
    assert result.stderr == "email 2\nipv4 1\ntotal 3 in 2 lines\n"
    result = plog("redact", "--json", "--report", input=json.dumps({"password": "x", "m": MAIL}) + "\n")
    assert result.stderr == "email 1\npassword 1\ntotal 2 in 1 lines\n"


def test_an_explanation_says_where_and_never_what(plog: Plog) -> None:
    result = plog("redact", "--explain", input=f'plain\nto {MAIL}, "password": "hunter2"\n')
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"2:3-{3 + len(MAIL)} email: ")
    assert lines[1].startswith("2:38-45 password: ")
    assert MAIL not in result.stdout and "hunter2" not in result.stdout
    rows = [
        json.loads(line) for line in plog("redact", "--explain", "--json", input=f"to {MAIL}\n").stdout.splitlines()
    ]
    assert rows == [{"line": 1, "start": 3, "end": 3 + len(MAIL), "name": "email"}]


def test_profiles_choose_what_is_hidden(plog: Plog) -> None:
    text = f'{MAIL} "password": "hunter2"\n'
    assert plog("redact", "--profile", "pii", input=text).stdout == '[REDACTED:email] "password": "hunter2"\n'
    assert plog("redact", "--profile", "secrets", input=text).stdout == f'{MAIL} "password": "[REDACTED:password]"\n'
    assert "--profile" in plog("redact", "--profile", "all", input=text, code=2).stderr


def test_the_detectors_are_listed_with_their_examples(plog: Plog) -> None:
    table = plog("redact", "--list").stdout
    assert "github_token" in table and "password" in table
    everything = json.loads(plog("redact", "--list", "--json").stdout)
    names = {detector["name"] for detector in everything}
    assert {"email", "iban", "aws_key", "private_key", "cookie"} <= names
    for detector in everything:
        if "keys" not in detector:
            assert len(detector["examples"]["positive"]) >= 3 and len(detector["examples"]["negative"]) >= 3
    assert len(plog("redact", "--list", "--profile", "pii").stdout.splitlines()) < len(table.splitlines())


def test_keys_of_json_say_what_their_values_are(plog: Plog) -> None:
    value = {
        "db_password": {"value": "x", "n": 5},
        "max_tokens": 100,
        "token_count": 5,
        "input_cost_per_token": 0.0000025,
        "api_keys": ["a", "b"],
        "card_number": 4111111111111111,
        "order": 4111111111111111,
        "arguments": json.dumps({"password": "y", "text": "a\n4012888888881881"}),
        "schema": {"password": {"type": "string", "description": "a password"}},
    }
    out = json.loads(plog("redact", "--json", input=json.dumps(value) + "\n").stdout)
    assert out["db_password"] == {"value": "[REDACTED:password]", "n": 5}
    assert (out["max_tokens"], out["token_count"], out["input_cost_per_token"]) == (100, 5, 0.0000025)
    assert out["api_keys"] == ["[REDACTED:api_key]"] * 2
    assert out["card_number"] == "[REDACTED:visa]"
    assert out["order"] == 4111111111111111
    assert json.loads(out["arguments"]) == {"password": "[REDACTED:password]", "text": "a\n[REDACTED:visa]"}
    assert out["schema"] == value["schema"]
    strict = json.loads(plog("redact", "--json", "--profile", "strict", input=json.dumps(value) + "\n").stdout)
    assert strict["order"] == "[REDACTED:visa]"


def test_the_configuration_switches_off_allows_and_keeps(plog: Plog) -> None:
    config = plog.home / "trusted.yaml"
    (plog.home / "key").write_text("0123456789abcdef\n")
    config.write_text(
        "redaction:\n  disable: [ipv4]\n  allow: {values: [me@example.com], keys: [note], paths: [/a/b]}\n"
        "  keep_last: {visa: 4}\n  pseudonym_key_file: " + str(plog.home / "key") + "\n"
    )
    env = {"PROVENLOG_CONFIG": str(config)}
    out = plog("redact", input=f"10.0.0.1 me@example.com {MAIL} 4111111111111111\n", env=env).stdout
    first, allowed, mail, card = out.split()
    assert (first, allowed, card) == ("10.0.0.1", "me@example.com", "[REDACTED:visa:****1111]")
    assert mail.startswith("[REDACTED:email:") and len(mail) == len("[REDACTED:email:3f9a2c]")
    assert plog("redact", input=out, env=env).stdout == out
    value = {"note": MAIL, "a": {"b": {"c": MAIL}, "d": MAIL}}
    out = json.loads(plog("redact", "--json", input=json.dumps(value) + "\n", env=env).stdout)
    assert out == {"note": MAIL, "a": {"b": {"c": MAIL}, "d": mail}}
