"""Read one table of the rule book, key by key, and say exactly where it is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NoReturn

from npdoctor.errors import RuleBookError

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
IDENTIFIER = re.compile(r"[a-z0-9]+(?:[-._][a-z0-9]+)*", re.IGNORECASE)
CODE = re.compile(r"NPD[0-9]{3}")
PAIR = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})")


class Entry:
    """One `[[section]]` of the file; every key that is asked for counts as known."""

    def __init__(self, file: str, section: str, position: int, table: Mapping[str, object]) -> None:
        self.file = file
        self.section = section
        self._position = position
        self._table = table
        self._known: set[str] = set()

    @property
    def label(self) -> str:
        """Name the rule: its own name where it has one, its place in the file otherwise."""
        for key in ("id", "code", "name", "distribution", "version", "cuda"):
            value = self._table.get(key)
            if isinstance(value, str) and value and (key != "code" or self.section == "code"):
                return value
        return f"#{self._position}"

    def fail(self, key: str, reason: str) -> NoReturn:
        """Raise an error that names file, rule and key."""
        raise RuleBookError(f"{self.file}: [[{self.section}]] {self.label}: {key}: {reason}")

    def has(self, key: str) -> bool:
        """Tell whether a key is there, and count it as known."""
        self._known.add(key)
        return key in self._table

    def _value(self, key: str) -> object:
        if not self.has(key):
            self.fail(key, "is missing")
        return self._table[key]

    def text(self, key: str, empty: bool = False) -> str:
        """Return a string without blanks around it."""
        value = self._value(key)
        if not isinstance(value, str):
            self.fail(key, f"must be a string, not {type(value).__name__}")
        if not value.strip() and not empty:
            self.fail(key, "is empty")
        return value.strip()

    def optional_text(self, key: str, default: str = "") -> str:
        """Return a string that may be absent."""
        return self.text(key, empty=True) if self.has(key) else default

    def raw(self, key: str) -> str:
        """Return a string exactly as it is written, blanks included."""
        self.text(key)
        return str(self._table[key])

    def one_of(self, key: str, allowed: Collection[str]) -> str:
        """Return a string that must be one of a few words."""
        value = self.text(key)
        if value not in allowed:
            self.fail(key, f"{value!r} is none of {', '.join(sorted(allowed))}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        if default is not None and not self.has(key):
            return default
        value = self._value(key)
        if not isinstance(value, bool):
            self.fail(key, f"must be true or false, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty where the key is absent."""
        if not self.has(key):
            return ()
        value = self._table[key]
        if not isinstance(value, list):
            self.fail(key, f"must be a list of strings, not {type(value).__name__}")
        found: list[str] = []
        for item in value:
            if not isinstance(item, str) or not item.strip():
                self.fail(key, f"must hold strings only, not {item!r}")
            found.append(item)
        return tuple(found)

    def name(self, key: str) -> str:
        """Return a distribution name, which must be normalised as PEP 503 says."""
        return self.checked_name(key, self.text(key))

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of normalised distribution names."""
        return tuple(self.checked_name(key, name) for name in self.texts(key))

    def checked_name(self, key: str, name: str) -> str:
        """Return the name, or fail where it is not normalised."""
        if not NAME.fullmatch(name):
            normal = re.sub(r"[-_.]+", "-", name).lower()
            self.fail(key, f"{name!r} is not normalised (PEP 503), write {normal!r}")
        return name

    def identifier(self, key: str = "id") -> str:
        """Return the id of a rule."""
        value = self.text(key)
        if not IDENTIFIER.fullmatch(value):
            self.fail(key, f"{value!r} is no id: letters, digits, and - . _ between them")
        return value

    def code(self, key: str, known: Collection[str] | None) -> str:
        """Return a code of the form NPD101, known to the book where `known` is given."""
        value = self.text(key)
        if not CODE.fullmatch(value):
            self.fail(key, f"{value!r} is not of the form NPD101")
        if known is not None and value not in known:
            self.fail(key, f"{value} has no [[code]] of its own")
        return value

    def pattern(self, key: str) -> re.Pattern[str]:
        """Return a compiled regular expression."""
        source = self.raw(key)
        try:
            return re.compile(source)
        except (re.error, OverflowError, RecursionError) as error:
            self.fail(key, f"does not compile: {error}")

    def pair(self, key: str) -> tuple[int, int]:
        """Return a version of two numbers, such as a CUDA or a compute capability."""
        return self._pair(key, self.text(key))

    def pairs(self, key: str) -> tuple[tuple[int, int], ...]:
        """Return a list of versions of two numbers."""
        return tuple(self._pair(key, text) for text in self.texts(key))

    def _pair(self, key: str, text: str) -> tuple[int, int]:
        found = PAIR.fullmatch(text)
        if not found:
            self.fail(key, f"{text!r} is not of the form 12.8")
        return int(found[1]), int(found[2])

    def finish(self) -> None:
        """Fail on the first key that nothing asked for."""
        for key in self._table:
            if key not in self._known:
                self.fail(key, "is no key of this section")
