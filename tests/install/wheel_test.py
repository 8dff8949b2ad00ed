"""The wheel and the source distribution, as a user gets them.

`make wheel` builds both, the wheel from the source distribution. The wheel is installed into an empty virtual
environment and used in a mount namespace (wheel_machine.sh) that contains only Python, its standard library, and the C
and C++ runtime libraries.
"""

from __future__ import annotations

import email
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Dict, Iterator, List, Set

import pytest

SOURCE = Path(__file__).resolve().parents[2]
VERSION = (SOURCE / "VERSION").read_text(encoding="utf-8").strip()
MACHINE = Path(__file__).resolve().parent / "wheel_machine.sh"
# The libraries that a wheel may expect on the machine (the manylinux policies allow these).
RUN_TIME = re.compile(r"^(lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so\.\d+|ld-linux-.*)$")
# The libraries that the wheel must contain.
BUNDLED = re.compile(r"lib(re2|simdjson|yaml-cpp|crypto|ssl|sqlite3|absl)")

# The build may start from nothing.
pytestmark = pytest.mark.timeout(1800)


def run(*command: object, cwd: Path, **environment: str) -> str:
    mine = ("PROVENLOG_", "PYTHON", "MAKE", "MFLAGS")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(mine)}
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run("make", "-C", SOURCE, "wheel", f"DIST={folder}", f"PYTHON={sys.executable}", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def sdist(dist: Path) -> Path:
    (built,) = dist.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


@pytest.fixture(scope="module")
def metadata(unpacked: Path) -> email.message.Message:
    return email.message_from_string((unpacked / f"provenlog-{VERSION}.dist-info" / "METADATA").read_text())


def install(wheel: Path, folder: Path, *options: object) -> Path:
    """Installs the wheel into a new virtual environment and returns that environment's Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    run(*pip, "install", "--quiet", "--no-index", *options, wheel, cwd=folder)
    return python


def is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def binaries(unpacked: Path) -> List[Path]:
    return [path for path in sorted(unpacked.rglob("*")) if path.is_file() and is_elf(path)]


def needed(path: Path) -> Set[str]:
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "--dynamic", path, cwd=path.parent)))


# ---- Contents


def test_the_wheel_holds_the_package_its_libraries_plog_and_nothing_more(unpacked: Path) -> None:
    names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    scripts = f"provenlog-{VERSION}.data/scripts/"
    ours = ("provenlog/", "provenlog.libs/", f"provenlog-{VERSION}.dist-info/")
    assert {name for name in names if not name.startswith(ours)} == {scripts + "plog"}
    assert {"provenlog/__init__.py", "provenlog/_native.pyi", "provenlog/py.typed"} <= names
    assert is_elf(unpacked / scripts / "plog")
    sources = {path.name for path in (SOURCE / "python" / "provenlog").glob("*.py")}
    assert sources <= {Path(name).name for name in names if name.startswith("provenlog/")}


def test_all_that_the_wheel_needs_of_a_machine_is_the_run_time_of_c_and_cpp(unpacked: Path) -> None:
    inside = {path.name for path in (unpacked / "provenlog.libs").glob("*")}
    found = binaries(unpacked)
    assert len(found) == len(inside) + 2
    for binary in found:
        outside = needed(binary) - inside
        assert {name for name in outside if not RUN_TIME.match(name)} == set(), binary.name


def test_the_module_exports_nothing_but_its_entry(unpacked: Path) -> None:
    (module,) = (unpacked / "provenlog").glob("_native.*.so")
    symbols = run("nm", "--dynamic", "--defined-only", "--format=posix", module, cwd=unpacked).splitlines()
    assert [line.split()[0] for line in symbols] == ["PyInit__native"]


def test_no_binary_carries_symbols_for_debuggers(unpacked: Path) -> None:
    for binary in binaries(unpacked):
        assert " .symtab" not in run("readelf", "--sections", "--wide", binary, cwd=unpacked), binary.name


def test_every_library_that_is_built_in_has_its_licence_in_the_wheel(unpacked: Path) -> None:
    licences = unpacked / f"provenlog-{VERSION}.dist-info" / "licenses"
    texts = {path.stem: path.read_text() for path in (licences / "packaging" / "licenses").glob("*.txt")}
    packages = (SOURCE / "packaging" / "debian-packages.txt").read_text()
    names = {"libssl": "openssl", "libsqlite3": "sqlite"}
    wanted = {
        names.get(library, library[len("lib") :]) for library in re.findall(r"^build (lib\S+)-dev$", packages, re.M)
    }
    wanted |= {"pybind11"}
    assert wanted <= set(texts)
    assert {path.name.split("-")[0] for path in (unpacked / "provenlog.libs").glob("*")} <= {
        f"lib{name}".split("-")[0] for name in wanted
    }
    for name, text in texts.items():
        assert name in text.lower().replace(" ", "-")
        assert re.search("copyright|public domain", text, re.I)
    assert "Apache License" in (licences / "LICENSE").read_text()


def test_the_wheel_is_no_larger_than_twelve_megabytes(wheel: Path) -> None:
    assert wheel.stat().st_size <= 12_000_000


def test_the_index_accepts_both(wheel: Path, sdist: Path) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist, cwd=wheel.parent)


def test_its_metadata_are_those_of_the_project(wheel: Path, metadata: email.message.Message) -> None:
    assert metadata["Name"] == "provenlog"
    assert metadata["Version"] == VERSION
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.9"
    assert metadata.get_all("Requires-Dist") is None
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert re.fullmatch(rf"provenlog-{re.escape(VERSION)}-{tag}-{tag}-(many|musl)linux_\d+_\d+_\w+\.whl", wheel.name)


def test_the_source_distribution_holds_what_a_build_needs_and_no_tests(sdist: Path) -> None:
    top = f"provenlog-{VERSION}/"
    with tarfile.open(sdist) as archive:
        names = {name[len(top) :] for name in archive.getnames() if name.startswith(top)}
    assert {"PKG-INFO", "LICENSE", "README.md", "CHANGELOG.md", "packaging/licenses/openssl.txt"} <= names
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert {"core", "capi", "bindings", "cli", "cmake", "python"} <= folders
    assert folders & {"tests", "build", "dist", ".git", ".venv", "node", "examples"} == set()


# ---- Using it


class Machine:
    """A machine that has Python, but none of the libraries that provenlog was built with."""

    def __init__(self, python: Path, work: Path, module: Path) -> None:
        self.python, self.plog, self.work = python, python.parent / "plog", work
        base = Path(os.path.realpath(python))
        standard = Path(sysconfig.get_path("stdlib"))
        paths = {base, standard, python.parent.parent, work}
        paths |= {Path("/dev/null"), Path("/dev/urandom"), Path("/proc")}
        # All libraries of the interpreter and its modules (such as zlib), but only the runtime libraries of our module.
        for binary in [base, *standard.glob("lib-dynload/*.so")]:
            paths |= {path for name, path in self.libraries(binary).items() if not BUNDLED.match(name)}
        paths |= {path for name, path in self.libraries(module).items() if RUN_TIME.match(name)}
        self.paths = work.parent / "paths"
        self.paths.write_text("".join(f"{path}\n" for path in sorted(paths)))

    @staticmethod
    def libraries(binary: Path) -> Dict[str, Path]:
        lines = run("ldd", binary, cwd=binary.parent)
        found = {Path(path).name: Path(path) for path in re.findall(r"(/\S+) \(0x", lines)}
        return {name: path for name, path in found.items() if path.exists()}

    def run(self, *command: object, **environment: str) -> str:
        return run(
            "sh", MACHINE, self.paths, *command, cwd=self.work, HOME=str(self.work), LD_LIBRARY_PATH="", **environment
        )


@pytest.fixture(scope="module")
def machine(wheel: Path, unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    unshare = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        pytest.skip("this system does not allow mount namespaces; run as root, or allow user namespaces")
    python = install(wheel, folder / "venv")
    (folder / "work").mkdir()
    (module,) = (unpacked / "provenlog").glob("_native.*.so")
    return Machine(python, folder / "work", module)


RECORD = """
import json, provenlog
with provenlog.ProvenLogClient(agent_id="a", db_path="events.db") as client:
    client.log_event(action_type="TOOL_CALL", action_name="hello", action_input={"to": "ada@example.org"})
    report = client.verify()
loaded = {line.split()[5] for line in open("/proc/self/maps") if ".so" in line}
print(json.dumps({"file": provenlog.__file__, "verdict": report["verdict"], "loaded": sorted(loaded)}))
"""


def test_nothing_that_provenlog_was_built_with_is_on_the_machine(machine: Machine) -> None:
    libraries = ["libre2.so.9", "libsimdjson.so.14", "libyaml-cpp.so.0.7", "libcrypto.so.3", "libsqlite3.so.0"]
    program = (
        "import ctypes, os\n"
        f"for name in {libraries}:\n"
        "    try:\n"
        "        print(ctypes.CDLL(name))\n"
        "    except OSError as error:\n"
        "        assert 'No such file' in str(error), error\n"
        f"print(os.listdir('{machine.work}'), os.path.exists('/usr/include'), os.path.exists('{SOURCE}/core'))\n"
    )
    assert machine.run(machine.python, "-c", program) == "[] False False\n"


def test_the_installed_package_records_and_verifies_with_its_own_libraries(machine: Machine) -> None:
    told = json.loads(machine.run(machine.python, "-c", RECORD))
    assert told["verdict"] == "OK"
    home = machine.python.parent.parent
    assert Path(told["file"]).is_relative_to(home)
    bundled = [Path(path) for path in told["loaded"] if BUNDLED.match(Path(path).name)]
    assert len(bundled) >= 3
    assert [path for path in bundled if not path.is_relative_to(home)] == []


def test_a_ledger_may_lie_in_the_root_as_in_a_container(machine: Machine) -> None:
    assert json.loads(machine.run(machine.python, "-c", RECORD.replace("events.db", "/events.db")))["verdict"] == "OK"


def test_plog_is_a_command_of_the_environment(machine: Machine) -> None:
    assert VERSION in machine.run(machine.plog, "--version")
    machine.run(machine.python, "-c", RECORD)
    report = json.loads(machine.run(machine.plog, "verify", "--db", "events.db", "--json"))
    assert report["verdict"] == "OK"
    assert "[REDACTED:email]" in machine.run(machine.plog, "log", "--db", "events.db", "--json")


def test_plog_finds_its_libraries_through_a_link_and_where_target_put_it(machine: Machine, wheel: Path) -> None:
    (machine.work / "link").symlink_to(machine.plog)
    assert VERSION in machine.run(machine.work / "link", "--version")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    target = machine.work / "target"
    run(*pip, "install", "--quiet", "--no-index", "--target", target, wheel, cwd=machine.work)
    assert VERSION in machine.run(target / "bin" / "plog", "--version")
    told = json.loads(machine.run(machine.python, "-c", RECORD, PYTHONPATH=str(target)))
    assert Path(told["file"]).is_relative_to(target)


def test_a_type_checker_sees_the_types_of_the_installed_package(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "use.py").write_text(
        "from provenlog import ProvenLogClient\n"
        "client = ProvenLogClient(agent_id='a')\n"
        "reveal_type(client.log_event(action_name='x'))\n"
        "client.get_events(limit='ten')\n"
    )
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--python-executable", machine.python]
    done = subprocess.run(list(map(str, [*mypy, "use.py"])), cwd=tmp_path, capture_output=True, text=True)
    assert 'Revealed type is "str"' in done.stdout or 'Revealed type is "builtins.str"' in done.stdout, done.stdout
    assert 'Argument "limit"' in done.stdout
    assert "Found 1 error" in done.stdout


def test_pip_installs_the_sources_themselves(tmp_path: Path) -> None:
    # The same compiler names as in the release build, so that ccache can reuse its results.
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, SOURCE]
    run(*build, cwd=tmp_path, CC=os.environ.get("CC", "cc"), CXX=os.environ.get("CXX", "c++"))
    (built,) = tmp_path.glob("provenlog-*.whl")
    python = install(built, tmp_path / "venv")
    (tmp_path / "empty").mkdir()
    assert json.loads(run(python, "-c", RECORD, cwd=tmp_path / "empty", HOME=str(tmp_path)))["verdict"] == "OK"
    assert VERSION in run(python.parent / "plog", "--version", cwd=tmp_path / "empty")
