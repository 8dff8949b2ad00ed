"""The second verifier, docs/verify.py, which must always agree with provenlog."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Optional

SOURCE = Path(__file__).resolve().parents[2]
# The members of a report that must be equal: always, and if the ledger is valid.
SAME = ("verdict", "valid")
SAME_WHEN_VALID = (
    *("tail", "assurance", "assurance_events", "events", "agents"),
    *("tree_size", "root", "origin", "key", "ledger_id"),
)


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify", SOURCE / "docs" / "verify.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify"] = module
    spec.loader.exec_module(module)
    return module


verify = load()


def second_report(path: Path, heads: Sequence[Path], key: Optional[str], export: bool) -> dict[str, Any]:
    try:
        keys = [] if key is None else [verify.read_trusted_key(key)]
        function = verify.verify_export if export else verify.verify_ledger
        report = function(str(path), keys, [str(head) for head in heads])
    except verify.CannotRun as error:
        return {"verdict": "CANNOT_RUN", "valid": False, "error": str(error)}
    result: dict[str, Any] = report.as_json()
    return result


def check(
    report: dict[str, Any], path: Path, heads: Sequence[Path] = (), key: Optional[str] = None, export: bool = False
) -> None:
    """Asserts that the second verifier agrees with a report of provenlog."""
    other = second_report(path, heads, key, export)
    names = SAME + (SAME_WHEN_VALID if report["valid"] else ())
    differing = {name: (report[name], other[name]) for name in names if report[name] != other[name]}
    # If many events are affected, the two may name different ones, but at least one must be in both reports.
    one, two = (
        {str(found["commit_index"]) for found in named.get("findings", []) if found["agent_id"] or found["sequence"]}
        for named in (report, other)
    )
    if one and two and not one & two:
        differing["findings"] = (sorted(one), sorted(two))
    assert not differing, (differing, report.get("error"), other.get("error"))


def agreed(path: Path, heads: Sequence[Path] = (), key: Optional[str] = None, export: bool = False) -> str:
    """Returns the verdict on which both verifiers agree. Neither of them writes anything."""
    import provenlog

    try:
        if export:
            report = provenlog.verify_export(path, key=key, heads=list(heads))
        else:
            report = provenlog.verify(path, key=key, heads=list(heads), read_only=True)
    except provenlog.ProvenLogError as error:
        report = {"verdict": "CANNOT_RUN", "valid": False, "error": str(error)}
    check(report, path, heads, key, export)
    return str(report["verdict"])
