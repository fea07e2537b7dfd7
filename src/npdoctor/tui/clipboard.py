"""The escape sequence OSC 52, by which a terminal is asked to put a text on the clipboard; pure.

Source: xterm's ctlseqs, "Manipulate Selection Data"; tmux(1), allow-passthrough; hterm's osc52.sh, for the
limit and for the pieces in which GNU screen passes a sequence on.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

MOST_BYTES = 74_994
SCREEN_PIECE = 76


def clipboard_sequence(text: str, environ: Mapping[str, str]) -> str | None:
    """Return what to write to the terminal, None where the text is longer than terminals take.

    Inside tmux it comes twice: tmux itself takes the plain one (set-clipboard on), the terminal around it
    the wrapped one (allow-passthrough on).
    """
    data = text.encode("utf-8", "backslashreplace")
    if len(data) > MOST_BYTES:
        return None
    encoded = base64.b64encode(data).decode("ascii")
    plain = f"\x1b]52;c;{encoded}\x07"
    if environ.get("TMUX"):
        escaped = plain.replace("\x1b", "\x1b\x1b")
        return f"{plain}\x1bPtmux;{escaped}\x1b\\"
    if environ.get("STY"):
        pieces = [plain[at : at + SCREEN_PIECE] for at in range(0, len(plain), SCREEN_PIECE)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return plain
