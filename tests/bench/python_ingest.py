"""usage: python_ingest.py DB EVENTS

Records events as fast as it can and waits until all are committed. Prints JSON.
"""

from __future__ import annotations

import json
import sys
import time

from python_sample import sample_event

from provenlog import ProvenLogClient


def main() -> None:
    path, count = sys.argv[1], int(sys.argv[2])
    events = [sample_event(i) for i in range(count)]
    client = ProvenLogClient(agent_id="research-agent", session_id="session", db_path=path, block_timeout=60)
    cpu = time.process_time()
    own_cpu = time.thread_time()
    start = time.perf_counter()
    log_event = client.log_event
    for event in events:
        log_event(**event)
    accepted = time.perf_counter() - start
    caller = time.thread_time() - own_cpu
    client.flush(600)
    seconds = time.perf_counter() - start
    all_cpu = time.process_time() - cpu
    client.close()
    result = {"events": count, "seconds": seconds, "accepted_seconds": accepted}
    print(json.dumps({**result, "cpu_seconds": all_cpu, "caller_cpu_seconds": caller}))


if __name__ == "__main__":
    main()
