"""The npm package, as a user gets it.

`make npm-pack` builds it from the release build. It is installed without a network into an empty folder, where this
source tree cannot be seen, and then used where only the `node` program and the C and C++ runtime libraries exist.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, Set

import pytest

if TYPE_CHECKING:
    from conftest import Stranger

    NewStranger = Callable[[Path], Stranger]

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))
VERSION = (SOURCE / "VERSION").read_text(encoding="utf-8").strip()
LONG = os.environ.get("PLOG_TEST_LONG") == "1"
MODULES = SOURCE / "node" / "node_modules"
TOOLS = Path(__file__).resolve().parent / "npm"
# The libraries of every machine that runs Node.
RUN_TIME = re.compile(r"^(lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so\.\d+|libc\.musl-.*|ld-.*)$")
# The libraries that the package must contain.
BUNDLED = re.compile(r"lib(re2|simdjson|yaml-cpp|crypto|ssl|sqlite3|absl)")

NODES: Dict[str, Path] = {"at hand": Path(shutil.which("node") or "node")}
NODES["24"] = TOOLS / "node_modules" / "node-24" / "bin" / "node"
if LONG:
    NODES["22"] = TOOLS / "long" / "node_modules" / "node-22" / "bin" / "node"
    NODES["18"] = TOOLS / "long" / "node_modules" / "node-18" / "bin" / "node"


def run(*command: object, cwd: Path, **environment: str) -> str:
    mine = ("PROVENLOG_", "NODE_", "npm_", "MAKE", "MFLAGS", "LD_LIBRARY_PATH")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(mine)}
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def libraries(binary: Path) -> Set[Path]:
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", run("ldd", binary, cwd=binary.parent))}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (BUILD / "node" / "provenlog").exists():
        pytest.skip(f"needs the npm package built in {BUILD}: run make build")
    folder = tmp_path_factory.mktemp("dist")
    run("make", "-C", SOURCE, "npm-pack", f"DIST={folder}", f"NPM_BUILD={BUILD}", cwd=folder)
    (packed,) = folder.iterdir()
    assert packed.name == f"provenlog-{VERSION}.tgz"
    return packed


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(package) as archive:
        archive.extractall(folder)
    return folder / "package"


def install(machine: Stranger, package: Path) -> None:
    """Installs the package with npm, without a network."""
    npm = Path(os.path.realpath(shutil.which("npm") or "npm"))
    see = (package.parent, npm.parents[1], Path(os.path.realpath(NODES["at hand"])))
    apart = ["unshare", "--net"] if machine.hidden else []
    machine(*apart, "npm", "install", "--offline", "--no-audit", "--no-fund", package, see=see)


@pytest.fixture(scope="module")
def installed(package: Path, new_stranger: NewStranger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that contains nothing but the installed package."""
    stranger = new_stranger(tmp_path_factory.mktemp("npm") / "app")
    install(stranger, package)
    return stranger.folder


@pytest.fixture
def app(installed: Path, new_stranger: NewStranger, tmp_path: Path) -> Stranger:
    """A user who has installed the package, with the system's folders."""
    shutil.copytree(installed, tmp_path / "app", symlinks=True)
    return new_stranger(tmp_path / "app")


@pytest.fixture
def bare(app: Stranger, request: pytest.FixtureRequest) -> Stranger:
    """The same, with nothing but the `node` that `request.param` names and the libraries that it needs."""
    if not app.hidden:
        pytest.skip("this system does not allow mount namespaces; run as root, or allow user namespaces")
    node = NODES[request.param]
    if not node.exists():
        pytest.skip(f"needs {node}: run make deps (long tests: make test-long) on x86-64")
    system = {Path(os.path.realpath(node)), *libraries(node)}
    (addon,) = app.folder.glob("node_modules/provenlog/prebuilds/*/*.node")
    system |= {path for path in libraries(addon) if RUN_TIME.match(path.name)}
    app.system = [*system, "/dev/null", "/dev/urandom", "/proc"]
    app.node = Path(os.path.realpath(node))
    return app


every_node = pytest.mark.parametrize("bare", list(NODES), indirect=True)
one_node = pytest.mark.parametrize("bare", ["24"], indirect=True)

# ---- Contents


def test_the_package_holds_addon_plog_scripts_types_licences_and_sources(unpacked: Path) -> None:
    (addon,) = unpacked.glob("prebuilds/*/*.node")
    assert re.fullmatch(r"prebuilds/linux-(x64|arm64)/provenlog\.(glibc|musl)\.node", str(addon.relative_to(unpacked)))
    assert is_elf(addon.with_suffix("") / "plog")
    names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert {"README.md", "LICENSE", "bin/plog.js", "native/install.js", "native/CMakeLists.txt"} <= names
    scripts = {path.stem for path in (SOURCE / "node" / "src").glob("*.ts") if not path.name.endswith(".d.ts")}
    assert {f"dist/{name}{suffix}" for name in scripts for suffix in (".js", ".d.ts")} <= names
    assert {"dist/index.mjs", "dist/index.d.mts"} <= names
    top = {name.split("/")[0] for name in names}
    assert top == {"LICENSE", "README.md", "package.json"} | {"bin", "dist", "licenses", "native"} | {
        "node_modules",
        "prebuilds",
    }


