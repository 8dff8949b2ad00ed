"""The redaction engine, without a ledger, and its rules.

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
    """A pattern to look for and the text that replaces each match.

    ``pattern`` is a text in RE2 syntax or a compiled ``re.Pattern``. A compiled pattern that RE2 cannot express
    (look-around, back-references, possessive or atomic groups) raises a ``ValueError`` that names the obstacle.
    ``replacement`` replaces each match literally; the default is ``[REDACTED:name]``.

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
            raise TypeError(f"a rule's name must be a str, not {type(self.name).__name__}")
        if self.replacement is not None and not isinstance(self.replacement, str):
            raise TypeError(f"rule {self.name!r}: the replacement must be a str; a function is not supported")
        if isinstance(self.pattern, re.Pattern):
            object.__setattr__(self, "pattern", to_re2(self.pattern, self.name))
        elif not isinstance(self.pattern, str):
            raise TypeError(f"rule {self.name!r}: the pattern must be a str or a compiled re.Pattern")


class Finding(NamedTuple):
    """One match: the name of its detector or rule, and its offsets in characters (code points) of the text.

    ``value`` is the matched text, if it was asked for.
    """

    name: str
    start: int
    end: int
    value: Optional[str] = None


RuleLike = Union[RedactionRule, Tuple[str, Union[str, Pattern[str]], str], Mapping[str, str]]


class Redactor:
    """Replaces personal data and secrets with markers. Immutable; threads may share it.

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
        """Create a redactor with the built-in detectors and ``rules``.

        ``rules`` are ``RedactionRule`` objects, tuples of their fields, or mappings with ``name``, ``pattern`` and
        ``replace``. ``profile`` is ``"default"``, ``"strict"``, ``"pii"`` or ``"secrets"``. ``disable`` names
        detectors to switch off. ``allow`` has lists of ``values``, ``patterns``, ``keys`` and ``paths`` that are never
        redacted. ``keep_last`` maps names to the number of characters (1 to 8) that stay visible in the marker. With
        ``pseudonym_key``, a secret text of at least 16 bytes, equal texts get equal markers and different texts, as a
        rule, different ones: ``[REDACTED:email:3f9a2c]``. If ``configured`` is true, the redaction settings of the
        configuration files apply too.

        Raises ConfigError if a rule or an option is invalid.
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
        except InvalidEventError as error:  # the core sees arguments; here they are settings, as in a file
            raise ConfigError(str(error)) from None

    @classmethod
    def default(cls, **options: Any) -> Redactor:
        """Create a redactor with the built-in detectors and the constructor's options."""
        return cls(**options)

    @classmethod
    def default_with_rules(cls, rules: Iterable[RuleLike], **options: Any) -> Redactor:
        """Create a redactor with the built-in detectors, these rules and the constructor's options."""
        return cls(rules, **options)

    @classmethod
    def configured(cls, rules: Iterable[RuleLike] = (), **options: Any) -> Redactor:
        """Create a redactor with the settings of the configuration files, as a client uses it, and these rules."""
        return cls(rules, configured=True, **options)

    @staticmethod
    def detectors() -> List[Mapping[str, Any]]:
        """Return the built-in detectors with their examples, and the rules for keys."""
        detectors: List[Mapping[str, Any]] = json.loads(_native.Redactor.detectors())
        return detectors

    def findings(self, text: str, *, values: bool = False) -> List[Finding]:
        """Return what ``redact_string`` would replace, in the order of the text.

        The matched text of a finding ``f`` is ``text[f.start:f.end]``: offsets are in characters (code points), as
        elsewhere in Python. ``f.value`` is set only if ``values`` is true.

        >>> Redactor.default().findings("to ada@example.com")
        [Finding(name='email', start=3, end=18, value=None)]
        """
        text = _SURROGATES.sub(
            "\ufffd", _checked(text)
        )  # one character for another, so offsets are those of the given text
        octets = text.encode()
        found = json.loads(self._native.findings(text))
        result: List[Finding] = []
        place = at = 0  # the same offset in bytes and in characters
        for one in found:
            start = at + len(octets[place : one["start"]].decode())
            end = start + len(octets[one["start"] : one["end"]].decode())
            place, at = one["end"], end
            result.append(Finding(one["name"], start, end, text[start:end] if values else None))
        return result

    def redact_string(self, text: str) -> Tuple[str, int]:
        """Return the text with a marker in place of each match, and the number of matches."""
        return self._native.redact(_valid(_checked(text)))

    def redact(self, value: Any) -> Tuple[Any, int]:
        """Return the JSON form of any value with all strings and keys redacted, and the number of matches."""
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
    """The text without lone surrogates, which UTF-8 cannot represent."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
