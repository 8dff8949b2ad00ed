"""The power fails: data that was not synced is lost, or any part of it survives. See powerloss.c."""

from __future__ import annotations

import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

import pytest
from crash_harness import LONG, Ledger, descendants_gone, program

PAGE = 4096
ROUNDS = 150 if LONG else 12


def key_of(path: pathlib.Path) -> str:
    """The same key as in powerloss.c: inode and time of birth."""
    out = subprocess.run(["stat", "-c", "%i %W %w", path], check=True, capture_output=True, text=True).stdout.split()
    inode, seconds = out[0], out[1]
    nanoseconds = int(out[3].partition(".")[2]) if len(out) > 3 else 0
    return f"{inode}-{seconds}-{nanoseconds}"


class Disk:
    """The state that a killed writer left: the files as they are, and the shadow with the synced data."""

    def __init__(self, live: pathlib.Path, shadow: pathlib.Path) -> None:
        self.live, self.shadow = live, shadow

    def durable_names(self, directory: str) -> dict[str, str]:
        names = self.shadow / f"dir-{directory}"
        if not names.exists():
            return {}
        return {name: key for key, _, name in (line.partition(" ") for line in names.read_text().splitlines())}

    def content(self, key: str, live: pathlib.Path | None, chance: random.Random | None) -> bytes:
        synced_file = self.shadow / f"file-{key}"
        synced = synced_file.read_bytes() if synced_file.exists() else b""
        if chance is None or live is None or not live.is_file():
            return synced
        now = live.read_bytes()
        size = chance.choice([len(synced), len(now), max(len(synced), len(now))])
        pages = []
        for at in range(0, size, PAGE):
            source = chance.choice([synced, now])
            pages.append(source[at : at + PAGE].ljust(min(PAGE, size - at), b"\0"))
        return b"".join(pages)

    def materialise(self, to: pathlib.Path, chance: random.Random | None) -> None:
        """Writes a disk as it may be after the loss. Without `chance` it has only the synced data, and with it also a
        random part of the other data."""
        self._directory(to, key_of(self.live), self.live, chance)

    @staticmethod
    def _changes(before: dict[str, str], now: dict[str, str]) -> list[set[str]]:
        """Groups of names that differ. The two names of a renamed file are in one group: a rename is done or not."""
        changes: list[set[str]] = []
        for name in sorted(before.keys() | now.keys()):
            if before.get(name) == now.get(name):
                continue
            change = {name} | {new for new, key in now.items() if key == before.get(name)}
            joined = [other for other in changes if other & change]
            changes = [other for other in changes if not other & change]
            changes.append(change.union(*joined))
        return changes

    def _directory(self, to: pathlib.Path, key: str, live: pathlib.Path | None, chance: random.Random | None) -> None:
        to.mkdir(mode=0o700)
        names = self.durable_names(key)
        now = {path.name: key_of(path) for path in live.iterdir()} if live is not None and live.is_dir() else {}
        if chance is not None:
            for change in self._changes(names, now):
                if chance.random() < 0.5:
                    names = {name: key for name, key in names.items() if name not in change}
                    names |= {name: now[name] for name in change if name in now}
        for name, child in names.items():
            path = live / name if live is not None and now.get(name) == child else None
            if (self.shadow / f"dir-{child}").exists() or (path is not None and path.is_dir()):
                self._directory(to / name, child, path, chance)
            else:
                (to / name).write_bytes(self.content(child, path, chance))


def run_until_the_power_fails(directory: pathlib.Path, delay: float, **options: object) -> tuple[Ledger, Disk]:
    ledger = Ledger(directory)
    (directory / "ledger").mkdir(mode=0o700)
    shadow = directory / "shadow"
    shadow.mkdir()
    shim = program("libcrash_powerloss.so")
    watched = directory / "ledger"
    process = ledger.start(
        env=ledger.env(LD_PRELOAD=str(shim), POWERLOSS_DIR=str(watched), POWERLOSS_SHADOW=str(shadow)), **options
    )
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, err
    descendants_gone(process.pid)
    return ledger, Disk(watched, shadow)


