"""The screen of npdoctor over many findings: those of a real environment, each under many names.

python benchmarks/screens/rows.py PYTHON ROWS
"""

from __future__ import annotations

import sys
from dataclasses import replace

from npdoctor.checkup import Listener, Request, examine
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.rules import RuleBook
from npdoctor.probe.control import Control
from npdoctor.report.redact import Redactor
from npdoctor.rulebook.load import load_rule_book
from npdoctor.tui.face import Face
from npdoctor.tui.session import Session
from npdoctor.tui.signs import UNICODE


def many(found: Diagnosis, rows: int) -> Diagnosis:
    """Return the diagnosis with this many findings."""
    own = found.findings
    names = (f"{own[i % len(own)].subject}-{i}" for i in range(rows))
    findings = (replace(own[i % len(own)], subject=name) for i, name in enumerate(names))
    return replace(found, findings=tuple(findings))


def main() -> None:
    """Examine, multiply, show."""
    request = Request(python=sys.argv[1], imports=False, working_folder="/")
    found = many(examine(request, load_rule_book()), int(sys.argv[2]))

    def work(_: Request, __: RuleBook, listener: Listener, ___: Control) -> Diagnosis:
        listener.verdict(found, True)
        return found

    session = Session(Redactor(), request, work)
    session.start()
    session._thread.join()
    Face(session, UNICODE).run(mouse=False)


if __name__ == "__main__":
    main()
