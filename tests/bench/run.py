#!/usr/bin/env python3
"""Measures provenlog and compares each figure with its target.

Most figures are ratios to a ceiling that is measured in the same run. `make bench` builds the programs and runs this
script, which prints the figures and writes them as a table to docs/benchmarks.md, between its markers. A figure that
misses its target is reported; it is not an error.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results: written by tests/bench/run.py -->", "<!-- end of results -->"


class Figure(NamedTuple):
    """One line of the table."""

    name: str
    measured: str  # the ratio or the absolute value
    bar: str
    met: bool
    detail: str


class Bench:
    def __init__(self, build: Path, work: Path, quick: bool, rounds: int) -> None:
        self.build, self.work, self.quick, self.rounds = build, work, quick, rounds
        self.events = 50_000 if quick else 200_000
        # Keep the configuration of this machine out of the measurements.
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("PROVENLOG_")}
        self.environment["HOME"] = str(work)
        self.environment["PYTHONPATH"] = str(build / "python")

    def run(self, command: Sequence[object], parse: bool = True) -> Any:
        done = subprocess.run(
            [str(word) for word in command], cwd=self.work, env=self.environment, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
        return json.loads(done.stdout) if parse else done.stdout

    def program(self, name: str, *arguments: object) -> Any:
        return self.run([self.build / "bench" / f"plog_bench_{name}", *arguments])

    def python(self, script: str, *arguments: object) -> Any:
        return self.run([sys.executable, HERE / script, *arguments])

    def node(self, script: str, *arguments: object) -> Any:
        return self.run(["node", HERE / script, self.build / "node" / "provenlog", *arguments])

    def fresh(self, name: str) -> Path:
        """A path in the work directory, without any files of an earlier ledger there."""
        path = self.work / name
        remove(path)
        return path

    def bare_seconds(self, ledger: Path, group: int, *options: object) -> float:
        """The seconds that the bare loop takes to write the rows of a ledger."""
        target = self.fresh("bare.db")
        seconds: float = self.program("bare", "insert", ledger, target, group, *options)["seconds"]
        remove(target)
        return seconds


def remove(path: Path) -> None:
    for each in path.parent.glob(path.name + "*"):
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    return f"{form.format(min(values))}–{form.format(max(values))}"


def micros(nanos: float) -> str:
    return f"{nanos / 1000:.2f} µs"


def at_most(name: str, ratio: float, bar: float, detail: str) -> Figure:
    return Figure(name, f"{ratio:.2f} ×", f"≤ {bar:g} ×", ratio <= bar, detail)


def at_least(name: str, ratios: Sequence[float], bar: float, detail: str) -> Figure:
    ratio = statistics.median(ratios)
    detail = f"{spread([100 * r for r in ratios], '{:.0f}')} % in {len(ratios)} rounds; {detail}"
    return Figure(name, f"{100 * ratio:.0f} %", f"≥ {100 * bar:.0f} %", ratio >= bar, detail)


# ---- The figures


def caller(bench: Bench) -> List[Figure]:
    directory = bench.fresh("caller")
    directory.mkdir()
    result = bench.program("caller", directory, 2 if bench.quick else bench.rounds)
    remove(directory)
    ceiling = result["ceiling"]
    figures = []
    for key, bar in (("off", 2), ("on", 3)):
        mine = result[key]
        ratio = statistics.median(a / b for a, b in zip(mine["p50"], ceiling["p50"]))
        detail = (
            f"p50 {micros(statistics.median(mine['p50']))} against {micros(statistics.median(ceiling['p50']))}; "
            f"mean {micros(mine['mean'])} against {micros(ceiling['mean'])}"
        )
        figures.append(at_most(f"`plog_log_event`, redaction {key}, against simdjson + write(2)", ratio, bar, detail))
        tail = mine["p999"] / 1000
        detail = f"simdjson + write(2): {ceiling['p999'] / 1000:.0f} µs"
        name = f"`plog_log_event`, redaction {key}, p99.9"
        figures.append(Figure(name, f"{tail:.0f} µs", "≤ 50 µs", tail <= 50, detail))
    return figures


def python_calls(bench: Bench) -> List[Figure]:
    directory = bench.fresh("calls")
    directory.mkdir()
    result = bench.python("python_calls.py", directory, bench.rounds, 5_000 if bench.quick else 20_000)
    remove(directory)
    median = {name: statistics.median(values) for name, values in result.items()}
    mine = result["provenlog"]
    to_orjson = statistics.median(a / b for a, b in zip(mine, result["orjson"]))
    to_structlog = statistics.median(a / b for a, b in zip(mine, result["structlog"]))
    without = f"{micros(median['provenlog_without_redaction'])} without redaction"
    return [
        at_most(
            "Python `log_event` against `orjson.dumps`, sorted keys",
            to_orjson,
            8,
            f"{micros(median['provenlog'])} against {micros(median['orjson'])}; {without}",
        ),
        at_most(
            "Python `log_event` against structlog to a file",
            to_structlog,
            0.5,
            f"{micros(median['provenlog'])} against {micros(median['structlog'])}",
        ),
    ]


def node_calls(bench: Bench) -> List[Figure]:
    directory = bench.fresh("node-calls")
    directory.mkdir()
    calls = 5_000 if bench.quick else 20_000
    result = bench.node("node_calls.mjs", directory, bench.rounds, calls)
    remove(directory)
    ratio = statistics.median(a / b for a, b in zip(result["provenlog"], result["stringify"]))
    mine, ceiling = (statistics.median(result[name]) for name in ("provenlog", "stringify"))
    detail = f"{micros(mine)} against {micros(ceiling)}, Node {result['node']}"
    return [at_most("Node `logEvent` against `JSON.stringify` of the same event", ratio, 4, detail)]


def ingest(bench: Bench) -> List[Figure]:
    lines = bench.fresh("events.jsonl")
    lines.write_text(bench.run([bench.build / "bench" / "plog_bench_log", "--jsonl", bench.events], parse=False))

    def command(ledger: Path) -> float:
        started = datetime.datetime.now()
        bench.run([bench.build / "plog", "--db", ledger, "ingest", lines], parse=False)
        return (datetime.datetime.now() - started).total_seconds()

    ways: List[Tuple[str, float, Callable[[Path], float]]] = [
        ("C", 0.9, lambda ledger: float(bench.program("log", ledger, bench.events)["seconds"])),
        ("Python", 0.8, lambda ledger: float(bench.python("python_ingest.py", ledger, bench.events)["seconds"])),
        ("Node", 0.8, lambda ledger: float(bench.node("node_ingest.mjs", ledger, bench.events)["seconds"])),
        ("`plog ingest`", 0.8, command),
    ]
    ratios: Dict[str, List[float]] = {name: [] for name, _, _ in ways}
    rates: Dict[str, List[float]] = {name: [] for name, _, _ in ways}
    for _ in range(bench.rounds):
        for name, _, way in ways:
            ledger = bench.fresh("ingest.db")
            seconds = way(ledger)
            ratios[name].append(bench.bare_seconds(ledger, 1000) / seconds)
            rates[name].append(bench.events / seconds)
            remove(ledger)
    lines.unlink()
    return [
        tree_cost(bench),
        *(
            at_least(
                f"ingest from {name}, against bare SQLite in transactions of 1,000",
                ratios[name],
                bar,
                f"{statistics.median(rates[name]) / 1000:.0f} k events/s",
            )
            for name, bar, _ in ways
        ),
    ]


def tree_cost(bench: Bench) -> Figure:
    """The CPU time that tree and heads add to an event, from pairs of runs that take turns."""
    added, times = [], []
    for turn in range(2 * bench.rounds):
        seconds = {}
        for options in ((), ("--without-tree",))[:: 1 if turn % 2 else -1]:
            ledger = bench.fresh("cost.db")
            result = bench.program("log", ledger, bench.events, *options)
            seconds[bool(options)] = result["cpu_seconds"], result["seconds"]
            remove(ledger)
        added.append(seconds[False][0] / seconds[True][0] - 1)
        times.append(seconds[False][1] / seconds[True][1] - 1)
    cost = statistics.median(added)
    return Figure(
        "cost of tree and heads, relative to ingest from C without them",
        f"{cost:+.0%}",
        "≤ 15 %",
        cost <= 0.15,
        f"of CPU time; {statistics.median(times):+.0%} of wall time, in {2 * bench.rounds} pairs",
    )


def power(bench: Bench) -> List[Figure]:
    figures = []
    for threads, bar, title in (
        (1, 0.9, "`power` durability, 1 caller, against a bare loop with one fsync per event"),
        (16, 0.7, "`power` durability, 16 threads, against the bare loop in groups of 16"),
    ):
        events = (500 if bench.quick else 2_000) * (1 if threads == 1 else 4)
        rows = bench.fresh("rows.db")
        bench.program("log", rows, events, "--threads", threads)
        ratios, rates = [], []
        for turn in range(2 * bench.rounds):
            # The order alternates, because the speed of disks varies for seconds, and on some a writer pays for what
            # another one wrote before.
            ledger = bench.fresh("power.db")
            bare = bench.bare_seconds(rows, threads, "--sync") if turn % 2 else 0.0
            seconds = bench.program("log", ledger, events, "--power", "--threads", threads)["seconds"]
            bare = bare or bench.bare_seconds(rows, threads, "--sync")
            ratios.append(bare / seconds)
            rates.append(events / seconds)
            remove(ledger)
        remove(rows)
        figures.append(at_least(title, ratios, bar, f"{statistics.median(rates):,.0f} events/s"))
    return figures


def verified(bench: Bench, ledger: Path, *options: object, prefix: Sequence[str] = ()) -> Any:
    result = bench.run([*prefix, bench.build / "bench" / "plog_bench_verify", ledger, *options])
    if result["report"]["verdict"] != "OK":
        raise SystemExit(f"the benchmark's ledger does not verify: {result['report']}")
    return result


def verification(bench: Bench) -> List[Figure]:
    sizes = (bench.events // 4, bench.events * 2)
    cores = os.cpu_count() or 1
    one_core = ["taskset", "-c", "1"] if shutil.which("taskset") and cores > 1 else []

    ratios, rates, speedups, full_rates, memory = [], [], [], [], []
    for size in sizes:
        ledger = bench.fresh("verify.db")
        bench.program("log", ledger, size)
        peaks = []
        for _ in range(bench.rounds):
            full = verified(bench, ledger)
            peaks.append(full["peak_rss_kib"] / 1024)
            if size != sizes[-1]:
                continue
            full_rates.append(size / full["seconds"])
            mine = verified(bench, ledger, "tree", 1, prefix=one_core)["seconds"]
            bare = bench.run([*one_core, bench.build / "bench" / "plog_bench_bare", "verify", ledger])["seconds"]
            ratios.append(bare / mine)
            rates.append(size / mine)
            speedups.append(
                verified(bench, ledger, "tree", 1)["seconds"] / verified(bench, ledger, "tree", 2)["seconds"]
            )
        memory.append(statistics.median(peaks))
        remove(ledger)
    growth = memory[1] - memory[0]
    figures = [
        at_least(
            "verify of chain, leaves and tree on one core, against a bare loop that reads the same rows and computes "
            "the same hashes",
            ratios,
            0.7,
            f"{statistics.median(rates) / 1000:.0f} k events/s; full verification, on two cores: "
            f"{statistics.median(full_rates) / 1000:.0f} k events/s",
        )
    ]
    if cores > 1:
        figures.append(at_least("the same on two cores, against one", speedups, 1.7, f"{cores} cores"))
    return [
        *figures,
        Figure(
            f"peak memory of verify, {sizes[1]:,} events against {sizes[0]:,}",
            f"{growth:+.1f} MB",
            "constant",
            growth < 1,
            f"{memory[0]:.1f} MB and {memory[1]:.1f} MB",
        ),
    ]


def tree(bench: Bench) -> List[Figure]:
    leaves = 1_000_000 if bench.quick else 10_000_000
    result = bench.program("tree", leaves, bench.rounds)
    median = {name: statistics.median(values) for name, values in result.items()}

    def below(name: str, key: str, bar: float, detail: str) -> Figure:
        took = median[key] / 1000
        detail = f"{spread([nanos / 1000 for nanos in result[key]])} µs in {bench.rounds} rounds; {detail}"
        return Figure(name, f"{took:.1f} µs", f"< {bar:g} µs", took < bar, detail)

    return [
        at_most(
            "adding a leaf to the tree, with its node and tile, against SHA-256 of the same bytes",
            statistics.median(a / b for a, b in zip(result["append"], result["append_bare"])),
            1.5,
            f"{median['append']:.0f} ns against {median['append_bare']:.0f} ns",
        ),
        below(
            f"creating an inclusion proof from tiles in memory, {leaves:,} leaves",
            "inclusion_made",
            100,
            f"consistency: {micros(median['consistency_made'])}",
        ),
        below("checking the proof", "inclusion_checked", 10, f"consistency: {micros(median['consistency_checked'])}"),
        below(
            "signing a head",
            "head_signed",
            40,
            f"Ed25519 alone: {micros(median['head_signed_bare'])}; opening a head: {micros(median['head_opened'])}",
        ),
    ]


def large(bench: Bench) -> List[Figure]:
    """The memory of a client while its ledger becomes large, and the time to verify new events afterwards."""
    events = 200_000 if bench.quick else 10_000_000
    ledger = bench.fresh("large.db")
    result = bench.program("memory", ledger, events)
    peak = result["peak_rss_kib"] / 1024
    kept = bench.work / "kept.head"
    shutil.copy(f"{ledger}.head", kept)
    bench.program("log", ledger, 1_000)
    increments = [verified(bench, ledger, "full", 2, kept)["seconds"] * 1e3 for _ in range(2 * bench.rounds)]
    remove(ledger)
    took = statistics.median(increments)
    return [
        Figure(
            f"resident memory of a client recording {events:,} events",
            f"{peak:.0f} MB",
            "≤ 64 MB",
            peak <= 64,
            f"peak, sampled; {events / result['seconds'] / 1000:.0f} k events/s",
        ),
        Figure(
            f"incremental verify of 1,000 new events after {events:,}",
            f"{took:.1f} ms",
            "< 10 ms",
            took < 10,
            f"{spread(increments, '{:.1f}')} ms in {2 * bench.rounds} rounds",
        ),
    ]


def import_time(bench: Bench) -> List[Figure]:
    """The time that loading the package adds to a program that does nothing; the two take turns."""

    def milliseconds(command: Sequence[object]) -> float:
        started = datetime.datetime.now()
        bench.run(command, parse=False)
        return (datetime.datetime.now() - started).total_seconds() * 1000

    bench.run([sys.executable, "-m", "compileall", "-q", bench.build / "python" / "provenlog"], parse=False)
    package = json.dumps(str(bench.build / "node" / "provenlog"))
    programs: List[Tuple[str, List[str], str, str]] = [
        ("import provenlog", [sys.executable, "-c"], "pass", "import provenlog"),
        ('require("provenlog")', ["node", "-e"], "0", f"require({package})"),
    ]
    figures = []
    for name, interpreter, nothing, load in programs:
        rounds = 5 * bench.rounds
        both = [(milliseconds([*interpreter, nothing]), milliseconds([*interpreter, load])) for _ in range(rounds + 1)]
        pairs = both[1:]  # the first run finds cold caches
        empty, mine = (statistics.median(each) for each in zip(*pairs))
        added = statistics.median(b - a for a, b in pairs)
        detail = f"{mine:.0f} ms against {empty:.0f} ms for the empty program, in {rounds} rounds"
        figures.append(Figure(f"`{name}`, over an empty program", f"{added:.0f} ms", "≤ 30 ms", added <= 30, detail))
    return figures


def redaction(bench: Bench) -> List[Figure]:
    data = sorted((ROOT / ".." / "shared" / "data").glob("*.jsonl"))
    if not data:
        return []  # the recorded traffic is not part of the repository
    result = bench.program("redact", *data)
    others = f"RE2 one by one (17) {result['re2_one_by_one']:.0f}, RE2::Set (17) {result['re2_set']:.0f}"
    if "vectorscan" in result:
        others += f", Vectorscan (all) {result['vectorscan']:.0f}"
    figures = [
        Figure(f"redaction of recorded traffic, {profile}", f"{result[profile]:.0f} MB/s", "≥ 200 MB/s",
               result[profile] >= 200, others)
        for profile in ("default", "strict")
    ]  # fmt: skip
    for key, threads in (("small_event_us", "one thread"), ("small_event_us_two_threads", "two threads")):
        name = f"redaction of a 512-byte event without a hit, {threads}"
        figures.append(Figure(name, f"{result[key]:.2f} µs", "≤ 1.5 µs", result[key] <= 1.5, "ten strings"))
    return figures


FIGURES: Dict[str, Callable[[Bench], List[Figure]]] = {
    "caller": caller,
    "python": python_calls,
    "node": node_calls,
    "ingest": ingest,
    "power": power,
    "verify": verification,
    "tree": tree,
    "large": large,
    "import": import_time,
    "redaction": redaction,
}

# ---- Output


def table(figures: Sequence[Figure]) -> str:
    rows = [("figure", "measured", "target", "", "details")]
    rows += [(f.name, f.measured, f.bar, "met" if f.met else "**missed**", f.detail) for f in figures]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---|---|---|---|---|")
    return "\n".join(lines)


def show(figure: Figure) -> None:
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    mark = "met   " if figure.met else "missed"
    if colour:
        mark = f"\x1b[{'32' if figure.met else '33'}m{mark}\x1b[0m"
    print(f"{mark}  {figure.measured:>9}  (target {figure.bar:>8})  {figure.name}\n{'':26}{figure.detail}", flush=True)


def machine() -> str:
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    system = "Linux"
    release = Path("/etc/os-release")
    if release.exists():
        values = dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line)
        system = values.get("PRETTY_NAME", system).strip('"')
    return f"{cpu}, {os.cpu_count()} cores; {system}, kernel {platform.release()}; Python {platform.python_version()}"


def revision() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def write_document(figures: Sequence[Figure], command: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    lines = [BEGIN, "", f"`{command}` on {today}, revision `{revision()}`.", f"Machine: {machine()}.", ""]
    lines += [table(figures), "", END]
    DOCUMENT.write_text(before + "\n".join(lines) + after, encoding="utf-8")


def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="use fewer events (takes a minute) and do not update the document"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds per figure, of which the median is reported (5)")
    parser.add_argument("--only", help=f"measure only these groups and do not update the document: {','.join(FIGURES)}")
    options = parser.parse_args(arguments)
    names = options.only.split(",") if options.only else list(FIGURES)
    for name in names:
        if name not in FIGURES:
            parser.error(f"--only: '{name}' is unknown; use one of {', '.join(FIGURES)}")
    if options.rounds < 1:
        parser.error(f"--rounds: {options.rounds} is out of range; use 1 or more")
    build = Path(os.environ.get("PLOG_BUILD_DIR", ROOT / "build" / "release"))
    if not (build / "bench" / "plog_bench_log").exists():
        raise SystemExit(f"{build} does not contain the benchmark programs; run `make bench`")
    # Use the disk of the build: /tmp may be in memory, which would make the figures meaningless.
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=build))
    print(machine(), flush=True)
    figures: List[Figure] = []
    try:
        bench = Bench(build, work, options.quick, options.rounds)
        for name in names:
            for figure in FIGURES[name](bench):
                figures.append(figure)
                show(figure)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    met = sum(figure.met for figure in figures)
    print(f"{met} of {len(figures)} figures meet their target.")
    if not options.quick and not options.only:
        write_document(figures, "make bench")
        print(f"Written to {DOCUMENT.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
