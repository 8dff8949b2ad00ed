"""The event as a dataclass, as an alternative to keyword arguments of ``log_event``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Dict, List, Mapping, Optional, Union

__all__ = ["ProvenLogEvent"]


@dataclass
class ProvenLogEvent:
    """One event of schema 1.0. Fields left at ``None`` are absent.

    Only ``agent_id`` is required, unless the client has a default. Fields that the schema does not define belong in
    ``extra``; they are stored at the top level of the event, and hashed.

    >>> event = ProvenLogEvent(action_type="TOOL_CALL", action_name="search", extra={"trace": "t-1"})
    >>> event.to_dict()
    {'trace': 't-1', 'action_type': 'TOOL_CALL', 'action_name': 'search'}
    >>> ProvenLogEvent.from_dict(event.to_dict()) == event
    True
    """

    id: Optional[str] = None
    schema_version: Optional[str] = None
    agent_id: Optional[str] = None
    session_id: Optional[str] = None
    source: Optional[str] = None
    capture_method: Optional[str] = None
    action_type: Optional[str] = None
    action_name: Optional[str] = None
    action_input: Any = None
    action_output: Any = None
    action_status: Optional[str] = None
    error_message: Optional[str] = None
    timestamp: Union[str, datetime, None] = None
    duration_ms: Union[int, timedelta, None] = None
    labels: Optional[Mapping[str, Any]] = None
    metadata: Optional[Mapping[str, Any]] = None
    provenance_id: Optional[str] = None
    parent_event_id: Optional[str] = None
    parents: Optional[List[str]] = None
    tool_call_id: Optional[str] = None
    artifact_id: Optional[str] = None
    audit_id: Optional[str] = None
    intervention_id: Optional[str] = None
    salt: Optional[str] = None
    extra: Dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> Dict[str, Any]:
        """Return the event as a dict, without absent fields."""
        known = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "extra"}
        return {**self.extra, **{name: value for name, value in known.items() if value is not None}}

    @classmethod
    def from_dict(cls, event: Mapping[str, Any]) -> ProvenLogEvent:
        """Create an event from a mapping. Fields that the schema does not define become ``extra``."""
        known = {f.name for f in fields(cls)} - {"extra"}
        return cls(
            **{name: value for name, value in event.items() if name in known},
            extra={name: value for name, value in event.items() if name not in known},
        )
