"""Ask the environment at hand whether a pasted failure comes from it."""

from __future__ import annotations

import argparse

from npdoctor.checkup import Request, examine
from npdoctor.cli.output import Output
from npdoctor.cli.page import Page
from npdoctor.diagnose.named_in import fitting
from npdoctor.errors import NpdoctorError, TargetError
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding
from npdoctor.model.rules import RuleBook
from npdoctor.probe.launch import current_folder
from npdoctor.report.as_json import finding_json, spare_installed
from npdoctor.report.redact import Json, Redactor

MOST = 5


class Here:
    """The environment as reading it shows it, and the findings that fit a text."""

    def __init__(self, diagnosis: Diagnosis, fitting: tuple[Finding, ...]) -> None:
        self.diagnosis = diagnosis
        self.fitting = fitting

    def write(self, page: Page, redactor: Redactor) -> None:
        """Say what of it is found in the environment."""
        spare_installed(self.diagnosis, redactor)
        target = self.diagnosis.snapshot.target
        page.gap()
        page.text(
            redactor.redact(f"here: {target.executable} ({target.why}), read and not imported"), strong=True
        )
        for finding in map(redactor.redact_finding, self.fitting[:MOST]):
            version = f" {finding.version}" if finding.version else ""
            page.text(
                f"{finding.code}  {finding.subject}{version}  {finding.title}", indent="  ", later=" " * 10
            )
        if len(self.fitting) > MOST:
            page.line(f"  and {len(self.fitting) - MOST} more: npdoctor check")
        elif self.fitting:
            page.line("  all of it: npdoctor check    what mends it: npdoctor fix")
        else:
            page.text("Nothing that is broken here fits this text.", indent="  ")

    def document(self, redactor: Redactor) -> Json:
        """Return the same for a program."""
        target = self.diagnosis.snapshot.target
        return {
            "executable": redactor.redact(target.executable),
            "why": redactor.redact(target.why),
            "findings": [finding_json(redactor.redact_finding(f)) for f in self.fitting],
        }


def look_here(
    args: argparse.Namespace, book: RuleBook, text: str, code: str | None, output: Output
) -> Here | None:
    """Read the environment that `check` would examine; None where there is none that can be read.

    An interpreter that was named and cannot be examined raises TargetError.
    """
    request = Request(python=args.python, imports=False, working_folder=current_folder())
    try:
        diagnosis = examine(request, book)
    except NpdoctorError as error:
        if args.python and isinstance(error, TargetError):
            raise
        output.hint(f"npdoctor: the environment here was not looked at: {error}")
        return None
    return Here(diagnosis, fitting(diagnosis, text, code))
