"""The tools of each language, and an environment in which the library is installed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
# Compiler caches, which do not affect the result of a test, and the installed library. The library must stay in one
# place, because Go caches the output of pkg-config.
CACHE = BUILD / "languages"
EXAMPLES = SOURCE / "examples"
JARS = Path("/usr/share/java")

PACKAGES = {
    "go": "golang-go",
    "cargo": "cargo",
    "javac": "openjdk-17-jdk-headless",
    "node": "nodejs",
    "cc": "gcc",
    "pkg-config": "pkg-config",
    "valgrind": "valgrind",
}


def need(*tools: str) -> None:
    """Skips the test if a tool is not installed. `make deps` installs all of them."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian package {PACKAGES[tool]})")


def jar(name: str, package: str) -> Path:
    path = JARS / f"{name}.jar"
    if not path.exists():
        pytest.skip(f"{path} is not installed (Debian package {package})")
    return path


class Machine:
    """Runs commands with the library installed in `prefix`, an empty home directory and no configuration."""

    def __init__(self, prefix: Path, home: Path) -> None:
        self.prefix = prefix
        pkg_config = next(prefix.rglob("provenlog.pc")).parent
        self.library_dir = pkg_config.parent
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PROVENLOG_", "PYTHON", "MAKE"))}
        # Go does not rebuild a package if a system header has changed, but it does if a compiler option has changed.
        header = hashlib.sha256((prefix / "include/provenlog/plog.h").read_bytes()).hexdigest()
        # If the Rust tools on the PATH are rustup's wrappers, they look here for the real tools.
        rustup = os.environ.get("RUSTUP_HOME", os.path.join(os.path.expanduser("~"), ".rustup"))
        self.env = {
            **kept,
            "HOME": str(home),
            "PATH": os.pathsep.join([str(prefix / "bin"), kept["PATH"]]),
            "PKG_CONFIG_PATH": str(pkg_config),
            "LD_LIBRARY_PATH": str(self.library_dir),
            "CGO_CFLAGS": f"-O2 -g -DPLOG_HEADER_{header[:16]}",
            "GOCACHE": str(CACHE / "go"),
            "GOPATH": str(CACHE / "gopath"),
            "GOFLAGS": "-mod=mod",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
            "CARGO_HOME": str(CACHE / "cargo"),
            "CARGO_NET_OFFLINE": "true",
            "CARGO_TARGET_DIR": str(CACHE / "rust"),
            "RUSTUP_HOME": rustup,
        }

    def start(self, *command: object, cwd: Path, **options: object) -> subprocess.Popen[str]:
        words = [str(part) for part in command]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(words, cwd=cwd, env=self.env, text=True, encoding="utf-8", **pipes, **options)  # type: ignore[call-overload]

    def __call__(self, *command: object, cwd: Path, input: Optional[str] = None) -> str:
        """Runs a command, which must succeed, and returns its output."""
        process = self.start(*command, cwd=cwd)
        output, _ = process.communicate(input, timeout=500)
        assert process.returncode == 0, f"{command}: {process.returncode}\n{output}"
        return output


def python_command(script: Path) -> list[object]:
    """Returns a command that runs `script` with the package of the build."""
    start = f"import sys; sys.path.insert(0, {str(BUILD / 'python')!r}); import runpy; sys.argv.pop(0); "
    return [sys.executable, "-c", start + "runpy.run_path(sys.argv[0], run_name='__main__')", script]
