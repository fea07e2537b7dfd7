"""Turn what the agent reports into outcomes."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from npdoctor.model.outcome import Died, Imported, ImportJob, NoAnswer, Outcome, Raised, RaisedException


def from_record(record: Mapping[str, Any]) -> Outcome:
    """Read the agent's `end` record of one import; ValueError, KeyError or TypeError where it is none."""
    seconds = float(record["seconds"])
    if record["ok"] is True:
        return Imported(seconds)
    chain = tuple(
        RaisedException(str(link["type"]), str(link["message"]), tuple(map(str, link["frames"])))
        for link in record["chain"]
    )
    return Raised(chain, record.get("failed_in"), record.get("parent"), seconds)


def from_exit(status: int, why: str | None, loading: str | None) -> Died:
    """Read how an importer ended that had not finished; `status` is that of waitpid."""
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    if why == "memory":
        detail = "stopped by npdoctor: it took more memory than the limit"
    elif number is not None:
        detail = f"ended by {signal_name(number)}"
    else:
        detail = f"ended the process with exit status {code}"
    return Died(number, code, loading, detail)


def signal_name(number: int) -> str:
    """Return such as `SIGSEGV (11)`."""
    try:
        return f"{signal.Signals(number).name} ({number})"
    except ValueError:
        return f"signal {number}"


def with_output(outcome: Outcome, text: str) -> Outcome:
    """Add what the import printed."""
    if isinstance(outcome, (Imported, Raised, Died, NoAnswer)):
        return replace(outcome, output=text)
    return outcome


def sameness(job: ImportJob, outcome: Outcome) -> tuple[object, ...]:
    """Return a key that is equal for failures which one more attempt decides together."""
    if isinstance(outcome, Raised):
        chain = tuple((link.type, link.message) for link in outcome.exceptions)
        return (job.distribution, outcome.parent, outcome.failed_in, chain)
    if isinstance(outcome, (Died, NoAnswer)) and outcome.loading:
        return (job.distribution, outcome.loading)
    return (job.path,)
