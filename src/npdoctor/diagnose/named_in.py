"""Which findings of an environment belong to a failure text; pure."""

from __future__ import annotations

import re

from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding, Severity

# A path into an environment, as tracebacks, loaders and logs write it.
_INSTALLED = re.compile(r"(?:site|dist)-packages[/\\]([A-Za-z0-9_]+)")
_GRAVE = (Severity.BROKEN, Severity.WARNING)


def fitting(diagnosis: Diagnosis, text: str, code: str | None) -> tuple[Finding, ...]:
    """Return the findings that a text may come from: of the code of its cause, or of what its paths name.

    Those of the code come first, and among them what the text names. The causes of them are with them.
    """
    named = _distributions(diagnosis, text)
    grave = [f for f in diagnosis.findings if f.severity in _GRAVE]
    same = sorted((f for f in grave if f.code == code), key=lambda f: f.subject not in named)
    others = [f for f in grave if f.code != code and f.subject in named]
    roots = {f.cause for f in (*same, *others) if f.cause}
    causes = [f for f in grave if f.subject in roots]
    return tuple(dict.fromkeys((*same, *causes, *others)))


def _distributions(diagnosis: Diagnosis, text: str) -> set[str]:
    """Return the distributions that installed the top-level names in the text's paths."""
    tops = set(_INSTALLED.findall(text))
    return {
        distribution.name
        for distribution in diagnosis.snapshot.distributions
        if distribution.effective
        and any(file.path.partition("/")[0].partition(".")[0] in tops for file in distribution.files or ())
    }
