"""The wrappers for Go, Rust and Java in examples/: their own tests, and agreement with plog.h."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from toolchains import EXAMPLES, SOURCE, Machine, jar, need

LONG = bool(os.environ.get("PLOG_TEST_LONG"))
HEADER = (SOURCE / "capi/include/provenlog/plog.h").read_text(encoding="utf-8")


def read(path: str) -> str:
    return (EXAMPLES / path).read_text(encoding="utf-8")


def test_go(machine: Machine) -> None:
    need("go", "cc")
    folder = EXAMPLES / "go"
    assert machine("gofmt", "-l", ".", cwd=folder) == ""
    machine("go", "vet", "./...", cwd=folder)
    race = ("-race",) if LONG else ()
    assert machine("go", "test", "-count=1", *race, "./...", cwd=folder).startswith("ok")


def test_rust(machine: Machine) -> None:
    need("cargo", "cc")
    folder = EXAMPLES / "rust"
    output = machine("cargo", "test", cwd=folder)
    assert "warning" not in output
    passed = [int(count) for count in re.findall(r"^test result: ok. (\d+) passed; 0 failed; 0 ignored", output, re.M)]
    assert len(passed) == 6 and all(passed), output
    if LONG and shutil.which("cargo-clippy"):
        machine("cargo", "clippy", "--all-targets", "--", "-D", "warnings", cwd=folder)


@pytest.mark.skipif(not LONG, reason="long test; set PLOG_TEST_LONG=1 to run it")
def test_rust_under_valgrind(machine: Machine) -> None:
    need("cargo", "cc", "valgrind")
    output = machine("cargo", "test", "--no-run", "--test", "client", cwd=EXAMPLES / "rust")
    program = re.findall(r"\((\S*/client-[0-9a-f]+)\)", output)[-1]
    suppressions = SOURCE / "tests/capi/valgrind.supp"
    options = (
        "--error-exitcode=9",
        "--leak-check=full",
        "--show-leak-kinds=definite",
        "--errors-for-leak-kinds=definite",
    )
    command = ("valgrind", "--quiet", *options, f"--suppressions={suppressions}", program, "--test-threads=1")
    machine(*command, cwd=EXAMPLES / "rust")


def test_java(machine: Machine, java_classes: Path, tmp_path: Path) -> None:
    jars = [jar("jna", "libjna-java"), jar("junit4", "junit4"), jar("hamcrest", "junit4")]
    path = ":".join(map(str, [*jars, java_classes, tmp_path]))
    sources = sorted((EXAMPLES / "java/src/test/java").rglob("*.java"))
    lint = ("-Xlint:all", "-Werror", "--release", "17", "-encoding", "UTF-8")
    machine("javac", *lint, "-cp", path, "-d", tmp_path, *sources, cwd=tmp_path)
    names = [f"io.provenlog.{source.stem}" for source in sources if source.stem.endswith("Test")]
    # A small heap, so that leaks show. jna.library.path is the alternative to LD_LIBRARY_PATH, which other tests use.
    options = ("-Xcheck:jni", "-Xmx128m", f"-Djna.library.path={machine.library_dir}", "-Dfile.encoding=US-ASCII")
    output = machine("java", *options, "-cp", path, "org.junit.runner.JUnitCore", *names, cwd=tmp_path)
    assert re.search(r"^OK \(\d+ tests\)$", output, re.M), output
    assert "FATAL ERROR in native method" not in output


# ---- Declarations of the header that the wrappers repeat


def statuses() -> dict[str, int]:
    found = re.findall(r"^  PLOG_E_(\w+) = (\d+)", HEADER, re.M)
    assert len(found) == 13
    return {name: int(number) for name, number in found}


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def test_every_wrapper_knows_every_status_by_its_number() -> None:
    java = re.findall(r"^    ([A-Z_]+)\((\d+)\)", read("java/src/main/java/io/provenlog/ProvenLogException.java"), re.M)
    assert {name: int(number) for name, number in java} == statuses()
    rust = re.findall(r"^    (\w+) = (\d+),", read("rust/src/error.rs"), re.M)
    assert {name: int(number) for name, number in rust} == {camel(name): code for name, code in statuses().items()}
    go = re.findall(r"^\tErr(\w+) +Code = (\d+)", read("go/errors.go"), re.M)
    names = {
        camel(name).replace("Io", "IO") if name == "IO" else camel(name): code for name, code in statuses().items()
    }
    assert {name: int(number) for name, number in go} == names


C_TYPES = {"uint32_t": "u32", "int32_t": "i32", "uint64_t": "u64", "plog_progress_fn": "pointer"}
RUST_TYPES = {"u32": "u32", "i32": "i32", "u64": "u64", "Option<plog_progress_fn>": "pointer"}


def fields_of_the_header(struct: str) -> list[tuple[str, str]]:
    match = re.search(rf"typedef struct {struct} {{\n(.*?)\n}} {struct};", HEADER, re.S)
    assert match, struct
    body = re.sub(r"/\*.*?\*/", "", match.group(1), flags=re.S)
    found = re.findall(r"^\s*(?:const )?(\w+) ((?:\*(?:const )?)*)(\w+);", body, re.M)
    return [(name, "pointer" if star else C_TYPES[kind]) for kind, star, name in found]


@pytest.mark.parametrize(
    "struct",
    ["plog_client_options", "plog_client_stats_t", "plog_verify_options", "plog_export_options", "plog_check_options"],
)
def test_the_structs_of_rust_are_those_of_the_header_or_their_beginning(struct: str) -> None:
    match = re.search(rf"pub struct {struct} {{\n(.*?)\n}}", read("rust/src/sys.rs"), re.S)
    assert match, struct
    found = re.findall(r"^    pub (\w+): (.+),$", match.group(1), re.M)
    fields = [(name, "pointer" if kind.startswith("*") else RUST_TYPES[kind]) for name, kind in found]
    assert fields == fields_of_the_header(struct)[: len(fields)]
    assert len(fields) >= 6


SIZES = {"u32": 4, "i32": 4, "u64": 8, "pointer": 8}
JAVA_CALLS = {"int32": 4, "int64": 8, "text": 8, "texts": 8, "callback": 8}


@pytest.mark.parametrize(
    ("struct", "source"),
    [
        ("plog_client_options", "ClientOptions.java"),
        ("plog_verify_options", "Verification.java"),
        ("plog_export_options", "Export.java"),
        ("plog_check_options", "ExportCheck.java"),
    ],
)
def test_the_structs_of_java_are_those_of_the_header_or_their_beginning(struct: str, source: str) -> None:
    text = read(f"java/src/main/java/io/provenlog/{source}")
    match = re.search(r"new Plog.Struct\((\d+)\)(.*?);\n", text, re.S)
    assert match, source
    calls = re.findall(r"^ +\.(int32|int64|texts?|callback)\(", match.group(2), re.M)
    sizes = [4, *(JAVA_CALLS[call] for call in calls)]  # the first field is struct_size
    fields = fields_of_the_header(struct)[: len(sizes)]
    assert sizes == [SIZES[kind] for _, kind in fields]
    assert int(match.group(1)) == sum(sizes)
