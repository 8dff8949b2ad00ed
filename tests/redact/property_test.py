"""Redacts random texts and values full of secrets: checks what changes, where, and what never changes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PLOG_BUILD_DIR", SOURCE / "build" / "release"))

try:
    import provenlog
except ImportError:
    sys.path.insert(0, str(BUILD / "python"))
    provenlog = pytest.importorskip("provenlog")

REDACTORS = {
    profile: provenlog.Redactor.default(profile=profile) for profile in ("default", "strict", "pii", "secrets")
}

PIECES = [
    *"aZ09 .,:;=-_/@+#\"'\\{}[]()&?<>|\n\t",
    "é漢😀\u0000\u2028\ufffd\u0301",
    "ada@example.com",
    "4111 1111 1111 1111",
    "4111111111111111",
    "AKIAIOSFODNN7EXAMPL3",
    "AKIA2E0A8F3B244C9986",
    "ghp_" + "a1B2" * 9,
    "postgres://u:pa55w0rd@db/x",
    "Authorization: Bearer abcdef123456",
    "password=",
    "hunter2!x",
    '{"api_key": "',
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "eyJhbGciOi",
    "DE89370400440532013000",
    "+44 20 7946 0958",
    "555-123-4567",
    "123-45-6789",
    "192.168.1.1",
    "[REDACTED:email]",
    "[REDACTED:",
    "sk-",
    "xoxb-",
    "\\n",
    '\\"',
    "\\u0040",
    "\\u00e9",
    "\\ud83d\\ude00",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
KEYS = st.one_of(
    TEXTS, st.sampled_from(["password", "apiKey", "max_tokens", "card_number", "text", "credentials", "public_note"])
)
NUMBERS = st.one_of(st.integers(-(2**40), 2**53), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)
PROFILES = st.sampled_from(sorted(REDACTORS))


@settings(max_examples=500, deadline=None)
@given(TEXTS, PROFILES)
def test_findings_are_where_the_markers_came(text: str, profile: str) -> None:
    redactor = REDACTORS[profile]
    clean, count = redactor.redact_string(text)
    built: List[str] = []
    at = 0
    findings = redactor.findings(text)
    for finding in findings:
        assert at <= finding.start < finding.end <= len(text)
        built += [text[at : finding.start], f"[REDACTED:{finding.name}]"]
        at = finding.end
    assert "".join([*built, text[at:]]) == clean
    assert len(findings) == count


@settings(max_examples=500, deadline=None)
@given(TEXTS, PROFILES)
def test_what_was_redacted_has_no_hit(text: str, profile: str) -> None:
    redactor = REDACTORS[profile]
    clean, _ = redactor.redact_string(text)
    assert redactor.redact_string(clean) == (clean, 0)
    assert redactor.findings(clean) == []


def same_shape(before: Any, after: Any, redactor: Any, ruled: bool) -> None:
    """Checks that `after` has the structure of `before`. `ruled`: below a key that has a rule."""
    if isinstance(before, dict):
        assert isinstance(after, dict) and len(after) == len(before)
        kept = [key for key in before if redactor.redact_string(key)[1] == 0]
        assert set(kept) <= set(after)
        for key in kept:
            # The rule of a key applies to everything below it.
            named = redactor.redact({key: "Zq8#kW2!pL5vT9xR"})[0] != {key: "Zq8#kW2!pL5vT9xR"}
            named = named or redactor.redact({key: 4111111111111111})[1] > 0
            same_shape(before[key], after[key], redactor, ruled or named)
        for key in set(after) - set(kept):
            assert "[REDACTED:" in key
    elif isinstance(before, list):
        assert isinstance(after, list) and len(after) == len(before)
        for left, right in zip(before, after):
            same_shape(left, right, redactor, ruled)
    elif isinstance(before, str):
        clean, _ = redactor.redact_string(before)
        assert after == clean or (ruled and "[REDACTED:" in after)
    elif before is None or isinstance(before, bool):
        assert after is before
    else:
        hidden = isinstance(after, str) and "[REDACTED:" in after
        assert json.loads(provenlog._native.Json(before).text) == after or (hidden and len(str(before)) >= 9)


@settings(max_examples=300, deadline=None)
@given(VALUES, PROFILES)
def test_the_structure_stays_and_so_do_keys_without_a_hit(value: Any, profile: str) -> None:
    redactor = REDACTORS[profile]
    clean, count = redactor.redact(value)
    same_shape(value, clean, redactor, False)
    if count == 0:
        assert clean == json.loads(provenlog._native.Json(value).text)


@settings(max_examples=300, deadline=None)
@given(VALUES, PROFILES)
def test_redacted_values_have_no_hit(value: Any, profile: str) -> None:
    redactor = REDACTORS[profile]
    clean, _ = redactor.redact(value)
    assert redactor.redact(clean) == (clean, 0)
