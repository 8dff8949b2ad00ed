"""The Debian packages: built by dpkg-buildpackage, accepted by lintian, installed by dpkg, and used.

In the CI tier they are compiled with the flags of the release build, so that ccache can reuse its results. In the long
tier they are compiled with Debian's flags, and also installed by apt on a minimal Debian.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Stranger

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
HERE = Path(__file__).resolve().parent
DEBIAN = SOURCE / "packaging" / "deb" / "debian"
VERSION = (SOURCE / "VERSION").read_text(encoding="utf-8").strip()
PACKAGES = ["libprovenlog-dev", "libprovenlog1", "plog"]
LONG = bool(os.environ.get("PLOG_TEST_LONG"))
RELEASE_FLAGS = {
    "DEB_CFLAGS_SET": "-O3 -DNDEBUG",
    "DEB_CXXFLAGS_SET": "-O3 -DNDEBUG",
    "DEB_CPPFLAGS_SET": "",
    "DEB_BUILD_OPTIONS": "noautodbgsym",  # without debug information there is nothing to put in it
}

pytestmark = pytest.mark.timeout(1800)  # the build may start from nothing

for tool in ("dpkg-buildpackage", "dh", "lintian"):
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool}: make deps-deb", allow_module_level=True)


def run(*command: object, cwd: Path, **environment: str) -> str:
    mine = ("PROVENLOG_", "PYTHON", "MAKE", "MFLAGS", "DEB_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(mine)}
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(SOURCE / "packaging" / "deb" / "build.sh", folder, cwd=folder, **({} if LONG else RELEASE_FLAGS))
    return folder


@pytest.fixture(scope="module")
def debs(dist: Path) -> dict[str, Path]:
    found = {path.name.split("_")[0]: path for path in dist.glob("*.deb")}
    return {name: path for name, path in found.items() if not name.endswith("-dbgsym")}


@pytest.fixture(scope="module")
def architecture() -> tuple[str, str]:
    """Debian's name for this architecture, and for its library folder."""
    name = run("dpkg-architecture", "--query", "DEB_HOST_ARCH", cwd=SOURCE).strip()
    return name, run("dpkg-architecture", "--query", "DEB_HOST_MULTIARCH", cwd=SOURCE).strip()


def files_of(deb: Path) -> set[str]:
    lines = run("dpkg-deb", "--contents", deb, cwd=deb.parent).splitlines()
    return {line.split()[5][1:] for line in lines if not line.startswith("d")}


def field(deb: Path, name: str) -> str:
    return run("dpkg-deb", "--field", deb, name, cwd=deb.parent).strip()


def test_the_packages_are_three_of_one_version(debs: dict[str, Path], architecture: tuple[str, str]) -> None:
    assert sorted(debs) == PACKAGES
    for name, deb in debs.items():
        assert deb.name == f"{name}_{VERSION}-1_{architecture[0]}.deb"
        assert field(deb, "Version") == f"{VERSION}-1"


def test_lintian_finds_nothing(dist: Path) -> None:
    (changes,) = dist.glob("*.changes")
    as_root = ["--allow-root"] if os.getuid() == 0 else []
    assert run("lintian", *as_root, "--fail-on", "error,warning", changes, cwd=dist) == ""


def test_each_package_holds_its_part(debs: dict[str, Path], architecture: tuple[str, str]) -> None:
    lib = f"/usr/lib/{architecture[1]}"
    documents = {name for deb in debs.values() for name in files_of(deb) if name.startswith("/usr/share/doc/")}
    assert {f"/usr/share/doc/{package}/copyright" for package in PACKAGES} <= documents
    assert files_of(debs["libprovenlog1"]) - documents == {
        f"{lib}/libprovenlog.so.1",
        f"{lib}/libprovenlog.so.1.{VERSION}",
        "/usr/share/lintian/overrides/libprovenlog1",
    }
    assert files_of(debs["libprovenlog-dev"]) - documents == {
        "/usr/include/provenlog/plog.h",
        f"{lib}/cmake/provenlog/provenlogConfig.cmake",
        f"{lib}/cmake/provenlog/provenlogConfigVersion.cmake",
        f"{lib}/libprovenlog.a",
        f"{lib}/libprovenlog.so",
        f"{lib}/pkgconfig/provenlog.pc",
        "/usr/share/man/man3/libprovenlog.3.gz",
        "/usr/share/lintian/overrides/libprovenlog-dev",
    }
    assert files_of(debs["plog"]) - documents == {
        "/usr/bin/plog",
        "/usr/share/bash-completion/completions/plog",
        "/usr/share/fish/vendor_completions.d/plog.fish",
        "/usr/share/man/man1/plog.1.gz",
        "/usr/share/zsh/vendor-completions/_plog",
        "/usr/share/lintian/overrides/plog",
    }


