"""Fixtures of the interop tests: our program, and the Go programs built from this directory."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import pytest

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
# Where Debian's golang-golang-x-mod-dev installs its sources.
GOPATH = Path("/usr/share/gocode")
TIMEOUT = 300

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def runner(binary: Path) -> Run:
    def run(*args: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(binary), *map(str, args)], capture_output=True, text=True, timeout=TIMEOUT)

    return run


def go_build(directory: Path, binary: Path, **env: str) -> subprocess.CompletedProcess[str]:
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed (Debian: golang-go)")
    env = {"GOCACHE": str(binary.parent / "cache"), **os.environ, "GOTOOLCHAIN": "local", **env}
    return subprocess.run(
        [go, "build", "-buildvcs=false", "-o", str(binary), "."],
        cwd=directory,
        env=env,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


@pytest.fixture(scope="session")
def ours() -> Run:
    build = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
    binary = build / "tests" / "interop" / "plog_interop_log"
    if not binary.exists():
        pytest.skip(f"{binary} does not exist; run make build")
    return runner(binary)


@pytest.fixture(scope="session")
def sumdb(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The program sumdb, built with golang.org/x/mod/sumdb from Debian's package. Needs no network."""
    if not (GOPATH / "src/golang.org/x/mod/sumdb").is_dir():
        pytest.skip("golang.org/x/mod is not installed (Debian: golang-golang-x-mod-dev)")
    binary = tmp_path_factory.mktemp("go") / "sumdb"
    built = go_build(HERE / "sumdb", binary, GO111MODULE="off", GOPATH=str(GOPATH), GOFLAGS="")
    assert built.returncode == 0, built.stderr
    return runner(binary)


@pytest.fixture(scope="session")
def merkle(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The program merkle, built with github.com/transparency-dev/merkle from the Go module proxy (not in Debian)."""
    if not os.environ.get("PLOG_TEST_LONG"):
        pytest.skip("needs the Go module proxy; set PLOG_TEST_LONG=1")
    binary = tmp_path_factory.mktemp("go") / "merkle"
    built = go_build(HERE / "merkle", binary, GOFLAGS="-mod=readonly")
    if "dial tcp" in built.stderr or "lookup " in built.stderr or "connect" in built.stderr:
        pytest.skip("the Go module proxy is not reachable")
    assert built.returncode == 0, built.stderr
    return runner(binary)
