"""The tools of the attack tests are correct: the recorded ledger, and its recomputation from docs/formats.md alone."""

from __future__ import annotations

from judge import judge
from ledgers import AGENTS, Key, Ledger


def test_the_recorded_ledger_is_sound_and_has_something_in_every_table(ledger: Ledger) -> None:
    report = judge(ledger.db)
    assert (report["verdict"], report["tail"], report["agents"]) == ("OK", 0, len(AGENTS) + 1)
    assert report["tree_size"] > 256, "the tree has only one tile"
    tables = [
        "event",
        "term",
        "tile",
        "meta",
        "label",
        "event_label",
        "event_reference",
        "label_context",
        "activity",
        "time_block",
    ]
    assert [table for table in tables if ledger.scalar(f"SELECT count(*) FROM {table}") == 0] == []
    assert ledger.scalar("SELECT count(*) FROM event WHERE warnings IS NOT NULL") > 0
    for backup in (ledger.backup, ledger.late_backup):
        assert judge(backup)["verdict"] == "OK"
    for head in (ledger.early_head, ledger.late_head, ledger.final_head):
        assert judge(ledger.db, heads=[head])["assurance"] == "pinned"


def test_who_recomputes_the_chain_the_tree_and_the_head_gets_the_same_ledger(ledger: Ledger) -> None:
    before = judge(ledger.db)
    ledger.rechain()
    ledger.sign_head()
    assert judge(ledger.db) == before
    assert ledger.root().hex() == before["root"]
    assert Key.read(ledger.key).vkey == before["key"]
