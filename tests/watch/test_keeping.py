"""What is kept of text and samples is bounded, and the right part of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from npdoctor.model.run import Sample
from npdoctor.watch.captured import Captured
from npdoctor.watch.kills import Kills
from npdoctor.watch.pace import CREDIT, LONGEST, SHARE, SHORTEST, Pace
from npdoctor.watch.pump import write_all
from npdoctor.watch.series import Series
from npdoctor.watch.tree import ProcessTree


def test_text_keeps_beginning_and_end() -> None:
    kept = Captured(first=10, last=20)
    for n in range(100):
        kept.add(b"%04d\n" % n)
    text = kept.text()
    assert text.startswith("0000\n0001\n")
    assert "[...]" in text
    assert text.endswith("0098\n0099\n")
    assert len(text) < 60


def test_short_text_is_kept_whole() -> None:
    kept = Captured(first=10, last=20)
    kept.add(b"0123456")
    kept.add(b"789abcdef")
    assert kept.text() == "0123456789abcdef"


def test_a_series_is_bounded_and_keeps_its_peak() -> None:
    series = Series(most=100)
    for n in range(10_000):
        series.add(Sample(float(n), 999 if n == 4321 else n % 7, 1 + n % 3))
    samples = series.samples()
    assert len(samples) <= 100
    assert max(sample.ram for sample in samples) == series.peak == 999
    assert [sample.at for sample in samples] == sorted(sample.at for sample in samples)
    assert series.processes == 3


def test_the_pace_bounds_the_cost() -> None:
    assert Pace().next_look(0.5, 0.00001) == SHORTEST
    assert Pace().next_look(1000, 0.00001) == 1.0
    for cost in (0.0001, 0.001, 0.01, 0.1):
        pace, elapsed, spent = Pace(), 0.0, 0.0
        while elapsed < 200:
            spent += cost
            elapsed += pace.next_look(elapsed, cost)
        assert CREDIT < SHARE * 200
        assert spent <= SHARE * elapsed + CREDIT + cost
    assert Pace().next_look(5, 100) == LONGEST


def test_a_costly_first_look_does_not_hide_a_short_program() -> None:
    assert Pace().next_look(0.0, CREDIT * 0.9) == SHORTEST


def test_the_narrower_count_of_kills_is_taken() -> None:
    assert Kills(3, 9).since(Kills(2, 1)) == 1
    assert Kills(None, 9).since(Kills(None, 1)) == 8
    assert Kills(None, None).since(Kills(1, None)) is None


def test_a_descriptor_that_does_not_block_gets_every_byte() -> None:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    data = os.urandom(1 << 20)
    found = bytearray()

    def read() -> None:
        while len(found) < len(data):
            found.extend(os.read(ours, 1000))

    reader = threading.Thread(target=read)
    reader.start()
    write_all(theirs, data)
    reader.join(10)
    os.close(ours)
    os.close(theirs)
    assert bytes(found) == data


def test_the_tree_holds_descendants_and_nobody_else() -> None:
    sleep = "import time; time.sleep(30)"
    code = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {sleep!r}]); print(p.pid)\n"
    program = subprocess.Popen(
        [sys.executable, "-c", code + "sys.stdout.flush(); sys.stdin.read(); p.kill(); p.wait()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    other = subprocess.Popen([sys.executable, "-c", sleep])
    try:
        assert program.stdin
        assert program.stdout
        child = int(program.stdout.readline())
        below = ProcessTree(program.pid)
        # A child of this process counts as an orphan that was adopted; one of another does not.
        assert {process.pid for process in below.look()} == {program.pid, child, other.pid}
        assert other.pid in {process.pid for process in ProcessTree(other.pid).look()}
        assert [process.rss > 0 for process in below.look() if process.pid == program.pid] == [True]
    finally:
        other.kill()
        other.wait()
        program.communicate(timeout=10)
