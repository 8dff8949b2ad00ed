"""A slow, readable model of event preparation (schema 1.0), without redaction.

It shares no code with the library. The golden file is generated with it, and property tests compare it with the events
that clients store. The rules are in docs/formats.md.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import re
import uuid

STRUCTURAL = [
    "id",
    "schema_version",
    "agent_id",
    "session_id",
    "source",
    "capture_method",
    "action_type",
    "action_name",
    "action_status",
    "timestamp",
    "provenance_id",
    "parent_event_id",
    "tool_call_id",
    "artifact_id",
    "audit_id",
    "intervention_id",
    "salt",
]
LEDGER = ["hash", "prev_hash", "sequence", "validation_warnings"]
KNOWN = [*STRUCTURAL, "action_input", "action_output", "error_message", "duration_ms", "labels", "metadata", "parents"]
FREE_TEXT = "error_message"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "provenlog")
MAX_DEPTH = 128
DEPTH_MARKER = {"reason": "depth", "truncated": True}


class Number(str):
    """A number, as its canonical text."""


class NumberText(str):
    """A number that a double cannot represent, as the string that is stored instead."""


class Pairs(list):
    """An object as it was written: (key, value) pairs in order, including duplicates."""


def canonical_double(value: float) -> str:
    """Formats a finite double like ECMAScript Number::toString (RFC 8785, section 3.2.2.3)."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = int(exponent or 0) + len(whole)
    if whole == "0":
        point = int(exponent or 0) - (len(fraction) - len(fraction.lstrip("0")))
    digits = digits.rstrip("0") or "0"
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = point - 1
    text = digits[0] + ("." + digits[1:] if count > 1 else "")
    return f"{sign}{text}e{'+' if power > 0 else '-'}{abs(power)}"


def number(literal: str) -> Number | str:
    """Converts a JSON number literal to a number, or to its own text."""
    if re.fullmatch(r"-?[0-9]+", literal):
        if literal == "-0":
            return Number("0")
        try:
            text = canonical_double(float(int(literal)))
        except OverflowError:
            return NumberText(literal)
        return Number(literal) if text == literal else NumberText(literal)
    value = float(literal)
    return NumberText(literal) if math.isinf(value) else Number(canonical_double(value))


