"""The naive way to a screen: Textual's own table, filled from a file of lines, one cell changing.

python benchmarks/screens/table.py LINES [TIMES]
"""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header


class Table(App[None]):
    BINDINGS = [("q", "quit", "Quit"), ("t", "tick", "Change"), ("a", "fill", "Fill")]  # noqa: RUF012
    TITLE = "ready"

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.rows = [tuple(line.split("\t")) for line in lines]
        self.ticks = 0

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable(cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for name in ("name", "version", "state", "summary"):
            table.add_column(name, key=name)
        self.action_fill()

    def action_fill(self) -> None:
        table = self.query_one(DataTable)
        table.clear()
        for number, row in enumerate(self.rows):
            table.add_row(*row, key=str(number))

    def action_tick(self) -> None:
        self.ticks += 1
        self.query_one(DataTable).update_cell("1", "state", str(self.ticks))


if __name__ == "__main__":
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    Table(Path(sys.argv[1]).read_text().splitlines() * times).run()
