"""What an installation gives, used from an empty directory as a stranger would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, SOURCE]
    # Named as CMake finds them by itself, so that ccache knows what the release build compiled.
    run(*wheel, cwd=folder, CC=os.environ.get("CC", "cc"), CXX=os.environ.get("CXX", "c++"))
    (built,) = folder.glob("provenlog-*.whl")
    return built


def test_the_wheel_holds_the_package_the_module_the_stubs_and_plog(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"provenlog/__init__.py", "provenlog/py.typed"} <= set(names)
    assert [name for name in names if name.startswith("provenlog/_native.") and name.endswith(".so")]
    assert [name for name in names if name.endswith("/scripts/plog")]
    assert [name for name in names if name.endswith("/LICENSE")]
    ours = ("provenlog/", "provenlog-")
    assert [name for name in names if not name.startswith(ours)] == []


def test_the_installed_wheel_records_and_its_plog_verifies(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", wheel, cwd=tmp_path)
    work = tmp_path / "empty"
    work.mkdir()
    program = (
        "import provenlog\n"
        "with provenlog.ProvenLogClient(agent_id='a', db_path='events.db') as client:\n"
        "    client.log_event(action_name='hello')\n"
        "print(provenlog.__file__)\n"
    )
    imported = run(python, "-c", program, cwd=work, HOME=str(tmp_path)).strip()
    assert Path(imported).is_relative_to(tmp_path / "venv")
    plog = tmp_path / "venv" / "bin" / "plog"
    assert shutil.which("plog", path=str(plog.parent))
    report = json.loads(run(plog, "verify", "--db", "events.db", "--json", cwd=work, HOME=str(tmp_path)))
    assert report["verdict"] == "OK"
