"""Fixtures for the installation tests: an installed prefix, and commands that cannot see the build."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Callable, Sequence

import pytest

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
MACHINE = Path(__file__).resolve().parent / "wheel_machine.sh"
SYSTEM = [path for path in ("/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/usr") if Path(path).exists()]


def run(*command: object, cwd: Path, **environment: str) -> str:
    """Runs a command that must succeed, on this machine, and returns its standard output."""
    mine = ("PROVENLOG_", "PYTHON", "MAKE", "MFLAGS", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(mine)}
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def mount_namespaces() -> bool:
    command = ["unshare", "--mount", "true"]
    if os.getuid() != 0:
        command[1:1] = ["--user", "--map-root-user"]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


class Stranger:
    """A user on another machine: commands see an empty folder, the system's folders, and the paths in `see`.

    Each command runs in a mount namespace that contains nothing else (wheel_machine.sh), so it cannot use a source,
    header or library of the build. If the system does not allow such namespaces, commands run without one.
    """

    def __init__(self, folder: Path, hidden: bool, system: Sequence[object] = SYSTEM) -> None:
        self.folder = folder
        self.hidden = hidden
        self.system = system
        self.list = folder.parent / f"{folder.name}.paths"

    def __call__(self, *command: object, see: tuple[Path, ...] = (), **environment: str) -> str:
        self.list.write_text("".join(f"{path}\n" for path in (*self.system, self.folder, *see)), encoding="utf-8")
        machine = (MACHINE, self.list) if self.hidden else ()
        environment.setdefault("HOME", str(self.folder))
        return run(*machine, *command, cwd=self.folder, **environment)


@pytest.fixture(scope="session")
def new_stranger() -> Callable[[Path], Stranger]:
    def make(folder: Path) -> Stranger:
        folder.mkdir(exist_ok=True)
        return Stranger(folder, mount_namespaces())

    return make


@pytest.fixture
def stranger(tmp_path: Path, new_stranger: Callable[[Path], Stranger]) -> Stranger:
    return new_stranger(tmp_path / "empty")


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that was moved after `cmake --install`, so that nothing in it may depend on its first path."""
    if not (BUILD / "plog").exists():
        pytest.skip(f"needs a build in {BUILD}: run make build")
    folder = tmp_path_factory.mktemp("install")
    run("cmake", "--install", BUILD, "--prefix", folder / "first", cwd=folder)
    (folder / "first").rename(folder / "moved")
    return folder / "moved"
