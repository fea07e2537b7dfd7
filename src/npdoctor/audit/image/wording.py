"""Say what a Dockerfile does: findings, evidence, corrected steps."""

from __future__ import annotations

from npdoctor.audit.image.order import Step
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.image import Image

CODE = "NPD504"
_LONGEST = 300


def finding(
    image: Image, severity: Severity, title: str, message: str, evidence: tuple[Evidence, ...], remedy: str
) -> Finding:
    """Return a finding about a Dockerfile."""
    return Finding(CODE, severity, image.path, None, title, message, tuple(dict.fromkeys(evidence)), remedy)


def evidence_of(image: Image, step: Step) -> tuple[Evidence, ...]:
    """Return where a step stands and what it says."""
    return (Evidence("file", f"{image.path}:{step.command.line}", shortened(step.command.text)),)


def shortened(text: str) -> str:
    """Return a text of at most 300 characters."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def shown(declared: Declared) -> str:
    """Return a declaration as a requirement."""
    return f"{declared.name}{declared.specifier}"


def running(text: str) -> str:
    """Return a command as a step of a Dockerfile."""
    return f"RUN {shortened(text)}"


def replaced(text: str, declared: Declared, specifier: str) -> str:
    """Return a command in which a declaration says another specifier."""
    before = declared.specifier
    if before and f"{declared.name}{before}" in text:
        return text.replace(f"{declared.name}{before}", f"{declared.name}{specifier}", 1)
    return text.replace(before, specifier, 1) if before else text


def with_pins(text: str, pins: tuple[Declared, ...], indexes: tuple[str, ...]) -> str:
    """Return a command that is given pins and indexes as well."""
    asked = [f"'{shown(pin)}'" for pin in pins]
    return " ".join([text, *asked, *(f"--extra-index-url {index}" for index in indexes)])
