"""Translates Python's regular expressions to RE2 syntax, where RE2 can express them.

Python's own parser parses the pattern, and this module writes it again from the parse tree, so flags, verbose patterns
and escapes mean in RE2 what they mean in Python. One difference remains: a word boundary in RE2 considers ASCII letters
only.
"""

from __future__ import annotations

import re
import sys
from typing import Any, List, Pattern

if sys.version_info >= (3, 11):
    from re import _constants, _parser  # type: ignore[attr-defined]
else:
    import sre_constants as _constants
    import sre_parse as _parser

_DIGIT, _SPACE, _WORD = r"\p{Nd}", r"\s\x0b\x1c-\x1f\x{85}\p{Z}", r"\p{L}\p{N}_"
_ASCII_SPACE = r"\s\x0b"

_REFUSED = {
    "ASSERT": "look-around",
    "ASSERT_NOT": "look-around",
    "GROUPREF": "back-references",
    "GROUPREF_IGNORE": "back-references",
    "GROUPREF_EXISTS": "conditional groups",
    "ATOMIC_GROUP": "atomic groups",
    "POSSESSIVE_REPEAT": "possessive repetition",
}


def to_re2(pattern: Pattern[str], name: str) -> str:
    """Return the pattern in RE2 syntax; ValueError if RE2 cannot express it. ``name`` is the rule's name."""
    if not isinstance(pattern.pattern, str):
        raise ValueError(f"rule {name!r}: the pattern is compiled from bytes; compile it from a str")
    if pattern.flags & re.LOCALE:
        raise ValueError(f"rule {name!r}: RE2 has no locales; compile the pattern without re.LOCALE")
    try:
        parsed = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        return _Writer(pattern.flags).sequence(parsed, pattern.flags, top=True)
    except _Refused as refused:
        raise ValueError(f"rule {name!r}: RE2 has no {refused}, which the pattern {pattern.pattern!r} uses") from None


class _Refused(Exception):
    pass


class _Writer:
    def __init__(self, flags: int) -> None:
        self.ascii = bool(flags & re.ASCII)

    def sequence(self, items: Any, flags: int, *, top: bool = False) -> str:
        text = "".join(self.item(op, argument, flags) for op, argument in items)
        # Only the case flag is passed on to RE2. The effect of the other flags is written out.
        return f"(?i:{text})" if top and flags & re.IGNORECASE else text

    def item(self, op: Any, argument: Any, flags: int) -> str:
        kind = str(op)
        if kind in _REFUSED:
            raise _Refused(_REFUSED[kind])
        if kind == "LITERAL":
            return _literal(argument)
        if kind == "NOT_LITERAL":
            return f"[^{_literal(argument)}]"
        if kind == "ANY":
            return r"(?s:.)" if flags & re.DOTALL else r"[^\n]"
        if kind == "IN":
            return self.character_class(argument)
        if kind == "BRANCH":
            return "(?:" + "|".join(self.sequence(branch, flags) for branch in argument[1]) + ")"
        if kind == "SUBPATTERN":
            return self.group(argument, flags)
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            return self.repeat(argument, flags) + ("?" if kind == "MIN_REPEAT" else "")
        if kind == "AT":
            return self.position(str(argument), flags)
        raise _Refused(kind.lower().replace("_", " "))

    def group(self, argument: Any, flags: int) -> str:
        number, added, removed, items = argument
        inner = (flags | added) & ~removed
        if bool(inner & re.ASCII) != self.ascii:
            raise _Refused("groups that switch between ASCII and Unicode")
        text = self.sequence(items, inner)
        if (inner ^ flags) & re.IGNORECASE:
            return f"(?i:{text})" if inner & re.IGNORECASE else f"(?-i:{text})"
        return f"({text})" if number is not None else f"(?:{text})"

    def repeat(self, argument: Any, flags: int) -> str:
        low, high, items = argument
        unlimited = high is _constants.MAXREPEAT or high == _constants.MAXREPEAT
        if low > 1000 or (not unlimited and high > 1000):
            raise _Refused("repetition beyond 1,000")
        text = f"(?:{self.sequence(items, flags)})"
        if len(items) == 1 and str(items[0][0]) in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "SUBPATTERN"):
            text = text[3:-1]
        if unlimited:
            return text + {0: "*", 1: "+"}.get(low, f"{{{low},}}")
        if (low, high) == (0, 1):
            return text + "?"
        return text + (f"{{{low}}}" if low == high else f"{{{low},{high}}}")

    def position(self, where: str, flags: int) -> str:
        if where == "AT_BEGINNING":
            return "(?m:^)" if flags & re.MULTILINE else r"\A"
        if where == "AT_BEGINNING_STRING":
            return r"\A"
        if where == "AT_END":
            # Without MULTILINE, Python's $ also matches before a final newline. Here the newline joins the match.
            return "(?m:$)" if flags & re.MULTILINE else r"(?:\n?\z)"
        if where == "AT_END_STRING":
            return r"\z"
        return {"AT_BOUNDARY": r"\b", "AT_NON_BOUNDARY": r"\B"}[where]

    def character_class(self, items: Any) -> str:
        parts: List[str] = []
        negated = False
        for op, argument in items:
            kind = str(op)
            if kind == "NEGATE":
                negated = True
            elif kind == "LITERAL":
                parts.append(_literal(argument))
            elif kind == "RANGE":
                parts.append(f"{_literal(argument[0])}-{_literal(argument[1])}")
            else:
                parts.append(self.category(str(argument), len(items) == 1))
        if len(parts) == 1 and parts[0].startswith("[^"):
            return parts[0]
        return f"[{'^' if negated else ''}{''.join(parts)}]"

    def category(self, name: str, alone: bool) -> str:
        inside = {
            "DIGIT": "0-9" if self.ascii else _DIGIT,
            "SPACE": _ASCII_SPACE if self.ascii else _SPACE,
            "WORD": "0-9A-Za-z_" if self.ascii else _WORD,
        }
        *negation, base = name.replace("CATEGORY_", "").split("_")
        if not negation:
            return inside[base]
        if alone:
            return f"[^{inside[base]}]"
        if self.ascii or base == "DIGIT":
            # A negated class inside a class: RE2 has escapes for these.
            return {"DIGIT": r"\D" if self.ascii else r"\P{Nd}", "SPACE": r"\S", "WORD": r"\W"}[base]
        raise _Refused(f"class that contains \\{base[0]} and other characters")


def _literal(code: int) -> str:
    character = chr(code)
    if 0xD800 <= code <= 0xDFFF:
        raise _Refused("surrogates")
    if code >= 0x80 or character.isalnum() or character in " _,;:=@!\"'%<>~`&#/":
        return character
    return f"\\x{code:02x}" if code < 0x20 or code == 0x7F else f"\\{character}"
