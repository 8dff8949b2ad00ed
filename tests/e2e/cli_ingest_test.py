"""plog ingest: what it records, what it rejects, and that no event is lost."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Plog

SHARED = Path(__file__).resolve().parents[3] / "shared"


def summary(plog: Plog, *args: str, input: Any = b"", code: int = 0) -> dict[str, Any]:
    return json.loads(plog("ingest", "--json", *args, input=input, code=code).stdout)


def test_lines_come_from_standard_input_or_a_file(plog: Plog) -> None:
    line = '{"agent_id":"a","action_name":"x"}\n'
    (plog.home / "events.jsonl").write_text(line * 3)
    plog("ingest", input=line)
    plog("ingest", "-", input=line)
    assert "3 events recorded" in plog("ingest", "events.jsonl").stdout
    assert plog.lines("stats")[0]["total_events"] == 5


def test_the_ledger_is_created_private(plog: Plog) -> None:
    path = plog.home / "new" / "dir" / "events.db"
    plog("ingest", "--db", path, input='{"agent_id":"a"}\n')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_source_and_capture_method_are_set_but_never_overwritten(plog: Plog) -> None:
    plog.ingest([{"agent_id": "a"}, {"agent_id": "a", "source": "sdk", "capture_method": "http-api"}])
    events = plog.lines("log")
    assert [(event["source"], event["capture_method"]) for event in events] == [
        ("cli", "cli-ingest"),
        ("sdk", "http-api"),
    ]


def test_defaults_fill_in_what_an_event_does_not_say(plog: Plog) -> None:
    options = ["--agent-id", "d", "--session-id", "s", "--label", "env=prod", "--label", "a=b=c", "--label", "e="]
    plog.ingest([{}, {"agent_id": "own", "session_id": "mine", "labels": {"env": "own"}}], *options)
    first, second = plog.lines("log")
    assert (first["agent_id"], first["session_id"]) == ("d", "s")
    assert first["labels"] == {"env": "prod", "a": "b=c", "e": ""}
    assert (second["agent_id"], second["session_id"]) == ("own", "mine")
    assert second["labels"] == {"env": "own", "a": "b=c", "e": ""}


BAD = [
    '{"agent_id":"a"',
    "[1,2]",
    '"text"',
    "{}",
    '{"agent_id":""}',
    '{"agent_id":"a"} {"agent_id":"b"}',
    "\0",
    "not json at all",
    '{"agent_id":"a","x":\tbad}',
]


def test_bad_lines_are_reported_with_their_numbers_and_kept_out(plog: Plog) -> None:
    lines: list[str] = []
    bad_numbers = []
    for bad in BAD:
        lines += ['{"agent_id":"good"}', "", "  \t", bad]
        bad_numbers.append(len(lines))
    result = plog("ingest", input="\n".join(lines), code=4)
    reports = result.stderr.splitlines()
    assert len(reports) == len(BAD)
    for number, report in zip(bad_numbers, reports):
        prefix = f"plog: line {number}: "
        assert report.startswith(prefix) and len(report) > len(prefix) + 5
    assert f"{len(BAD)} events recorded" in result.stdout
    assert f"{len(BAD)} lines rejected" in result.stdout
    assert plog.lines("stats")[0]["total_events"] == len(BAD)
    assert {event["agent_id"] for event in plog.lines("log")} == {"good"}


def test_a_report_never_repeats_what_the_line_holds(plog: Plog) -> None:
    result = plog(
        "ingest", input='{"agent_id":"a","key":"sk-secret-hunter2" oops}\n{"action_name":"hunter2"}\n', code=4
    )
    assert len(result.stderr.splitlines()) == 2
    assert "hunter2" not in result.stderr


def test_the_summary_as_json(plog: Plog) -> None:
    lines = [
        '{"agent_id":"a","id":"one"}',
        '{"agent_id":"a","id":"one"}',
        "",
        "bad",
        '{"agent_id":"a","id":"one","x":1}',
    ]
    lines.append(json.dumps({"agent_id": "a", "action_input": "mail jane.doe@example.com"}))
    result = summary(plog, input="\n".join(lines), code=4)
    assert result.pop("seconds") >= 0
    stored = result.pop("stored")
    assert stored >= 2
    assert result == {
        "lines": 6,
        "blank": 1,
        "recorded": 4,
        "rejected": 1,
        "duplicates": 2,
        "conflicts": 1,
        "truncated": 0,
        "redactions": 1,
        "queued": 0,
    }


def test_a_line_with_an_id_is_recorded_once(plog: Plog) -> None:
    lines = "".join(f'{{"agent_id":"a","id":"event-{i}"}}\n' for i in range(100))
    plog("ingest", input=lines)
    assert "100 of them already in the ledger" in plog("ingest", input=lines).stdout
    assert plog.lines("stats")[0]["total_events"] == 100


def test_line_ends_and_a_byte_order_mark_do_no_harm(plog: Plog) -> None:
    plog("ingest", input=b'\xef\xbb\xbf{"agent_id":"a"}\r\n{"agent_id":"b"}\r\n\r\n{"agent_id":"c"}')
    assert [event["agent_id"] for event in plog.lines("log")] == ["a", "b", "c"]


def test_invalid_utf8_is_repaired_with_a_warning(plog: Plog) -> None:
    plog("ingest", input=b'{"agent_id":"a","action_input":"x\xffy"}\n')
    event = plog.lines("log")[0]
    assert event["action_input"] == "x\ufffdy"
    assert event["validation_warnings"]


def test_nothing_is_no_error(plog: Plog) -> None:
    assert summary(plog)["recorded"] == 0
    assert "0 events recorded" in plog("ingest", input="\n\n").stdout


def test_large_events_are_cut_and_lines_over_the_limit_are_kept_out(plog: Plog) -> None:
    path = plog.home / "large.jsonl"
    with path.open("w") as file:
        file.write('{"agent_id":"first"}\n')
        file.write('{"agent_id":"large","action_input":"' + "x" * 3_000_000 + '"}\n')
        file.write('{"agent_id":"huge","action_input":"')
        for _ in range(70):
            file.write("y" * 1_000_000)
        file.write('"}\n')
        file.write('{"agent_id":"last"}\n')
        file.write("z" * 70_000_000)
    result = plog("ingest", path, code=4)
    assert result.stderr.splitlines() == [
        "plog: line 3: longer than 64 MiB",
        "plog: line 5: longer than 64 MiB",
    ]
    assert "1 truncated" in result.stdout
    events = plog.lines("log")
    assert [event["agent_id"] for event in events] == ["first", "large", "last"]
    assert events[1]["action_input"]["truncated"] is True


def test_a_line_of_many_reads_is_one_line(plog: Plog) -> None:
    process = plog.start("ingest", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    text = '{"agent_id":"a","action_input":"' + "x" * 600_000 + '"}\n{"agent_id":"b"}'
    for start in range(0, len(text), 100_000):
        process.stdin.write(text[start : start + 100_000].encode())
        process.stdin.flush()
        time.sleep(0.01)
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    events = plog.lines("log")
    assert [event["agent_id"] for event in events] == ["a", "b"]
    assert events[0]["action_input"] == "x" * 600_000


def test_a_missing_file_is_an_error(plog: Plog) -> None:
    assert "no-such-file" in plog("ingest", "no-such-file", code=3).stderr
    assert plog("ingest", plog.home, code=1).stderr


def test_a_ledger_that_cannot_be_made_is_an_error(plog: Plog) -> None:
    result = plog("ingest", "--db", "/dev/null/x.db", input='{"agent_id":"a"}\n', code=None)
    assert result.returncode in (1, 3)
    assert result.stderr


def test_an_interrupt_stores_what_was_read(plog: Plog) -> None:
    process = plog.start("ingest", "--json", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b'{"agent_id":"a"}\n' * 100)
    process.stdin.flush()
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["recorded"] == 100
    assert b"interrupted after line 100" in err
    assert plog.lines("stats")[0]["total_events"] == 100


def test_events_are_recorded_as_they_come(plog: Plog) -> None:
    process = plog.start("ingest", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(b'{"agent_id":"a"}\n')
    process.stdin.flush()
    deadline = time.monotonic() + 30
    while plog("stats", "--json", code=None).stdout.find('"total_events":1') < 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.stdin.close()
    assert process.wait(timeout=30) == 0


def test_many_processes_share_one_ledger(plog: Plog) -> None:
    processes = [
        plog.start("ingest", "--agent-id", f"agent-{i % 2}", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for i in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b'{"action_name":"x"}\n' * 5000)
        process.stdin.close()
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    assert plog.lines("stats")[0]["total_events"] == 20_000
    report = plog.lines("verify")[0]
    assert report["valid"] is True and report["events"] == 20_001


def test_what_plog_prints_plog_ingests(story: Plog) -> None:
    events = story("log", "--json").stdout
    story("ingest", "--db", "copy.db", input=events)
    copies = story.lines("log", "--db", "copy.db")
    assert [event["id"] for event in copies] == [json.loads(line)["id"] for line in events.splitlines()]


def test_the_disk_may_be_full_without_harm(plog: Plog) -> None:
    mount = plog.home / "small"
    mount.mkdir()
    script = (
        f'mount -t tmpfs -o size=2m none "{mount}" && "{plog.binary}" ingest --db "{mount}/e.db" --json; echo "code $?"; '
        f'"{plog.binary}" verify --db "{mount}/e.db" --read-only --json; echo "code $?"'
    )
    probe = subprocess.run(["unshare", "--mount", "true"], capture_output=True)
    if os.geteuid() != 0 or probe.returncode != 0:
        pytest.skip("needs a mount namespace")
    lines = b'{"agent_id":"a","action_input":"' + b"x" * 1000 + b'"}\n'
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], input=lines * 5000, env=plog.env, capture_output=True, timeout=300
    )
    out = result.stdout.decode().splitlines()
    assert "code 1" in out, result
    assert result.stderr.decode().count("plog: stopped at line ") == 1
    assert any('"valid":true' in line or '"verdict":"CANNOT_RUN"' in line for line in out), result


@pytest.mark.parametrize("name", ["agent-events.jsonl", "llm-exchanges.jsonl"])
def test_real_events_all_arrive(plog: Plog, name: str) -> None:
    source = SHARED / "data" / name
    if not source.exists():
        pytest.skip(f"needs {source}")
    lines = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    if name.startswith("llm"):
        events = []
        for exchange in lines:
            events.append({"agent_id": "gateway", "action_type": "LLM_CALL", "action_input": exchange})
            events.append({"agent_id": "gateway", "action_type": "LLM_RESPONSE", "action_output": exchange})
        plog.ingest(events)
    else:
        events = lines
        plog("ingest", source)
    stored = plog.lines("log", "--all")
    assert len(stored) == len(events)
    for event, copy in zip(events, stored):
        for field in ("agent_id", "session_id", "action_type", "action_name", "action_status", "labels"):
            assert event.get(field) == copy.get(field)
    report = plog.lines("verify")[0]
    assert report["valid"] is True
    assert report["events"] == len(events) + 1