def quote(text: str) -> str:
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
    return '"' + "".join(short.get(c, f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def key_order(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def canonical(value: object) -> str:
    """The canonical form (RFC 8785) of a model value. Dicts are final objects."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    assert isinstance(value, dict)
    members = sorted(value.items(), key=lambda member: key_order(member[0]))
    return "{" + ",".join(quote(key) + ":" + canonical(member) for key, member in members) + "}"


def pointer(*tokens: object) -> str:
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def prefix(text: bytes, size: int) -> str:
    return text[:size].decode("utf-8", "ignore")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def marker(value: str) -> dict[str, object]:
    octets = value.encode()
    return {
        "bytes": Number(str(len(octets))),
        "head": prefix(octets, 1024),
        "sha256": digest(value),
        "truncated": True,
    }


def parse_time(text: str) -> datetime.datetime | None:
    match = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?([Zz]|[+-]\d\d(?::?\d\d)?)?", text
    )
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    micros = int(((match[7] or "") + "000000")[:6])
    offset = 0
    if match[8] and match[8] not in "Zz":
        digits = match[8][1:].replace(":", "").ljust(4, "0")
        offset = (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if match[8][0] == "-" else 1)
    try:
        time = datetime.datetime(year, month, day, hour, minute, second, micros)
        return time - datetime.timedelta(minutes=offset)
    except (ValueError, OverflowError):
        return None


class Event:
    """Prepares one event from its JSON text. The results are in `canonical` and `notes`."""

    def __init__(
        self,
        text: str,
        labels: dict[str, object] | None = None,
        metadata: dict[str, object] | None = None,
        agent_id: str = "",
        max_event_bytes: int = 1 << 20,
    ) -> None:
        self.notes: list[tuple[str, str]] = []  # (code, pointer) of each warning; the order does not matter
        members = json.loads(text, object_pairs_hook=Pairs, parse_float=number, parse_int=number, parse_constant=str)
        fields, self.invalid = self.sort_fields(members)
        self.defaults_labels, self.defaults_metadata = labels or {}, metadata or {}
        event = self.repair(fields, agent_id)
        self.event = event
        self.canonical = self.limit(event, max_event_bytes)

    def note(self, code: str, *path: object) -> None:
        self.notes.append((code, pointer(*path)))

    def text(self, value: str, path: tuple[object, ...]) -> str:
        clean = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in value)
        if clean != value:
            self.note("lone_surrogate", *path)
        return clean

    def value(self, raw: object, depth: int, path: tuple[object, ...]) -> object:
        """Returns the final value: duplicates resolved, deep containers cut, text repaired."""
        if isinstance(raw, Number) or raw is None or isinstance(raw, bool):
            return raw
        if isinstance(raw, NumberText):
            self.note("number_as_text", *path)
            return raw
        if isinstance(raw, str):
            return self.text(raw, path)
        if depth > MAX_DEPTH:
            self.note("depth", *path)
            return dict(DEPTH_MARKER)
        if isinstance(raw, Pairs):
            result: dict[str, object] = {}
            for key, member in raw:
                name = self.text(key, path)
                if name in result:
                    self.note("duplicate_key", *path, name)
                result[name] = self.value(member, depth + 1, (*path, name))
            return result
        assert isinstance(raw, list)
        return [self.value(item, depth + 1, (*path, i)) for i, item in enumerate(raw)]

    def sort_fields(self, members: Pairs) -> tuple[dict[str, object], dict[str, object]]:
        fields: dict[str, object] = {}
        invalid: dict[str, object] = {}
        for key, raw in members:
            name = self.text(key, ())
            value = self.value(raw, 2, (name,))
            if name in LEDGER:
                if value is not None and value != {}:
                    invalid[name] = value
                    self.note("ledger_field", name)
                continue
            if name in fields:
                self.note("duplicate_key", name)
            fields[name] = value
        return {k: v for k, v in fields.items() if v is not None and v != {}}, invalid

    def fits(self, name: str, value: object) -> bool:
        plain = isinstance(value, str) and not isinstance(value, (Number, NumberText))
        if name in STRUCTURAL or name == FREE_TEXT:
            return plain
        if name in ("labels", "metadata"):
            return isinstance(value, dict)
        if name == "duration_ms":
            return isinstance(value, Number) and abs(float(value)) <= 2**53
        if name == "parents":
            return (
                isinstance(value, list)
                and len(value) <= 1024
                and all(isinstance(p, str) and not isinstance(p, Number) for p in value)
            )
        return True

    def repair(self, fields: dict[str, object], agent_id: str) -> dict[str, object]:
        for name in list(fields):
            if name not in KNOWN:
                self.note("unknown_field", name)
            elif not self.fits(name, fields[name]):
                self.note("wrong_type", name)
                self.invalid[name] = fields.pop(name)
        agent = fields.get("agent_id") or agent_id
        if not agent:
            raise ValueError("agent_id is required")
        if agent == "provenlog":
            agent = "_provenlog"
            self.note("reserved_agent", "agent_id")
        fields["agent_id"] = agent
        fields.setdefault("source", "sdk")
        fields.setdefault("capture_method", "embedded")
        fields.setdefault("schema_version", "1.0")
        given = str(fields.get("id", ""))
        if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", given):
            fields["id"] = given.lower()
        elif given:
            fields["id"] = str(uuid.uuid5(NAMESPACE, given))
            fields.setdefault("provenance_id", given)
            self.note("foreign_id", "id")
        time = parse_time(str(fields["timestamp"]))
        assert time is not None, "the model needs a valid timestamp"
        fields["timestamp"] = time.strftime("%Y").zfill(4) + time.strftime("-%m-%dT%H:%M:%S.%fZ")
        if "duration_ms" in fields:
            whole = math.floor(float(str(fields["duration_ms"])))
            if Number(whole) != fields["duration_ms"]:
                self.note("fraction_dropped", "duration_ms")
            fields["duration_ms"] = Number(whole)
        for name in STRUCTURAL:
            if name in fields:
                fields[name] = self.cut(str(fields[name]), name)
        if "parents" in fields:
            fields["parents"] = [self.cut(p, "parents", i) for i, p in enumerate(fields["parents"])]  # type: ignore[arg-type, call-overload]
        labels = {**self.defaults_labels, **fields.get("labels", {})}  # type: ignore[dict-item]
        if labels:
            fields["labels"] = {k: self.label(k, v) for k, v in labels.items()}
        metadata = {**self.defaults_metadata, **fields.get("metadata", {})}  # type: ignore[dict-item]
        if self.invalid:
            name, n = "_invalid", 2
            while name in fields.get("metadata", {}):  # type: ignore[operator]
                name, n = f"_invalid~{n}", n + 1
            metadata[name] = self.invalid
        if metadata:
            fields["metadata"] = metadata
        return fields

    def label(self, key: str, value: object) -> str:
        if isinstance(value, str) and not isinstance(value, Number):
            return value
        self.note("label_not_string", "labels", key)
        return canonical(value)

    def cut(self, text: str, *path: object) -> str:
        if len(text.encode()) <= 1024:
            return text
        self.note("too_long", *path)
        return prefix(text.encode(), 960) + digest(text)

    def limit(self, event: dict[str, object], limit: int) -> str:
        """While the event is too long, replaces the longest value of the longest free field with a marker."""

        def shorter(name: str, value: object) -> object | None:
            text_only = name in ("labels", FREE_TEXT)
            short: object = marker(canonical(value))
            if text_only:
                short = canonical(short)
            return short if len(canonical(short).encode()) < len(canonical(value).encode()) else None

        def size(value: object) -> int:
            return len(canonical(value).encode())

        done: set[tuple[str, ...]] = set()
        free = [n for n in event if n not in STRUCTURAL and n not in ("duration_ms", "parents")]
        while size(event) > limit:
            for name in sorted(free, key=lambda n: (-size(event[n]), key_order(n))):
                if name in ("labels", "metadata"):
                    inner: dict[str, object] = event[name]  # type: ignore[assignment]
                    for key in sorted(inner, key=lambda k: (-size(inner[k]), key_order(k))):
                        if (name, key) in done:
                            continue
                        done.add((name, key))
                        if (short := shorter(name, inner[key])) is not None:
                            event[name] = {**inner, key: short}
                            self.note("truncated", name, key)
                            break
                    else:
                        continue
                    break
                if (name,) in done:
                    continue
                done.add((name,))
                if (short := shorter(name, event[name])) is not None:
                    event[name] = short
                    self.note("truncated", name)
                    break
            else:
                break
        return canonical(event)


def chain_hash(octets: str, prev_hash: str = "0" * 64) -> str:
    return hashlib.sha256(octets.encode() + prev_hash.encode()).hexdigest()