def test_its_manifest_says_nothing_of_how_it_is_developed(unpacked: Path) -> None:
    manifest = json.loads((unpacked / "package.json").read_text())
    assert manifest["version"] == VERSION
    assert manifest["scripts"] == {"install": "node native/install.js"}
    assert "devDependencies" not in manifest
    assert [path.name for path in (unpacked / "node_modules").iterdir()] == list(manifest["dependencies"])


def test_all_that_it_needs_of_a_machine_is_the_run_time_of_c_and_cpp(unpacked: Path) -> None:
    binaries = [path for path in (unpacked / "prebuilds").rglob("*") if path.is_file() and is_elf(path)]
    inside = {path.name for path in binaries}
    assert len(binaries) >= 2
    for binary in binaries:
        dynamic = run("readelf", "--dynamic", binary, cwd=unpacked)
        needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)) - inside
        assert {name for name in needed if not RUN_TIME.match(name)} == set(), binary.name
        assert set(re.findall(r"\(R(?:UN)?PATH\).*\[(.+)\]", dynamic)) <= {"$ORIGIN", f"$ORIGIN/{binary.stem}"}
        assert " .symtab" not in run("readelf", "--sections", "--wide", binary, cwd=unpacked), binary.name


def test_every_library_inside_has_its_licence_in_the_package(unpacked: Path) -> None:
    texts = {path.stem: path.read_text() for path in (unpacked / "licenses").glob("*.txt")}
    # Linked statically, or header-only.
    wanted = {"openssl", "sqlite", "cli11", "node-addon-api", "node-api-headers"}
    names = {"crypto": "openssl", "ssl": "openssl", "sqlite3": "sqlite"}
    for library in (unpacked / "prebuilds").rglob("lib*.so.*"):
        stem = re.sub(r"^lib|\.so\..*$", "", library.name)
        wanted.add(names.get(stem, stem))
    assert wanted <= set(texts)
    assert all(re.search("copyright|public domain", text, re.I) for text in texts.values())


def test_packages_of_two_c_libraries_laid_over_one_another_are_told_apart(unpacked: Path, tmp_path: Path) -> None:
    (addon,) = unpacked.glob("prebuilds/*/*.node")
    folder = tmp_path / "prebuilds" / addon.parent.name
    folder.mkdir(parents=True)
    for library in ("glibc", "musl"):
        (folder / f"provenlog.{library}").mkdir()
        (folder / f"provenlog.{library}.node").touch()
    find = "console.log(require(process.argv[1]).path(process.argv[2]))"
    for library in ("glibc", "musl"):
        words = [NODES["at hand"], "-e", find, unpacked / "node_modules" / "node-gyp-build", tmp_path]
        assert run(*words, cwd=tmp_path, LIBC=library).strip() == str(folder / f"provenlog.{library}.node")


@pytest.mark.skipif(not TOOLS.joinpath("node_modules").exists(), reason="needs publint: run make deps")
def test_publint_finds_nothing(package: Path) -> None:
    run(NODES["at hand"], TOOLS / "node_modules" / ".bin" / "publint", "--strict", package, cwd=package.parent)


@pytest.mark.skipif(not NODES["24"].exists(), reason="needs attw and a Node that runs it: run make deps on x86-64")
def test_the_types_are_right_for_every_way_to_resolve_them(package: Path) -> None:
    run(NODES["24"], TOOLS / "node_modules" / ".bin" / "attw", package, cwd=package.parent)


# ---- Using it