def after_the_loss(ledger: Ledger, disk: Disk, name: str, chance: random.Random | None) -> Ledger:
    directory = ledger.directory / name
    directory.mkdir()
    disk.materialise(directory / "ledger", chance)
    if ledger.ack.exists():
        shutil.copy(ledger.ack, directory / "acknowledged")
    return Ledger(directory)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("threads", [1, 4])
def test_with_durability_power_every_acknowledged_event_survives_the_loss_of_power(
    threads: int, tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    acknowledged = 0
    for number in range(ROUNDS // 2):
        directory = tmp_path / str(number)
        directory.mkdir()
        ledger, disk = run_until_the_power_fails(
            directory, 0.02 + seeded.random() * 0.3, durability="power", threads=threads
        )
        after_the_loss(ledger, disk, "strict", None).check(leftovers=True)
        for variant in range(3):
            after_the_loss(ledger, disk, f"mixed-{variant}", seeded).check(leftovers=True)
        acknowledged += len(ledger.acknowledged())
        shutil.rmtree(directory)
    assert acknowledged > 0


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("size", ["small", "with checkpoints"])
def test_with_durability_process_a_loss_of_power_is_never_taken_for_tampering(
    size: str, tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    stored = 0
    rounds = ROUNDS // 2 if size == "small" else ROUNDS // 4
    for number in range(rounds):
        directory = tmp_path / str(number)
        directory.mkdir()
        options: dict[str, object] = {"threads": 2, "batch": 20}
        if size != "small":
            options = {"threads": 2, "bytes": 20000, "batch": 100, "interval": 20}
        delay = seeded.random() * (0.2 if size == "small" else 2.0)
        ledger, disk = run_until_the_power_fails(directory, delay, **options)
        after_the_loss(ledger, disk, "strict", None).check(exactly=False, leftovers=True)
        for variant in range(3):
            rows = after_the_loss(ledger, disk, f"mixed-{variant}", seeded).check(exactly=False, leftovers=True)
            stored += len(rows)
        shutil.rmtree(directory)
    assert stored > 0


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("durability", ["process", "power"])
def test_no_head_and_no_key_outlives_what_it_is_over_when_the_power_fails(
    durability: str, tmp_path: pathlib.Path, seeded: random.Random
) -> None:
    rotations = 0
    rounds = ROUNDS // 3
    for number in range(rounds + 20):
        if number >= rounds and rotations > 0:
            break
        directory = tmp_path / str(number)
        directory.mkdir()
        # A slow machine gets more and more time until it has rotated a key.
        seconds = 0.05 + seeded.random() * 0.3 + max(0, number - rounds) * 0.2
        ledger, disk = run_until_the_power_fails(directory, seconds, pattern="heads", durability=durability, batch=20)
        for variant, chance in [("strict", None), ("mixed-1", seeded), ("mixed-2", seeded)]:
            lost = after_the_loss(ledger, disk, variant, chance)
            if not lost.db.exists():
                continue
            lost.calm("--read-only")
            rows = lost.check(exactly=durability == "power", leftovers=True)
            rotations += sum(row[4].get("action_name") == "key.rotated" for row in rows)
            assert lost.plog("keys", "rotate").returncode == 0
            assert lost.calm("--read-only")["assurance"] == "signed"
        shutil.rmtree(directory)
    assert rotations > 0


def test_the_simulated_loss_of_power_does_lose_what_was_not_synced(tmp_path: pathlib.Path) -> None:
    ledger, disk = run_until_the_power_fails(tmp_path, 0.4, threads=1, batch=20)
    rows = after_the_loss(ledger, disk, "strict", None).check(exactly=False, leftovers=True)
    assert len(rows) < len(ledger.acknowledged())
