"""Hide what nobody else should read: the one gate between a diagnosis and every output.

Patterns are in `secrets` (shapes that give themselves away) and `identity` (who and where).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from npdoctor.model.finding import Finding
from npdoctor.report.hiding import hide
from npdoctor.report.identity import Identity
from npdoctor.report.secrets import HIDDEN, hide_secrets

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

# Values that the schema ties to a closed set of words, or that name versions.
PLAIN_KEYS = frozenset(
    {"code", "severity", "kind", "numpy_abi", "numpy_min", "state", "version", "python", "implementation"}
    | {"numpy", "verified", "name"}
)

# What is put in place of one secret can lay another one bare: a pass that finds nothing is the last.
MOST_PASSES = 8


class Redactor:
    """Hide secrets and identity in texts, and count by kind what was hidden.

    `home`, `user` and `host` are those of the person; None or a generic one, such as `root`, hides
    nothing. `known` are secrets as they are, hidden wherever they stand. A redactor that is not `enabled`
    only makes text encodable.
    """

    def __init__(
        self,
        home: str | None = None,
        user: str | None = None,
        host: str | None = None,
        enabled: bool = True,
        *,
        known: Iterable[str] = (),
    ) -> None:
        self.enabled = enabled
        longest_first = sorted(filter(None, known), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._identity = Identity(home, user, host)
        self._counts: Counter[str] = Counter()

    def spare(self, names: Iterable[str], versions: Iterable[str] = ()) -> None:
        """Leave these distribution names and versions alone, whoever is called like them."""
        self._identity.spare(names, versions)

    def redact(self, text: str) -> str:
        """Return the text without secrets; redacting it again changes nothing."""
        text = _encodable(text)
        if not self.enabled or not text:
            return text
        for _ in range(MOST_PASSES):
            shown = text
            if self._known:
                shown = hide(self._known, shown, "named secret", lambda _: HIDDEN, self._count)
            shown = self._identity.hide(hide_secrets(shown, self._count), self._count)
            if shown == text:
                break
            text = shown
        return text

    def redact_finding(self, finding: Finding) -> Finding:
        """Return the finding with every text of it redacted."""
        return replace(
            finding,
            subject=self.redact(finding.subject),
            title=self.redact(finding.title),
            message=self.redact(finding.message),
            remedy=self.redact(finding.remedy),
            cause=None if finding.cause is None else self.redact(finding.cause),
            evidence=tuple(
                replace(e, source=self.redact(e.source), detail=self.redact(e.detail))
                for e in finding.evidence
            ),
            fix=finding.fix
            and replace(finding.fix, pins=tuple(self.redact(pin) for pin in finding.fix.pins)),
        )

    def redact_diagnosis(self, value: Json) -> Json:
        """Return nested lists and objects, as JSON has them, with every text redacted."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, list):
            return [self.redact_diagnosis(item) for item in value]
        if isinstance(value, dict):
            return {
                self.redact(key): _encodable(item)
                if key in PLAIN_KEYS and isinstance(item, str)
                else self.redact_diagnosis(item)
                for key, item in value.items()
            }
        return value

    @property
    def counts(self) -> dict[str, int]:
        """Return how many values of each kind were hidden so far."""
        return dict(sorted(self._counts.items()))

    def _count(self, kind: str) -> None:
        self._counts[kind] += 1


def _encodable(text: str) -> str:
    """Write out bytes that are no text (lone surrogates), which no output could carry."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
