"""Static checks of the package: types, lint, docstring examples, public names."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from package import PACKAGE_ROOT, SOURCE

import provenlog

PACKAGE = SOURCE / "python" / "provenlog"
MODULES = sorted(
    module.name
    for module in pkgutil.iter_modules(provenlog.__path__, "provenlog.")
    if module.name != "provenlog._native"
)


def run(*command: str, cwd: Path = SOURCE) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["provenlog", *MODULES])
def test_examples_in_docstrings_work(name: str) -> None:
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    assert failed == 0


def test_the_stub_says_what_the_module_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mypy.stubtest")
    # The stub cannot import pybind11's metaclass, which has no public name.
    allowed = tmp_path / "allowed.txt"
    allowed.write_text("".join(rf"provenlog\._native\.{name}" + "\n" for name in ("Cursor", "Json", "Redactor")))
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE_ROOT))
    run("mypy.stubtest", "provenlog._native", "--allowlist", str(allowed), cwd=tmp_path)


def test_mypy_strict() -> None:
    pytest.importorskip("mypy")
    run("mypy", "--strict", str(PACKAGE))


def test_callers_see_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(
        "from typing import Iterator\n"
        "from provenlog import ProvenLogClient, trail\n"
        "@trail\n"
        "def bare(a: int, *, b: str) -> float: return 1.0\n"
        "@trail(name='n')\n"
        "async def later(a: int) -> str: return ''\n"
        "@trail()\n"
        "def items() -> Iterator[int]: yield 1\n"
        "reveal_type(bare)\n"
        "reveal_type(later)\n"
        "reveal_type(items)\n"
        "with ProvenLogClient(agent_id='a') as client:\n"
        "    reveal_type(client)\n"
        "    reveal_type(client.log_event(action_name='x', own=1))\n"
        "    reveal_type(client.get_events())\n"
        "    client.log_event(action_name=5)  # type: ignore[arg-type]\n"
        "bare('x', b='')  # type: ignore[arg-type]\n"
    )
    monkeypatch.setenv("MYPYPATH", str(SOURCE / "python"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    assert re.findall(r'Revealed type is "(.*)"', done.stdout) == [
        "def (a: int, *, b: str) -> float",
        "def (a: int) -> typing.Coroutine[Any, Any, str]",
        "def () -> typing.Iterator[int]",
        "provenlog.client.ProvenLogClient",
        "str",
        "list[dict[str, Any]]",
    ]


def test_ruff() -> None:
    pytest.importorskip("ruff")
    run("ruff", "check", "--quiet", "python", "tests/python")
    run("ruff", "format", "--quiet", "--check", "python", "tests/python")


def test_the_package_is_typed_and_says_what_it_exports() -> None:
    assert (PACKAGE / "py.typed").exists()
    assert all(hasattr(provenlog, name) for name in provenlog.__all__)
    assert provenlog.ProvenLogClient.log_event.__doc__


def test_log_event_is_not_wrapped() -> None:
    assert "log_event" not in vars(provenlog.ProvenLogClient)
    assert type(provenlog.ProvenLogClient.log_event).__name__ == "method_descriptor"
