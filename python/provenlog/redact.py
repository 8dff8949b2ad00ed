"""The redaction engine by itself, and its rules.

>>> from provenlog import Redactor
>>> Redactor.default().redact_string("write to ada@example.com")
('write to [REDACTED:email]', 1)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Iterable, List, Mapping, NamedTuple, Optional, Pattern, Tuple, Union

from provenlog import _native
from provenlog._pattern import to_re2
from provenlog.errors import ConfigError, InvalidEventError

__all__ = ["Finding", "RedactionRule", "Redactor"]

_SURROGATES = re.compile("[\ud800-\udfff]")


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


class Finding(NamedTuple):
    """Where something to be hidden stands, in characters of the text, and what it is."""

    name: str
    start: int
    end: int
    value: Optional[str] = None


RuleLike = Union[RedactionRule, Tuple[str, Union[str, Pattern[str]], str], Mapping[str, str]]


class Redactor:
    """Replaces personal data and secrets by markers. Immutable; share it between threads.

    >>> redactor = Redactor.default_with_rules([RedactionRule("mrn", r"MRN-\\d{10}", "[REDACTED:mrn]")])
    >>> redactor.redact_string("patient MRN-0123456789, 555-123-4567")
    ('patient [REDACTED:mrn], [REDACTED:phone]', 2)
    >>> redactor.redact({"to": ["ada@example.com"]})
    ({'to': ['[REDACTED:email]']}, 1)
    """

    def __init__(
        self,
        rules: Iterable[RuleLike] = (),
        *,
        profile: Optional[str] = None,
        disable: Iterable[str] = (),
        allow: Optional[Mapping[str, Iterable[str]]] = None,
        keep_last: Optional[Mapping[str, int]] = None,
        pseudonym_key: Optional[str] = None,
        configured: bool = False,
    ) -> None:
        """The built-in detectors and ``rules``; with ``configured`` also what the configuration files say.

        ``profile`` is ``"default"``, ``"strict"``, ``"pii"`` or ``"secrets"``; ``disable`` names detectors that are
        off; ``allow`` holds lists of ``values``, ``patterns``, ``keys`` and ``paths`` that are left alone;
        ``keep_last`` says how many characters stay in a marker; with ``pseudonym_key`` markers are equal for equal
        texts only, ``[REDACTED:email:3f9a2c]``. A rule may be a mapping of ``name``, ``pattern`` and ``replace``.

        ConfigError if the rules or options are not acceptable.
        """
        options: dict[str, Any] = {"rules": [_rule(rule) for rule in rules]}
        if profile is not None:
            options["profile"] = profile
        if disable:
            options["disable"] = list(disable)
        if allow:
            options["allow"] = {key: list(values) for key, values in allow.items()}
        if keep_last:
            options["keep_last"] = dict(keep_last)
        if pseudonym_key is not None:
            if not isinstance(pseudonym_key, str):
                raise TypeError(
                    f"pseudonym_key must be a str, not {type(pseudonym_key).__name__}; use key.hex() for bytes"
                )
            options["pseudonym_key"] = pseudonym_key
        try:
            self._native = _native.Redactor(json.dumps(options), configured)
        except InvalidEventError as error:  # to the core these are arguments; here they are settings, as in a file
            raise ConfigError(str(error)) from None

    @classmethod
    def default(cls, **options: Any) -> Redactor:
        """The built-in detectors, with the constructor's options."""
        return cls(**options)

    @classmethod
    def default_with_rules(cls, rules: Iterable[RuleLike], **options: Any) -> Redactor:
        """The built-in detectors and these rules, with the constructor's options."""
        return cls(rules, **options)

    @classmethod
    def configured(cls, rules: Iterable[RuleLike] = (), **options: Any) -> Redactor:
        """The built-in detectors, what the configuration files say, and these: what a client uses."""
        return cls(rules, configured=True, **options)

    @staticmethod
    def detectors() -> List[Mapping[str, Any]]:
        """The built-in detectors with their examples, and the rules for keys (docs/redaction.md)."""
        detectors: List[Mapping[str, Any]] = json.loads(_native.Redactor.detectors())
        return detectors

    def findings(self, text: str, *, values: bool = False) -> List[Finding]:
        """What ``redact_string`` would replace, in order; ``text[f.start:f.end]`` is it. Values only if asked for.

        Places are in characters (code points) of the text, as in all of Python.

        >>> Redactor.default().findings("to ada@example.com")
        [Finding(name='email', start=3, end=18, value=None)]
        """
        text = _SURROGATES.sub(
            "\ufffd", _checked(text)
        )  # one character for one, so that places are those of the given text
        octets = text.encode()
        found = json.loads(self._native.findings(text))
        result: List[Finding] = []
        place = at = 0  # the same place in octets and in characters
        for one in found:
            start = at + len(octets[place : one["start"]].decode())
            end = start + len(octets[one["start"] : one["end"]].decode())
            place, at = one["end"], end
            result.append(Finding(one["name"], start, end, text[start:end] if values else None))
        return result

    def redact_string(self, text: str) -> Tuple[str, int]:
        """The text with a marker in place of each hit, and the number of hits."""
        return self._native.redact(_valid(_checked(text)))

    def redact(self, value: Any) -> Tuple[Any, int]:
        """The same for any value: its JSON form, with all strings and keys redacted, and the number of hits."""
        text, count = self._native.redact_json(_native.Json(value).text)
        return json.loads(text), count


def _rule(rule: RuleLike) -> Mapping[str, str]:
    if isinstance(rule, Mapping):
        unknown = [key for key in rule if key not in ("name", "pattern", "replace")]
        if unknown:
            raise ConfigError(f"rules: unknown member {unknown[0]!r}; known: name, pattern, replace")
        missing = [key for key in ("name", "pattern") if key not in rule]
        if missing:
            raise ConfigError(f"rule {rule.get('name')!r} has no {missing[0]}")
        rule = RedactionRule(rule["name"], rule["pattern"], rule.get("replace"))
    elif not isinstance(rule, RedactionRule):
        rule = RedactionRule(*rule)
    members: List[Tuple[str, str]] = [("name", rule.name), ("pattern", str(rule.pattern))]
    if rule.replacement is not None:
        members.append(("replace", rule.replacement))
    return dict(members)


def _checked(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"the text must be a str, not {type(text).__name__}")
    return text


def _valid(text: str) -> str:
    """Without lone surrogates, which UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
