"""The second verifier, docs/verify.py: it must say what provenlog says, of everything."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Optional

from judge import SOURCE

import provenlog
from provenlog import ProvenLogError

# Of a report, what both must say in the same way.
SAME = ("verdict", "valid", "tail", "assurance", "assurance_events")
# And these, where nothing is wrong.
SAME_WHEN_VALID = ("events", "agents", "tree_size", "root", "origin", "key", "ledger_id")


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify", SOURCE / "docs" / "verify.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify"] = module
    spec.loader.exec_module(module)
    return module


verify = load()


def second(path: Path, heads: Sequence[Path] = (), key: Optional[str] = None, export: bool = False) -> dict[str, Any]:
    """The report of docs/verify.py."""
    function = verify.verify_export if export else verify.verify_ledger
    try:
        keys = [] if key is None else [verify.read_trusted_key(key)]
        report = function(str(path), keys, [str(head) for head in heads])
    except verify.CannotRun as error:
        return {"verdict": "CANNOT_RUN", "valid": False, "error": str(error)}
    result: dict[str, Any] = report.as_json()
    assert report.exit_code == verify.EXIT_CODES[report.verdict]
    assert result["valid"] is (report.exit_code == 0)
    return result


def first(path: Path, heads: Sequence[Path] = (), key: Optional[str] = None, export: bool = False) -> dict[str, Any]:
    """The report of provenlog, which writes nothing either."""
    try:
        if export:
            return provenlog.verify_export(path, key=key, heads=list(heads))
        return provenlog.verify(path, key=key, heads=list(heads), read_only=True)
    except ProvenLogError as error:
        return {"verdict": "CANNOT_RUN", "valid": False, "error": str(error)}


def agreed(path: Path, heads: Sequence[Path] = (), key: Optional[str] = None, export: bool = False) -> str:
    """The verdict of both."""
    one, two = first(path, heads, key, export), second(path, heads, key, export)
    compared = SAME + SAME_WHEN_VALID if one["valid"] else ("verdict", "valid")
    differing = {name: (one.get(name), two.get(name)) for name in compared if one.get(name) != two.get(name)}
    assert not differing, (differing, one.get("error"), two.get("error"))
    return str(one["verdict"])
