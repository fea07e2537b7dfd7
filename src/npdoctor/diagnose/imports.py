"""Read import outcomes: what one said, and which distribution is at fault."""

from __future__ import annotations

import re
from collections.abc import Sequence

from npdoctor.diagnose.context import Context
from npdoctor.model.binary import Binary
from npdoctor.model.finding import Evidence
from npdoctor.model.outcome import Died, NoAnswer, NotTried, Outcome, Raised

_FRAME_FILE = re.compile(r"^(.*):\d+ in ")
# NumPy itself raises where a name was removed; at fault is who asked for it.
_NUMPY_REFUSES = re.compile(r"/numpy/__init__\.py:\d+ in __getattr__$")
LIBRARY = re.compile(r"(\S+\.so[.\d]*): cannot open shared object file")
MODULE = re.compile(r"No module named '([\w.]+)'")


def text_of(outcome: Outcome) -> str:
    """Return all that the import said: what it printed, then its exceptions, innermost first."""
    parts = [] if isinstance(outcome, NotTried) else [outcome.output]
    if isinstance(outcome, Raised):
        parts += [f"{link.type}: {link.message}" for link in reversed(outcome.exceptions)]
    if isinstance(outcome, Died):
        parts.append(outcome.detail)
    return "\n".join(part for part in parts if part)


def root_message(outcome: Outcome) -> str:
    """Return the innermost exception in one line, or how the process ended."""
    if isinstance(outcome, Raised) and outcome.exceptions:
        link = outcome.exceptions[-1]
        return " ".join(f"{link.type}: {link.message}".split())[:500]
    if isinstance(outcome, Died):
        return outcome.detail
    if isinstance(outcome, NoAnswer):
        return f"no answer in {outcome.limit:g} s"
    return ""


def faulty_file(outcome: Outcome) -> str | None:
    """Return the extension file whose own loading failed, where that is known."""
    if isinstance(outcome, Raised):
        return outcome.failed_in
    if isinstance(outcome, (Died, NoAnswer)) and outcome.loading and "/" in outcome.loading:
        return outcome.loading
    return None


def last_file(outcome: Outcome) -> str | None:
    """Return the Python file in which the innermost exception was raised."""
    if isinstance(outcome, Raised):
        for link in reversed(outcome.exceptions):
            for frame in reversed(link.frames):
                match = _FRAME_FILE.match(frame)
                if match and not match[1].startswith("<") and not _NUMPY_REFUSES.search(frame):
                    return match[1]
    return None


def faulty_distribution(context: Context, outcome: Outcome) -> str | None:
    """Return the distribution in whose file an import failed, by the extension or else by the traceback."""
    place = faulty_file(outcome) or last_file(outcome)
    return context.owner(place) if place else None


def evidence_of(context: Context, failures: Sequence[tuple[Binary, Outcome]]) -> tuple[Evidence, ...]:
    """Return one piece of evidence for each different failure, with how many modules it met."""
    grouped: dict[str, list[tuple[Binary, Outcome]]] = {}
    for binary, outcome in failures:
        grouped.setdefault(root_message(outcome), []).append((binary, outcome))
    found = []
    for message, members in grouped.items():
        binary, outcome = members[0]
        place = faulty_file(outcome)
        where = ""
        if place and place != binary.path:
            other = context.binaries.get(place)
            where = f" (raised in {other.relative if other else place})"
        more = f" ({len(members)} modules)" if len(members) > 1 else ""
        found.append(Evidence("import", binary.module or binary.relative, f"{message}{where}{more}"))
    return tuple(found)


def is_leaf(binary: Binary, outcome: Outcome) -> bool:
    """Tell whether the package of a module was imported well, so that only this part is missing."""
    return isinstance(outcome, Raised) and outcome.parent is None and "." in (binary.module or "")
