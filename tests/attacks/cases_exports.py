"""Rows 20, 21, 23, 26 and 40 to 43 of the matrix: proofs, exports, archives, and input that is expensive to verify."""

from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path
from typing import Any, Callable

from judge import EXIT_CODES, PLOG, SOURCE, VALID, judge, judge_export
from ledgers import Ledger, sha256
from matrix import case

import provenlog

Document = dict[str, Any]
MEMORY = 512 << 20
HUGE = 640 << 20
SECONDS = 60


def export(ledger: Ledger, folder: Path, **options: Any) -> Path:
    path = folder / "export"
    with ledger.client() as client:
        client.export(path, **options)
    return path


def proof_of_one(ledger: Ledger, folder: Path) -> Path:
    path = folder / "one.plog"
    with ledger.client() as client:
        path.write_text(json.dumps(client.prove(client.get_events(limit=1, agent_id="coder")[0]["id"])))
    return path


def changed_document(
    row: int,
    name: str,
    change: Callable[[Document], object],
    verdict: str = "TAMPERED",
    make: Callable[[Ledger, Path], Path] = proof_of_one,
) -> None:
    """Adds a case: a changed export must have the verdict."""

    def check(ledger: Ledger, folder: Path) -> None:
        path = make(ledger, folder)
        assert judge_export(path)["verdict"] == "OK"
        document = json.loads(path.read_text())
        before = json.dumps(document)
        change(document)
        assert json.dumps(document) != before
        path.write_text(json.dumps(document))
        assert judge_export(path)["verdict"] == verdict

    case(row, name)(check)


# ---- 20: proofs


def of_proof(change: Callable[[Document], object]) -> Callable[[Document], object]:
    return lambda document: change(document["merkle_proofs"][0]["proof"])


ZEROS = "0" * 64
for name, change in {
    "no hashes": lambda proof: proof.update(siblings=[]),
    "the last hash is missing": lambda proof: proof["siblings"].pop(),
    "the first hash is missing": lambda proof: proof["siblings"].pop(0),
    "an extra hash at the end": lambda proof: proof["siblings"].append(ZEROS),
    "an extra hash at the beginning": lambda proof: proof["siblings"].insert(0, ZEROS),
    "a hash twice": lambda proof: proof["siblings"].append(proof["siblings"][-1]),
    "the leaf among the hashes": lambda proof: proof["siblings"].insert(0, proof["leaf_hash"]),
    "hashes in another order": lambda proof: proof["siblings"].reverse(),
    "sixty-four hashes": lambda proof: proof.update(siblings=[ZEROS] * 64),
    "another index": lambda proof: proof.update(leaf_index=proof["leaf_index"] + 1),
    "the last index": lambda proof: proof.update(leaf_index=proof["tree_size"] - 1),
    "an index that is the size": lambda proof: proof.update(leaf_index=proof["tree_size"]),
    "an index of 2^53": lambda proof: proof.update(leaf_index=2**53),
    "size 0": lambda proof: proof.update(tree_size=0),
    "size 1": lambda proof: proof.update(tree_size=1),
    "size 2^53": lambda proof: proof.update(tree_size=2**53),
}.items():
    changed_document(20, name, of_proof(change))
for name, change in {
    "a thousand hashes": lambda proof: proof.update(siblings=[ZEROS] * 1000),
    "a hash of 31 bytes": lambda proof: proof["siblings"].__setitem__(0, "0" * 62),
    "a hash of 33 bytes": lambda proof: proof["siblings"].__setitem__(0, "0" * 66),
    "a hash in capitals": lambda proof: proof["siblings"].__setitem__(0, "A" * 64),
    "an index below zero": lambda proof: proof.update(leaf_index=-1),
    "an index of 2^63 - 1": lambda proof: proof.update(leaf_index=2**63 - 1),
    "an index of 2^63": lambda proof: proof.update(leaf_index=2**63),
    "a size of 2^63 + 1": lambda proof: proof.update(tree_size=2**63 + 1),
    "a size of 2^64 - 1": lambda proof: proof.update(tree_size=2**64 - 1),
    "a size of 2^64": lambda proof: proof.update(tree_size=2**64),
    "an index with a fraction": lambda proof: proof.update(leaf_index=proof["leaf_index"] + 0.5),
    "an index as text": lambda proof: proof.update(leaf_index=str(proof["leaf_index"])),
}.items():
    changed_document(20, name, of_proof(change), "UNVERIFIABLE")
