"""The model of journal, adoption and commit (journal.pml) has its properties, and its mutants do not."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

import pytest
from crash_harness import LONG

MODEL = pathlib.Path(__file__).parent / "journal.pml"
SMALL = ("N=2", "SEG=1", "DROPS=1", "KILLS=1")
POWER = (*SMALL, "POWER", "POWER_LOSS")
SINK = (*SMALL, "SINK")
# The first searches take seconds; the long ones take about a minute and more than 1 GiB of memory. See README.md.
SEARCHES = [SMALL, ("N=3", "SEG=2", "DROPS=1", "KILLS=1"), SINK]
if LONG:
    SEARCHES += [
        ("N=4", "SEG=2", "DROPS=2", "KILLS=3", "BATCH=1"),
        ("N=2", "SEG=1", "DROPS=0", "KILLS=2", "POWER", "POWER_LOSS"),
        ("N=2", "SEG=1", "DROPS=0", "KILLS=1", "POWER_LOSS"),
        POWER,
    ]

pytestmark = [
    pytest.mark.skipif(
        shutil.which("spin") is None or shutil.which("cc") is None, reason="needs spin and a C compiler"
    ),
    pytest.mark.timeout(3600),
]


def errors(directory: pathlib.Path, settings: tuple[str, ...]) -> int:
    """The number of errors that an exhaustive search finds; it stops at the first."""
    defines = [f"-D{setting}" for setting in settings]
    subprocess.run(["spin", *defines, "-a", str(MODEL)], cwd=directory, check=True, capture_output=True)
    build = ["cc", "-O2", "-DSAFETY", "-DVECTORSZ=2048", "-DCOLLAPSE", "-o", "pan", "pan.c"]
    subprocess.run(build, cwd=directory, check=True, capture_output=True)
    done = subprocess.run(["./pan", "-m2000000"], cwd=directory, capture_output=True, text=True)
    found = re.search(r"errors: (\d+)", done.stdout)
    assert found, done.stdout + done.stderr
    count = int(found[1])
    # A search that was cut short proves nothing.
    assert count > 0 or "Search not completed" not in done.stdout, done.stdout
    assert "max search depth too small" not in done.stdout
    return count


@pytest.mark.parametrize("settings", SEARCHES, ids=" ".join)
def test_no_kill_and_no_loss_of_power_breaks_the_protocol(tmp_path: pathlib.Path, settings: tuple[str, ...]) -> None:
    assert errors(tmp_path, settings) == 0


@pytest.mark.parametrize(
    "settings",
    [
        (*SMALL, "UNLINK_FIRST"),
        (*SMALL, "ACK_FIRST"),
        (*SMALL, "NO_FLOCK"),
        (*SMALL, "NO_UNIQUE"),
        (*SMALL, "DROPS=2", "ONE_ACCOUNT"),
        (*POWER, "NO_SYNC"),
        (*SMALL, "KILLS=2", "FORGET_FIRST"),
        (*SINK, "OUT_OF_ORDER"),
        (*SINK, "FORGET_FAILED"),
    ],
    ids=lambda settings: settings[-1],
)
def test_a_protocol_with_one_step_wrong_breaks(tmp_path: pathlib.Path, settings: tuple[str, ...]) -> None:
    assert errors(tmp_path, settings) > 0
