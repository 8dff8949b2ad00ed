"""The installed C library, used from an empty folder without access to the sources or the build."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Stranger

SOURCE = Path(__file__).resolve().parents[2]
CONSUMER = Path(__file__).resolve().parent / "consumer"
VERSION = (SOURCE / "VERSION").read_text(encoding="utf-8").strip()
STRICT = {
    "consumer.c": ["cc", "-std=c99", "-pedantic-errors", "-Wall", "-Wextra", "-Wstrict-prototypes", "-Werror"],
    "consumer.cpp": ["c++", "-std=c++11", "-pedantic-errors", "-Wall", "-Wextra", "-Werror"],
}
LIBRARY = "libprovenlog.so.1"
DEPENDENCIES = {"libcrypto", "libre2", "libsimdjson", "libsqlite3", "libyaml-cpp"}


def library_dir(prefix: Path) -> Path:
    (found,) = prefix.rglob(LIBRARY)
    return found.parent


def needed(program: Path) -> list[str]:
    """The shared libraries that a program or library is linked to."""
    dynamic = subprocess.run(["readelf", "-d", str(program)], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)


def take(stranger: Stranger, *names: str) -> None:
    for name in names:
        shutil.copy(CONSUMER / name, stranger.folder / name)


def assert_recorded(stranger: Stranger, prefix: Path, ledger: str, agent: str) -> None:
    plog = prefix / "bin" / "plog"
    assert json.loads(stranger(plog, "verify", "--db", ledger, "--json", see=(prefix,)))["verdict"] == "OK"
    (event,) = stranger(plog, "log", "--db", ledger, "--json", see=(prefix,)).splitlines()
    assert json.loads(event)["agent_id"] == agent


def test_the_sources_and_the_build_are_out_of_reach(stranger: Stranger, prefix: Path) -> None:
    if not stranger.hidden:
        pytest.skip("this system does not allow mount namespaces (unshare --mount); the other tests run without them")
    for path in (SOURCE / "VERSION", SOURCE / "capi" / "include" / "provenlog" / "plog.h", prefix):
        stranger("sh", "-c", f"test ! -e '{path}'")
    stranger("sh", "-c", f"test -e '{prefix / 'bin' / 'plog'}'", see=(prefix,))
    stranger("sh", "-c", "! echo '#include <provenlog/plog.h>' | cc -E - > /dev/null 2>&1")


def test_an_installation_holds_what_a_developer_needs_and_nothing_more(prefix: Path) -> None:
    lib = library_dir(prefix).relative_to(prefix)
    assert {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()} == {
        "bin/plog",
        "include/provenlog/plog.h",
        f"{lib}/{LIBRARY}",
        f"{lib}/libprovenlog.so.1.{VERSION}",
        f"{lib}/libprovenlog.a",
        f"{lib}/libprovenlog.so",
        f"{lib}/cmake/provenlog/provenlogConfig.cmake",
        f"{lib}/cmake/provenlog/provenlogConfigVersion.cmake",
        f"{lib}/pkgconfig/provenlog.pc",
        "share/bash-completion/completions/plog",
        "share/fish/vendor_completions.d/plog.fish",
        "share/man/man1/plog.1",
        "share/man/man3/libprovenlog.3",
        "share/zsh/site-functions/_plog",
    }


def test_the_library_is_named_by_the_abi_number(prefix: Path) -> None:
    library = library_dir(prefix) / LIBRARY
    header = (prefix / "include" / "provenlog" / "plog.h").read_text(encoding="utf-8")
    assert "#define PLOG_ABI_VERSION 1\n" in header
    dynamic = subprocess.run(["readelf", "-d", str(library)], capture_output=True, text=True, check=True).stdout
    assert f"Library soname: [{LIBRARY}]" in dynamic
    assert "RUNPATH" not in dynamic and "RPATH" not in dynamic
    assert (library.parent / "libprovenlog.so").resolve() == library.resolve()


def test_nothing_that_is_installed_names_the_source_or_the_build(prefix: Path) -> None:
    for path in prefix.rglob("*"):
        if path.is_file() and path.suffix != ".a":
            content = path.read_bytes()
            assert str(SOURCE).encode() + b"/" not in content, path
            assert str(prefix.parent).encode() not in content, path


@pytest.mark.parametrize(
    ("components", "languages", "shared"),
    [("", "C;CXX", True), ("shared", "C", True), ("static", "C", False), ("static", "C;CXX", False)],
)
def test_a_cmake_project_finds_and_uses_the_package(
    stranger: Stranger, prefix: Path, components: str, languages: str, shared: bool
) -> None:
    take(stranger, "CMakeLists.txt", "consumer.c", "consumer.cpp")
    asked = [f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCOMPONENTS={components}", f"-DLANGUAGES={languages}"]
    stranger("cmake", "-G", "Ninja", "-S", ".", "-B", "build", *asked, see=(prefix,))
    stranger("cmake", "--build", "build", see=(prefix,))
    report = json.loads(stranger("build/consumer_c", "events.db", see=(prefix,)))
    assert report["verdict"] == "OK"
    assert (LIBRARY in needed(stranger.folder / "build" / "consumer_c")) == shared
    if "CXX" in languages:
        assert stranger("build/consumer_cpp", see=(prefix,)) == "mail [REDACTED:email]\n"


def test_one_project_may_use_both_libraries(stranger: Stranger, prefix: Path) -> None:
    take(stranger, "consumer.c")
    (stranger.folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\n"
        "project(both LANGUAGES C)\n"
        "find_package(provenlog REQUIRED COMPONENTS shared static)\n"
        "foreach(kind IN ITEMS shared static)\n"
        "  add_executable(${kind} consumer.c)\n"
        "  target_link_libraries(${kind} PRIVATE provenlog::${kind})\n"
        "endforeach()\n",
        encoding="utf-8",
    )
    stranger("cmake", "-G", "Ninja", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", see=(prefix,))
    stranger("cmake", "--build", "build", see=(prefix,))
    assert LIBRARY in needed(stranger.folder / "build" / "shared")
    assert LIBRARY not in needed(stranger.folder / "build" / "static")
    for kind in ("shared", "static"):
        report = json.loads(stranger(f"build/{kind}", "events.db", see=(prefix,)))
        assert report["verdict"] == "OK"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("1.0", "not compatible|compatible with requested version"),
        ("0.2", "not compatible|compatible with requested version"),
        ("COMPONENTS statik", "no component 'statik'"),
        ("", None),
    ],
)
def test_what_the_package_cannot_give_is_refused(
    stranger: Stranger, prefix: Path, wanted: str, reason: str | None
) -> None:
    (stranger.folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\n"
        "project(refused LANGUAGES NONE)\n"
        f"find_package(provenlog {wanted})\n"
        'message(STATUS "found: ${provenlog_FOUND}")\n',
        encoding="utf-8",
    )
    # find_package prints its warnings on standard error.
    command = f"cmake -S . -B build -DCMAKE_PREFIX_PATH='{prefix}' 2>&1"
    output = stranger("sh", "-c", command, see=(prefix,))
    assert bool(re.search(r"found: (1|TRUE)", output)) == (reason is None), output
    if reason is not None:
        assert re.search(reason, output)


def flags(stranger: Stranger, prefix: Path, *options: str) -> list[str]:
    pkg_config = library_dir(prefix) / "pkgconfig"
    return stranger("pkg-config", *options, "provenlog", see=(prefix,), PKG_CONFIG_PATH=str(pkg_config)).split()


def test_pkg_config_knows_the_release(stranger: Stranger, prefix: Path) -> None:
    assert flags(stranger, prefix, "--modversion") == [VERSION]


@pytest.mark.parametrize("source", STRICT)
def test_pkg_config_is_enough_to_compile_and_link(stranger: Stranger, prefix: Path, source: str) -> None:
    take(stranger, source)
    found = flags(stranger, prefix, "--cflags", "--libs")
    assert not [flag for flag in found if flag.startswith("-l") and flag != "-lprovenlog"]
    stranger(*STRICT[source], source, "-o", "consumer", *found, see=(prefix,))
    assert LIBRARY in needed(stranger.folder / "consumer")
    output = stranger("./consumer", "events.db", see=(prefix,), LD_LIBRARY_PATH=str(library_dir(prefix)))
    assert "REDACTED" in output if source == "consumer.cpp" else json.loads(output)["verdict"] == "OK"


@pytest.mark.parametrize("source", STRICT)
def test_pkg_config_is_enough_to_link_the_static_library(stranger: Stranger, prefix: Path, source: str) -> None:
    take(stranger, source)
    found = flags(stranger, prefix, "--static", "--cflags", "--libs")
    static = ["-l:libprovenlog.a" if flag == "-lprovenlog" else flag for flag in found]
    assert static != found
    stranger(*STRICT[source], source, "-o", "consumer", *static, see=(prefix,))
    assert LIBRARY not in needed(stranger.folder / "consumer")
    assert {name.split(".so")[0] for name in needed(stranger.folder / "consumer")} >= DEPENDENCIES
    # Runs without the installation: the library is linked statically.
    output = stranger("./consumer", "events.db")
    assert "REDACTED" in output if source == "consumer.cpp" else json.loads(output)["verdict"] == "OK"


def test_a_prefix_without_the_shared_library_links_statically(stranger: Stranger, prefix: Path) -> None:
    alone = stranger.folder / "alone"
    shutil.copytree(prefix, alone, symlinks=True)
    for path in alone.rglob("libprovenlog.so*"):
        path.unlink()
    take(stranger, "CMakeLists.txt", "consumer.c")
    pkg_config = next(alone.rglob("pkgconfig"))
    found = stranger("pkg-config", "--static", "--cflags", "--libs", "provenlog", PKG_CONFIG_PATH=str(pkg_config))
    stranger(*STRICT["consumer.c"], "consumer.c", "-o", "consumer", *found.split())
    assert json.loads(stranger("./consumer", "first.db"))["verdict"] == "OK"
    asked = [f"-DCMAKE_PREFIX_PATH={alone}", "-DCOMPONENTS=", "-DLANGUAGES=C"]
    stranger("cmake", "-G", "Ninja", "-S", ".", "-B", "build", *asked)
    stranger("cmake", "--build", "build")
    assert json.loads(stranger("build/consumer_c", "second.db"))["verdict"] == "OK"


def test_a_program_that_loads_the_library_records(stranger: Stranger, prefix: Path) -> None:
    take(stranger, "loader.c")
    include = f"-I{prefix / 'include'}"
    stranger(*STRICT["consumer.c"], include, "loader.c", "-o", "loader", "-ldl", see=(prefix,))
    assert LIBRARY not in needed(stranger.folder / "loader")
    # Loads it by its path, then by its name alone.
    stranger("./loader", library_dir(prefix) / LIBRARY, "path.db", see=(prefix,))
    assert_recorded(stranger, prefix, "path.db", "loader")
    stranger("./loader", LIBRARY, "name.db", see=(prefix,), LD_LIBRARY_PATH=str(library_dir(prefix)))
    assert_recorded(stranger, prefix, "name.db", "loader")


def test_a_python_without_our_package_loads_the_library_by_ctypes(stranger: Stranger, prefix: Path) -> None:
    take(stranger, "loader.py")
    python = shutil.which("python3", path="/usr/bin:/bin")
    assert python is not None
    printed = stranger(python, "-I", "loader.py", library_dir(prefix) / LIBRARY, "events.db", see=(prefix,))
    assert re.fullmatch(r"[0-9a-f-]{36}\n", printed)
    assert_recorded(stranger, prefix, "events.db", "loader")
