"""The attack matrix: what an attacker does, and what must then be said. Cases of a row are added by `attack` and `case`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional, Union

from judge import EXIT_CODES, judge
from ledgers import Ledger

# Who attacks: D writes the database, DK and has the signing key, O the operator, N the network, A an agent, X nobody.
Check = Callable[[Ledger, Path], None]


@dataclass
class Row:
    """`left`: what of it this table leaves to another machine or a later release, and why."""

    number: int
    attack: str
    by: str
    verdict: str
    left: str = ""
    elsewhere: tuple[str, ...] = ()  # the files of the tests that show it
    cases: dict[str, Check] = field(default_factory=dict)


ROWS = [
    Row(1, "one bit of a hashed column, tile, head or index row is turned over", "D", "TAMPERED",
        elsewhere=("tests/attacks/bits_test.cpp",)),
    Row(2, "a column that queries return is edited", "D", "TAMPERED"),
    Row(3, "a value becomes one of another type, or another spelling", "D", "TAMPERED"),
    Row(4, "rows are deleted", "D", "TAMPERED"),
    Row(5, "a row is forged, repeated, or brought from elsewhere", "D", "TAMPERED"),
    Row(6, "rows are swapped or renumbered", "D", "TAMPERED"),
    Row(7, "the newest rows are cut off", "D, DK", "TRUNCATED"),
    Row(8, "the ledger is emptied or deleted, or one agent's part of it", "D, O", "MISSING_LOG"),
    Row(9, "the tail is cut off, and as many events are recorded anew", "DK", "FORKED"),
    Row(10, "yesterday's backup is put back, and recording goes on", "O, X", "ROLLED_BACK"),
    Row(11, "chain and tree are recomputed without the key", "D", "TAMPERED"),
    Row(12, "everything is recomputed and signed again", "DK", "FORKED"),
    Row(13, "what came after the last anchor is recomputed and signed again", "DK", "OK_WITH_TAIL"),
    Row(14, "two heads over as many events are shown to two clients", "O, N", "FORKED"),
    Row(15, "an older head is served", "N, O", "STALE",
        left="how old a head may be, and that it is the newest, is known to witnesses: needs them"),
    Row(16, "two branches, each cosigned by fewer than the quorum", "O", "UNVERIFIABLE", left="needs witnesses"),
    Row(17, "a witness is asked twice at once, or restored from a backup", "X", "refused", left="needs a witness"),
    Row(18, "a head of another origin, another key, a swapped name, the same key id", "N", "refused"),
    Row(19, "the text of a head is spelled otherwise", "N", "refused, or the same head"),
    Row(20, "proofs that are too short, too long, or of impossible numbers", "N", "refused"),
    Row(21, "a node passed off as a leaf, an odd leaf paired with itself", "D", "TAMPERED"),
    Row(22, "the chain and the tree disagree", "D", "TAMPERED"),
    Row(23, "a proof of the chain alone, where the tree says another thing", "O", "there is none"),
    Row(24, "a rotation of keys is forged, removed or skipped; an old key signs", "DK", "TAMPERED"),
    Row(25, "rows that filters read are edited or dropped, to hide events from queries", "D", "TAMPERED"),
    Row(26, "an answer leaves out one hit", "O, N", "INCOMPLETE",
        left="a server's answers to clients: needs the server; an export of an agent or of everything is checked here"),
    Row(27, "an edit or a deletion is passed off as an erasure or as retention", "O", "TAMPERED",
        left="ERASED and PRUNED, that is records of either, come with erasure and retention"),
    Row(28, "a payload is exchanged, its salt removed or used again", "D", "TAMPERED"),
    Row(29, "the clock is set back, stands still, or has a leap second", "O, X", "noted, never reordered",
        left="bounds by timestamping authorities come with RFC 3161"),
    Row(30, "an agent acts without saying so, or stops in the middle", "A", "INCOMPLETE",
        left="pairing intents with results is not a matter of the ledger's own integrity, and comes later; "
        "events that were dropped are events themselves: see the test of the recorder",
        elsewhere=("tests/core/client_recorder_test.cpp",)),
    Row(31, "an agent speaks as another one", "A", "refused",
        left="who may write as whom is for the server to say: a process that can write the file is trusted"),
    Row(32, "content that means something to a terminal, a parser or a line reader", "A", "refused, or exact"),
    Row(33, "a request is sent again", "N, X", "one event"),
    Row(34, "the schema is changed: views, triggers, indexes, another database under the name", "D", "TAMPERED"),
    Row(35, "the write-ahead log is deleted, aged, cut or filled with garbage", "D, X", "TRUNCATED, RECOVERED"),
    Row(36, "kill -9 and power loss, at any instant", "X", "OK, RECOVERED",
        elsewhere=("tests/crash/kill_test.py", "tests/crash/powerloss_test.py")),
    Row(37, "full disk, failing disk, read-only mount, no memory", "X", "an error, and nothing changed",
        elsewhere=("tests/crash/faults_test.py", "tests/capi/allocation_test.cpp")),
    Row(38, "many processes and threads append to one file", "X", "no fork, no loss",
        elsewhere=("tests/crash/kill_test.py", "tests/crash/stress_test.cpp", "tests/python/test_concurrency.py")),
    Row(39, "fork after opening; a copy of an open ledger is recorded to", "X", "no fork",
        elsewhere=("tests/crash/kill_test.py", "tests/core/store_fork_test.cpp")),
    Row(40, "bits rot in a cold tile or an archive", "X", "TAMPERED"),
    Row(41, "older formats, weaker forms, no signature where one is expected", "D, N", "refused"),
    Row(42, "input that keeps a verifier busy", "N", "bounded time and memory"),
    Row(43, "verifiers that disagree", "-", "the same of all"),
    # There is no cache: `--incremental` goes on from a trusted head that it is given, and from nothing else.
    Row(44, "the verifier's cache or configuration is changed", "D", "the same"),
    Row(45, "a timestamp token of another digest, by an untrusted or expired authority", "N", "refused",
        left="timestamp tokens come with RFC 3161"),
]  # fmt: skip

Action = Union[str, Sequence[str], Callable[[Ledger], object]]
Heads = Callable[[Ledger], Sequence[Path]]


def case(row: int, name: str) -> Callable[[Check], Check]:
    """Adds a function, that gets a ledger of its own and a folder, to the cases of a row."""

    def add(check: Check) -> Check:
        cases = ROWS[row - 1].cases
        assert name not in cases, name
        cases[name] = check
        return check

    return add


def attack(
    row: int,
    name: str,
    action: Action,
    verdict: Union[str, tuple[str, ...], None] = None,
    *,
    heads: Heads = lambda ledger: [],
    key: Optional[Callable[[Ledger], str]] = None,
    agent: Optional[str] = None,
    event: Optional[tuple[str, int]] = None,
    says: str = "",
) -> None:
    """Adds a case: after the action (SQL statements, or a function) this is the verdict, or else that of the row.

    `event`: whose agent and sequence a finding names. `says`: a part of what is found.
    """

    said = ROWS[row - 1].verdict if verdict is None else verdict
    expected = (said,) if isinstance(said, str) else said
    assert EXIT_CODES.keys() >= set(expected), f"row {row} has no verdict of its own"

    def check(ledger: Ledger, _: Path) -> None:
        if callable(action):
            action(ledger)
        else:
            ledger.sql(*([action] if isinstance(action, str) else action))
        report = judge(ledger.db, heads=heads(ledger), key=None if key is None else key(ledger), agent=agent)
        assert report["verdict"] in expected, report
        found = [(finding["agent_id"], finding["sequence"]) for finding in report["findings"]]
        if event is not None:
            assert event in found, report["findings"]
        assert says in " ".join([report.get("error") or "", *(finding["what"] for finding in report["findings"])])

    case(row, name)(check)
