"""Independent implementations read our logs and check our proofs, and our code reads and checks theirs."""

from __future__ import annotations

import filecmp
import json
import subprocess
from pathlib import Path
from typing import Callable

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# The key of the test log of transparency-dev/tessera. Signatures are deterministic.
SECRET = "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"
PUBLIC = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
OTHER = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
# Sizes at and around the boundaries of tiles. The largest tree has tiles on three levels.
SIZES = [1, 2, 7, 255, 256, 257, 600, 66_000]


def files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", SIZES)
def test_both_write_the_same_log_and_accept_that_of_the_other(ours: Run, sumdb: Run, tmp_path: Path, size: int) -> None:
    logs = {"ours": tmp_path / "ours", "theirs": tmp_path / "theirs"}
    for make, log in ((ours, logs["ours"]), (sumdb, logs["theirs"])):
        made = make("make", log, SECRET, size)
        assert made.returncode == 0, made.stderr
    names = files(logs["ours"])
    assert names == files(logs["theirs"])
    assert filecmp.cmpfiles(*logs.values(), names, shallow=False)[1:] == ([], [])

    reports = []
    for verify, log in ((ours, logs["theirs"]), (sumdb, logs["ours"])):
        verified = verify("verify", log, PUBLIC)
        assert verified.returncode == 0, verified.stderr
        reports.append(json.loads(verified.stdout))
    assert reports[0] == reports[1]
    assert reports[0]["size"] == size
    assert reports[0]["inclusion"] == reports[0]["consistency"] >= min(size, 40)


@pytest.mark.parametrize("size", SIZES)
def test_a_third_implementation_accepts_our_proofs(ours: Run, merkle: Run, tmp_path: Path, size: int) -> None:
    assert ours("make", tmp_path / "log", SECRET, size).returncode == 0
    verified = merkle("verify", tmp_path / "log")
    assert verified.returncode == 0, verified.stderr
    report = json.loads(verified.stdout)
    assert report["size"] == size
    assert report["inclusion"] == report["consistency"] >= min(size, 40)


def flip(path: Path, position: int) -> None:
    octets = bytearray(path.read_bytes())
    octets[position] ^= 1
    path.write_bytes(octets)


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint",
        "tile/0/000",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/001",
        "proof/inclusion/10",
        "proof/consistency/11",
    ],
)
def test_both_refuse_a_log_with_one_bit_changed(ours: Run, sumdb: Run, tmp_path: Path, name: str) -> None:
    log = tmp_path / "log"
    assert ours("make", log, SECRET, 600).returncode == 0
    size = (log / name).stat().st_size
    for position in (0, size // 3, size - 2):
        flip(log / name, position)
        assert ours("verify", log, PUBLIC).returncode == 1, position
        assert sumdb("verify", log, PUBLIC).returncode == 1, position
        flip(log / name, position)
    assert ours("verify", log, PUBLIC).returncode == 0
    assert sumdb("verify", log, PUBLIC).returncode == 0


def test_both_refuse_the_log_of_another_key(ours: Run, sumdb: Run, tmp_path: Path) -> None:
    assert ours("make", tmp_path / "log", SECRET, 5).returncode == 0
    for verify in (ours, sumdb):
        assert verify("verify", tmp_path / "log", OTHER).returncode == 1
