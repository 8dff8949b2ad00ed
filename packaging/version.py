#!/usr/bin/env python3
"""The version of the release. The file VERSION defines it; CMake and the Python build read it from there.

usage: packaging/version.py                print it
       packaging/version.py check [TAG]    fail unless all files agree (and TAG is v + version)
       packaging/version.py set X.Y.Z      write it everywhere, and start its sections in the change logs

npm, Cargo, Maven and Debian need it in their own files, which PLACES lists.
"""

from __future__ import annotations

import datetime
import email.utils
import re
import sys
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parents[1]
NUMBER = r"\d+\.\d+\.\d+"
# Maps a file to a regular expression for the text before the version, and the number of times it occurs.
PLACES: Dict[str, Tuple[str, int]] = {
    "VERSION": (r"\A", 1),
    "node/package.json": (r'\A\{\n  "name": "provenlog",\n  "version": "', 1),
    "node/package-lock.json": (r'"name": "provenlog",\n +"version": "', 2),
    "examples/rust/Cargo.toml": (r'\A\[package\]\nname = "[a-z-]+"\nversion = "', 1),
    "examples/java/pom.xml": (r"<artifactId>provenlog</artifactId>\s*<version>", 1),
    "packaging/deb/debian/changelog": (r"\Aprovenlog \(", 1),
}


def version() -> str:
    return (ROOT / "VERSION").read_text(encoding="utf-8").strip()


def found() -> Dict[str, List[str]]:
    """The versions found in each file."""
    return {
        name: re.findall(f"{before}({NUMBER})", (ROOT / name).read_text(encoding="utf-8"))
        for name, (before, _) in PLACES.items()
    }


def check(tag: str = "") -> None:
    wanted = version()
    wrong = [
        f"{name}: {', '.join(numbers) or 'not found'}"
        for name, numbers in found().items()
        if numbers != [wanted] * PLACES[name][1]
    ]
    if wrong:
        sys.exit(f"VERSION says {wanted}, but:\n  " + "\n  ".join(wrong))
    if tag and tag != f"v{wanted}":
        sys.exit(f"the tag {tag} does not name version {wanted}")


def write(number: str) -> None:
    if not re.fullmatch(NUMBER, number):
        sys.exit(f"{number} is not a version; use X.Y.Z")
    check()
    if number == version():
        sys.exit(f"the version is already {number}")
    now = datetime.datetime.now(datetime.timezone.utc)
    for name, (before, _) in PLACES.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        if name.endswith("/changelog"):
            author = re.search(r"^ -- (.+>)", text, re.M)
            assert author is not None, name
            entry = f"provenlog ({number}-1) unstable; urgency=medium\n\n  * New release: see CHANGELOG.md.\n\n"
            text = f"{entry} -- {author.group(1)}  {email.utils.format_datetime(now)}\n\n{text}"
        else:
            text = re.sub(f"({before}){NUMBER}", rf"\g<1>{number}", text)
        path.write_text(text, encoding="utf-8")
    changes = ROOT / "CHANGELOG.md"
    heading = f"## Unreleased\n\n## {number} – {now:%Y-%m-%d}\n"
    changes.write_text(changes.read_text(encoding="utf-8").replace("## Unreleased\n", heading, 1), encoding="utf-8")


def main(words: List[str]) -> None:
    if not words:
        print(version())
    elif words[0] == "check" and len(words) <= 2:
        check(*words[1:])
    elif words[0] == "set" and len(words) == 2:
        write(words[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
