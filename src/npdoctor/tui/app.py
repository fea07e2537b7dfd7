"""Open the screen: begin to examine first, load Textual meanwhile, and leave the terminal as it was."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

from npdoctor.errors import EXIT_INTERNAL
from npdoctor.report.person import person_redactor

if TYPE_CHECKING:
    from npdoctor.tui.face import Face
    from npdoctor.tui.session import Session
    from npdoctor.tui.settings import Settings
    from npdoctor.tui.signs import Signs


class _EndedBySignal(BaseException):
    """Unwind the stack on a signal while there is no screen yet, or no longer.

    SIGINT too: a KeyboardInterrupt out of exec, as in the making of a dataclass, would decide the exit
    code although it was caught.
    """


def run() -> int:
    """Show the findings as they come; return the exit code of the verdict."""
    _say("npdoctor: starting…")
    received: list[int] = []
    _watch(received)
    session: Session | None = None
    try:
        from npdoctor.tui.session import Session
        from npdoctor.tui.settings import read_settings

        settings = read_settings(os.environ)
        session = Session(person_redactor(os.environ), config=settings.config)
        session.start(screen_follows=True)

        from npdoctor.tui.face import Face
        from npdoctor.tui.signs import signs_for

        signs = signs_for(os.environ, sys.stderr.encoding)
        face = _make_face(Face, session, signs, settings)
        face.run(mouse=False)
        if face.ended_by:
            received.append(face.ended_by)
        _watch(received)
        session.stop()
        if received:
            return _ended(received[0], session)
        if face.error:
            return _leave(_own_failure(face.error), EXIT_INTERNAL)
        return _outcome(face, session, signs)
    except _EndedBySignal:
        return _ended(received[0], session)
    except Exception as error:
        return _leave(_own_failure(error), EXIT_INTERNAL)
    finally:
        if session:
            session.stop()


def _make_face(face: type[Face], session: Session, signs: Signs, settings: Settings) -> Face:
    """Build the application; only a NO_COLOR that is not empty counts, and it stays for what is started."""
    no_color = os.environ.get("NO_COLOR")
    if no_color == "":
        del os.environ["NO_COLOR"]
    made = face(session, signs, settings)
    if no_color is not None:
        os.environ["NO_COLOR"] = no_color
    return made


def _outcome(face: Face, session: Session, signs: Signs) -> int:
    from npdoctor.tui.present import closing_line
    from npdoctor.tui.state import code_on_leaving

    state = session.take()
    return _leave(closing_line(state, signs), code_on_leaving(state, face.interrupted))


def _own_failure(error: Exception) -> str:
    words = " ".join(str(error).split())[:200]
    said = f"npdoctor failed (not your environment): {type(error).__name__}: {words}"
    return f"{person_redactor(os.environ).redact(said)} Without a screen: npdoctor check"


def _ended(number: int, session: Session | None) -> int:
    words = "npdoctor: interrupted, nothing was changed."
    if session and session.repair.has_altered:
        words = "npdoctor: interrupted. npdoctor fix --undo takes the newest fix back."
    elif number != signal.SIGINT:
        words = ""
    return _leave(words, 128 + number)


def _leave(words: str, code: int) -> int:
    """Replace the line that was said at the start by the last one."""
    _say(f"{words}\n" if words else "")
    return code


def _say(text: str) -> None:
    try:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
    except OSError:
        pass  # the terminal is gone


def _watch(received: list[int]) -> None:
    def unwind(number: int, _: FrameType | None) -> None:
        received.append(number)
        raise _EndedBySignal

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, unwind)
