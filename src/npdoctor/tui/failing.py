"""Say what failed in npdoctor itself, without the values that a traceback shows."""

from __future__ import annotations

import os
import traceback


def own_failure(error: Exception) -> str:
    """Return the sentence for the screen: what failed, and at which line of npdoctor."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" at {os.path.basename(last[0].filename)}:{last[0].lineno}" if last else ""
    words = " ".join(str(error).split())[:200]
    kind = type(error).__name__
    said = f"{kind}: {words}" if words else kind
    return f"npdoctor failed (not your environment): {said}{place}. On leaving, a report of it is written."
