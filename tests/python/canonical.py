"""A slow and simple implementation of RFC 8785, with which tests compare the core's bytes."""

from __future__ import annotations

import json
import math
from typing import Any


def canonical(value: Any) -> str:
    """Returns the canonical form of parsed JSON (None, bool, int, float, str, list, dict with str keys)."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\x7f")
    if isinstance(value, (int, float)):
        return number(float(value))
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(item)}" for key, item in members) + "}"


def number(value: float) -> str:
    """Formats a number as ECMAScript's Number::toString does, which RFC 8785 requires."""
    assert math.isfinite(value)
    if value == 0:
        return "0"
    mantissa, exponent = f"{abs(value)!r}e0".split("e")[:2] if "e" not in repr(value) else repr(abs(value)).split("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    point = len(whole) + int(exponent) - leading
    digits = digits.rstrip("0")
    sign = "-" if value < 0 else ""
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + digits[0] + (f".{digits[1:]}" if count > 1 else "") + power


def expected(value: Any) -> Any:
    """Returns the parsed JSON that plain Python values become in an event (docs/native-values.md)."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, int):
        return value if exact(value) else str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, (list, tuple)):
        return [expected(item) for item in value]
    assert isinstance(value, dict)
    return {expected(key): expected(item) for key, item in value.items()}


def exact(value: int) -> bool:
    try:
        return number(float(value)) == str(value)
    except OverflowError:
        return False
