"""Redaction from Python, and the translation of Python's regular expressions to RE2."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from provenlog import ConfigError, ProvenLogClient, RedactionRule, Redactor
from provenlog._pattern import to_re2


def test_the_documented_example() -> None:
    redactor = Redactor.default()
    assert redactor.redact_string("ada@example.com or 555-123-4567") == ("[REDACTED:email] or [REDACTED:phone]", 2)
    assert redactor.redact_string("nothing here") == ("nothing here", 0)
    assert redactor.redact_string("") == ("", 0)


def test_rules_may_be_compiled_patterns() -> None:
    redactor = Redactor.default_with_rules(
        [
            RedactionRule("mrn", re.compile(r"MRN-\d{10}"), "[REDACTED:mrn]"),
            RedactionRule("word", re.compile(r"top\s+secret", re.IGNORECASE)),
            RedactionRule("plain", "X{5}"),
        ]
    )
    text = "MRN-0123456789, Top  Secret, XXXXX, ada@example.com"
    assert redactor.redact_string(text) == ("[REDACTED:mrn], [REDACTED:word], [REDACTED:plain], [REDACTED:email]", 4)


def test_values_are_redacted_in_depth_and_keys_too() -> None:
    value = {"to": ["ada@example.com", {"bob@example.com": b"\x00"}], "n": 1}
    clean, count = Redactor.default().redact(value)
    assert clean == {"to": ["[REDACTED:email]", {"[REDACTED:email]": "AA=="}], "n": 1}
    assert count == 2


def test_text_that_utf_8_cannot_hold_is_repaired() -> None:
    assert Redactor.default().redact_string("\ud800 ada@example.com") == ("\ufffd [REDACTED:email]", 1)


def test_events_are_redacted_before_they_touch_the_disk(db: Path) -> None:
    secret = "ghp_" + "a1B2" * 9
    with ProvenLogClient(agent_id="a", db_path=db) as client:
        client.log_event(action_input={"token": secret, secret: 1}, error_message=f"failed with {secret}")
        on_disk = b"".join(path.read_bytes() for path in db.parent.rglob("*") if path.is_file())
        event = client.get_events()[0]
        assert client.stats()["redactions"] >= 3
    on_disk += b"".join(path.read_bytes() for path in db.parent.rglob("*") if path.is_file())
    assert secret.encode() not in on_disk
    assert secret not in str(event)


def test_configured_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "c.yaml"
    config.write_text('redaction:\n  rules:\n    - name: mrn\n      pattern: "MRN-\\\\d{4}"\n')
    monkeypatch.setenv("PROVENLOG_CONFIG", str(config))
    assert Redactor.configured().redact_string("MRN-1234") == ("[REDACTED:mrn]", 1)
    assert Redactor.default().redact_string("MRN-1234") == ("MRN-1234", 0)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(?=x)y", "look-around"),
        (r"(?<!x)y", "look-around"),
        (r"(a)\1", "back-references"),
        (r"(?P<n>a)(?P=n)", "back-references"),
        (r"(a)?(?(1)b|c)", "conditional"),
        (r"a{1001}", "1,000"),
        (r"[^\w]x|[a\W]", "class"),
    ],
)
def test_what_re2_cannot_express_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=rf"rule 'r'.*{reason}"):
        RedactionRule("r", re.compile(pattern))


def test_other_wrong_rules_are_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        RedactionRule("r", re.compile(rb"x"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="LOCALE|locale|bytes"):
        RedactionRule("r", re.compile(rb"x", re.LOCALE))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="replacement"):
        RedactionRule("r", "x", lambda match: "")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pattern"):
        RedactionRule("r", 5)  # type: ignore[arg-type]
    for rule in (RedactionRule("r", "("), RedactionRule("r", "x*"), RedactionRule("bad name", "x")):
        with pytest.raises(ConfigError):
            Redactor([rule])


def test_findings_are_places_in_characters_and_hold_no_values() -> None:
    redactor = Redactor.default()
    text = "\u00e9\U0001f600 ada@example.com \u65e5 10.0.0.1"
    found = redactor.findings(text)
    assert [(f.name, text[f.start : f.end]) for f in found] == [("email", "ada@example.com"), ("ipv4", "10.0.0.1")]
    assert all(f.value is None for f in found) and "ada" not in repr(found)
    assert [f.value for f in redactor.findings(text, values=True)] == ["ada@example.com", "10.0.0.1"]
    assert redactor.findings("nothing") == []
    halves = "\ud83d\ude00 ada@example.com \udc00"  # two characters in Python, one code point in UTF-16
    assert [halves[f.start : f.end] for f in redactor.findings(halves)] == ["ada@example.com"]


def test_options_choose_what_is_hidden() -> None:
    text = '10.0.0.1 4111111111111111 {"password": "x"}'
    assert Redactor.default(profile="secrets").redact_string(text)[0] == (
        '10.0.0.1 4111111111111111 {"password": "[REDACTED:password]"}'
    )
    assert Redactor.default(disable=["ipv4", "password"], keep_last={"visa": 4}).redact_string(text)[0] == (
        '10.0.0.1 [REDACTED:visa:****1111] {"password": "x"}'
    )
    assert Redactor.default(allow={"values": ["10.0.0.1"]}).redact_string("10.0.0.1 10.0.0.2") == (
        "10.0.0.1 [REDACTED:ipv4]",
        1,
    )
    clean, count = Redactor.default(pseudonym_key="0123456789abcdef").redact_string(
        "a@b.example a@b.example c@d.example"
    )
    first, second, third = clean.split()
    assert count == 3 and first == second != third and first.startswith("[REDACTED:email:")
    for wrong in ({"profile": "all"}, {"allow": {"what": []}}, {"keep_last": {"visa": 9}}):
        with pytest.raises(ValueError):
            Redactor.default(**wrong)
    with pytest.raises(ConfigError, match="no detector or rule"):
        Redactor.default(disable=["no-such"])


def test_keys_say_what_values_are() -> None:
    value = {"password": "x", "max_tokens": 5, "ssn": 123456789, "api_key": ["a"], "token_count": "7"}
    clean, count = Redactor.default().redact(value)
    assert clean == {
        "password": "[REDACTED:password]",
        "max_tokens": 5,
        "ssn": "[REDACTED:ssn]",
        "api_key": ["[REDACTED:api_key]"],
        "token_count": "7",
    }
    assert count == 3


@pytest.mark.parametrize("detector", Redactor.detectors(), ids=lambda detector: detector["name"])
def test_each_detector_finds_its_examples(detector: dict[str, Any]) -> None:
    profile = next((p for p in ("default", "strict") if p in detector["profiles"]), detector["profiles"][0])
    redactor = Redactor.default(profile=profile)
    for example in detector.get("examples", {}).get("positive", []):
        clean = redactor.redact_string(example["text"])[0]
        assert example["text"].encode()[example["start"] : example["end"]].decode() not in clean


SAMPLES = [
    "abc", "ABC", "aBc\n", "a\nb", "x1y22z333", "tab\there", "été 42", "A-B_C", "foo.bar", "", "\n", "aaa", "[a]", "a|b",
    "line1\nline2\n", "\u0661\u0662", "ſtraße", "K", "a\u2003b", "..", "^$", "日本語", "a" * 16, "-", "a-b]c\\d", "\x0b", "9:15",
]  # fmt: skip

PATTERNS: list[tuple[str, int]] = [
    (r"abc", 0), (r"abc", re.I), (r"a.b", 0), (r"a.b", re.S), (r"^line\d", 0), (r"^line\d$", re.M), (r"\d+", 0),
    (r"\d+", re.A), (r"\w+", 0), (r"\w+", re.A), (r"a\W", 0), (r"a\W", re.A), (r"\s", 0), (r"b\S+", 0), (r"a\D", 0),
    (r"[a-c]+", 0), (r"b[^a-c]", 0), (r"[\d_]+", 0), (r"a[^\d]", 0), (r"a{2,3}", 0), (r"a{2,}?", 0), (r"(a|b)c?", 0),
    (r"(?:ab)+", 0), (r"(?i:a)b", 0), (r"a  b # comment", re.X), (r"\.", 0), (r"[.\]\\-]", 0), (r"[\[\]]", 0),
    (r"(?P<x>a)(?P<y>b)", 0), (r"\Aa", 0), (r"c\Z", 0), (r"a[^\n]+", 0), (r"k", re.I), (r"s", re.I), (r"(a+)+b", 0),
    (r"\t|\x0b", 0), ("日本", 0), (r"\u65e5", 0), (r"[\s-]", 0), (r"\|", 0), (r"[+*?]", 0), (r"a{0}b", 0), (r"(?:)a", 0),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "flags"), PATTERNS)
def test_a_translated_pattern_finds_what_python_finds(pattern: str, flags: int) -> None:
    compiled = re.compile(pattern, flags)
    redactor = Redactor([RedactionRule("r", compiled, "<>")])
    plain = Redactor.default()
    for sample in SAMPLES:
        if plain.redact_string(sample)[1]:
            continue
        assert redactor.redact_string(sample) == (compiled.sub("<>", sample), len(compiled.findall(sample))), sample


def test_an_end_anchor_takes_a_last_newline_with_it() -> None:
    rule: Any = RedactionRule("r", re.compile(r"key\d$"), "<>")
    assert Redactor([rule]).redact_string("key1\n") == ("<>", 1)
    assert Redactor([rule]).redact_string("key1") == ("<>", 1)
    assert Redactor([rule]).redact_string("key1\nx") == ("key1\nx", 0)
    assert to_re2(re.compile("x"), "r") == "x"


# ---- Capture of content


def test_content_is_kept_as_far_as_the_option_says(tmp_path: Path) -> None:
    kept = {"default": "digest", "fields": {"action_output": "none"}, "action_types": {"CUSTOM": "redacted"}}
    with ProvenLogClient(agent_id="a", db_path=tmp_path / "events.db", capture_content=kept) as client:
        first = client.log_event(action_type="LLM_CALL", action_input={"q": "ada@example.com"}, action_output=[1])
        second = client.log_event(action_type="CUSTOM", action_input={"q": "ada@example.com"}, action_output=[1])
        event = client.get_event(first)
        assert event is not None
        octets = b'{"q":"[REDACTED:email]"}'
        digest = hashlib.sha256(octets).hexdigest()
        assert event["action_input"] == {"bytes": len(octets), "omitted": True, "sha256": digest}
        assert event["action_output"] == {"bytes": 3, "omitted": True}
        event = client.get_event(second)
        assert event is not None
        assert event["action_input"] == {"q": "[REDACTED:email]"}
        assert event["action_output"] == {"bytes": 3, "omitted": True}


def test_content_without_redaction_has_to_be_asked_for(tmp_path: Path) -> None:
    with ProvenLogClient(agent_id="a", db_path=tmp_path / "events.db", capture_content="full") as client:
        event = client.get_event(client.log_event(action_input="ada@example.com"))
        assert event is not None and event["action_input"] == "ada@example.com"


def test_a_wrong_capture_is_refused(tmp_path: Path) -> None:
    wrong: Any
    for wrong in ("all", {"fields": {"agent_id": "none"}}, ["none"], 5):
        with pytest.raises(ValueError, match="capture_content"):
            ProvenLogClient(agent_id="a", db_path=tmp_path / "events.db", capture_content=wrong)
    (tmp_path / "provenlog.yaml").write_text("capture_content: full\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        with pytest.raises(ConfigError, match="capture_content: not allowed in ./provenlog.yaml"):
            ProvenLogClient(agent_id="a", db_path=tmp_path / "events.db")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"name": "r", "pattern": "x", "flags": "i"}, "unknown member 'flags'"),
        ({"name": "r"}, "rule 'r' has no pattern"),
        ({"pattern": "x"}, "rule None has no name"),
    ],
)
def test_a_mapping_that_is_no_rule_is_refused_with_the_reason(rule: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Redactor([rule])


def test_options_that_are_not_acceptable_are_errors_of_configuration() -> None:
    for options in ({"disable": ["nosuch"]}, {"profile": "off"}, {"keep_last": {"visa": 9}}, {"allow": {"all": ["x"]}}):
        with pytest.raises(ConfigError):
            Redactor.default(**options)
    for key in ("", "0123456789abcde"):
        with pytest.raises(
            ConfigError, match=f"pseudonym_key: has {len(key)} bytes; use a secret of at least 16 bytes"
        ):
            Redactor.default(pseudonym_key=key)
    with pytest.raises(TypeError, match="pseudonym_key must be a str, not bytes"):
        Redactor.default(pseudonym_key=b"0123456789abcdef")


@pytest.mark.parametrize("value", [None, b"ada@example.com", 7])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="the text must be a str"):
        Redactor.default().redact_string(value)
    with pytest.raises(TypeError, match="the text must be a str"):
        Redactor.default().findings(value)