RECORD = """
const client = new ProvenLogClient({ agentId: "a", dbPath: "events.db" });
client.logEvent({ actionType: "TOOL_CALL", actionName: "hello", actionInput: { to: "ada@example.org" } });
client.verify().then(async ({ verdict }) => {
  await client.close();
  const maps = require("node:fs").readFileSync("/proc/self/maps", "utf8");
  const loaded = maps.split("\\n").map((line) => line.split(/ +/)[5]).filter((path) => /\\.(so|node)/.test(path));
  console.log(JSON.stringify({ verdict, loaded: [...new Set(loaded)] }));
});
"""
REQUIRE = 'const { ProvenLogClient } = require("provenlog");'
IMPORT = """
import { createRequire } from "node:module";
import { ProvenLogClient } from "provenlog";
const require = createRequire(import.meta.url);
"""
# Uses the addon on both threads.
WORKER = """
const { Worker, isMainThread } = require("node:worker_threads");
const { ProvenLogClient } = require("provenlog");
if (isMainThread) new Worker(__filename);
else {%s}
"""
PROGRAMS = {"use.cjs": REQUIRE + RECORD, "use.mjs": IMPORT + RECORD, "worker.cjs": WORKER % RECORD}
CONSUMER = """
import { ProvenLogClient, type ProvenLogEvent } from "provenlog";
declare const console: { log(text: string): void };
const client = new ProvenLogClient({ agentId: "a", dbPath: "events.db" });
async function main(): Promise<void> {
  const id: string = client.logEvent({ actionType: "TOOL_CALL", actionName: "hello" });
  const event: ProvenLogEvent | null = await client.getEvent(id);
  const { verdict } = await client.verify();
  await client.close();
  console.log(JSON.stringify({ verdict, name: event?.action_name }));
}
void main();
// @ts-expect-error: a name is text
client.logEvent({ actionName: 1 });
"""


def tell(output: str) -> Dict[str, object]:
    told: Dict[str, object] = json.loads(output)
    return told


@one_node
def test_nothing_that_provenlog_was_built_with_is_on_the_machine(bare: Stranger) -> None:
    look = (
        'const fs = require("node:fs");'
        "const found = [];"
        "const walk = (folder) => { for (const entry of fs.readdirSync(folder + '/', { withFileTypes: true })) {"
        '  const path = folder + "/" + entry.name;'
        '  if (entry.isDirectory() && path !== "/proc") walk(path);'
        "  else found.push(path); } };"
        'walk("");'
        "console.log(JSON.stringify(found));"
    )
    outside = [Path(path) for path in json.loads(bare(bare.node, "-e", look)) if not path.startswith(f"{bare.folder}/")]
    assert 0 < len(outside) < 40
    assert [path for path in outside if BUNDLED.match(path.name) or path.suffix in (".h", ".hpp")] == []
    assert [path for path in outside if path.is_relative_to(SOURCE) and path != bare.node] == []


@every_node
def test_it_records_and_verifies_with_its_own_libraries(bare: Stranger) -> None:
    for name, program in PROGRAMS.items():
        (bare.folder / name).write_text(program)
        told = tell(bare(bare.node, name))
        assert told["verdict"] == "OK", name
        loaded: List[str] = told["loaded"]  # type: ignore[assignment]
        ours = [path for path in loaded if BUNDLED.match(Path(path).name) or path.endswith(".node")]
        assert [path for path in ours if not path.startswith(f"{bare.folder}/node_modules/")] == []
        # Only one addon is loaded, however the package was imported.
        assert len([path for path in ours if path.endswith(".node")]) == 1


@one_node
def test_plog_runs_with_its_own_libraries_and_ends_as_it_ends(bare: Stranger) -> None:
    plog = bare.folder / "node_modules" / ".bin" / "plog"
    assert bare(bare.node, plog, "--version").strip() == f"plog {VERSION}"
    (bare.folder / "use.cjs").write_text(PROGRAMS["use.cjs"])
    bare(bare.node, "use.cjs")
    assert tell(bare(bare.node, plog, "verify", "--db", "events.db", "--json"))["verdict"] == "OK"
    ends = "console.log(require('node:child_process').spawnSync(process.execPath, process.argv.slice(1)).status)"
    status = int(bare(bare.node, "-e", ends, plog, "verify", "--db", "nowhere.db"))
    direct = subprocess.run([BUILD / "plog", "verify", "--db", "nowhere.db"], cwd=bare.folder, capture_output=True)
    assert status == direct.returncode != 0


def handles(process: int, number: signal.Signals) -> bool:
    """Whether a process is plog already, and no longer the copy of node that starts it, and handles a signal."""
    status = Path(f"/proc/{process}/status").read_text()
    (name,) = re.findall(r"^Name:\s*(\S+)", status, re.M)
    (caught,) = re.findall(r"^SigCgt:\s*(\w+)", status, re.M)
    return name == "plog" and bool(int(caught, 16) >> (number - 1) & 1)


