#!/usr/bin/env python3
"""Tests an installed wheel: records, queries and verifies with the package, and verifies with its `plog`."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import tempfile

import provenlog


def main() -> None:
    plog = os.path.join(sysconfig.get_path("scripts"), "plog")
    with tempfile.TemporaryDirectory() as folder:
        ledger = os.path.join(folder, "events.db")
        with provenlog.ProvenLogClient(agent_id="smoke", db_path=ledger) as client:
            client.log_event(action_type="TOOL_CALL", action_name="hello", action_input={"to": "ada@example.org"})
            (event,) = client.get_events()
            assert event["action_input"] == {"to": "[REDACTED:email]"}, event
            assert client.verify()["verdict"] == "OK"
        report = json.loads(subprocess.check_output([plog, "verify", "--db", ledger, "--json"]))
        assert report["verdict"] == "OK" and report["events"] >= 1, report
    version = subprocess.check_output([plog, "--version"], text=True)
    assert provenlog.__version__ in version, version
    print(f"provenlog {provenlog.__version__}: recorded and verified")


if __name__ == "__main__":
    main()
