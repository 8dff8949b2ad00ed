"""Writes events.txt: inputs with the result that every language must produce. Run it after a deliberate rule change.

Each case is a block of lines `key: value`. An empty line separates blocks. A value is the raw text up to the end of its
line. The keys are:
  name               the subject of the case
  input              the event as JSON text
  labels, metadata   the client's defaults as JSON objects; absent if there are none
  max_event_bytes    the limit; 1048576 if absent
  native             `no` if native values cannot represent the input (duplicates, 1e400)
  canonical          the bytes that are stored
  warnings           `code pointer` for each warning, in any order, separated by tabs
  hash               the hash of the event as the first of its agent
All cases are recorded without salt.
"""

from __future__ import annotations

import json
import pathlib

import model

ID = "01980000-0000-7000-8000-%012x"


def event(n: int, **members: object) -> str:
    base = {"agent_id": f"golden-{n}", "id": ID % n, "timestamp": "2026-02-17T10:20:30Z"}
    return json.dumps({**base, **members}, ensure_ascii=False)


def raw(n: int, members: str) -> str:
    return event(n)[:-1] + "," + members + "}"


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


CASES: list[dict[str, object]] = []


def case(name: str, members: str = "", *, native: bool = True, **options: object) -> None:
    n = len(CASES) + 1
    text = raw(n, members) if members else event(n)
    CASES.append({"name": name, "input": text, "native": native, **options})


case("the smallest event")
case(
    "a whole tool call",
    '"session_id":"s-1","action_type":"TOOL_CALL","action_name":"search","action_input":{"query":"Füße","top":10},'
    '"action_output":{"hits":[1,2.5,true,null,"x"]},"action_status":"success","duration_ms":12,'
    '"labels":{"env":"prod","tier":"1"},"metadata":{"host":"h"}',
)
case("an error", '"action_status":"error","error_message":"boom \\"quoted\\" \\\\ \\n\\t\\u0001\\u007f"')
case("keys in UTF-16 order", '"action_input":{"\\ufb33":1,"\\ud83d\\ude02":2,"é":3,"z":4,"":5,"A":6,"a":7}')
case("no Unicode normalisation", '"action_input":["A\\u030a","\\u00c5","\\u2028\\u2029"]')
case("numbers", '"action_input":[0,-0,1.0,1e2,1E30,4.50,2e-3,1e-27,333333333.33333329,-1.5e-7,5e-324]')
case(
    "integers become text only where a double changes them",
    '"action_input":[9007199254740992,9007199254740993,-9007199254740993,100000000000000000,1152921504606846976,'
    "123456789012345678901234567890]",
)
case("a number beyond a double keeps its text", '"action_input":[1e400,-1e400]', native=False)
case("fractions of a millisecond are dropped", '"duration_ms":12.9')
case("a negative fraction is rounded down", '"duration_ms":-0.5')
case(
    "the last duplicate wins",
    '"action_name":"x","action_name":"y","action_input":{"k":1,"k":{"d":1,"d":2}}',
    native=False,
)
case("unknown fields are kept", '"zeta":[1],"beta":{"x":1},"Alpha":"a","empty":{},"none":null')
case(
    "ledger fields are not accepted",
    '"sequence":5,"hash":"x","prev_hash":null,"validation_warnings":[],"metadata":{"k":1}',
)
case(
    "wrong types move to metadata._invalid",
    '"session_id":7,"labels":[1],"duration_ms":"3","error_message":{"a":1},"metadata":"m"',
)
case("a number is no string, whatever its text", '"action_name":9007199254740993,"error_message":9007199254740993')
case("an _invalid of the user's stays", '"sequence":5,"metadata":{"_invalid":"mine"}')
case(
    "null and empty fields are omitted",
    '"action_input":{},"action_output":null,"metadata":{},"labels":null,"session_id":null',
)
case("an empty list is kept", '"action_input":[],"action_output":"","parents":[]')
case("labels are strings", '"labels":{"s":"x","n":1.50,"b":true,"z":null,"o":{"b":1,"a":[]},"big":9007199254740993}')
case("defaults fill in", labels={"env": "prod", "team": "x"}, metadata={"a": 1, "m": {"y": 1}})
case(
    "the event's own keys win over defaults",
    '"labels":{"team":"y","a":"1"},"metadata":{"a":null,"n":2}',
    labels={"env": "prod", "team": "x"},
    metadata={"a": 1, "m": {"y": 1}},
)
case("a time zone becomes UTC", '"timestamp":"2026-02-17T01:02:03.123456789+02:00"', native=False)
case("no zone means UTC", '"timestamp":"2026-02-17 01:02:03.5"', native=False)
case("an upper-case UUID is lowered", '"id":"01980000-0000-7000-8000-0000000ABCDE"', native=False)
case("a foreign id becomes a UUIDv5", '"id":"run-7/step 3"', native=False)
case("a foreign id leaves a provenance id alone", '"id":"run-8","provenance_id":"p"', native=False)
case(
    "provenance fields",
    '"parent_event_id":"anything","parents":["a","b"],"tool_call_id":"t","artifact_id":"r","audit_id":"u","intervention_id":"i"',
)
case("parents of the wrong type", '"parents":["a",1]')
case("the reserved agent", '"agent_id":"provenlog"', native=False)
case("lone surrogates", '"action_input":{"a":"x\\ud800y\\udc00z","\\ud800":"k"}')
case("a long structural value is cut", '"action_name":"' + "ä" * 700 + '"')
case("a deep container is cut", '"action_input":' + nested(140))
case("a container at the limit is kept", '"action_input":' + nested(127))
case(
    "an oversize field becomes its marker",
    '"action_input":"' + "é\\n" * 3000 + '","action_output":"short"',
    max_event_bytes=4096,
)
case("an oversize error message stays a string", '"error_message":"' + "e" * 9000 + '"', max_event_bytes=4096)
case(
    "the longest of several fields goes first",
    '"action_input":"' + "i" * 3000 + '","action_output":"' + "o" * 3500 + '"',
    max_event_bytes=5000,
)
case(
    "the longest metadata value goes first",
    '"metadata":{"a":"' + "a" * 3000 + '","b":"x","c":"' + "c" * 3500 + '"}',
    max_event_bytes=6000,
)
case("a label becomes its marker as text", '"labels":{"a":"' + "a" * 6000 + '"}', max_event_bytes=4096)


def main() -> None:
    blocks = []
    for entry in CASES:
        text = str(entry["input"])
        result = model.Event(
            text,
            labels=entry.get("labels"),  # type: ignore[arg-type]
            metadata=json.loads(json.dumps(entry.get("metadata", {})), parse_int=model.number),
            max_event_bytes=int(str(entry.get("max_event_bytes", 1 << 20))),
        )
        lines = [f"name: {entry['name']}", f"input: {text}"]
        lines += [f"{key}: {json.dumps(entry[key])}" for key in ("labels", "metadata") if key in entry]
        if "max_event_bytes" in entry:
            lines.append(f"max_event_bytes: {entry['max_event_bytes']}")
        if not entry["native"]:
            lines.append("native: no")
        lines.append(f"canonical: {result.canonical}")
        lines.append("warnings: " + "\t".join(sorted(f"{code} {where}" for code, where in result.notes)))
        lines.append(f"hash: {model.chain_hash(result.canonical)}")
        blocks.append("\n".join(lines) + "\n")
    pathlib.Path(__file__).with_name("events.txt").write_text("\n".join(blocks), encoding="utf-8")


if __name__ == "__main__":
    main()
