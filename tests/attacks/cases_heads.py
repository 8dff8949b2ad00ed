"""Rows 14, 15, 18, 19, 41 and 44 of the matrix: changes to heads, keys, formats and the input of a verifier."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Callable

from judge import judge, run_plog
from ledgers import Key, Ledger, checkpoint, record
from matrix import attack, case

# ---- 14 and 15: other heads of the same ledger


def twin(ledger: Ledger, folder: Path) -> Ledger:
    """Copies the ledger with its key. Then each of the two records a different event."""
    other = ledger.copy(folder / "twin")
    for each, name in ((ledger, "one"), (other, "two")):
        with each.client() as client:
            client.log_event(action_type="CUSTOM", action_name=name)
    assert ledger.head.read_text().splitlines()[1] == other.head.read_text().splitlines()[1]
    return other


@case(14, "each is consistent alone; together they show the fork")
def _(ledger: Ledger, folder: Path) -> None:
    other = twin(ledger, folder)
    for one, two in ((ledger, other), (other, ledger)):
        assert judge(one.db, heads=[one.head])["verdict"] == "OK"
        report = judge(one.db, heads=[two.head])
        assert report["verdict"] == "FORKED"
        assert [(head["source"], head["status"]) for head in report["heads"]] == [
            (str(one.head), "consistent"),
            (str(two.head), "differs"),
        ]


@case(14, "a later head does not hide the fork")
def _(ledger: Ledger, folder: Path) -> None:
    other = twin(ledger, folder)
    seen = shutil.copy(other.head, folder / "seen.head")
    with ledger.client() as client:
        client.log_event(action_type="CUSTOM")
    assert judge(ledger.db, heads=[Path(seen)])["verdict"] == "FORKED"


attack(
    15,
    "beside the ledger: the events that it does not cover are a tail",
    lambda ledger: shutil.copy(ledger.late_head, ledger.head),
    "OK_WITH_TAIL",
)
attack(
    15,
    "with the ledger of the same time, to a verifier who has a newer head",
    lambda ledger: (ledger.put_back(ledger.late_backup), shutil.copy(ledger.late_head, ledger.head)),
    "ROLLED_BACK",
    heads=lambda ledger: [ledger.final_head],
)


# ---- 18 and 19: foreign heads, and heads written in another way

Text = Callable[[Ledger], str]


def served(row: int, name: str, text: Text, verdict: str, *, trusted: str = "") -> None:
    """Adds two cases: the head beside the ledger, and the same head as a trusted one.

    `trusted`: the verdict for the second case, if it is a different one.
    """
    attack(row, f"{name}: beside the ledger", lambda ledger: ledger.head.write_text(text(ledger)), verdict)

    def give(ledger: Ledger) -> None:
        (ledger.folder / "given.head").write_text(text(ledger))

    attack(
        row, f"{name}: as a trusted one", give, trusted or verdict, heads=lambda ledger: [ledger.folder / "given.head"]
    )


def own(ledger: Ledger) -> Key:
    return Key.read(ledger.key)


def head_by(key: Callable[[Ledger], Key], origin: str = "") -> Text:
    """A head over the current ledger, signed by another key."""

    def text(ledger: Ledger) -> str:
        signer = key(ledger)
        return signer.note(checkpoint(origin or own(ledger).name, len(ledger.rows()), ledger.root()))

    return text


def edit(change: Callable[[str], str]) -> Text:
    def text(ledger: Ledger) -> str:
        changed = change(ledger.head.read_text())
        assert changed != ledger.head.read_text()
        return changed

    return text


def head_of_another_ledger(ledger: Ledger) -> str:
    return record(ledger.folder / "other", 6).head.read_text()


def same_key_id(ledger: Ledger) -> str:
    """A key with the same 4-byte id could be found by trying. Here the line just claims the id of the real key."""
    key, false = own(ledger), Key.generate(own(ledger).name)
    text = checkpoint(key.name, len(ledger.rows()), ledger.root())
    line = base64.b64encode(key.id + false.private.sign(text.encode())).decode()
    return f"{text}\n\u2014 {key.name} {line}\n"


served(18, "a head of another ledger", head_of_another_ledger, "UNVERIFIABLE")
served(18, "another origin, by the ledger's key", head_by(own, "provenlog/elsewhere"), "UNVERIFIABLE")
served(
    18, "an unknown key under the ledger's name", head_by(lambda ledger: Key.generate(own(ledger).name)), "UNVERIFIABLE"
)
served(
    18, "the ledger's key under another name", head_by(lambda ledger: Key("other", own(ledger).private)), "UNVERIFIABLE"
)
served(18, "another key with the same key id", same_key_id, "TAMPERED")
served(18, "a branch that does not exist", head_by(own, "provenlog/x/branch-2"), "UNVERIFIABLE")
attack(
    18,
    "a trusted key of another ledger",
    lambda ledger: None,
    "UNVERIFIABLE",
    key=lambda ledger: Key.generate("other").vkey,
    says="no epoch of this ledger has the given key",
)


def last_line(change: Callable[[str, str], str]) -> Text:
    """Replaces the signature line by others, made from its name and base64."""

    def text(ledger: Ledger) -> str:
        note = ledger.head.read_text()
        body, _, line = note.rpartition("\u2014 ")
        name, signed = line.strip().split(" ")
        return body + change(name, signed)

    return text


def loose_bits(name: str, signed: str) -> str:
    """Base64 of 68 bytes ends with a character that has two unused bits, and padding. Flips an unused bit."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert signed[-1] == "=" and signed[-2] != "="
    return f"\u2014 {name} {signed[:-2]}{alphabet[alphabet.index(signed[-2]) ^ 1]}=\n"