changed_document(20, "the size of the whole document is zero", lambda document: document.update(tree_size=0))
changed_document(20, "the proof of another event", lambda document: document["merkle_proofs"][0].update(event_id="x"))


# ---- 21: second preimages


def tiles(ledger: Ledger, folder: Path) -> Path:
    return export(ledger, folder, tiles=True)


def entries(octets: bytes) -> list[bytes]:
    """Returns the leaves of an entry bundle."""
    found = []
    while octets:
        size = int.from_bytes(octets[:2], "big")
        found.append(octets[2 : 2 + size])
        octets = octets[2 + size :]
    return found


def bundle(leaves: list[bytes]) -> bytes:
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


@case(21, "an archive where the bytes of their parent node replace two leaves")
def _(ledger: Ledger, folder: Path) -> None:
    log = tiles(ledger, folder)
    path = log / "tile" / "entries" / "000"
    leaves = entries(path.read_bytes())
    forged = b"\1" + sha256(b"\0", leaves[0]) + sha256(b"\0", leaves[1])
    path.write_bytes(bundle([forged, *leaves[2:], leaves[0]]))
    assert judge_export(log)["verdict"] == "TAMPERED"


@case(21, "an archive that contains the last leaf twice")
def _(ledger: Ledger, folder: Path) -> None:
    log = tiles(ledger, folder)
    size = int((log / "checkpoint").read_text().splitlines()[1])
    assert size % 2 == 0
    bundle_path = next((log / "tile" / "entries" / "001.p").iterdir())
    leaves = entries(bundle_path.read_bytes())
    bundle_path.write_bytes(bundle([*leaves, leaves[-1]]))
    assert judge_export(log)["verdict"] == "TAMPERED"


def leaf_is_a_node(document: Document) -> None:
    entry = document["merkle_proofs"][0]
    entry["leaf"] = "\x01" + "a" * 64
    entry["proof"]["leaf_hash"] = sha256(b"\0", entry["leaf"].encode()).hex()


changed_document(21, "an event proved by a leaf that is a node", leaf_is_a_node)


# ---- 23: one kind of proof


@case(23, "the interface has only proofs of the tree, and each export contains the link of the chain too")
def _(ledger: Ledger, folder: Path) -> None:
    symbols = (SOURCE / "tests" / "capi" / "symbols.txt").read_text().split()
    assert [name for name in symbols if "prove" in name[len("plog_") :]] == ["plog_client_prove"]
    document = json.loads(proof_of_one(ledger, folder).read_text())
    (event,), (proof,) = document["events"], document["merkle_proofs"]
    leaf = json.loads(proof["leaf"])
    assert all(leaf[name] == event[name] for name in ("agent_id", "hash", "id", "prev_hash", "sequence"))


def other_link(document: Document) -> None:
    """Sets a link that is consistent with the event, but not with the leaf in the tree."""
    event, proof = document["events"][0], document["merkle_proofs"][0]
    event["prev_hash"] = "1" * 64
    event["hash"] = sha256(proof["canonical"].encode(), event["prev_hash"].encode()).hex()


changed_document(23, "an event with another link than in the tree", other_link)


# ---- 26: incomplete exports


def of_agent(ledger: Ledger, folder: Path) -> Path:
    return export(ledger, folder, agent_id="coder")


def everything(ledger: Ledger, folder: Path) -> Path:
    return export(ledger, folder)


def leave_out(place: int) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        del document["events"][place], document["merkle_proofs"][place]
        document["event_count"] -= 1

    return change


for name, place in {"the first event": 0, "one in the middle": 20, "the newest event": -1}.items():
    changed_document(26, f"{name} of an export of everything", leave_out(place), make=everything)
for name, place in {"the first event": 0, "one in the middle": 20}.items():
    changed_document(26, f"{name} of an export of an agent", leave_out(place), make=of_agent)


