"""Words of the model on a pipe come out as they went in, and nothing else comes out."""

from __future__ import annotations

import pytest

from npdoctor.model.gpu import (
    FailureKind,
    GpuProcess,
    Load,
    Memory,
    NvmlFailure,
    ProcessKind,
    Reason,
    Sample,
    Unavailable,
    Utilisation,
    Visibility,
)
from npdoctor.probe.gpu.wire import from_line, to_line

PROCESS = GpuProcess(1, Unavailable(Reason.LOST, "x"), ProcessKind.BOTH, Visibility.OWN, "python3")
WORDS = (
    None,
    "/usr/lib/é\n.so",
    NvmlFailure(FailureKind.MISMATCH, "words", 18, "/lib"),
    Sample(1.5, (Load(Memory(3, 2, 1, 0, True), Utilisation(1, 2), -3, 4.5, (PROCESS,)),)),
)


@pytest.mark.parametrize("word", WORDS, ids=repr)
def test_a_word_comes_out_as_it_went_in(word: object) -> None:
    line = to_line(word)
    assert line.count(b"\n") == 1
    assert from_line(line) == word


@pytest.mark.parametrize(
    "line",
    [b"", b"\xff", b"{}", b'{"is": "Gpu"}', b'{"is": "os.system", "command": "true"}', b"[" * 100000],
    ids=lambda line: repr(line[:20]),
)
def test_what_is_no_word_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_line(line)
