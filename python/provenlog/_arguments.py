"""Checks arguments of public functions and converts them for the core."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Mapping, Optional

from provenlog import _native
from provenlog.errors import InternalError, InvalidEventError


def mapping_text(value: Optional[Mapping[str, Any]], name: str) -> Optional[str]:
    """The JSON text of a mapping, or ``None``."""
    if value is None:
        return None
    text = _native.Json(value).text
    if not text.startswith("{"):
        raise InvalidEventError(f"{name} must be a mapping, not {type(value).__name__}")
    return text


def zoned(time: datetime) -> str:
    return time.isoformat() if time.tzinfo is not None else time.isoformat() + "Z"


def checked_text(value: str, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def optional_text(value: Optional[str], name: str) -> Optional[str]:
    return None if value is None else checked_text(value, name)


def seconds_of(value: float, name: str = "timeout") -> float:
    try:
        seconds = math.fabs(value)
    except TypeError:
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}") from None
    except OverflowError:
        seconds = math.inf
    if math.isnan(seconds) or value < 0:
        raise InvalidEventError(f"{name} must be a number of seconds, 0 or more")
    return seconds


def choice(value: Optional[str], choices: Mapping[str, int], name: str) -> int:
    """The number of a choice in plog.h; ``None`` is 0. The core rejects a word that is not a choice."""
    if value is None:
        return 0
    if checked_text(value, name) not in choices:
        _native.check_option(name, value)
        raise InternalError(f"internal error: the choice {value!r} of {name} has no number")
    return choices[value]


def switch(value: Optional[bool], name: str) -> int:
    """A plog_switch of plog.h; ``None`` is 0."""
    if value is None:
        return 0
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, not {type(value).__name__}")
    return 1 if value else 2


def milliseconds(timeout: Optional[float], default: float) -> int:
    """A timeout in milliseconds for the core; ``None`` is the client's default."""
    seconds = default if timeout is None else seconds_of(timeout)
    return -1 if seconds == math.inf else math.ceil(seconds * 1000)
