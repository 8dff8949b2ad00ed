"""What an installation gives, used from an empty directory as a stranger would."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
CONSUMER = Path(__file__).resolve().parent / "consumer"

pytestmark = pytest.mark.skipif(not (BUILD / "plog").exists(), reason=f"needs a build in {BUILD}: run make build")


def run(*command: object, cwd: Path, **environment: str) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PROVENLOG_", "PYTHONPATH"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**kept, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Installed in one place and moved to another: nothing may remember where it was."""
    folder = tmp_path_factory.mktemp("install")
    run("cmake", "--install", BUILD, "--prefix", folder / "first", cwd=folder)
    (folder / "first").rename(folder / "moved")
    return folder / "moved"


def test_an_installation_holds_the_library_the_header_and_plog_and_nothing_more(prefix: Path) -> None:
    files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}
    kinds = {"bin/plog", "include/provenlog/plog.h"}
    assert kinds <= files
    rest = {name for name in files - kinds if Path(name).name.startswith(("libprovenlog.so", "provenlog"))}
    assert files == kinds | rest
    assert any(name.endswith("libprovenlog.so.1") for name in files)


def test_a_cmake_project_finds_and_uses_the_package(prefix: Path, tmp_path: Path) -> None:
    run("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}", cwd=tmp_path)
    run("cmake", "--build", tmp_path, cwd=tmp_path)
    report = json.loads(run(tmp_path / "consumer_c", tmp_path / "events.db", cwd=tmp_path, HOME=str(tmp_path)))
    assert report["verdict"] == "OK"
    assert run(tmp_path / "consumer_cpp", cwd=tmp_path) == "mail [REDACTED:email]\n"


def test_pkg_config_is_enough_to_compile_and_link(prefix: Path, tmp_path: Path) -> None:
    pkg_config = next(prefix.rglob("provenlog.pc")).parent
    flags = run("pkg-config", "--cflags", "--libs", "provenlog", cwd=tmp_path, PKG_CONFIG_PATH=str(pkg_config)).split()
    run("cc", "-std=c99", "-pedantic-errors", "-Wall", CONSUMER / "consumer.c", "-o", "consumer", *flags, cwd=tmp_path)
    output = run(
        tmp_path / "consumer", "events.db", cwd=tmp_path, LD_LIBRARY_PATH=str(pkg_config.parent), HOME=str(tmp_path)
    )
    assert json.loads(output)["verdict"] == "OK"
