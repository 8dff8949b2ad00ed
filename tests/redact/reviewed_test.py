"""Compares the hits of redaction in recorded traffic with the reviewed hits in reviewed_hits.tsv."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Iterator, List, NamedTuple, Set, Tuple

import pytest

SOURCE = Path(__file__).resolve().parents[2]
DATA = SOURCE.parent / "shared" / "data"
FILES = ["agent-events.jsonl", "llm-exchanges.jsonl"]
PROFILES = ["default", "strict", "pii", "secrets"]
REVIEWED = Path(__file__).with_name("reviewed_hits.tsv")


class Hit(NamedTuple):
    data: str
    profile: str
    mode: str
    where: str
    name: str


def reviewed() -> List[Tuple[Hit, str]]:
    lines = [line for line in REVIEWED.read_text().splitlines() if line and not line.startswith("#")]
    return [(Hit(*row[:5]), row[5]) for row in list(csv.reader(lines, delimiter="\t"))[1:]]


@pytest.fixture(scope="module")
def binary() -> Path:
    path = Path(
        os.environ.get("PLOG_BIN", Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release")) / "plog")
    )
    if not path.exists():
        pytest.skip(f"{path} does not exist; run make build")
    return path


def redact(binary: Path, path: Path, *options: str) -> List[str]:
    env = {key: value for key, value in os.environ.items() if key != "PROVENLOG_CONFIG"}
    env["HOME"] = "/nonexistent"
    result = subprocess.run([binary, "redact", *options, path], stdout=subprocess.PIPE, check=True, env=env, cwd="/")
    return result.stdout.decode().splitlines()


def markers(before: Any, after: Any, where: str) -> Iterator[Tuple[str, str]]:
    """Where the values and keys of two JSON values differ, and which markers make the difference."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in after.keys() - before.keys():
            yield where + "/" + key, "+".join(re.findall(r"\[REDACTED:([\w-]+)", key))
        for key in before.keys() & after.keys():
            yield from markers(before[key], after[key], where + "/" + key)
    elif isinstance(before, list) and isinstance(after, list):
        for i, (left, right) in enumerate(zip(before, after)):
            yield from markers(left, right, f"{where}/{i}")
    elif isinstance(after, str) and before != after:
        yield where, "+".join(re.findall(r"\[REDACTED:([\w-]+)", after))


def hits(binary: Path, path: Path, profile: str) -> Set[Hit]:
    found = set()
    for line in redact(binary, path, "--profile", profile, "--explain", "--json"):
        hit = json.loads(line)
        found.add(Hit(path.name, profile, "text", f"{hit['line']}:{hit['start']}-{hit['end']}", hit["name"]))
    clean = redact(binary, path, "--profile", profile, "--json")
    for number, (before, after) in enumerate(zip(path.read_text().splitlines(), clean), 1):
        for where, name in markers(json.loads(before), json.loads(after), f"{number}:"):
            found.add(Hit(path.name, profile, "json", where, name))
    return found


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", FILES)
def test_every_hit_in_the_recorded_traffic_was_judged(binary: Path, name: str, profile: str) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the recorded data {path} does not exist")
    listed = reviewed()
    known = {hit for hit, _ in listed if (hit.data, hit.profile) == (name, profile)}
    found = hits(binary, path, profile)
    assert found - known == set(), "new hits; review them and add them to reviewed_hits.tsv"
    assert known - found == set(), "hits in reviewed_hits.tsv that no longer occur; remove them"
    false = sum(1 for hit, verdict in listed if hit in known and verdict == "false")
    if profile == "default":
        assert false <= path.stat().st_size / 1e6


def test_the_review_is_whole() -> None:
    listed = reviewed()
    assert all(verdict in ("true", "false") for _, verdict in listed)
    assert len({hit for hit, _ in listed}) == len(listed)


def test_a_hit_is_seen_in_text_and_in_json(binary: Path, tmp_path: Path) -> None:
    path = tmp_path / "traffic.jsonl"
    path.write_text('{"a": ["x", "to ada@example.com"]}\n{"password": "hunter2!x", "bob@example.com": {"n": 1.5}}\n')
    found = hits(binary, path, "default")
    assert Hit("traffic.jsonl", "default", "text", "1:16-31", "email") in found
    assert {(hit.where, hit.name) for hit in found if hit.mode == "json"} == {
        ("1:/a/1", "email"),
        ("2:/password", "password"),
        ("2:/[REDACTED:email]", "email"),
    }
