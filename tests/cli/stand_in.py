"""Run npdoctor with a made-up examination, in this process or, as a script, in one of its own.

STAND_IN names what the examination does.
"""

from __future__ import annotations

import os
import sys
import time
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
BOOK = str(TESTS / "rulebook/book.toml")


requests: list[Any] = []


def examine(request: Any, book: object, listener: Any, control: object = None) -> object:
    from npdoctor.errors import TargetError
    from npdoctor.model.finding import Severity
    from npdoctor.model.outcome import Died, Imported

    sys.path[:0] = [str(TESTS), str(TESTS / "report")]
    import sample_diagnosis as sample

    requests.append(request)
    what = os.environ.get("STAND_IN", "broken")
    healthy = sample.diagnosis()
    listener.described(healthy.snapshot.target)
    listener.importing(1, 2, "/x/a.so", Imported(0.1))
    listener.importing(2, 2, "/x/b.so", Died(11, None, None, ""))
    if what == "crash":
        raise KeyError("HF_TOKEN=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")
    if what == "interrupt":
        raise KeyboardInterrupt
    if what == "lost":
        raise TargetError("No Python at /x. Pass --python PATH.")
    if what == "sleep":
        print("sleeping", file=sys.stderr, flush=True)
        time.sleep(60)
    found = {
        "healthy": healthy,
        "broken": sample.broken(),
        "unknown": sample.diagnosis(sample.finding("NPD106", Severity.UNKNOWN)),
        "warning": sample.diagnosis(sample.finding("NPD208", Severity.WARNING)),
    }[what]
    return replace(found, snapshot=replace(found.snapshot, assumed=dict(request.assume)))


def checkup() -> types.ModuleType:
    """Return npdoctor.checkup with the made-up examination."""
    from npdoctor.checkup import Listener, Request

    module = types.ModuleType("npdoctor.checkup")
    for word in (Request, Listener, examine):
        setattr(module, word.__name__, word)
    return module


if __name__ == "__main__":
    sys.modules["npdoctor.checkup"] = checkup()
    import npdoctor.rulebook.locate

    npdoctor.rulebook.locate.candidates = lambda: (BOOK, BOOK)
    from npdoctor.__main__ import main

    code = main()
    if os.environ.get("STAND_IN_MODULES"):
        print("\n".join(sys.modules), file=sys.stderr)
    sys.exit(code)
