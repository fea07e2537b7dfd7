"""What the rule book's small functional tests prove: imports is not works."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.context import Context
from npdoctor.diagnose.imports import root_message, text_of
from npdoctor.diagnose.numpy_abi import floor_fix
from npdoctor.diagnose.signatures import cause_of, explain_text
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.outcome import FAILED, NoAnswer
from npdoctor.model.snapshot import SmokeResult


def failed_in_use(context: Context) -> Iterator[Finding]:
    """Yield a finding for each functional test that failed though the imports succeeded."""
    tests = {test.id: test for test in context.book.smoke}
    for result in context.snapshot.smoke:
        if not isinstance(result.outcome, FAILED) or result.distribution in context.failures:
            continue
        test = tests.get(result.id)
        match = cause_of(explain_text(text_of(result.outcome), context.book))
        proves = test.proves if test else result.id
        silent = isinstance(result.outcome, NoAnswer)
        yield Finding(
            "NPD109" if silent else _code(context, result, match.signature.code if match else ""),
            Severity.UNKNOWN if silent else Severity.BROKEN,
            result.distribution,
            context.version(result.distribution),
            "its functional test gave no answer" if silent else "imports, but fails when it is used",
            f"The functional test that proves this failed: {proves}. " + (match.cause if match else ""),
            (Evidence("import", f"functional test {result.id}", root_message(result.outcome)),),
            match.remedy if match else "",
            fix=floor_fix(context, result.distribution),
        )


def _code(context: Context, result: SmokeResult, code: str) -> str:
    """Take the code of the failure's own text; else say unsafe where the binaries are of NumPy 1."""
    if code.startswith("NPD1"):
        return code
    uses = [b.numpy.abi for b in context.by_distribution.get(result.distribution, ()) if b.numpy]
    return "NPD103" if NumpyAbi.NUMPY1 in uses else "NPD110"
