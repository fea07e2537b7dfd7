"""Run a program, watch it, and return what there is to say."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from npdoctor.model.gpu import Memory
from npdoctor.model.rules import RuleBook
from npdoctor.model.run import Ending, Exited, GpuUse, RamUse, RunRecord, Sample, Signalled, Stopped
from npdoctor.watch.cause import Clues, causes_of, signal_of
from npdoctor.watch.crash import parse_crash
from npdoctor.watch.gpus import GpuWatch, watch_gpus
from npdoctor.watch.growth import growth
from npdoctor.watch.kills import Kills, read_kills
from npdoctor.watch.pace import Pace
from npdoctor.watch.ram import Ram
from npdoctor.watch.series import Series
from npdoctor.watch.signals import ENDING, Signals, pass_on, stop_here, tell_size
from npdoctor.watch.start import adopt_orphans, program_environment, start
from npdoctor.watch.streams import Streams
from npdoctor.watch.tree import ProcessTree


def run_watched(
    command: Sequence[str],
    environ: Mapping[str, str],
    rule_book: Callable[[], RuleBook],
    direct: bool = False,
    gpus: Callable[[Mapping[str, str]], GpuWatch | None] = watch_gpus,
) -> RunRecord:
    """Run the program to its end and return the record; call it from the main thread.

    `rule_book` is called only for a program that failed. Raises CannotStart.
    """
    kills = read_kills()
    own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    streams = Streams(direct)
    with Signals() as signals:
        adopt_orphans()
        given = (streams.given(1), streams.given(2))
        try:
            process, begun = start(command, program_environment(environ), *given, mask=signals.before)
        except BaseException:
            streams.give_up()
            raise
        streams.begin()
        watch = _Watch(process, begun, streams, gpus(environ))
        status, largest = watch.until_it_ends(signals)
        ended = time.monotonic()
        watch.stop()
    streams.finish()
    record = watch.record(tuple(command), ended - begun, _ending(status, watch.received))
    if largest > own_peak:
        record = replace(record, ram=replace(record.ram, largest=largest))
    return _explained(record, streams, kills, rule_book)


class _Watch:
    """The samples of one program while it runs."""

    def __init__(
        self, process: subprocess.Popen[bytes], begun: float, streams: Streams, gpus: GpuWatch | None
    ) -> None:
        self.received: set[int] = set()
        self._process, self._begun, self._streams, self._gpus = process, begun, streams, gpus
        self._tree = ProcessTree(process.pid)
        self._ram = Ram()
        self._pace = Pace()
        self._series = Series()
        self._family: frozenset[int] = frozenset()
        self._first_vram: dict[int, Memory] = {}
        self._peak_vram: dict[int, int] = {}

    def until_it_ends(self, signals: Signals) -> tuple[int, int]:
        """Sample and pass signals on; return the wait status and the peak (bytes) of the largest process."""
        due = time.monotonic()
        while True:
            info = signals.wait(due - time.monotonic())
            if info is None:
                due = time.monotonic() + self._look()
            elif info.si_signo == signal.SIGCHLD:
                if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
                    _, status, usage = os.wait4(self._process.pid, 0)
                    self._process.returncode = os.waitstatus_to_exitcode(status)
                    return status, usage.ru_maxrss << 10
            elif info.si_signo == signal.SIGWINCH:
                if info.si_pid != os.getpid() and self._streams.resize():
                    tell_size(os.getpid())
            else:
                self._receive(info)

    def _receive(self, info: signal.struct_siginfo) -> None:
        if info.si_signo in ENDING:
            self.received.add(info.si_signo)
        pass_on(info, self._process.pid, self._family)
        if info.si_signo == signal.SIGTSTP:
            stop_here()

    def _look(self) -> float:
        """Take a sample; return after how many seconds the next one is due."""
        begun = time.thread_time()
        self._streams.look()
        processes = self._tree.look()
        self._family = frozenset(process.pid for process in processes)
        elapsed = time.monotonic() - self._begun
        holding = [process for process in processes if process.rss]  # one that is just ending holds nothing
        if holding:
            used = self._ram.measure(holding)
            self._series.add(Sample(elapsed, used, len(holding), self._vram()))
        return self._pace.next_look(elapsed, time.thread_time() - begun)

    def _vram(self) -> tuple[int | None, ...]:
        latest = self._gpus.latest if self._gpus else ()
        for index, memory in enumerate(latest):
            if memory:
                self._first_vram.setdefault(index, memory)
                self._peak_vram[index] = max(self._peak_vram.get(index, 0), memory.used)
        return tuple(memory.used if memory else None for memory in latest)

    def stop(self) -> None:
        """End what was started beside the program."""
        if self._gpus:
            self._gpus.stop()
            self._vram()

    def record(self, command: tuple[str, ...], seconds: float, ending: Ending) -> RunRecord:
        """Return what was seen."""
        samples = self._series.samples()
        ram = RamUse(
            peak=self._series.peak,
            last=samples[-1].ram if samples else 0,
            processes=self._series.processes,
            counted=self._ram.counted,
            largest=None,
            growth=growth([(sample.at, sample.ram) for sample in samples]),
        )
        failure = self._gpus.failure if self._gpus else ""
        return RunRecord(
            command=command,
            seconds=seconds,
            ending=ending,
            first_output=self._streams.first_output(self._begun),
            ram=ram,
            gpus=tuple(self._gpu(index, samples) for index in sorted(self._first_vram)),
            samples=samples,
            notes=self._streams.notes() + ((f"GPU memory was not seen: {failure}",) if failure else ()),
        )

    def _gpu(self, index: int, samples: Sequence[Sample]) -> GpuUse:
        first = self._first_vram[index]
        used = [(s.at, v) for s in samples if index < len(s.vram) and (v := s.vram[index]) is not None]
        return GpuUse(index, first.total, first.used, self._peak_vram[index], growth(used))


def _ending(status: int, received: set[int]) -> Ending:
    code = os.waitstatus_to_exitcode(status)
    ending: Ending = Signalled(-code) if code < 0 else Exited(code)
    number = signal_of(ending)
    return Stopped(number) if number is not None and number in received else ending


def _explained(
    record: RunRecord, streams: Streams, before: Kills, rule_book: Callable[[], RuleBook]
) -> RunRecord:
    if isinstance(record.ending, Stopped) or record.ending == Exited(0):
        return record
    stderr, stdout = streams.texts()
    crash = parse_crash(stderr)
    clues = Clues(record.ending, stderr, stdout, crash, read_kills().since(before), _shm_size())
    return replace(record, crash=crash, causes=causes_of(clues, rule_book()))


def _shm_size() -> int | None:
    with contextlib.suppress(OSError):
        place = os.statvfs("/dev/shm")  # noqa: S108
        return place.f_blocks * place.f_frsize
    return None
