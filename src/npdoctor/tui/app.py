"""Open the screen: begin to examine first, load Textual meanwhile, and leave the terminal as it was."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable
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


def run(
    crash_words: Callable[[Exception], str],
    python: str | None = None,
    timeout: float = 20.0,
    jobs: int = 0,
    ascii_only: bool = False,
) -> int:
    """Show the findings as they come; return the exit code of the verdict.

    `timeout` is in seconds per import, `jobs` 0 means one for each core. `crash_words` keeps a failure of
    npdoctor itself for a report, and says where.
    """
    _say("npdoctor: starting…")
    gc.disable()  # what is imported stays, and looking for garbage in it costs time before the first picture
    received: list[int] = []
    _watch(received)
    session: Session | None = None
    try:
        from npdoctor.checkup import Request
        from npdoctor.probe.launch import current_folder
        from npdoctor.tui.session import Session
        from npdoctor.tui.settings import read_settings

        settings = read_settings(os.environ)
        request = Request(python=python, timeout=timeout, jobs=jobs, working_folder=current_folder())
        session = Session(person_redactor(os.environ), request, config=settings.config)
        session.start(screen_follows=True)

        from npdoctor.tui.opening import Opening
        from npdoctor.tui.signs import ASCII, signs_for

        signs = ASCII if ascii_only else signs_for(os.environ, sys.stderr.encoding)
        served = bool(os.environ.get("NPDOCTOR_SERVED"))  # a browser shows the screen: no terminal here
        with contextlib.nullcontext() if served else Opening() as opening:
            if opening:
                opening.draw(session.take(), signs, usual_keys=not settings.config.keys)

            from npdoctor.tui.gpu.face import GpuFace

            face = _make_face(GpuFace, session, signs, settings)
            if opening:
                face.go_on_from(opening, received)
            gc.freeze()
            gc.enable()
            _watch(received, unwind=False)
            face.run(mouse=False)
        if face.ended_by:
            received.append(face.ended_by)
        _watch(received)
        session.stop()
        if received:
            return _ended(received[0], session)
        if face.error:
            return _leave(crash_words(face.error), EXIT_INTERNAL)
        return _outcome(face, session, signs, crash_words)
    except _EndedBySignal:
        return _ended(received[0], session)
    except Exception as error:
        return _leave(crash_words(error), EXIT_INTERNAL)
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


def _outcome(face: Face, session: Session, signs: Signs, crash_words: Callable[[Exception], str]) -> int:
    """Say the verdict; of a failure of npdoctor itself, where the report of it is."""
    from npdoctor.tui.present import closing_line
    from npdoctor.tui.state import code_on_leaving

    state = session.take()
    lines = [closing_line(state, signs)]
    defects = [*session.defects, *session.repair.defects]
    if defects:
        lines = [*([] if state.failure else lines), signs.text(crash_words(defects[0]))]
    return _leave("\n".join(lines), code_on_leaving(state, face.interrupted))


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


def _watch(received: list[int], unwind: bool = True) -> None:
    """Keep which signals come, and unwind the stack where nobody else looks whether one came."""

    def hear(number: int, _: FrameType | None) -> None:
        received.append(number)
        if unwind:
            raise _EndedBySignal

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, hear)
