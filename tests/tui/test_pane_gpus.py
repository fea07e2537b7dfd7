"""The pane of the GPUs and the line under the others, on recorded machines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from npdoctor.model.finding import Finding, Severity
from npdoctor.model.gpu import FailureKind, GpuFacts, NvmlFailure
from npdoctor.model.machine import AssumedMachine
from npdoctor.tui.gpu.bars import sparkline
from npdoctor.tui.gpu.detail import gpu_lines
from npdoctor.tui.gpu.face import GpuFace
from npdoctor.tui.gpu.hiding import hidden
from npdoctor.tui.gpu.lines import gpu_painter
from npdoctor.tui.gpu.live import Live
from npdoctor.tui.gpu.rows import BuildRow, HiddenRow, gpu_rows_of
from npdoctor.tui.gpu.strip import gpu_strip
from npdoctor.tui.gpu.words import NO_GPU, gpu_notice
from npdoctor.tui.line import plain, width_of
from npdoctor.tui.panes import GPUS
from npdoctor.tui.signs import ASCII, UNICODE, Signs
from npdoctor.tui.state import State

from . import gpu_recorded as g
from . import recorded as r
from .driving import screen_text, told
from .test_goldens import GOLDENS, WRITE

STATES = {
    "two": g.TWO,
    "eight": g.EIGHT,
    "lost": g.LOST,
    "mig": g.MIG,
    "unified": g.UNIFIED,
    "none": g.NO_GPU,
    "mismatch": g.MISMATCH,
    "stub": g.STUB,
}


def shown(state: State, width: int = 80, signs: Signs = UNICODE) -> list[str]:
    rows = gpu_rows_of(state)
    paint = gpu_painter(rows, width, signs)
    return [plain(paint(row, False)) for row in rows]


def detail(state: State, key: str, width: int = 80) -> str:
    row = next(row for row in gpu_rows_of(state) if row.key == key)
    return "\n".join(plain(line) for line in gpu_lines(row, width, UNICODE))


def build(state: State, name: str) -> BuildRow:
    rows = (row for row in gpu_rows_of(state) if isinstance(row, BuildRow))
    return next(row for row in rows if row.build.distribution == name)


def golden(name: str, state: State, size: tuple[int, int], signs: Signs = UNICODE) -> None:
    seen: list[str] = []

    async def steps(face: GpuFace, pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await pilot.pause()
        seen.append(screen_text(face))

    g.drive_gpus(state, steps, size, signs)
    path = GOLDENS / f"gpus-{name}-{size[0]}x{size[1]}.txt"
    if WRITE:
        path.write_text(seen[0], encoding="utf-8")
    assert seen[0] == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STATES)
def test_goldens(name: str) -> None:
    golden(name, STATES[name], (80, 24))


@pytest.mark.parametrize("name", ["two", "mig", "stub"])
def test_goldens_side_by_side(name: str) -> None:
    golden(name, STATES[name], (120, 40))


def test_goldens_in_ascii_wide_and_low() -> None:
    golden("ascii", g.TWO, (80, 24), ASCII)
    golden("two", g.TWO, (200, 60))
    golden("two", g.TWO, (60, 15))


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [20, 40, 58, 60, 71, 72, 80, 86, 110, 160])
def test_no_line_is_wider_than_its_place(width: int, signs: Signs) -> None:
    for state in STATES.values():
        for row in gpu_rows_of(state):
            lines = [gpu_painter(gpu_rows_of(state), width, signs)(row, True)]
            lines += gpu_lines(row, width, signs) if width >= 40 else []
            lines.append(gpu_strip(state, width, signs))
            for line in lines:
                assert width_of(line) <= width, plain(line)
                assert signs is UNICODE or plain(line).isascii(), plain(line)


def test_each_build_says_whether_it_can_use_a_gpu() -> None:
    assert build(g.TWO, "torch").finding == g.OLD_DRIVER
    assert build(g.TWO, "onnxruntime-gpu").serves
    assert not build(g.TWO, "tensorflow").serves
    assert not build(g.STUB, "onnxruntime-gpu").serves
    lines = shown(g.TWO)
    assert any(line.startswith(" ✗ build   torch 2.9.0") and "built for CUDA 13.0" in line for line in lines)
    assert " ✓ build   onnxruntime-gpu 1.22.0  for CUDA 12.8" in lines
    assert " - build   tensorflow 2.19.0       for the CPU" in lines
    assert not any("jax" in line for line in lines)
    broken = replace(g.OLD_DRIVER, code="NPD107", subject="onnxruntime-gpu")
    assert build(g.state(g.TWO.gpus, broken), "onnxruntime-gpu").finding == broken
    risky = replace(r.JOBLIB, subject="onnxruntime-gpu")
    assert build(g.state(g.TWO.gpus, risky), "onnxruntime-gpu").finding is None


def test_a_build_whose_modules_were_not_imported_says_so() -> None:
    found = g.found(g.TWO)
    one = replace(found.distributions[0], name="onnxruntime-gpu", extensions=2, imported=0)
    read = replace(g.TWO, diagnosis=replace(found, distributions=(one,)))
    assert "none of its modules was imported" in detail(read, "build:onnxruntime-gpu")
    tried = replace(g.TWO, diagnosis=replace(found, distributions=(replace(one, imported=2),)))
    assert "2 of 2 of its modules were imported" in detail(tried, "build:onnxruntime-gpu")


def test_processes_are_told_by_whose_they_are() -> None:
    lines = shown(g.TWO)
    assert "   process GPU 0     1841  19456 MiB  python" in lines
    assert "   process GPU 0  4200000   1024 MiB  not of this container" in lines
    assert not any(isinstance(row, HiddenRow) for row in gpu_rows_of(g.TWO))
    held = g.with_load(g.TWO, g.card(0, 20.0, g.FOREIGN).load, g.CARDS[1].load)
    assert "   process 19.0 GiB of GPU 0 held by none listed" in shown(held)
    unsized = g.card(0, 20.0, replace(g.FOREIGN, memory=g.made.NA))
    assert not any("held by" in line for line in shown(g.with_load(g.TWO, unsized.load, g.CARDS[1].load)))
    assert "   process none listed: a driver often shows a container none of its own" in shown(g.UNIFIED)


def test_findings_stand_with_what_they_are_about() -> None:
    assert shown(g.TWO)[0].startswith(" ! GPU 0")
    assert "NPD307" in detail(g.TWO, "gpu:0")
    assert "NPD307" not in detail(g.TWO, "gpu:1")
    assert " ! limits  /dev/shm is 64 MiB  NPD402" in shown(g.TWO)
    unread = Finding("NPD301", Severity.UNKNOWN, "gpu:2", None, "could not be read: timed out", "", ())
    assert " ? driver  gpu:2 could not be read: timed out  NPD301" in shown(g.state(g.TWO.gpus, unread))
    assert any("RAM 117 GiB by its control group, 16 of 128 CPUs by quota" in line for line in shown(g.TWO))


def test_a_gpu_that_is_lost_while_it_is_watched() -> None:
    assert " ✗ GPU 1  lost: it answers no more  RTX 4090" in shown(g.LOST)
    assert "lost" in detail(g.LOST, "gpu:1")
    assert shown(g.LOST)[0] == shown(g.TWO)[0]
    assert "GPU 1 lost" in plain(gpu_strip(g.LOST, 80, UNICODE))


def test_the_notice_says_why_there_is_nothing_and_what_helps() -> None:
    assert gpu_notice(g.NO_GPU, "", 1) == NO_GPU
    assert gpu_notice(g.TWO, "", 9) == ""
    assert gpu_notice(g.MISMATCH, "", 3) == (
        "The driver and its library disagree (library 570.148.08, kernel 535.104.05). "
        "Restart the pod to clear this."
    )
    assert gpu_notice(g.STUB, "", 3) == (
        "NVML cannot be reached: stub or foreign library. Take its folder off LD_LIBRARY_PATH."
    )
    failure = NvmlFailure(FailureKind.TIMED_OUT, "NVML gave no answer in 11 s")
    ended = replace(g.TWO, trace=replace(g.TWO.trace, failure=failure, every=None))
    assert "The samples ended: NVML gave no answer in 11 s." in gpu_notice(ended, "", 9)
    assert "NVML stopped answering" in "\n".join(shown(ended))
    assert "not looked at" in gpu_notice(replace(g.state(None)), "", 1)
    assert gpu_notice(g.TWO, "tpu", 0) == 'No row matches "tpu". Esc clears the filter.'
    empty = g.state(g.made.facts(replace(g.made.system(), count=0, gpus=())))
    assert "sees no GPU" in gpu_notice(empty, "", 1)


def test_what_is_assumed_is_said() -> None:
    found = g.found(g.TWO)

    def assuming(state: Live, machine: AssumedMachine) -> Live:
        snapshot = replace(g.found(state).snapshot, machine=machine)
        return replace(state, diagnosis=replace(found, findings=(), snapshot=snapshot))

    newer = assuming(g.TWO, AssumedMachine(gpus=((12, 0),)))
    words = gpu_notice(newer, "", 9)
    assert "Judged as if on a machine with: gpu sm_120. Nothing was imported." in words
    assert "The rows of GPUs and driver are what is here." in words
    assert build(newer, "torch").serves
    assert not build(assuming(g.TWO, AssumedMachine(gpus=())), "torch").serves
    absent = assuming(g.STUB, AssumedMachine(gpus=((9, 0),)))
    assert build(absent, "torch").serves
    assert "are what is here" not in gpu_notice(absent, "", 9)


def test_the_line_of_memory_gives_way_to_many_gpus() -> None:
    assert plain(gpu_strip(g.TWO, 120, UNICODE)) == (
        " GPU 0 RTX 4090  VRAM ▇▇▇▇▇▇▇▇▁▁ 20.0/24.0 GiB 83%  GPU 1 RTX 4090  VRAM ▁▁▁▁▁▁▁▁▁▁ 0.4/24.0 GiB  2%"
    )
    assert "RTX" not in plain(gpu_strip(g.TWO, 80, UNICODE))
    assert plain(gpu_strip(g.EIGHT, 80, UNICODE)) == (
        " GPU 0   0%  1  10%  2  21%  3  31%  4  42%  5  52%  6  62%  7  73%"
    )
    failure = NvmlFailure(FailureKind.TIMED_OUT, "late")
    assert plain(
        gpu_strip(replace(g.TWO, trace=replace(g.TWO.trace, failure=failure)), 90, UNICODE)
    ).endswith("as last read")
    assert gpu_strip(g.NO_GPU, 80, UNICODE) == ()
    assert gpu_strip(r.HEALTHY, 80, UNICODE) == ()


def test_the_history_moves_on_only_when_a_part_of_it_is_over() -> None:
    past = [(1000.0 + second, 10 + second % 2) for second in range(60)]
    before = sparkline(past, 100, 10, UNICODE)
    assert sparkline([*past[:-1], (1059.5, 11)], 100, 10, UNICODE) == before
    assert before == " " * 7 + "▁▁▁"
    grown = sparkline([*past, (1081.0, 99)], 100, 10, UNICODE)
    assert grown == " " * 6 + "▁▁▁█"
    assert sparkline([*past, (1081.0, 99)], 100, 10, ASCII) == " " * 6 + "...@"
    assert sparkline([(0.0, 99), (59.9, 99), (61.0, 99)], 100, 10, UNICODE) == " " * 7 + "███"
    assert sparkline([(0.0, 99), (91.0, 99)], 100, 10, UNICODE) == " " * 6 + "█  █"
    assert sparkline([], 100, 10, UNICODE) == ""
    assert sparkline(past, 0, 10, UNICODE) == ""


def test_every_text_of_the_facts_goes_behind_the_redactor() -> None:
    facts = g.made.facts(variables={"CUDA_VISIBLE_DEVICES": "GPU-1"})
    shown_facts: GpuFacts = hidden(facts, lambda text: f"<{text}>")
    assert shown_facts.files.variables == {"CUDA_VISIBLE_DEVICES": "<GPU-1>"}
    assert shown_facts.files.nodes[0].path == "</dev/nvidia0>"
    assert shown_facts.files.nodes[0].problem is None
    assert shown_facts.holders == facts.holders
    assert hidden(facts, str) == facts
    failed = hidden(g.made.failed(FailureKind.UNKNOWN), lambda text: f"<{text}>").nvml
    assert isinstance(failed, NvmlFailure)
    assert (failed.kind, failed.words) == (FailureKind.UNKNOWN, "<words>")


def test_the_load_changes_in_place_and_the_detail_stays_where_it_is() -> None:
    async def steps(face: GpuFace, pilot: Pilot[None]) -> None:
        await pilot.press("4", "J", "J")
        assert face.board.detail.top == 2
        assert " 97%" in screen_text(face)
        hotter = replace(g.CARDS[0].load, temperature=88)
        await told(face, pilot, g.with_load(g.TWO, hotter, g.CARDS[1].load))
        assert "88 °C" in screen_text(face)
        assert face.board.detail.top == 2
        await pilot.press("j")
        await told(face, pilot, g.LOST)
        assert getattr(face.board.selected, "key", "") == "gpu:1"
        assert "▸✗ GPU 1  lost" in screen_text(face)

    g.drive_gpus(g.TWO, steps, (64, 24))


def test_it_is_sampled_as_often_as_it_is_shown() -> None:
    async def steps(face: GpuFace, pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("escape", "question_mark")
        await pilot.pause()
        await pilot.press("question_mark", "2")
        await pilot.resize_terminal(80, 15)
        await pilot.pause()

    assert g.drive_gpus(g.TWO, steps) == [5.0, 1.0, None, 1.0, 5.0, None]
    assert g.drive_gpus(g.NO_GPU, steps) == [None]
    assert g.drive_gpus(r.READING, steps) == [None]


def test_the_line_of_memory_stands_under_the_other_panes_only() -> None:
    async def steps(face: GpuFace, pilot: Pilot[None]) -> None:
        await pilot.pause()
        assert screen_text(face).splitlines()[-2].startswith(" GPU 0 ▇▇▇▇▇▇▇▇▁▁ 20.0/24.0 GiB 83%")
        await pilot.press("4")
        await pilot.pause()
        assert "GPU 0 ▇" not in screen_text(face).splitlines()[-2]
        await pilot.press("5")
        await pilot.pause()
        assert screen_text(face).splitlines()[-2].startswith(" GPU 0 ▇")
        await pilot.resize_terminal(80, 19)
        await pilot.pause()
        assert " GPU 0 ▇" not in screen_text(face)

    g.drive_gpus(g.TWO, steps)


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ("is:broken", ["build:torch"]),
        ("4090", ["gpu:0", "gpu:1"]),
        ("python is:own", ["process:0:0:1841"]),
        ("is:ok", ["build:onnxruntime-gpu"]),
    ],
)
def test_the_filter_takes_kinds_and_states(wanted: str, keys: list[str]) -> None:
    assert [row.key for row in GPUS.rows(g.TWO, wanted)] == keys
