"""tools/check_layers.py reports each kind of violation, and cmake/layers.cmake does not link a call to a higher layer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

LAYERS = """\
# The layers of the test.
core/base          library  sqlite
core/net           plog
core/store         library
core/store/memory  tests
server/http        plog
"""
# A tree without a violation.
FILES = {
    "cmake/layers.txt": LAYERS,
    "capi/include/provenlog/plog.h": "#include <stdint.h>\n",
    "core/base/clock.h": "#pragma once\n#include <sqlite3.h>\nint now();\n",
    "core/base/clock.cpp": '#include "base/clock.h"\nint now() { return 1; }\n',
    "core/net/request.h": '#pragma once\n#include "base/clock.h"\nint request();\n',
    "core/net/request.cpp": '#include "net/request.h"\nint request() { return now(); }\n',
    "core/store/row_reader.h": "#pragma once\nstruct RowReader { int read(); int skip(); };\n",
    "core/store/row_reader.cpp": '#include "base/clock.h"\n#include "store/row_reader.h"\nint RowReader::read() { return now(); }\n',
    "core/store/row_reader_skip.cpp": '#include "store/row_reader.h"\nint RowReader::skip() { return 0; }\n',
    "core/store/memory/rows.h": '#pragma once\n#include "store/row_reader.h"\n',
    "server/http/router.h": '#pragma once\n#include "net/request.h"\n',
    "cli/log.cpp": '#include "cli/output.h"\n#include "net/request.h"\n#include "server/http/router.h"\n',
    "cli/output.h": '#pragma once\n#include "provenlog/plog.h"\n',
    "bindings/python/module.cpp": '#include "provenlog/plog.h"\n',
    "node/src/client.ts": 'import { addon } from "./native.js";\n',
    "node/src/native.ts": 'import { join } from "node:path";\n',
    "python/provenlog/__init__.py": "from provenlog.client import Client\n",
    "python/provenlog/client.py": "from provenlog import _native, _scope\n",
    "python/provenlog/_scope.py": "import os\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def problems(tree: Path) -> list[str]:
    command = [sys.executable, str(ROOT / "tools/check_layers.py"), str(tree)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == (1 if result.stderr else 0), result.stderr
    assert result.stdout == ""
    return result.stderr.splitlines()


def test_a_tree_without_a_violation_passes(tree: Path) -> None:
    assert problems(tree) == []


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        (
            "core/base/clock.h",
            '#include "store/row_reader.h"',
            'core/base must not include "store/row_reader.h", which is in a higher',
        ),
        ("core/store/row_reader.h", '#include "store/memory/rows.h"', "which is in a higher layer"),
        ("core/store/row_reader.h", '#include "net/request.h"', "which is linked into plog only"),
        ("core/store/row_reader.h", '#include "row_reader.h"', "must be written relative to core/"),
        ("core/store/row_reader.h", "#include <sqlite3.h>", "core/store must not include <sqlite3.h>"),
        ("core/net/request.h", '#include "server/http/router.h"', "which is in a higher layer"),
        ("core/cache/cache.h", "", "its folder is not in cmake/layers.txt"),
        ("server/http/router.h", '#include "cli/output.h"', "must be written relative to core/, or as server/..."),
        ("server/http/router.h", '#include "store/memory/rows.h"', "must not include"),
        ("server/mcp/tools.h", "", "its folder is not in cmake/layers.txt"),
        ("cli/output.h", '#include "capi/src/handles.h"', "cli/ must include only"),
        ("cli/output.h", '#include "bindings/python/walker.h"', "cli/ must include only"),
        ("cli/output.h", '#include "store/memory/rows.h"', "cli/ must include only"),
        ("cli/output.h", '#include "cli/output.h"', "cli/output.h -> cli/output.h"),
        ("bindings/python/module.cpp", '#include "base/clock.h"', "bindings/ must include only plog.h"),
        ("bindings/python/module.cpp", '#include "../core/base/clock.h"', "bindings/ must include only plog.h"),
        ("capi/include/provenlog/plog.h", "#include <stdbool.h>", "must include only stddef.h and stdint.h"),
        ("core/base/time.cpp", "int Clock::now() { return 1; }", "give it a header of its name"),
        ("core/base/time.cpp", "\n" * 601, "split files longer than 600"),
        ("node/src/native.ts", 'import type { Client } from "./client.js";', "client -> native -> client"),
        ("python/provenlog/_scope.py", "from provenlog.client import Client", "client -> _scope -> client"),
        ("python/provenlog/_scope.py", "from . import client", "client -> _scope -> client"),
        ("python/provenlog/_scope.py", "def f():\n    import provenlog.client", "client -> _scope -> client"),
        ("python/provenlog/_scope.py", "from provenlog import Client", "__init__ -> client -> _scope -> __init__"),
    ],
)
def test_a_violation_is_reported(tree: Path, file: str, text: str, problem: str) -> None:
    path = tree / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + text + "\n")
    assert any(problem in line for line in problems(tree)), problems(tree)


def test_headers_of_one_folder_do_not_include_one_another_in_a_circle(tree: Path) -> None:
    (tree / "core/base/a.h").write_text('#include "base/b.h"\n')
    (tree / "core/base/b.h").write_text('#include "base/a.h"\n')
    assert problems(tree) == [
        "core: files include one another in a circle: core/base/a.h -> core/base/b.h -> core/base/a.h"
    ]


PROJECT = """\
cmake_minimum_required(VERSION 3.25)
project(layers CXX)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include({root}/cmake/layers.cmake)
add_library(options INTERFACE)
target_include_directories(options INTERFACE core)
plog_add_layers(${{PROJECT_SOURCE_DIR}} ${{PROJECT_SOURCE_DIR}}/cmake/layers.txt options)
plog_check_layers(options ${{PLOG_LAYERS_library}} ${{PLOG_LAYERS_plog}})
message(STATUS "library: ${{PLOG_LAYERS_library}}; plog: ${{PLOG_LAYERS_plog}}; tests: ${{PLOG_LAYERS_tests}}.")
"""


def build(tree: Path) -> subprocess.CompletedProcess[str]:
    (tree / "CMakeLists.txt").write_text(PROJECT.format(root=ROOT))
    (tree / "core/base/clock.h").write_text("#pragma once\nint now();\n")
    configure = ["cmake", "-S", str(tree), "-B", str(tree / "build"), "-G", "Ninja"]
    configured = subprocess.run(configure, capture_output=True, text=True, check=False)
    if configured.returncode:
        return configured
    assert "library: plog_store;plog_base; plog: plog_net; tests: ." in configured.stdout
    command = ["cmake", "--build", str(tree / "build"), "--target", "plog_layers"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


needs_cmake = pytest.mark.skipif(not (shutil.which("cmake") and shutil.which("ninja")), reason="needs cmake and ninja")


@needs_cmake
def test_layers_that_call_lower_ones_are_linked(tree: Path) -> None:
    result = build(tree)
    assert result.returncode == 0, result.stdout + result.stderr


@needs_cmake
@pytest.mark.parametrize(
    ("file", "call", "symbol"),
    [
        ("core/base/clock.cpp", "int request(); int wrong() { return request(); }", "request()"),
        ("core/store/row_reader.cpp", "int request(); int wrong() { return request(); }", "request()"),
    ],
    ids=["a higher layer", "a layer of plog"],
)
def test_a_call_that_a_layer_must_not_make_is_not_linked(tree: Path, file: str, call: str, symbol: str) -> None:
    with (tree / file).open("a") as source:
        source.write(call)
    result = build(tree)
    assert result.returncode != 0
    assert f"undefined reference to `{symbol}'" in result.stdout


@needs_cmake
def test_a_product_that_does_not_exist_is_refused(tree: Path) -> None:
    (tree / "cmake/layers.txt").write_text(LAYERS.replace("core/net           plog", "core/net           server"))
    result = build(tree)
    assert result.returncode != 0
    assert 'core/net has the product "server"; use library, plog or tests' in " ".join(result.stderr.split())
