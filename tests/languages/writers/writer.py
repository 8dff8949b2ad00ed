"""The writers in this folder take the same commands.

`writer count DB PREFIX COUNT` logs COUNT events named PREFIX-0, PREFIX-1, ... `writer event DB` logs one event, which is
the same in all languages, from values of the language's own types.
"""

import sys
from datetime import datetime, timezone

from provenlog import ProvenLogClient


def main(command, db, *arguments):
    with ProvenLogClient(agent_id="polyglot", db_path=db) as client:
        if command == "count":
            prefix, count = arguments
            for i in range(int(count)):
                client.log_event(action_type="CUSTOM", action_name=f"{prefix}-{i}", action_input={"i": i})
            return
        client.log_event(
            id="0190163d-8694-739b-aea5-966c26f8ad91",
            timestamp=datetime(2026, 2, 17, 10, 20, 30, 123000, tzinfo=timezone.utc),
            session_id="séance",
            source="test",
            capture_method="test",
            action_type="TOOL_CALL",
            action_name="every kind of value",
            action_input={
                "text": 'é😀\0"\\/<&>\u2028\x7f\n',
                "mail": "ada@example.com",
                "integers": [0, -7, 9007199254740992, 9007199254740993],
                "numbers": [0.1, 1e21, 1e-7, -0.0, 5e-324, float("nan"), float("-inf")],
                "truth": [True, False, None],
                "bytes": bytes([0, 255]),
                "empty": [{}, [], ""],
                "\ufb33": 1,
                "😀": 2,
            },
            action_output="x",
            duration_ms=1500,
            labels={"env": "dev", "ключ": "значение"},
            metadata={"nested": {"deep": [[1]]}},
            parents=["a", "b"],
        )


main(*sys.argv[1:])
