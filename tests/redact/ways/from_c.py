"""Plants the secrets of a plan file through plog.h, as JSON texts and value by value.

Arguments: PLAN LEDGER END, where END is how the process ends: kill or close.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

plan: Any = json.loads(Path(sys.argv[1]).read_text())
end = sys.argv[3]
plog = ctypes.CDLL(os.environ["PLOG_LIBRARY"])
for name in ("plog_error_message", "plog_buffer_data"):
    getattr(plog, name).restype = ctypes.c_char_p


class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32)] + [(f"n{i}", ctypes.c_int32) for i in range(3)]
    _fields_ += [
        (name, ctypes.c_char_p) for name in ("base_url", "db_path", "agent", "session", "labels", "metadata", "context")
    ]


def check(call: str, *args: Any) -> None:
    error = ctypes.c_void_p()
    if getattr(plog, call)(*args, ctypes.byref(error)) != 0:
        print(plog.plog_error_message(error).decode(), file=sys.stderr)


def text(value: str) -> tuple[bytes, ctypes.c_size_t]:
    octets = value.encode()
    return octets, ctypes.c_size_t(len(octets))


def write(event: ctypes.c_void_p, value: Any) -> None:
    if isinstance(value, dict):
        plog.plog_event_begin_object(event)
        for key, member in value.items():
            plog.plog_event_key(event, *text(key))
            write(event, member)
        plog.plog_event_end_object(event)
    elif isinstance(value, list):
        plog.plog_event_begin_array(event)
        for member in value:
            write(event, member)
        plog.plog_event_end_array(event)
    elif isinstance(value, str):
        plog.plog_event_string(event, *text(value))
    else:
        plog.plog_event_json(event, *text(json.dumps(value)))


secrets = plan["secrets"]
options = Options(
    struct_size=ctypes.sizeof(Options),
    db_path=sys.argv[2].encode(),
    agent=b"planted",
    labels=json.dumps({"first": secrets[0]}).encode(),
    metadata=json.dumps({"second": secrets[1], secrets[2]: 1}).encode(),
    context=json.dumps({"first": {secrets[3]: secrets[4]}}).encode(),
)
client = ctypes.c_void_p()
check("plog_client_new", ctypes.byref(options), ctypes.byref(client))
for event in plan["events"]:
    check("plog_log_event", client, *text(json.dumps(event)), None)
    writer = ctypes.c_void_p()
    check("plog_event_begin", client, ctypes.byref(writer))
    for key, value in event.items():
        plog.plog_event_key(writer, *text(key))
        write(writer, value)
    check("plog_event_commit", writer, None)
for line in plan["lines"]:
    check("plog_log_event", client, *text(line), None)
for secret in secrets:
    writer = ctypes.c_void_p()
    check("plog_event_begin", client, ctypes.byref(writer))
    plog.plog_event_warning(writer, *text(secret), *text(f"a detail: {secret}"))
    plog.plog_event_coerced_key(writer, *text(secret))
    plog.plog_event_truncated(writer, *text(secret))
    plog.plog_event_key(writer, *text("metadata"))
    plog.plog_event_json(writer, *text(json.dumps({secret: [secret]})))
    check("plog_event_commit", writer, None)
    for key, value in (("label", secret), (secret, "value")):
        check("plog_client_set_context", client, *text(key), *text(value), *text(json.dumps({secret: secret})))
print("planted", flush=True)
if end == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
check("plog_client_close", client, ctypes.c_int64(10000))
plog.plog_client_destroy(client)