# ---- 40: bit rot

for name in ("tile/0/000", "tile/1/000.p/1", "tile/entries/000", "checkpoint"):

    @case(40, f"of an archive: {name}")
    def _(ledger: Ledger, folder: Path, name: str = name) -> None:
        log = tiles(ledger, folder)
        path = log / name
        octets = bytearray(path.read_bytes())
        octets[len(octets) // 2] ^= 0x10  # in a bundle of 256 entries, this is the middle one
        path.write_bytes(octets)
        report = judge_export(log)
        assert report["verdict"] in ("TAMPERED", "UNVERIFIABLE")
        found = " ".join(finding["what"] for finding in report["findings"])
        assert ("entry 128" if name == "tile/entries/000" else name) in found


@case(40, "of a tile of the ledger: the events under it are named")
def _(ledger: Ledger, _: Path) -> None:
    place = ledger.place("coder", 49)
    with ledger.database() as database:
        (hashes,) = database.execute("SELECT hashes FROM tile WHERE place = 0").fetchone()
        rotten = bytearray(hashes)
        rotten[32 * place + 7] ^= 0x10
        database.execute("UPDATE tile SET hashes = ? WHERE place = 0", [rotten])
    report = judge(ledger.db)
    assert report["verdict"] == "TAMPERED"
    assert ("coder", 49, place) in [
        (each["agent_id"], each["sequence"], each["commit_index"]) for each in report["findings"]
    ]


@case(40, "of an export, at any place in the file")
def _(ledger: Ledger, folder: Path) -> None:
    path = of_agent(ledger, folder)
    octets = path.read_bytes()
    for at in range(0, len(octets), len(octets) // 100):
        rotten = bytearray(octets)
        rotten[at] ^= 0x10
        path.write_bytes(rotten)
        report = provenlog.verify_export(path)
        # The time of the export is the only member that no signature covers.
        assert not report["valid"] or b"exported_at" in octets[at - 40 : at]


# ---- 41: exports of other versions

changed_document(41, "an export of an older version", lambda document: document.update(version="0.9"), "UNVERIFIABLE")
changed_document(41, "an export of a newer version", lambda document: document.update(version="1.1"), "UNVERIFIABLE")
changed_document(
    41, "an export with shorter hashes", lambda document: document["events"][0].update(hash="0" * 40), "UNVERIFIABLE"
)
changed_document(
    41,
    "an export that is not signed",
    lambda document: document.update(checkpoint=document["checkpoint"].partition("\n\n")[0] + "\n"),
    "UNVERIFIABLE",
)
changed_document(
    41,
    "a leaf of another version",
    lambda document: document["merkle_proofs"][0].update(
        leaf=document["merkle_proofs"][0]["leaf"].replace('"v":1', '"v":0')
    ),
)


# ---- 42: input that is expensive to verify


def within_limits(*args: object) -> dict[str, Any]:
    """Runs `plog` with limited memory and time, and returns its report."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [PLOG, *map(str, args), "--json"], capture_output=True, text=True, timeout=SECONDS, preexec_fn=limit
    )
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if report["valid"] else EXIT_CODES[report["verdict"]]), done
    assert report["valid"] is (report["verdict"] in VALID)
    return report


def hole(path: Path, size: int, front: str = "") -> Path:
    """Creates a sparse file of `size` bytes that starts with `front`."""
    with path.open("w") as file:
        file.write(front)
        file.truncate(size)
    return path


@case(42, "a head larger than memory in one line")
def _(ledger: Ledger, folder: Path) -> None:
    huge = hole(folder / "huge.head", HUGE, "provenlog/")
    assert within_limits("verify", "--db", ledger.db, "--read-only", "--head", huge)["verdict"] == "UNVERIFIABLE"
    hole(ledger.head, HUGE, "provenlog/")
    assert within_limits("verify", "--db", ledger.db, "--read-only")["verdict"] == "UNVERIFIABLE"


@case(42, "a head with a million signatures")
def _(ledger: Ledger, _: Path) -> None:
    note = ledger.head.read_text()
    ledger.head.write_text(note + note.splitlines()[-1].join(["", "\n"]) * 1_000_000)
    assert within_limits("verify", "--db", ledger.db, "--read-only")["verdict"] == "UNVERIFIABLE"


@case(42, "an export larger than memory, and one that consists of brackets")
def _(ledger: Ledger, folder: Path) -> None:
    path = folder / "x.plog"
    for front in ("", '{"version":"', "["):
        hole(path, HUGE, front)
        assert within_limits("verify-export", path)["verdict"] in ("UNVERIFIABLE", "CANNOT_RUN")
    for text in ("[" * 10_000_000, '{"a":' * 5_000_000, '{"version":' + "[" * 10_000_000):
        path.write_text(text)
        assert within_limits("verify-export", path)["verdict"] == "UNVERIFIABLE"


@case(42, "an archive that claims 2^64 - 1 leaves")
def _(ledger: Ledger, folder: Path) -> None:
    log = tiles(ledger, folder)
    lines = (log / "checkpoint").read_text().splitlines(keepends=True)
    lines[1] = f"{2**64 - 1}\n"
    (log / "checkpoint").write_text("".join(lines))
    assert not within_limits("verify-export", log)["valid"]


@case(42, "events at commit indexes up to 2^63 - 1")
def _(ledger: Ledger, _: Path) -> None:
    ledger.sql(
        f"UPDATE event SET commit_index = {2**63 - 1} WHERE commit_index = 150",
        f"UPDATE event SET commit_index = {2**62} WHERE commit_index = 151",
        "UPDATE event SET commit_index = 1000000000000 WHERE commit_index = 152",
    )
    assert within_limits("verify", "--db", ledger.db, "--read-only")["verdict"] == "TAMPERED"


@case(42, "a tile at a place that belongs to a tree of 2^60 leaves")
def _(ledger: Ledger, _: Path) -> None:
    ledger.sql(
        f"INSERT INTO tile VALUES ({2**52}, zeroblob(32))",
        f"INSERT INTO tile VALUES ({(1 << 56) + 2**44}, zeroblob(32))",
    )
    assert not within_limits("verify", "--db", ledger.db, "--read-only")["valid"]


@case(42, "a hundred megabytes in one column")
def _(ledger: Ledger, _: Path) -> None:
    ledger.sql(f"UPDATE event SET canonical = zeroblob({100 << 20}) WHERE commit_index = 150")
    report = within_limits("verify", "--db", ledger.db, "--read-only")
    assert report["verdict"] in ("TAMPERED", "CANNOT_RUN")


@case(42, "a schema of a thousand tables, and a view whose query never ends")
def _(ledger: Ledger, _: Path) -> None:
    with ledger.database() as database:
        for number in range(1000):
            database.execute(f"CREATE TABLE others{number} (x)")
        database.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n"
        )
    assert within_limits("verify", "--db", ledger.db, "--read-only")["verdict"] == "TAMPERED"


# ---- 43: verifiers that agree. `judge` compares command and library in every case.


@case(43, "level, threads and starting point make no difference for an intact ledger")
def _(ledger: Ledger, _: Path) -> None:
    reports = [
        provenlog.verify(ledger.db, level=level, threads=threads, read_only=True)
        for level in ("tree", "full")
        for threads in (1, 2, 7)
    ]
    reports.append(judge(ledger.db, heads=[ledger.late_head], incremental=True))
    for report in reports:
        assert (report["verdict"], report["root"], report["tree_size"]) == (
            "OK",
            reports[0]["root"],
            reports[0]["tree_size"],
        )


@case(43, "level and starting point make no difference for a changed ledger")
def _(ledger: Ledger, _: Path) -> None:
    ledger.replace(ledger.place("coder", 99), "question", "answer")
    wanted = [("coder", 99, "hash mismatch at sequence 99")]
    for options in (
        {},
        {"level": "chain"},
        {"level": "tree"},
        {"agent": "coder"},
        {"heads": [ledger.late_head], "incremental": True},
    ):
        report = judge(ledger.db, **options)
        assert report["verdict"] == "TAMPERED"
        found = [(each["agent_id"], each["sequence"], each["what"].partition(";")[0]) for each in report["findings"]]
        assert found == wanted, options