def test_each_package_depends_on_what_its_binaries_need(debs: dict[str, Path], tmp_path: Path) -> None:
    assert field(debs["libprovenlog-dev"], "Depends") == f"libprovenlog1 (= {VERSION}-1)"
    for package in ("libprovenlog1", "plog"):
        folder = tmp_path / package
        run("dpkg-deb", "--extract", debs[package], folder, cwd=tmp_path)
        (binary,) = [*folder.glob("usr/bin/plog"), *folder.glob(f"usr/lib/*/libprovenlog.so.1.{VERSION}")]
        needed = re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "--dynamic", binary, cwd=tmp_path))
        depends = set(re.findall(r"([a-z0-9+.-]+)(?: \([^)]*\))?", field(debs[package], "Depends")))
        found = re.findall(r"(\S+) => (/\S+)", run("ldd", binary, cwd=tmp_path))
        # By name, since with a merged /usr dpkg may know a file by its other path.
        patterns = [f"*/{Path(path).name}" for library, path in found if library in needed]
        assert len(patterns) == len([name for name in needed if not name.startswith("ld-linux")])
        owners: dict[str, set[str]] = {}
        for line in run("dpkg", "--search", *patterns, cwd=tmp_path).splitlines():
            owner, path = line.split(": ")
            owners.setdefault(Path(path).name, set()).add(owner.split(":")[0])
        for library, candidates in owners.items():
            assert candidates & depends, f"{package} needs {library} of {candidates}"


def test_the_symbols_file_lists_every_function_of_the_abi() -> None:
    listed = re.findall(
        r"^ (\w+)@PLOG_1 ", (DEBIAN / "libprovenlog1.symbols").read_text(encoding="utf-8"), re.MULTILINE
    )
    exported = (SOURCE / "tests" / "capi" / "symbols.txt").read_text(encoding="utf-8").split()
    assert sorted(listed) == sorted([*exported, "PLOG_1"])


def test_the_changelog_names_the_release() -> None:
    assert (DEBIAN / "changelog").read_text(encoding="utf-8").startswith(f"provenlog ({VERSION}-1) ")


# Uses the installed packages as a user would, without naming any path.
USE = """set -eux
test ! -e '{source}/VERSION'
plog --version
cc -std=c99 -pedantic-errors -Wall -Wextra -Werror consumer.c -o shared $(pkg-config --cflags --libs provenlog)
./shared shared.db
cc -std=c99 -Wall -Wextra -Werror loader.c -o loader
./loader libprovenlog.so.1 loader.db
for ledger in shared.db loader.db; do plog verify --db $ledger; done
"""
USE_STATIC = """
cc consumer.c -o static $(pkg-config --static --cflags --libs provenlog | sed 's/-lprovenlog/-l:libprovenlog.a/')
./static static.db
cmake -S . -B build -DCOMPONENTS='shared;static' -DLANGUAGES=C
cmake --build build
build/consumer_c cmake.db
python3 loader.py libprovenlog.so.1 ctypes.db
for ledger in static.db cmake.db ctypes.db; do plog verify --db $ledger; done
dpkg --purge plog libprovenlog-dev libprovenlog1
! ldconfig -p | grep libprovenlog
"""


def prepare(folder: Path, debs: dict[str, Path]) -> None:
    for path in [*debs.values(), *(HERE / "consumer").iterdir()]:
        shutil.copy(path, folder)


def test_unpacked_side_by_side_they_are_all_that_a_program_needs(
    debs: dict[str, Path], architecture: tuple[str, str], stranger: Stranger
) -> None:
    root = stranger.folder / "root"
    for deb in debs.values():
        run("dpkg-deb", "--extract", deb, root, cwd=stranger.folder)
    shutil.copy(HERE / "consumer" / "consumer.c", stranger.folder)
    lib = root / "usr" / "lib" / architecture[1]
    find = {"PKG_CONFIG_PATH": str(lib / "pkgconfig"), "LD_LIBRARY_PATH": str(lib)}
    stranger("sh", "-c", "cc -std=c99 consumer.c -o consumer $(pkg-config --cflags --libs provenlog)", **find)
    assert '"verdict":"OK"' in stranger("./consumer", "events.db", **find)
    stranger(root / "usr" / "bin" / "plog", "verify", "--db", "events.db")


def test_they_are_installed_used_and_removed(debs: dict[str, Path], tmp_path: Path) -> None:
    machine = HERE / "deb_machine.sh"
    hidden = f"{SOURCE}:{BUILD}"
    if subprocess.run([machine, hidden, tmp_path, "true"], capture_output=True).returncode != 0:
        pytest.skip("this system does not allow an overlay of its root folder in a mount namespace")
    prepare(tmp_path, debs)
    script = USE.format(source=SOURCE).replace("plog --version", "dpkg --install *.deb\nplog --version") + USE_STATIC
    run(machine, hidden, tmp_path, "sh", "-c", script, cwd=tmp_path, HOME=str(tmp_path))
    assert not Path("/usr/include/provenlog").exists()


def test_apt_installs_them_with_all_they_need_on_a_minimal_debian(debs: dict[str, Path], tmp_path: Path) -> None:
    if not LONG:
        pytest.skip("downloads a Debian: PLOG_TEST_LONG=1")
    if shutil.which("mmdebstrap") is None:
        pytest.skip("needs mmdebstrap")
    prepare(tmp_path, debs)
    (tmp_path / "use.sh").write_text("cd /home\n" + USE.format(source=SOURCE), encoding="utf-8")
    release = re.search(r"^VERSION_CODENAME=(\w+)$", Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE)
    assert release is not None
    hooks = [
        f"copy-in {' '.join(str(path) for path in sorted(tmp_path.iterdir()))} /home",
        'chroot "$1" sh -c "apt-get install --yes --no-install-recommends /home/*.deb"',
        'chroot "$1" sh /home/use.sh',
    ]
    packages = "--include=gcc,libc6-dev,pkgconf"
    customize = [f"--customize-hook={hook}" for hook in hooks]
    run("mmdebstrap", "--variant=apt", packages, *customize, "--format=null", release[1], "-", cwd=tmp_path)
