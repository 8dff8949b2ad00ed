"""Checks arguments of public functions and converts them for the core."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Mapping, Optional

from provenlog import _native
from provenlog.errors import InvalidEventError


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


def batch(size: int) -> int:
    if not hasattr(size, "__index__"):
        raise TypeError(f"batch_size must be an int, not {type(size).__name__}")
    if not 1 <= size <= 4096:
        raise InvalidEventError("batch_size must be from 1 to 4096")
    return size


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


def interval(seconds: float, name: str) -> int:
    seconds = seconds_of(seconds, name)
    if not 0 < seconds <= 3600:
        raise InvalidEventError(f"{name} must be more than 0 and at most 3600 seconds")
    return max(1, round(seconds * 1000))


def choice(value: Optional[str], choices: Mapping[Optional[str], int], name: str) -> int:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if value not in choices:
        names = ", ".join(repr(choice) for choice in choices if choice is not None)
        raise InvalidEventError(f"{name} must be one of {names}")
    return choices[value]


def milliseconds(timeout: Optional[float], default: float) -> int:
    """A timeout in milliseconds for the core; ``None`` is the client's default."""
    seconds = default if timeout is None else seconds_of(timeout)
    return -1 if seconds == math.inf else math.ceil(seconds * 1000)
