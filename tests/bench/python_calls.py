"""usage: python_calls.py DIRECTORY ROUNDS CALLS

Measures what one log_event of the Python SDK costs its caller, compared with orjson and structlog for the same event.
They take turns. Prints JSON with nanoseconds per call, one number per round.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, Callable, Dict, List

import orjson
import structlog
from python_sample import sample_event

from provenlog import ProvenLogClient


def nanos_per_call(work: Callable[[Dict[str, Any]], object], events: List[Dict[str, Any]]) -> float:
    start = time.perf_counter_ns()
    for event in events:
        work(event)
    return (time.perf_counter_ns() - start) / len(events)


def by_keywords(client: ProvenLogClient) -> Callable[[Dict[str, Any]], object]:
    log_event = client.log_event
    return lambda event: log_event(
        action_type="TOOL_CALL",
        action_name="search_documents",
        action_input=event["action_input"],
        action_output=event["action_output"],
        action_status="success",
        labels=event["labels"],
    )


def main() -> None:
    directory, rounds, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    events = [sample_event(i) for i in range(calls)]
    log_file = open(os.path.join(directory, "structlog.jsonl"), "w", encoding="utf-8")  # noqa: SIM115
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=log_file),
        cache_logger_on_first_use=True,
    )
    logger = structlog.get_logger()
    config = os.path.join(directory, "off.yaml")
    client = ProvenLogClient(agent_id="research-agent", db_path=os.path.join(directory, "calls.db"))
    with open(config, "w", encoding="utf-8") as file:
        file.write("redaction: {enabled: false}\n")
    os.environ["PROVENLOG_CONFIG"] = config
    plain = ProvenLogClient(agent_id="research-agent", db_path=os.path.join(directory, "plain.db"))

    works: Dict[str, Callable[[Dict[str, Any]], object]] = {
        "orjson": lambda event: orjson.dumps(event, option=orjson.OPT_SORT_KEYS),
        "structlog": lambda event: logger.info("event", **event),
        "provenlog": by_keywords(client),
        "provenlog_without_redaction": by_keywords(plain),
        "nothing": lambda event: None,
    }
    result: Dict[str, List[float]] = {name: [] for name in works}
    for turn in range(-1, rounds):  # the first turn is a warm-up
        for name, work in works.items():
            nanos = nanos_per_call(work, events)
            client.flush()
            plain.flush()
            if turn >= 0:
                result[name].append(nanos)
    client.close()
    plain.close()
    log_file.close()
    for nanos_of in (name for name in result if name != "nothing"):
        # Subtract the benchmark's own loop and lambda.
        result[nanos_of] = [all_ - empty for all_, empty in zip(result[nanos_of], result["nothing"])]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
