"""Receive signals one by one, and pass on those that only npdoctor was sent."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Collection

FORWARDED = frozenset(
    {
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGTSTP,
        signal.SIGCONT,
    }
)
ENDING = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP})


class Signals:
    """A context in which signals wait to be asked for; what the person had ignored stays so.

    They are blocked and not handled, because only so is it told who sent one: the terminal sends to all
    of the foreground, the program included, and it must not get those twice.
    """

    def __init__(self) -> None:
        wanted = FORWARDED | {signal.SIGWINCH}
        ignored = {number for number in wanted if signal.getsignal(number) == signal.SIG_IGN}
        self._awaited = (wanted - ignored) | {signal.SIGCHLD}
        self.before: Collection[int] = ()

    def __enter__(self) -> Signals:
        self.before = signal.pthread_sigmask(signal.SIG_BLOCK, self._awaited)
        return self

    def __exit__(self, *_: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self.before)

    def wait(self, seconds: float) -> signal.struct_siginfo | None:
        """Return the next signal, or None when the time is up."""
        return signal.sigtimedwait(self._awaited, max(0.0, seconds))


def pass_on(info: signal.struct_siginfo, program: int, family: Collection[int]) -> None:
    """Send the program a signal that another process sent to npdoctor alone.

    What the terminal sends, and what the program's own family sends to its group, it has had already.
    """
    if info.si_code > 0 or info.si_pid == program or info.si_pid in family:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(program, info.si_signo)


def stop_here() -> None:
    """Stop as ctrl+z does, and return when continued; a group that nobody could continue does not stop."""
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})


def tell_size(own: int) -> None:
    """Tell the whole group that the terminal in between has its new size by now."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(os.getpgid(own), signal.SIGWINCH)