def strangers(count: int) -> Callable[[str, str], str]:
    """Adds signature lines of unknown keys before the real one."""
    other = base64.b64encode(bytes(68)).decode()
    return lambda name, signed: f"\u2014 stranger {other}\n" * count + f"\u2014 {name} {signed}\n"


for name, change in {
    "base64 with an unused bit set": loose_bits,
    "base64 without padding": lambda name, signed: f"\u2014 {name} {signed.rstrip('=')}\n",
    "base64 with a newline": lambda name, signed: f"\u2014 {name} {signed[:20]}\n{signed[20:]}\n",
    "base64 with a space": lambda name, signed: f"\u2014 {name} {signed[:20]} {signed[20:]}\n",
    "two spaces": lambda name, signed: f"\u2014 {name}  {signed}\n",
    "a hyphen for the dash": lambda name, signed: f"- {name} {signed}\n",
    "a name with a plus": lambda name, signed: f"\u2014 {name}+ {signed}\n",
    "a name with a no-break space": lambda name, signed: f"\u2014 {name}\xa0x {signed}\n",
    "no signature at all": lambda name, signed: "",
    "a line of text among the signatures": lambda name, signed: f"\u2014 {name} {signed}\nhello\n",
    "no newline at the end": lambda name, signed: f"\u2014 {name} {signed}",
    "another newline at the end": lambda name, signed: f"\u2014 {name} {signed}\n\n",
    "a hundred and one signatures": strangers(100),
    "a key id and no signature": lambda name, signed: (
        f"\u2014 {name} {base64.b64encode(base64.b64decode(signed)[:4]).decode()}\n"
    ),
}.items():
    served(19, name, last_line(change), "UNVERIFIABLE")
for name, change in {
    "a signature twice": lambda name, signed: f"\u2014 {name} {signed}\n" * 2,
    "seventeen signatures": strangers(16),
    "a hundred signatures": strangers(99),
}.items():
    served(19, name, last_line(change), "OK")
for name, change in {
    "an empty line before the text": lambda note: "\n" + note,
    "another empty line before the signatures": lambda note: note.replace("\n\n", "\n\n\n"),
    "a byte-order mark": lambda note: "\ufeff" + note,
    "CRLF": lambda note: note.replace("\n", "\r\n"),
    "a tab": lambda note: note.replace(" ", "\t", 1),
    "a zero byte": lambda note: "\0" + note,
    "a control character": lambda note: note.replace("\n", "\x1b\n", 1),
    "a zero before the size": lambda note: note.replace("\n3", "\n03", 1),
    "a plus before the size": lambda note: note.replace("\n3", "\n+3", 1),
    "a size below zero": lambda note: note.replace("\n3", "\n-3", 1),
    "a size beyond 64 bits": lambda note: note.replace("\n3", "\n99999999999999999993", 1),
    "a root of 31 bytes": lambda note: note.replace(note.split("\n")[2], base64.b64encode(bytes(31)).decode()),
}.items():
    served(19, name, edit(change), "UNVERIFIABLE")
served(19, "an extension line", edit(lambda note: note.replace("\n\n", "\nmore\n\n")), "TAMPERED")


@case(19, "invalid UTF-8")
def _(ledger: Ledger, _: Path) -> None:
    ledger.head.write_bytes(b"\xff" + ledger.head.read_bytes())
    assert judge(ledger.db)["verdict"] == "UNVERIFIABLE"


@case(19, "a head of more than a million bytes")
def _(ledger: Ledger, _: Path) -> None:
    note = ledger.head.read_text()
    ledger.head.write_text(note.replace("\n\n", "\n" + "x" * 1_000_000 + "\n\n", 1))
    assert judge(ledger.db)["verdict"] == "UNVERIFIABLE"