def test_a_signal_to_the_command_reaches_plog(app: Stranger) -> None:
    words = [str(NODES["at hand"]), "node_modules/.bin/plog", "ingest", "--db", "events.db"]
    with subprocess.Popen(words, cwd=app.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as command:
        children = Path(f"/proc/{command.pid}/task/{command.pid}/children")
        while not children.read_text():
            assert command.poll() is None
        (child,) = map(int, children.read_text().split())
        while not handles(child, signal.SIGTERM):
            assert command.poll() is None
        command.send_signal(signal.SIGTERM)
        assert command.wait() == 130  # plog committed what it had read, and ended in order
        assert not Path(f"/proc/{child}").exists()


def test_npx_finds_plog(app: Stranger) -> None:
    npm = Path(os.path.realpath(shutil.which("npm") or "npm"))
    see = (npm.parents[1], Path(os.path.realpath(NODES["at hand"])))
    assert app("npx", "--offline", "plog", "--version", see=see).strip() == f"plog {VERSION}"


@one_node
@pytest.mark.parametrize("resolution", ["node16", "bundler"])
def test_typescript_compiles_against_it_and_the_program_runs(bare: Stranger, resolution: str) -> None:
    options = {"strict": True, "types": [], "target": "es2022", "outDir": "out", "module": "node16"}
    if resolution == "bundler":
        options.update(module="esnext", moduleResolution="bundler")
    (bare.folder / "use.mts").write_text(CONSUMER)
    (bare.folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["use.mts"]}))
    run(NODES["at hand"], MODULES / "typescript" / "bin" / "tsc", "-p", bare.folder, cwd=bare.folder)
    assert tell(bare(bare.node, "out/use.mjs")) == {"verdict": "OK", "name": "hello"}


@one_node
@pytest.mark.parametrize("whole", [True, False], ids=["bundled but for the addon", "external"])
def test_a_bundle_of_esbuild_runs(bare: Stranger, whole: bool) -> None:
    (bare.folder / "use.mts").write_text(CONSUMER)
    how = ["--format=cjs", "--outfile=out/use.cjs"] if whole else ["--format=esm", "--outfile=out/use.mjs"]
    bundle = ["--bundle", "--platform=node", *how, *([] if whole else ["--external:provenlog"])]
    run(MODULES / ".bin" / "esbuild", "use.mts", *bundle, cwd=bare.folder)
    if whole:
        (bare.folder / "node_modules" / "provenlog" / "prebuilds").rename(bare.folder / "prebuilds")
        shutil.rmtree(bare.folder / "node_modules")
    (built,) = (bare.folder / "out").iterdir()
    assert tell(bare(bare.node, built)) == {"verdict": "OK", "name": "hello"}


# ---- Where no prebuilt addon fits


@pytest.fixture
def foreign(unpacked: Path, tmp_path: Path) -> Path:
    """The package without a prebuilt addon for this machine."""
    folder = tmp_path / "foreign" / "package"
    shutil.copytree(unpacked, folder)
    shutil.rmtree(folder / "prebuilds")
    return folder


def test_what_a_build_lacks_is_named(foreign: Path, tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "cmake").write_text('#!/bin/sh\necho "cmake version 3.18.4"\n')
    (tmp_path / "tools" / "cmake").chmod(0o755)
    command = [NODES["at hand"], foreign / "native" / "install.js"]
    environment = {"PATH": str(tmp_path / "tools")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    for name in ("No native build was found", "CMake 3.25", "make", "C++20", "pkg-config", "SQLite", "OpenSSL"):
        assert name in done.stderr
    (advice,) = re.findall(r"apt-get install (.*)", done.stderr)
    listed = (SOURCE / "packaging" / "debian-packages.txt").read_text()
    known = set(re.findall(r"^build (\S+)$", listed, re.M))
    # Not needed to build the addon.
    others = {"ninja-build", "ccache", "git", "python3", "python3-dev", "python3-venv"}
    assert set(advice.split()) == known - others


def test_a_program_is_told_how_to_build_the_addon(foreign: Path) -> None:
    done = subprocess.run([NODES["at hand"], "-e", "require('.')"], cwd=foreign, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"to build one: node {foreign}/native/install.js" in done.stderr
    done = subprocess.run([NODES["at hand"], "bin/plog.js"], cwd=foreign, capture_output=True, text=True)
    assert done.returncode == 127
    assert "No native build was found" in done.stderr


@pytest.mark.skipif(not LONG, reason="compiles everything: PLOG_TEST_LONG=1")
@pytest.mark.timeout(3600)
def test_without_a_prebuilt_addon_it_is_built_from_its_sources_without_a_network(
    foreign: Path, stranger: Stranger
) -> None:
    run("npm", "pack", "--pack-destination", foreign.parent, cwd=foreign)
    (package,) = foreign.parent.glob("*.tgz")
    install(stranger, package)
    (stranger.folder / "use.cjs").write_text(PROGRAMS["use.cjs"])
    told = tell(stranger(NODES["at hand"], "use.cjs"))
    assert told["verdict"] == "OK"
    assert f"{stranger.folder}/node_modules/provenlog/build/Release/provenlog.node" in told["loaded"]  # type: ignore[operator]
    plog = stranger.folder / "node_modules" / ".bin" / "plog"
    assert stranger(NODES["at hand"], plog, "--version").strip() == f"plog {VERSION}"
    assert not (stranger.folder / "node_modules" / "provenlog" / "native" / "build").exists()
