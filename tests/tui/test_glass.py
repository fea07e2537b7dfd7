"""What is written to the terminal, read back by a terminal."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from npdoctor.tui.glass import Glass, Placed, cells_of

from .picture import Picture

WIDTH, HEIGHT = 30, 5
PIECE = st.tuples(
    st.text(st.sampled_from("ab  é…✗日本e\u0301"), max_size=12),
    st.sampled_from(["", "1", "1;31", "2", "7", "1;7"]),
)


def screen(glass: Glass, width: int, height: int, lines: list[list[tuple[str, str]]]) -> list[Placed]:
    """Return whole lines, as a screen is drawn."""
    placed: list[Placed] = []
    for y in range(height):
        cells = cells_of(lines[y] if y < len(lines) else [])[:width]
        if cells and cells[-1][0] and len(cells) == width and _is_wide(cells[-1][0]):
            cells[-1] = (" ", "")
        placed.append((y, 0, [*cells, *[(" ", "")] * (width - len(cells))]))
    return placed


def _is_wide(text: str) -> bool:
    return text[0] in "日本"


def seen(row: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return cells as they look: bold and a colour are not seen in a space."""
    return [(" ", "") if text == " " and "7" not in codes else (text, codes) for text, codes in row]


def wanted(placed: list[Placed]) -> list[list[tuple[str, str]]]:
    return [cells_of(pieces) for _, _, pieces in placed]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.lists(PIECE, max_size=4), max_size=HEIGHT), min_size=1, max_size=4))
def test_the_terminal_shows_what_was_asked_for(screens: list[list[list[tuple[str, str]]]]) -> None:
    glass, picture = Glass(WIDTH, HEIGHT), Picture(WIDTH, HEIGHT)
    for lines in screens:
        placed = screen(glass, WIDTH, HEIGHT, lines)
        picture.feed(glass.paint(placed).encode())
        assert [seen(row) for row in picture.cells] == [seen(row) for row in wanted(placed)]
        assert glass.paint(placed) == ""


def test_one_sign_costs_one_move() -> None:
    glass = Glass(40, 2)
    glass.paint([(0, 0, [("npdoctor 1 of 9", "1")])])
    assert glass.paint([(0, 0, [("npdoctor 2 of 9", "1")])]) == "\x1b[1;10H\x1b[1m2\x1b[m"


def test_what_is_gone_is_cleared_to_the_end_of_the_line() -> None:
    glass = Glass(40, 2)
    glass.paint([(1, 0, [("something long", ""), (" " * 26, "")])])
    assert glass.paint([(1, 0, [("some", ""), (" " * 36, "")])]) == "\x1b[2;5H\x1b[K"


def test_after_forgetting_all_is_cleared_and_drawn() -> None:
    glass, picture = Glass(WIDTH, HEIGHT), Picture(WIDTH, HEIGHT)
    line: list[Placed] = [(0, 0, [("here", "1"), (" " * 26, "")])]
    glass.paint(line)
    picture.feed(b"noise of another program")
    glass.forget(WIDTH, HEIGHT)
    picture.feed(glass.paint(line).encode())
    assert picture.lines == ["here", "", "", "", ""]


def test_a_row_that_is_no_longer_there_is_left_out() -> None:
    glass = Glass(10, 2)
    assert glass.paint([(2, 0, [("x", "")])]) == ""
    assert glass.paint([(0, 8, [("abcdef", "")])]) == "\x1b[1;9Hab"
