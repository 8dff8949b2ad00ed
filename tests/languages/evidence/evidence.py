"""The programs in this folder take the same commands.

`make FOLDER` writes into FOLDER: a ledger events.db, an export all.plog, a proof one.plog of one event, the head
kept.head and the public key kept.key. `check FILE KEY HEAD` verifies FILE and prints verdict, assurance and number of
events.
"""

import json
import sys
from pathlib import Path

from provenlog import ProvenLogClient, verify_export


def make(folder):
    with ProvenLogClient(agent_id="a", db_path=folder / "events.db") as client:
        ids = [client.log_event(action_type="TOOL_CALL", action_input={"i": i, "text": "é😀\n"}) for i in range(20)]
        client.export(folder / "all.plog")
        (folder / "one.plog").write_text(json.dumps(client.prove(ids[7])))
        (folder / "kept.head").write_text(client.checkpoint())
        (folder / "kept.key").write_text(client.key()["vkey"])


def check(file, key, head):
    report = verify_export(file, key=key, heads=[head])
    print(report["verdict"], report["assurance"], report["events"])


make(Path(sys.argv[2])) if sys.argv[1] == "make" else check(*sys.argv[2:])
