"""Heads, keys, exports, proofs and backups."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

import provenlog
from provenlog import ClosedError, InvalidEventError, NotFoundError, OperationCancelledError, ProvenLogClient


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "events.db"
    with ProvenLogClient(db_path=path) as client:
        for number in range(40):
            client.log_event(
                agent_id=f"agent-{number % 3}",
                action_type="TOOL_CALL",
                action_name="search",
                action_input={"number": number, "text": 'häß\n"\\'},
                labels={"env": "prod" if number % 2 else "test"},
            )
        client.log_event(agent_id="agent-0", action_type="TOOL_CALL", action_status=7)  # repaired, with a warning
    return path


def size_of(head: str) -> int:
    return int(head.splitlines()[1])


def kept(folder: Path, head: str) -> Path:
    path = folder / "kept.head"
    path.write_text(head)
    return path


class TestHeads:
    def test_close_leaves_a_head_over_everything_beside_the_ledger(self, ledger: Path) -> None:
        head = Path(f"{ledger}.head").read_text()
        assert size_of(head) == 42
        assert stat.S_IMODE(os.stat(f"{ledger}.head").st_mode) == 0o600
        assert stat.S_IMODE(os.stat(f"{ledger}.key").st_mode) == 0o600
        assert provenlog.verify(ledger)["verdict"] == "OK"

    def test_a_checkpoint_covers_what_was_logged_before_it(self, ledger: Path) -> None:
        with ProvenLogClient(agent_id="a", db_path=ledger) as client:
            client.log_event(action_type="TOOL_CALL")
            assert size_of(client.checkpoint()) == 43
            key = client.key()
        assert key["head"]["size"] == 43
        assert key["epoch"] == 1
        assert key["vkey"].startswith(key["origin"] + "+")
        assert "PRIVATE" not in json.dumps(key)

    def test_the_root_is_that_of_the_leaves(self, ledger: Path, tmp_path: Path) -> None:
        with ProvenLogClient(db_path=ledger) as client:
            client.export(tmp_path / "all.plog")
        document = json.loads((tmp_path / "all.plog").read_text())

        def root(leaves: list[bytes]) -> bytes:
            if len(leaves) == 1:
                return leaves[0]
            split = 1 << ((len(leaves) - 1).bit_length() - 1)
            return hashlib.sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()

        leaves = [hashlib.sha256(b"\0" + entry["leaf"].encode()).digest() for entry in document["merkle_proofs"]]
        assert root(leaves).hex() == document["merkle_root"]
        assert base64.b64decode(document["checkpoint"].splitlines()[2]).hex() == document["merkle_root"]

    def test_a_rotated_key_signs_what_follows(self, ledger: Path, tmp_path: Path) -> None:
        with ProvenLogClient(agent_id="a", db_path=ledger) as client:
            old = client.key()["vkey"]
            before = client.checkpoint()
            new = client.rotate_key()
            assert new != old
            assert client.key() == {**client.key(), "vkey": new, "epoch": 2}
            client.log_event(action_type="TOOL_CALL")
            client.export(tmp_path / "new.plog")
        assert provenlog.verify(ledger)["verdict"] == "OK"
        assert provenlog.verify_export(tmp_path / "new.plog", key=new)["assurance"] == "signed"
        assert provenlog.verify_export(tmp_path / "new.plog", key=old)["verdict"] == "UNVERIFIABLE"
        assert size_of(before) < size_of(Path(f"{ledger}.head").read_text())

    def test_without_its_key_a_ledger_records_on_and_says_so(self, ledger: Path) -> None:
        os.unlink(f"{ledger}.key")
        with ProvenLogClient(agent_id="a", db_path=ledger) as client:
            client.log_event(action_type="TOOL_CALL")
            client.flush()
            with pytest.raises(NotFoundError, match=r"signing key .*events\.db\.key is missing"):
                client.checkpoint()
        report = provenlog.verify(ledger)
        assert (report["verdict"], report["tail"]) == ("OK_WITH_TAIL", 1)

    def test_copies_of_heads_go_where_configuration_says(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        config = tmp_path / "config.yaml"
        config.write_text(
            f"origin: example.com/agents\nkey_path: {tmp_path}/secret/signing.key\nhead_copies: [{tmp_path}/copy.head]\n"
        )
        (tmp_path / "secret").mkdir()
        monkeypatch.setenv("PROVENLOG_CONFIG", str(config))
        with ProvenLogClient(agent_id="a", db_path=tmp_path / "x.db") as client:
            client.log_event(action_type="TOOL_CALL")
        head = (tmp_path / "x.db.head").read_text()
        assert head.startswith("example.com/agents\n2\n")
        assert (tmp_path / "copy.head").read_text() == head
        assert (tmp_path / "secret/signing.key").exists()
        assert not (tmp_path / "x.db.key").exists()


class TestRollback:
    def test_an_older_copy_of_the_file_is_recorded_on_as_a_branch_until_somebody_knows(self, tmp_path: Path) -> None:
        ledger = tmp_path / "events.db"

        # In a child process: this process would keep the database open and could write the newer events back.
        def record(count: int) -> None:
            code = (
                "import sys\nfrom provenlog import ProvenLogClient\n"
                "with ProvenLogClient(agent_id='a', db_path=sys.argv[1]) as client:\n"
                "    for _ in range(int(sys.argv[2])): client.log_event(action_type='TOOL_CALL')\n"
            )
            paths = os.pathsep.join(sys.path)
            subprocess.run(
                [sys.executable, "-c", code, str(ledger), str(count)],
                env={**os.environ, "PYTHONPATH": paths},
                check=True,
            )
            with contextlib.closing(sqlite3.connect(ledger)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        record(3)
        old = ledger.read_bytes()
        record(5)
        for suffix in ("-wal", "-shm"):
            Path(f"{ledger}{suffix}").unlink(missing_ok=True)
        ledger.write_bytes(old)
        assert provenlog.verify(ledger)["verdict"] == "ROLLED_BACK"
        record(1)
        assert provenlog.verify(ledger)["verdict"] == "ROLLED_BACK"
        branch = ledger.read_bytes()
        ledger.write_bytes(old)  # older than the newest head, which is of a branch that this copy does not contain
        assert provenlog.verify(ledger)["verdict"] == "ROLLED_BACK"
        ledger.write_bytes(branch)
        with ProvenLogClient(db_path=ledger) as client:
            assert client.key()["origin"].endswith("/branch-2")
            assert client.acknowledge("the disk failed") == 1
            assert client.acknowledge("the disk failed") == 0
        assert provenlog.verify(ledger)["verdict"] == "OK"

    def test_a_restored_backup_never_passes_for_the_original(self, ledger: Path, tmp_path: Path) -> None:
        with ProvenLogClient(db_path=ledger) as client:
            client.backup(tmp_path / "backup.db")
            with pytest.raises(InvalidEventError, match="exists"):
                client.backup(tmp_path / "backup.db")
        assert provenlog.verify(tmp_path / "backup.db", read_only=True)["verdict"] == "OK"
        assert not (tmp_path / "backup.db.key").exists()
        with pytest.raises(InvalidEventError, match="already"):
            provenlog.restore(tmp_path / "backup.db", ledger)
        report = provenlog.restore(tmp_path / "backup.db", ledger, replace=True)
        assert Path(report["replaced"]).exists()
        assert report["unsigned_because"] is None
        assert provenlog.verify(ledger)["verdict"] == "ROLLED_BACK"
        with ProvenLogClient(db_path=ledger) as client:
            assert client.acknowledge() == 1
            assert len(client.get_events(limit=100)) == 41
        assert provenlog.verify(ledger)["verdict"] == "OK"

    @pytest.mark.parametrize("octets", [b"\xff\xfe\0 no text", b"x" * 20_000, "\u00e9".encode() * 9_000, b"\0\n"])
    def test_a_head_that_is_none_is_no_tampering_once_a_writer_found_it(
        self, ledger: Path, run_python: Callable[..., Any], octets: bytes
    ) -> None:
        Path(f"{ledger}.head").write_bytes(octets)
        assert provenlog.verify(ledger, read_only=True)["verdict"] == "UNVERIFIABLE"
        # In a child process: this process still knows the old head.
        code = """
        import sys
        from provenlog import ProvenLogClient
        with ProvenLogClient(agent_id="a", db_path=sys.argv[1]) as client:
            client.log_event(action_type="TOOL_CALL")
        """
        assert run_python(code, ledger).returncode == 0
        assert provenlog.verify(ledger)["verdict"] == "ROLLED_BACK"
        with ProvenLogClient(db_path=ledger) as client:
            assert client.acknowledge("a program wrote to the wrong file") == 1
        assert provenlog.verify(ledger)["verdict"] == "OK"

    def test_without_the_key_a_restored_ledger_says_why_it_is_not_signed(self, ledger: Path, tmp_path: Path) -> None:
        with ProvenLogClient(db_path=ledger) as client:
            client.backup(tmp_path / "backup.db")
        report = provenlog.restore(tmp_path / "backup.db", tmp_path / "other" / "new.db")
        assert "new.db.key is missing" in report["unsigned_because"]
        assert provenlog.verify(tmp_path / "other" / "new.db")["verdict"] == "ROLLED_BACK"


Change = Callable[[Dict[str, Any]], object]


class TestExports:
    @pytest.fixture
    def document(self, ledger: Path, tmp_path: Path) -> Dict[str, Any]:
        with ProvenLogClient(db_path=ledger) as client:
            report = client.export(tmp_path / "a.plog", "agent-0")
        assert report["events"] == 15
        assert report["tree_size"] == 42
        assert report["tail"] == 0
        result: Dict[str, Any] = json.loads((tmp_path / "a.plog").read_text())
        return result

    @staticmethod
    def verdict(document: Dict[str, Any], tmp_path: Path, **dump: Any) -> str:
        path = tmp_path / "changed.plog"
        path.write_text(json.dumps(document, **dump))
        return str(provenlog.verify_export(path)["verdict"])

    def test_an_export_verifies_without_ledger_home_and_key(
        self, document: Dict[str, Any], tmp_path: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for path in tmp_path.glob("events.db*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        monkeypatch.setenv("HOME", "/nonexistent")
        report = provenlog.verify_export(tmp_path / "a.plog")
        assert (report["verdict"], report["valid"], report["events"]) == ("OK", True, 15)
        assert report["assurance"] == "consistent"
        assert not report["complete"]
        signed = provenlog.verify_export(tmp_path / "a.plog", key=document["vkey"])
        assert signed["assurance"] == "signed"
        pinned = provenlog.verify_export(
            tmp_path / "a.plog", key=document["vkey"], heads=[kept(tmp_path, document["checkpoint"])]
        )
        assert (pinned["assurance"], pinned["assurance_events"]) == ("pinned", 42)

    def test_how_the_json_is_laid_out_does_not_matter(self, document: Dict[str, Any], tmp_path: Path) -> None:
        assert self.verdict(document, tmp_path, indent=3) == "OK"
        assert self.verdict(document, tmp_path, sort_keys=True, ensure_ascii=False) == "OK"

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda d: d["events"][2].update(action_name="other"), id="content"),
            pytest.param(lambda d: d["events"][2].update(timestamp="2020-01-01T00:00:00.000000Z"), id="time"),
            pytest.param(lambda d: d["events"][2].update(sequence=9), id="sequence"),
            pytest.param(lambda d: d["events"][14].update(validation_warnings=[]), id="warnings"),
            pytest.param(lambda d: d["events"][2].update(hash="0" * 64), id="hash"),
            pytest.param(lambda d: d["events"][2].update(prev_hash="1" * 64), id="prev_hash"),
            pytest.param(lambda d: d["events"][2].update(extra="x"), id="added field"),
            pytest.param(lambda d: d["merkle_proofs"][2].update(event_id=d["merkle_proofs"][3]["event_id"]), id="id"),
            pytest.param(lambda d: d["merkle_proofs"][2].update(leaf=d["merkle_proofs"][3]["leaf"]), id="leaf"),
            pytest.param(lambda d: d["merkle_proofs"][2]["proof"].update(leaf_index=4), id="index"),
            pytest.param(lambda d: d["merkle_proofs"][2]["proof"].update(tree_size=41), id="size of a proof"),
            pytest.param(lambda d: d["merkle_proofs"][2]["proof"]["siblings"].pop(), id="short proof"),
            pytest.param(lambda d: d["merkle_proofs"][2]["proof"]["siblings"].append("0" * 64), id="long proof"),
            pytest.param(lambda d: d.update(merkle_root="0" * 64), id="root"),
            pytest.param(lambda d: d.update(tree_size=43), id="tree size"),
            pytest.param(lambda d: d.update(event_count=14), id="count"),
            pytest.param(lambda d: (d["events"].pop(), d["merkle_proofs"].pop()), id="cut tail"),
            pytest.param(
                lambda d: (d["events"].pop(5), d["merkle_proofs"].pop(5), d.update(event_count=14)), id="gap in a chain"
            ),
            pytest.param(lambda d: d["events"].pop(), id="one event less"),
            pytest.param(lambda d: (d["events"].reverse(), d["merkle_proofs"].reverse()), id="order"),
            pytest.param(lambda d: d.update(filter={"agent_id": "agent-1"}), id="filter"),
            pytest.param(lambda d: d.update(filter={}), id="claimed to be everything"),
            pytest.param(lambda d: d.update(filter={"agent_id": "agent-0", "tool_call_id": "x"}), id="reference"),
            pytest.param(lambda d: d["merkle_proofs"][2].update(canonical="{"), id="malformed event JSON"),
            pytest.param(lambda d: d.update(checkpoint=d["checkpoint"].replace("\n42\n", "\n41\n")), id="checkpoint"),
        ],
    )
    def test_a_change_is_tampering(self, document: Dict[str, Any], tmp_path: Path, change: Change) -> None:
        change(document)
        assert self.verdict(document, tmp_path) == "TAMPERED"

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda d: d.pop("vkey"), id="missing"),
            pytest.param(lambda d: d.update(comment="hello"), id="unknown"),
            pytest.param(lambda d: d.update(merkle_root=d["merkle_root"].upper()), id="upper-case hex"),
            pytest.param(lambda d: d["events"][1].update(hash=d["events"][1]["hash"].upper()), id="upper-case hash"),
            pytest.param(lambda d: d["merkle_proofs"][1]["proof"].pop("leaf_hash"), id="missing in a proof"),
            pytest.param(lambda d: d["merkle_proofs"][1].update(x=1), id="unknown in a proof"),
            pytest.param(lambda d: d.update(version="2.0"), id="version"),
            pytest.param(lambda d: d.update(tree_size="42"), id="number as text"),
            pytest.param(lambda d: d.update(tree_size=42.5), id="number with a fraction"),
            pytest.param(lambda d: d.update(checkpoint="hello"), id="malformed checkpoint"),
            pytest.param(lambda d: d["events"][1].update(duration_ms=2**63), id="number that does not fit a double"),
        ],
    )
    def test_what_is_no_such_document_is_refused(
        self, document: Dict[str, Any], tmp_path: Path, change: Change
    ) -> None:
        change(document)
        assert self.verdict(document, tmp_path) == "UNVERIFIABLE"

    def test_what_an_export_of_everything_says_of_itself_is_checked(self, ledger: Path, tmp_path: Path) -> None:
        with ProvenLogClient(db_path=ledger) as client:
            client.export(tmp_path / "all.plog")
        document = json.loads((tmp_path / "all.plog").read_text())
        assert self.verdict(document, tmp_path) == "OK"
        # A filter without include_system leaves out system events, but this document contains some.
        assert self.verdict({**document, "filter": {"since": "2020-01-01"}}, tmp_path) == "TAMPERED"
        assert self.verdict({**document, "filter": {"include_system": True}}, tmp_path) == "OK"
        assert self.verdict({**document, "ledger_id": document["ledger_id"][::-1]}, tmp_path) == "TAMPERED"

    def test_a_file_that_is_no_export_is_called_nothing_else(self, document: Dict[str, Any], tmp_path: Path) -> None:
        document["events"][2]["action_name"] = "other"
        document["merkle_proofs"][5]["unknown"] = 1
        assert self.verdict(document, tmp_path) == "UNVERIFIABLE"

    def test_text_that_is_no_json_is_refused(self, document: Dict[str, Any], tmp_path: Path) -> None:
        text = (tmp_path / "a.plog").read_text()
        twice = text.replace('"version":"1.0"', '"version":"1.0","version":"1.0"', 1)
        for changed in ("", "{", text[:-20], text + "x", "[1]", '{"version":"1.0"}', twice):
            (tmp_path / "b.plog").write_text(changed)
            report = provenlog.verify_export(tmp_path / "b.plog")
            assert (report["verdict"], report["valid"]) == ("UNVERIFIABLE", False)
            assert report["error"]
        assert provenlog.verify_export(tmp_path / "none.plog")["verdict"] == "CANNOT_RUN"

    def test_two_heads_of_one_size_are_a_fork(self, ledger: Path, tmp_path: Path) -> None:
        twin = tmp_path / "twin"
        twin.mkdir()
        for suffix in ("", "-wal", "-shm", ".head", ".key"):
            if os.path.exists(f"{ledger}{suffix}"):
                shutil.copy(f"{ledger}{suffix}", f"{twin}/events.db{suffix}")
        heads = []
        for path, name in ((ledger, "one"), (twin / "events.db", "two")):
            with ProvenLogClient(agent_id="a", db_path=path) as client:
                client.log_event(action_type="TOOL_CALL", action_name=name)
                heads.append(client.checkpoint())
                client.export(tmp_path / f"{name}.plog")
        assert size_of(heads[0]) == size_of(heads[1])
        assert provenlog.verify_export(tmp_path / "one.plog", heads=[kept(tmp_path, heads[0])])["verdict"] == "OK"
        assert provenlog.verify_export(tmp_path / "one.plog", heads=[kept(tmp_path, heads[1])])["verdict"] == "FORKED"

    def test_an_older_head_is_pinned_by_an_export_of_everything(self, ledger: Path, tmp_path: Path) -> None:
        old = Path(f"{ledger}.head").read_text()
        with ProvenLogClient(agent_id="a", db_path=ledger) as client:
            client.log_event(action_type="TOOL_CALL")
            client.export(tmp_path / "all.plog")
            client.export(tmp_path / "part.plog", "agent-1")
        report = provenlog.verify_export(tmp_path / "all.plog", heads=[kept(tmp_path, old)])
        assert (report["verdict"], report["assurance"], report["complete"]) == ("OK", "pinned", True)
        assert provenlog.verify_export(tmp_path / "part.plog", heads=[kept(tmp_path, old)])["verdict"] == "UNVERIFIABLE"

    def test_filters_choose_what_is_exported(self, ledger: Path, tmp_path: Path) -> None:
        with ProvenLogClient(db_path=ledger) as client:
            assert client.export(tmp_path / "l.plog", labels={"env": "prod"})["events"] == 20
            assert client.export(tmp_path / "s.plog", since="2100-01-01T00:00:00Z")["events"] == 0
            assert client.export(tmp_path / "n.plog", action_name="search", agent_id="agent-1")["events"] == 13
            with pytest.raises(InvalidEventError, match="limit"):
                client.export(tmp_path / "x.plog", limit=3)
            with pytest.raises(InvalidEventError, match="exists"):
                client.export(tmp_path / "l.plog")
            client.export(tmp_path / "l.plog", overwrite=True)
        assert not (tmp_path / "x.plog").exists()
        for name in ("l", "s", "n"):
            assert provenlog.verify_export(tmp_path / f"{name}.plog")["verdict"] == "OK"

    def test_progress_may_stop_an_export_which_leaves_nothing_behind(self, ledger: Path, tmp_path: Path) -> None:
        def stop(done: int, total: int) -> None:
            raise RuntimeError("enough")

        folder = tmp_path / "out"
        folder.mkdir()
        with ProvenLogClient(db_path=ledger) as client, pytest.raises(RuntimeError, match="enough"):
            client.export(folder / "x.plog", progress=stop)
        assert list(folder.iterdir()) == []
        with ProvenLogClient(db_path=ledger) as client:
            client.export(folder / "x.plog")
        told: list[tuple[int, int]] = []
        provenlog.verify_export(folder / "x.plog", progress=lambda done, total: told.append((done, total)))
        assert told[-1] == (42, 42)
        with pytest.raises(RuntimeError, match="enough"):
            provenlog.verify_export(folder / "x.plog", progress=stop)
        assert issubclass(OperationCancelledError, provenlog.ProvenLogError)

    def test_one_event_is_proved_by_itself(self, ledger: Path, tmp_path: Path) -> None:
        with ProvenLogClient(db_path=ledger) as client:
            event = client.get_events(limit=1, offset=17)[0]
            proof = client.prove(event["id"])
            with pytest.raises(NotFoundError):
                client.prove("no-such-event")
        assert proof["events"] == [event]
        (tmp_path / "one.plog").write_text(json.dumps(proof))
        assert provenlog.verify_export(tmp_path / "one.plog")["valid"]


class TestTiles:
    def test_a_directory_of_tiles_is_verified_and_brought_up_to_date(self, ledger: Path, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with ProvenLogClient(agent_id="a", db_path=ledger) as client:
            assert client.export(log, tiles=True)["events"] == 42
            for _ in range(300):
                client.log_event(action_type="TOOL_CALL")
            assert client.export(log, tiles=True)["events"] == 300
        assert (log / "tile/entries/000").exists()
        assert (log / "tile/entries/001.p/86").exists()
        report = provenlog.verify_export(log)
        assert (report["verdict"], report["events"], report["complete"]) == ("OK", 342, True)

    @pytest.mark.parametrize("name", ["checkpoint", "tile/entries/000.p/42", "tile/0/000.p/42"])
    def test_a_changed_file_is_tampering(self, ledger: Path, tmp_path: Path, name: str) -> None:
        log = tmp_path / "log"
        with ProvenLogClient(db_path=ledger) as client:
            client.export(log, tiles=True)
        octets = bytearray((log / name).read_bytes())
        octets[-20] ^= 1
        (log / name).write_bytes(octets)
        assert provenlog.verify_export(log)["verdict"] == "TAMPERED"
        (log / name).unlink()
        assert provenlog.verify_export(log)["verdict"] in ("TAMPERED", "MISSING_LOG")

    def test_a_directory_of_something_else_is_left_alone(self, ledger: Path, tmp_path: Path) -> None:
        (tmp_path / "log").mkdir()
        (tmp_path / "log" / "precious").write_text("x")
        with ProvenLogClient(db_path=ledger) as client, pytest.raises(InvalidEventError, match="contains no log"):
            client.export(tmp_path / "log", tiles=True)
        assert (tmp_path / "log" / "precious").read_text() == "x"


class TestOwnFiles:
    def test_an_export_or_a_backup_never_replaces_a_file_of_the_ledger(self, ledger: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(ledger)
        with ProvenLogClient(agent_id="a", db_path=ledger) as client:
            client.checkpoint()
            paths = [Path(f"{ledger}{suffix}") for suffix in ("", ".key", ".head", "-wal", ".journal/x")]
            for path in [*paths, tmp_path / "link"]:
                before = path.read_bytes() if path.is_file() else None
                refused: list[Callable[[], object]] = [
                    partial(client.export, path, overwrite=True),
                    partial(client.export, path, tiles=True),
                    partial(client.call, "export", path=path, overwrite=True),
                    partial(client.backup, path),
                ]
                for call in refused:
                    with pytest.raises(InvalidEventError, match="belongs to the ledger"):
                        call()
                assert (path.read_bytes() if path.is_file() else None) == before
            assert client.verify()["verdict"] == "OK"


class TestClosed:
    def test_a_closed_client_reads_but_neither_writes_nor_signs(self, ledger: Path, tmp_path: Path) -> None:
        client = ProvenLogClient(agent_id="a", db_path=ledger)
        event_id = client.log_event(action_type="TOOL_CALL")
        client.close()
        head = Path(f"{ledger}.head").read_text()
        refused: list[Callable[[], object]] = [
            client.checkpoint,
            client.rotate_key,
            client.acknowledge,
            lambda: client.prove(event_id),
            lambda: client.export(tmp_path / "x.plog"),
            lambda: client.backup(tmp_path / "copy.db"),
        ]
        for call in refused:
            with pytest.raises(ClosedError):
                call()
        assert not (tmp_path / "x.plog").exists() and not (tmp_path / "copy.db").exists()
        assert Path(f"{ledger}.head").read_text() == head
        assert client.get_events(agent_id="a", limit=1)[0]["id"] == event_id
        assert client.verify()["verdict"] == "OK"
        assert client.key()["epoch"] == 1


class TestArgumentsOfVerify:
    def test_no_level_is_the_default_and_threads_have_bounds(self, ledger: Path) -> None:
        assert provenlog.verify(ledger, level=None)["level"] == "full"
        for threads in (-1, 65):
            with pytest.raises(InvalidEventError, match="threads must be from 0 to 64"):
                provenlog.verify(ledger, threads=threads)
        with pytest.raises(TypeError, match="threads"):
            provenlog.verify(ledger, threads="2")  # type: ignore[arg-type]
