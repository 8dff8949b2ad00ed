"""Generates random values that match a regular expression of the simple form that detectors use."""

from __future__ import annotations

import random
import string
import sys
from typing import Any, Iterator, List

if sys.version_info >= (3, 11):
    from re import _constants as constants
    from re import _parser as parser
else:
    import sre_constants as constants
    import sre_parse as parser

WORD = string.ascii_letters + string.digits + "_"
VISIBLE = [chr(i) for i in range(33, 127) if chr(i) not in "\"'\\<>{}"]
CATEGORIES = {
    constants.CATEGORY_DIGIT: list(string.digits),
    constants.CATEGORY_WORD: list(WORD),
    constants.CATEGORY_SPACE: [" "],
    constants.CATEGORY_NOT_SPACE: VISIBLE,
}


class Generator:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def value(self, expression: str) -> str:
        return "".join(self._sequence(parser.parse(expression)))

    def _class(self, items: Any) -> List[str]:
        chosen: List[str] = []
        negated = False
        for kind, value in items:
            if kind is constants.NEGATE:
                negated = True
            elif kind is constants.LITERAL:
                chosen.append(chr(value))
            elif kind is constants.RANGE:
                chosen.extend(chr(i) for i in range(value[0], value[1] + 1))
            else:
                chosen.extend(CATEGORIES[value])
        return [c for c in VISIBLE if c not in chosen] if negated else chosen

    def _sequence(self, items: Any) -> Iterator[str]:
        for kind, value in items:
            if kind is constants.LITERAL:
                yield chr(value)
            elif kind is constants.IN:
                yield self.random.choice(self._class(value))
            elif kind in (constants.MAX_REPEAT, constants.MIN_REPEAT):
                least, most, part = value
                most = min(most, least + 20)
                for _ in range(self.random.choice([least, most, self.random.randint(least, most)])):
                    yield from self._sequence(part)
            elif kind is constants.SUBPATTERN:
                yield from self._sequence(value[3])
            elif kind is constants.BRANCH:
                yield from self._sequence(self.random.choice(value[1]))
            elif kind is constants.ANY:
                yield self.random.choice(VISIBLE)
            elif kind is not constants.AT:
                raise ValueError(f"cannot generate values for {kind}")
