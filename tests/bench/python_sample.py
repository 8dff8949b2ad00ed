"""The event that the Python benchmarks record: six fields, with two small dicts and two labels."""

from __future__ import annotations

from typing import Any, Dict


def sample_event(number: int) -> Dict[str, Any]:
    return {
        "action_type": "TOOL_CALL",
        "action_name": "search_documents",
        "action_input": {"query": f"revenue of the northern region, run {number}", "limit": 20},
        "action_output": {"hits": 3, "best": "Revenue report"},
        "action_status": "success",
        "labels": {"team": "finance", "env": "production"},
    }
