"""Fixtures of the language tests: an installed library and the classes of the Java package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from toolchains import BUILD, CACHE, EXAMPLES, Machine, jar, need


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    if not (BUILD / "libprovenlog.so").exists():
        pytest.skip(f"there is no build in {BUILD}; run make build")
    need("pkg-config")
    prefix = CACHE / "prefix"
    shutil.rmtree(prefix, ignore_errors=True)
    command = ["cmake", "--install", str(BUILD), "--prefix", str(prefix)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Machine(prefix, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def java_classes(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiles examples/java and returns the folder with the classes."""
    need("javac")
    classes = tmp_path_factory.mktemp("classes")
    sources = sorted((EXAMPLES / "java/src/main/java").rglob("*.java"))
    options = ("-Xlint:all", "-Werror", "--release", "17", "-encoding", "UTF-8")
    machine("javac", *options, "-cp", jar("jna", "libjna-java"), "-d", classes, *sources, cwd=classes)
    return classes
