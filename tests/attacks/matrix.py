"""The attack matrix: attacks and the verdicts they must lead to. `attack` and `case` add the cases of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional, Union

from judge import EXIT_CODES, judge
from ledgers import Ledger

# Attackers: D can write the database, DK can also use the signing key, O is the operator, N is on the network, A is an
# agent, X is nobody: an accident.
Check = Callable[[Ledger, Path], None]


@dataclass
class Row:
    """`left`: the part of the attack that these tests do not cover, and why."""

    number: int
    attack: str
    by: str
    verdict: str
    left: str = ""
    elsewhere: tuple[str, ...] = ()  # other test files that cover it
    cases: dict[str, Check] = field(default_factory=dict)


ROWS = [
    Row(1, "one bit of a hashed column, tile, head or index row is flipped", "D", "TAMPERED",
        elsewhere=("tests/attacks/bits_test.cpp",)),
    Row(2, "a column that queries return is edited", "D", "TAMPERED"),
    Row(3, "a value is changed to another type or another spelling", "D", "TAMPERED"),
    Row(4, "rows are deleted", "D", "TAMPERED"),
    Row(5, "a row is forged, duplicated, or copied from another ledger", "D", "TAMPERED"),
    Row(6, "rows are swapped or renumbered", "D", "TAMPERED"),
    Row(7, "the newest rows are deleted", "D, DK", "TRUNCATED"),
    Row(8, "the ledger, or one agent's part of it, is emptied or deleted", "D, O", "MISSING_LOG"),
    Row(9, "the tail is deleted, and the same number of other events is recorded", "DK", "FORKED"),
    Row(10, "yesterday's backup is put back, and recording continues", "O, X", "ROLLED_BACK"),
    Row(11, "chain and tree are recomputed without the key", "D", "TAMPERED"),
    Row(12, "everything is recomputed and signed again", "DK", "FORKED"),
    Row(13, "the events after the last anchor are recomputed and signed again", "DK", "OK_WITH_TAIL"),
    Row(14, "two different heads of the same size are shown to two clients", "O, N", "FORKED"),
    Row(15, "an older head is served", "N, O", "STALE",
        left="needs witnesses: they know which head is the newest and how old it is"),
    Row(16, "two branches, each cosigned by fewer than the quorum", "O", "UNVERIFIABLE", left="needs witnesses"),
    Row(17, "a witness is asked twice at the same time, or restored from a backup", "X", "rejected",
        left="needs a witness"),
    Row(18, "a head with another origin, another key, a swapped name, or the same key id", "N", "rejected"),
    Row(19, "the text of a head is written in another way", "N", "rejected, or the same head"),
    Row(20, "proofs that are too short, too long, or have impossible numbers", "N", "rejected"),
    Row(21, "a node is passed off as a leaf, or an odd leaf is paired with itself", "D", "TAMPERED"),
    Row(22, "the chain and the tree disagree", "D", "TAMPERED"),
    Row(23, "a proof of the chain alone, where the tree contains something else", "O", "there is no such proof"),
    Row(24, "a key rotation is forged, removed or skipped, or an old key signs", "DK", "TAMPERED"),
    Row(25, "rows that filters read are edited or deleted, to hide events from queries", "D", "TAMPERED"),
    Row(26, "an answer omits one result", "O, N", "INCOMPLETE",
        left="needs a server that answers clients; exports of an agent or of everything are checked here"),
    Row(27, "an edit or a deletion is passed off as an erasure or as retention", "O", "TAMPERED",
        left="needs erasure and retention, which do not exist yet, nor do their verdicts ERASED and PRUNED"),
    Row(28, "a payload is replaced, or its salt is removed or reused", "D", "TAMPERED"),
    Row(29, "the clock is set back, stands still, or has a leap second", "O, X", "noted, not reordered",
        left="limits for a time need timestamps by an authority (RFC 3161), which are not supported yet"),
    Row(30, "an agent acts without recording it, or stops in the middle", "A", "INCOMPLETE",
        left="the ledger does not match calls with results; dropped events are recorded as gap events, which the "
        "tests of the recorder cover",
        elsewhere=("tests/core/client_recorder_test.cpp",)),
    Row(31, "an agent records events under the name of another agent", "A", "rejected",
        left="only a server can decide who may write as whom: a process that can write the file is trusted"),
    Row(32, "content that means something to a terminal, a parser or a line reader", "A", "rejected, or kept exactly"),
    Row(33, "a request is sent again", "N, X", "one event"),
    Row(34, "the schema is changed: views, triggers, indexes, another database under the name", "D", "TAMPERED"),
    Row(35, "the write-ahead log is deleted, outdated, cut or filled with garbage", "D, X", "TRUNCATED, RECOVERED"),
    Row(36, "kill -9 and power loss at any time", "X", "OK, RECOVERED",
        elsewhere=("tests/crash/kill_test.py", "tests/crash/powerloss_test.py")),
    Row(37, "full disk, failing disk, read-only mount, no memory", "X", "an error, and no change",
        elsewhere=("tests/crash/faults_test.py", "tests/capi/allocation_test.cpp")),
    Row(38, "many processes and threads append to one file", "X", "no fork, no loss",
        elsewhere=("tests/crash/kill_test.py", "tests/crash/stress_test.cpp", "tests/python/concurrency_test.py")),
    Row(39, "a process forks after opening; events are recorded to a copy of an open ledger", "X", "no fork",
        elsewhere=("tests/crash/kill_test.py", "tests/core/store_fork_test.cpp")),
    Row(40, "bit rot in a cold tile or an archive", "X", "TAMPERED"),
    Row(41, "older formats, weaker forms, missing signatures", "D, N", "rejected"),
    Row(42, "input that keeps a verifier busy", "N", "bounded time and memory"),
    Row(43, "verifiers that disagree", "-", "all agree"),
    # There is no cache: `--incremental` starts at a trusted head that the caller gives.
    Row(44, "the verifier's cache or configuration is changed", "D", "the same verdict"),
    Row(45, "a timestamp token for another digest, or by an untrusted or expired authority", "N", "rejected",
        left="needs timestamp tokens (RFC 3161), which are not supported yet"),
]  # fmt: skip

Action = Union[str, Sequence[str], Callable[[Ledger], object]]
Heads = Callable[[Ledger], Sequence[Path]]


def case(row: int, name: str) -> Callable[[Check], Check]:
    """Adds a function to the cases of a row. It gets a copy of the ledger and an empty folder."""

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
    """Adds a case: after the action (SQL statements or a function), the ledger must have the verdict.

    `verdict`: one or more; the default is that of the row. `event`: the agent and sequence that a finding must name.
    `says`: a text that the findings must contain.
    """

    said = ROWS[row - 1].verdict if verdict is None else verdict
    expected = (said,) if isinstance(said, str) else said
    assert EXIT_CODES.keys() >= set(expected), f"row {row} has no default verdict; pass one"

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
