"""The border between releases for NumPy 1 and those that serve NumPy 2."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from npdoctor.audit.floors.border import Border, find_border
from npdoctor.probe.index.reading import Answer


@given(st.integers(0, 40), st.integers(0, 40), st.sets(st.integers(0, 79)))
def test_the_border_lies_between_neighbours_that_can_be_judged(
    before: int, after: int, unclear: set[int]
) -> None:
    versions = [f"1.{number}" for number in range(before + after)]
    asked: list[str] = []

    def look(version: str) -> Answer:
        asked.append(version)
        number = int(version[2:])
        return Answer(None if number in unclear else number >= before, "")

    border = find_border(versions, look)
    clear = [number for number in range(before + after) if number not in unclear]
    last = max((n for n in clear if n < before), default=None)
    first = min((n for n in clear if n >= before), default=None)
    assert border.last == (None if last is None else f"1.{last}")
    assert border.first == (None if first is None else f"1.{first}")
    assert len(asked) == len(set(asked))
    assert len(asked) - len(border.skipped) <= 7


def test_nothing_to_look_at() -> None:
    assert find_border([], lambda _: Answer(True, "")) == Border(None, None)
