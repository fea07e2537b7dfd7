"""Take a verdict behind the redactor: the screen holds nothing that nobody else should read."""

from __future__ import annotations

import threading
from dataclasses import replace

from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.distribution import Distribution
from npdoctor.model.finding import Finding
from npdoctor.model.outcome import Died, Imported, NoAnswer, Outcome, Raised
from npdoctor.model.snapshot import Snapshot
from npdoctor.model.target import Target
from npdoctor.report.as_json import spare_installed
from npdoctor.report.redact import Redactor


class Shown:
    """Redacts verdicts; what the one before held already is not redacted twice.

    Paths of binaries stay as they are, as keys: the screen shows the part inside site-packages.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._lock = threading.Lock()
        self._installed: tuple[Distribution, ...] | None = None
        self._distributions: tuple[Distribution, ...] = ()
        self._findings: dict[Finding, Finding] = {}
        self._outcomes: dict[str, tuple[Outcome, Outcome]] = {}
        self._texts: dict[str, str] = {}

    def target(self, target: Target) -> Target:
        """Return what the interpreter says of itself, as far as it is shown, redacted."""
        hide = self._redactor.redact
        return replace(
            target,
            prefix=hide(target.prefix),
            executable=hide(target.executable),
            why=hide(target.why),
            base_prefix=hide(target.base_prefix),
            user_site=target.user_site and hide(target.user_site),
            pythonpath=tuple(hide(entry) for entry in target.pythonpath),
        )

    def diagnosis(self, diagnosis: Diagnosis) -> Diagnosis:
        """Return the verdict with every text of it redacted that the screen shows."""
        with self._lock:
            self._meet(diagnosis)
            for finding in diagnosis.findings:
                if finding not in self._findings:
                    self._findings[finding] = self._redactor.redact_finding(finding)
            return replace(
                diagnosis,
                findings=tuple(self._findings[finding] for finding in diagnosis.findings),
                snapshot=self._snapshot(diagnosis.snapshot),
                distributions=tuple(
                    replace(state, location=self._text(state.location)) for state in diagnosis.distributions
                ),
            )

    def _meet(self, diagnosis: Diagnosis) -> None:
        """Learn the names of another environment, and forget what was redacted without them."""
        installed = diagnosis.snapshot.distributions
        if self._installed != installed:
            self._findings.clear()
            self._outcomes.clear()
            self._texts.clear()
            spare_installed(diagnosis, self._redactor)
            self._distributions = tuple(self._distribution(one) for one in installed)
        self._installed = installed

    def _snapshot(self, snapshot: Snapshot) -> Snapshot:
        return replace(
            snapshot,
            target=self.target(snapshot.target),
            distributions=self._distributions,
            imports={path: self._outcome(path, outcome) for path, outcome in snapshot.imports.items()},
        )

    def _distribution(self, one: Distribution) -> Distribution:
        url = one.direct_url
        return replace(
            one,
            location=self._text(one.location),
            metadata_path=self._text(one.metadata_path),
            requires=tuple(self._text(text) if "@" in text else text for text in one.requires),
            direct_url=url and replace(url, url=self._redactor.redact(url.url)),
        )

    def _outcome(self, path: str, outcome: Outcome) -> Outcome:
        kept = self._outcomes.get(path)
        if kept is None or kept[0] is not outcome:
            kept = self._outcomes[path] = (outcome, self._redacted(outcome))
        return kept[1]

    def _redacted(self, outcome: Outcome) -> Outcome:
        hide = self._redactor.redact
        if isinstance(outcome, (Imported, NoAnswer)):
            return replace(outcome, output=hide(outcome.output))
        if isinstance(outcome, Died):
            return replace(outcome, detail=hide(outcome.detail), output=hide(outcome.output))
        if isinstance(outcome, Raised):
            links = tuple(replace(one, message=hide(one.message)) for one in outcome.exceptions)
            return replace(outcome, exceptions=links, output=hide(outcome.output))
        return replace(outcome, reason=hide(outcome.reason))

    def _text(self, text: str) -> str:
        if text not in self._texts:
            self._texts[text] = self._redactor.redact(text)
        return self._texts[text]
