"""A text that is written line by line beside the JSON document of the same content."""

from __future__ import annotations

import argparse
import json

from npdoctor.cli.output import Output
from npdoctor.errors import UsageError
from npdoctor.report.prose import plain_ascii, wrapped
from npdoctor.report.redact import Json
from npdoctor.report.text import Layout


class Page:
    """Lines that fit the layout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._lines: list[str] = []

    def line(self, text: str) -> None:
        """Add a line as it is."""
        self._lines.append(text)

    def gap(self) -> None:
        """Add an empty line, never two."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def text(self, text: str, indent: str = "", later: str | None = None, strong: bool = False) -> None:
        """Add a paragraph."""
        lines = wrapped(text, self.layout.width, indent, indent if later is None else later)
        self._lines += [self.layout.style.paint(line, "strong") for line in lines] if strong else lines

    def __str__(self) -> str:
        text = "\n".join(line.rstrip() for line in self._lines) + "\n"
        return plain_ascii(text) if self.layout.ascii_only else text


def check_format(command: str, args: argparse.Namespace) -> None:
    """Refuse the formats that a command does not write."""
    if (args.format or "text") not in ("text", "json"):
        raise UsageError(f"{command} writes no {args.format}: there are text and json")


def show(document: dict[str, Json], page: Page, args: argparse.Namespace, output: Output) -> None:
    """Write the page, or the document where JSON is wanted."""
    if args.format == "json":
        output.result(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        output.result(str(page))
