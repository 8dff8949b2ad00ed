"""The redaction engine by itself, and its rules.

>>> from provenlog import Redactor
>>> Redactor.default().redact_string("write to ada@example.com")
('write to [REDACTED:email]', 1)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Iterable, List, Mapping, Optional, Pattern, Tuple, Union

from provenlog import _native
from provenlog._pattern import to_re2

__all__ = ["RedactionRule", "Redactor"]


@dataclass(frozen=True)
class RedactionRule:
    """What to look for and what to write in its place.

    ``pattern`` is RE2 syntax, or a compiled ``re.Pattern`` if RE2 can express it (no look-around, back-references,
    possessive or atomic groups); otherwise a ``ValueError`` says what is in the way. ``replacement`` stands for each
    hit literally and defaults to ``[REDACTED:name]``.

    >>> import re
    >>> RedactionRule("mrn", re.compile(r"mrn-[0-9]{4,}", re.IGNORECASE)).pattern
    '(?i:mrn\\\\-[0-9]{4,})'
    >>> RedactionRule("bad", re.compile(r"(?<=x)y"))
    Traceback (most recent call last):
    ...
    ValueError: rule 'bad': RE2 has no look-around, which the pattern '(?<=x)y' uses
    """

    name: str
    pattern: Union[str, Pattern[str]]
    replacement: Optional[str] = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError("a rule's name must be a str")
        if self.replacement is not None and not isinstance(self.replacement, str):
            raise TypeError(f"rule {self.name!r}: the replacement must be a str; functions are not called")
        if isinstance(self.pattern, re.Pattern):
            object.__setattr__(self, "pattern", to_re2(self.pattern, self.name))
        elif not isinstance(self.pattern, str):
            raise TypeError(f"rule {self.name!r}: the pattern must be a str or a compiled re.Pattern")


RuleLike = Union[RedactionRule, Tuple[str, Union[str, Pattern[str]], str], Mapping[str, str]]


class Redactor:
    """Replaces personal data and secrets by markers. Immutable; share it between threads.

    >>> redactor = Redactor.default_with_rules([RedactionRule("mrn", r"MRN-\\d{10}", "[REDACTED:mrn]")])
    >>> redactor.redact_string("patient MRN-0123456789, 555-123-4567")
    ('patient [REDACTED:mrn], [REDACTED:phone]', 2)
    >>> redactor.redact({"to": ["ada@example.com"]})
    ({'to': ['[REDACTED:email]']}, 1)
    """

    def __init__(self, rules: Iterable[RuleLike] = (), *, configured: bool = False) -> None:
        """The built-in patterns and ``rules``; with ``configured`` also those of the configuration files."""
        self._native = _native.Redactor(json.dumps([_rule(rule) for rule in rules]), configured)

    @classmethod
    def default(cls) -> Redactor:
        """The built-in patterns."""
        return cls()

    @classmethod
    def default_with_rules(cls, rules: Iterable[RuleLike]) -> Redactor:
        """The built-in patterns and these rules."""
        return cls(rules)

    @classmethod
    def configured(cls, rules: Iterable[RuleLike] = ()) -> Redactor:
        """The built-in patterns, those of the configuration files, and these: what a client uses."""
        return cls(rules, configured=True)

    def redact_string(self, text: str) -> Tuple[str, int]:
        """The text with a marker in place of each hit, and the number of hits."""
        return self._native.redact(_valid(text))

    def redact(self, value: Any) -> Tuple[Any, int]:
        """The same for any value: its JSON form, with all strings and keys redacted, and the number of hits."""
        text, count = self._native.redact_json(_native.Json(value).text)
        return json.loads(text), count


def _rule(rule: RuleLike) -> Mapping[str, str]:
    if isinstance(rule, Mapping):
        rule = RedactionRule(rule["name"], rule["pattern"], rule.get("replace"))
    elif not isinstance(rule, RedactionRule):
        rule = RedactionRule(*rule)
    members: List[Tuple[str, str]] = [("name", rule.name), ("pattern", str(rule.pattern))]
    if rule.replacement is not None:
        members.append(("replace", rule.replacement))
    return dict(members)


def _valid(text: str) -> str:
    """Without lone surrogates, which UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
