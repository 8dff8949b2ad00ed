"""Plants the secrets of a plan file through every interface of the Python package.

Arguments: PLAN LEDGER END, where END is how the process ends: kill, close or one of the crash variants below.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import resource
import signal
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from provenlog import ProvenLogClient, trail

plan: Any = json.loads(Path(sys.argv[1]).read_text())
end = sys.argv[3]
secrets = plan["secrets"]
logging.basicConfig(level=logging.DEBUG)


@dataclass
class Record:
    note: str
    more: Any


class Failing:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        raise RuntimeError(self.text)


class Shown:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"<shown {self.text}>"


@trail
def work(text: str, *, option: Any = None) -> str:
    if option == "fail":
        raise ValueError(text) from KeyError(text)
    return text


client = ProvenLogClient(
    agent_id="planted",
    db_path=sys.argv[2],
    labels={"first": secrets[0], secrets[1]: "x"},
    metadata={"second": secrets[2], secrets[3]: {"x": secrets[4]}},
    context={"first": {"about": secrets[5], secrets[6]: 1}},
)
for event in plan["events"]:
    client.log_event(**event)
for text in secrets:
    circle: list[Any] = [text]
    circle.append(circle)
    client.log_event(
        action_name="native",
        action_input=Record(text, {text: [text, Shown(text)]}),
        action_output={(text, 1): {text}, "circle": circle, "enum": Enum("E", {"A": text}).A},
        error_message=ValueError(text),
        metadata={"path": Path("/tmp") / text, "failing": Failing(text), "shown": {Shown(text): text}},
    )
    client.set_context("label", {"text": text, text: [text]}, value=text)
    client.set_context(text, {"text": text}, value="value")
    work(text)
    with contextlib.suppress(ValueError):
        work(text, option="fail")
    with contextlib.suppress(RuntimeError), client.session(f"session of {len(text)}"):
        raise RuntimeError(text)
print("planted", flush=True)
if end == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if end.startswith("crash"):
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    if end == "crash-undumpable":
        PR_SET_DUMPABLE = 4
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    elif end == "crash-unlimited":
        pass
    else:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.kill(os.getpid(), signal.SIGSEGV)
client.close()