# ---- 41: downgrades

attack(
    41,
    "a format without trees",
    [
        "DROP TABLE tile",
        "PRAGMA user_version = 1",
        "UPDATE meta SET value = 1 WHERE key = 'format_writer'",
        "DELETE FROM meta WHERE key IN ('head', 'key', 'epoch', 'origin')",
    ],
    "TAMPERED",
)


def without_head(ledger: Ledger) -> None:
    ledger.head.unlink()
    ledger.sql("DELETE FROM meta WHERE key IN ('head', 'key', 'epoch', 'origin')")


attack(41, "a format without heads", without_head, "TAMPERED")
attack(41, "the head is deleted", lambda ledger: ledger.head.unlink(), "UNVERIFIABLE", says="is missing")
attack(
    41,
    "a format newer than this library",
    "UPDATE meta SET value = 99 WHERE key = 'format_reader'",
    "CANNOT_RUN",
    says="newer provenlog",
)
attack(41, "version 0 of the tables", "PRAGMA user_version = 0", "TAMPERED")
attack(41, "version 1 of the tables", "PRAGMA user_version = 1", "TAMPERED")
attack(41, "another application's file", "PRAGMA application_id = 1", "TAMPERED")


# ---- 44: the input of a verifier. There is no cache: `incremental` starts at a given head.

FORGED_HEADS: dict[str, Callable[[Ledger], str]] = {
    "not signed": lambda ledger: ledger.late_head.read_text().partition("\n\n")[0] + "\n",
    "signed by somebody": lambda ledger: Key.generate(own(ledger).name).note(
        ledger.late_head.read_text().partition("\n\n")[0] + "\n"
    ),
    "of another size": lambda ledger: own(ledger).note(checkpoint(own(ledger).name, 150, ledger.root(151))),
    "of another root": lambda ledger: own(ledger).note(checkpoint(own(ledger).name, 250, bytes(32))),
    "with a digit changed": lambda ledger: ledger.late_head.read_text().replace("\n2", "\n1", 1),
    "of another ledger": head_of_another_ledger,
    "of an empty tree": lambda ledger: own(ledger).note(checkpoint(own(ledger).name, 0, ledger.root(0))),
    "empty": lambda ledger: "",
}

for name, text in FORGED_HEADS.items():

    @case(44, f"an incremental verification does not start at a head that is {name}")
    def _(ledger: Ledger, folder: Path, text: Callable[[Ledger], str] = text) -> None:
        given = folder / "given.head"
        given.write_text(text(ledger))
        ledger.replace(ledger.place("coder", 1), "question", "answer")
        report = judge(ledger.db, heads=[given], incremental=True)
        assert report["verified_from"] == 0, "not all events were read"
        assert report["verdict"] == "TAMPERED"
        assert ("coder", 1) in [(finding["agent_id"], finding["sequence"]) for finding in report["findings"]]


@case(44, "an incremental verification skips only the events that a good head covers")
def _(ledger: Ledger, _: Path) -> None:
    covered = int(ledger.late_head.read_text().splitlines()[1])
    report = judge(ledger.db, heads=[ledger.late_head], incremental=True)
    assert (report["verdict"], report["verified_from"]) == ("OK", covered)
    ledger.replace(ledger.place("coder", 99), "question", "answer")
    assert judge(ledger.db, heads=[ledger.late_head], incremental=True)["verdict"] == "TAMPERED"


@case(44, "an incremental verification does not start at a head that the tree does not match")
def _(ledger: Ledger, _: Path) -> None:
    ledger.sql("UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE place = 0")
    report = judge(ledger.db, heads=[ledger.late_head], incremental=True)
    assert (report["verdict"], report["verified_from"]) == ("TAMPERED", 0)


@case(44, "a configuration in the working directory is not used")
def _(ledger: Ledger, folder: Path) -> None:
    other = record(folder / "other", 6)
    ledger.replace(ledger.place("coder", 1), "question", "answer")
    # Each test runs in its own home directory.
    Path("provenlog.yaml").write_text(f"db_path: {other.db}\nkey_path: {other.key}\n")
    report = judge(ledger.db)
    assert report["verdict"] == "TAMPERED"
    assert report["db_path"] == str(ledger.db)
    assert str(other.db) not in run_plog("verify", "--json").stdout


def attackers_key(ledger: Ledger) -> None:
    head = head_by(lambda ledger: Key.generate(own(ledger).name))(ledger)
    ledger.head.write_text(head)
    ledger.key.write_text("garbage")


attack(44, "garbage as the key file does not make an attacker's head trusted", attackers_key, "UNVERIFIABLE")
