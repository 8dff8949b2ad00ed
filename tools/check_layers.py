#!/usr/bin/env python3
"""Checks how the source files depend on one another, what they are called, and how long they are.

1. A folder of core/ or server/ includes only itself and the layers above it in cmake/layers.txt. A layer of the library
   does not include one of plog or of the tests, and only the layers that list a library of third parties include it.
2. cli/ includes core/, server/ and plog.h; bindings/ and examples/ include only plog.h.
3. plog.h includes only stddef.h and stdint.h.
4. Files do not include one another in a circle. Nor do the modules of node/src and of python/provenlog import one
   another in a circle; an import inside a function, or for types only, counts too.
5. A .cpp in core/ has a header of its name, or is named after a class that it implements (engine_assigned.cpp has
   functions of Engine).
6. A source file has at most 600 lines.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

MAX_LINES = 600
NATIVE_FOLDERS = ("core", "server", "capi", "bindings", "cli", "tests", "examples")
PLOG_HEADER = "provenlog/plog.h"
INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<open>["<])(?P<path>[^">]+)[">]')
# The libraries of layers.txt, by the start of the path of their headers.
LIBRARIES = {
    "openssl/": "openssl",
    "simdjson": "simdjson",
    "re2/": "re2",
    "sqlite3": "sqlite",
    "yaml-cpp/": "yaml-cpp",
    "boost/": "boost",
    "libpq": "libpq",
}
# Which products a layer may use the layers of, by its own product.
USABLE_PRODUCTS = {
    "library": ("library",),
    "plog": ("library", "plog"),
    "tests": ("library", "plog", "tests"),
}
# The imports of a TypeScript module from a file beside it.
TYPESCRIPT_IMPORT = re.compile(r"""(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*["']\./([\w-]+)\.m?js["']""")
# Where a member function of a class is defined: the name of the class.
MEMBER = re.compile(r"\b([A-Z]\w*)(?:<[^<>;{}]*>)?::~?\w+\(")

Graph = Dict[str, Set[str]]


class Layer(NamedTuple):
    folder: str
    product: str
    libraries: Tuple[str, ...]


class Include(NamedTuple):
    line: int
    quoted: bool
    path: str


def read_layers(root: Path) -> List[Layer]:
    lines = (root / "cmake/layers.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return [Layer(row[0], row[1], tuple(row[2:])) for row in rows]


def includes(path: Path) -> Iterator[Include]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield Include(number, match["open"] == '"', match["path"])


def circle(graph: Graph) -> List[str]:
    """The nodes of one circle, the first one repeated at the end, or an empty list."""
    done: Set[str] = set()

    def visit(node: str, path: List[str]) -> List[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node not in done:
            for target in sorted(graph[node]):
                found = visit(target, [*path, node])
                if found:
                    return found
            done.add(node)
        return []

    for node in sorted(graph):
        found = visit(node, [])
        if found:
            return found
    return []


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class Checker:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.layers = read_layers(root)
        self.problems: List[str] = []

    def report(self, path: Path, problem: str, line: Optional[int] = None) -> None:
        where = str(path.relative_to(self.root)) + (f":{line}" if line else "")
        self.problems.append(f"{where}: {problem}")

    def sources(self, folder: str) -> List[Path]:
        # node_modules holds sources that npm installed for tests.
        files = (p for p in (self.root / folder).rglob("*") if p.suffix in (".h", ".c", ".cpp"))
        return sorted(p for p in files if "node_modules" not in p.relative_to(self.root).parts)

    def layer_of(self, path: Path) -> Optional[Layer]:
        """The layer with the longest folder that contains the file."""
        folders = [str(folder) for folder in path.relative_to(self.root).parents]
        found = [layer for layer in self.layers if layer.folder in folders]
        return max(found, key=lambda layer: len(layer.folder), default=None)

    def included_file(self, include: str) -> Path:
        """The file that an include of core/, server/ or cli/ names: its path below core/, or below the root."""
        first = include.split("/")[0]
        return self.root / include if first in ("server", "cli") else self.root / "core" / include

    def check_layered(self) -> None:
        for path in self.sources("core") + self.sources("server"):
            layer = self.layer_of(path)
            if layer is None:
                self.report(path, "its folder is not in cmake/layers.txt; add it there")
                continue
            for include in includes(path):
                self.check_library(path, layer, include)
                if include.quoted:
                    self.check_include(path, layer, include)

    def check_library(self, path: Path, layer: Layer, include: Include) -> None:
        for start, library in LIBRARIES.items():
            if include.path.startswith(start) and library not in layer.libraries:
                problem = f"{layer.folder} must not include <{include.path}>; cmake/layers.txt lists who uses {library}"
                self.report(path, problem, include.line)

    def check_include(self, path: Path, layer: Layer, include: Include) -> None:
        target = self.layer_of(self.included_file(include.path))
        if target is None:
            problem = f'"{include.path}" must be written relative to core/, or as server/...'
        elif self.layers.index(target) > self.layers.index(layer):
            problem = f'{layer.folder} must not include "{include.path}", which is in a higher layer'
        elif target.product not in USABLE_PRODUCTS[layer.product]:
            problem = f'{layer.folder} must not include "{include.path}", which is linked into {target.product} only'
        else:
            return
        self.report(path, problem, include.line)

    def check_cli(self) -> None:
        for path in self.sources("cli"):
            for include in includes(path):
                if not include.quoted or include.path == PLOG_HEADER or include.path.startswith("cli/"):
                    continue
                target = self.layer_of(self.included_file(include.path))
                if target is None or target.product == "tests":
                    problem = f'cli/ must include only cli/, core/, server/ and plog.h, not "{include.path}"'
                    self.report(path, problem, include.line)

    def check_outside(self) -> None:
        layered = {layer.folder.split("/")[1] for layer in self.layers if layer.folder.startswith("core/")}
        forbidden = {*layered, "core", "capi", "cli", "server", ".."}
        for folder in ("bindings", "examples"):
            for path in self.sources(folder):
                for include in includes(path):
                    if include.path.split("/")[0] in forbidden or ".." in include.path.split("/"):
                        problem = f'{folder}/ must include only plog.h, not "{include.path}"'
                        self.report(path, problem, include.line)

    def check_plog_header(self) -> None:
        header = self.root / "capi/include" / PLOG_HEADER
        for include in includes(header):
            if include.path not in ("stddef.h", "stdint.h"):
                self.report(header, f"must include only stddef.h and stdint.h, not {include.path}", include.line)

    def check_include_circles(self) -> None:
        for folder in NATIVE_FOLDERS:
            files = self.sources(folder)
            bases = (self.root, self.root / "core", self.root / folder)
            graph: Graph = {str(path.relative_to(self.root)): set() for path in files}
            for path in files:
                for include in includes(path):
                    found = (base / include.path for base in (path.parent, *bases))
                    names = (str(p.relative_to(self.root)) for p in found if ".." not in p.parts and p.is_file())
                    target = next(names, None)
                    if include.quoted and target in graph:
                        graph[str(path.relative_to(self.root))].add(target)
            self.report_circle(folder, "files include one another", graph)

    def check_import_circles(self) -> None:
        for folder, suffix in (("node/src", ".ts"), ("python/provenlog", ".py")):
            files = {p.stem: p for p in (self.root / folder).glob(f"*{suffix}") if not p.name.endswith(".d.ts")}
            imported = typescript_imports if suffix == ".ts" else python_imports
            graph = {name: imported(path, set(files)) for name, path in files.items()}
            self.report_circle(folder, "modules import one another", graph)

    def report_circle(self, folder: str, problem: str, graph: Graph) -> None:
        found = circle(graph)
        if found:
            self.report(self.root / folder, f"{problem} in a circle: {' -> '.join(found)}")

    def check_names(self) -> None:
        for path in self.sources("core"):
            if path.suffix != ".cpp" or path.with_suffix(".h").exists():
                continue
            classes = {snake_case(name) for name in MEMBER.findall(path.read_text(encoding="utf-8"))}
            if not any(path.stem == name or path.stem.startswith(name + "_") for name in classes):
                self.report(path, "give it a header of its name, or name it after the class that it implements")

    def check_length(self) -> None:
        for folder in NATIVE_FOLDERS:
            for path in self.sources(folder):
                lines = len(path.read_text(encoding="utf-8").splitlines())
                if lines > MAX_LINES:
                    self.report(path, f"{lines} lines; split files longer than {MAX_LINES}")

    def run(self) -> List[str]:
        self.check_layered()
        self.check_cli()
        self.check_outside()
        self.check_plog_header()
        self.check_include_circles()
        self.check_import_circles()
        self.check_names()
        self.check_length()
        return self.problems


def typescript_imports(path: Path, modules: Set[str]) -> Set[str]:
    return modules.intersection(TYPESCRIPT_IMPORT.findall(path.read_text(encoding="utf-8")))


def python_imports(path: Path, modules: Set[str]) -> Set[str]:
    """The modules of the package that one of them imports. Only a name that is not a module's is read from __init__."""
    found: Set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(a.name.split(".")[1] for a in node.names if a.name.startswith("provenlog."))
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level == 0 and module.split(".")[0] != "provenlog":
                continue
            submodule = module if node.level else module.partition(".")[2]
            if submodule:
                found.add(submodule)
            else:
                # _native is the compiled module.
                found.update(a.name if a.name in {*modules, "_native"} else "__init__" for a in node.names)
    return modules.intersection(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    problems = Checker(parser.parse_args().root.resolve()).run()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
