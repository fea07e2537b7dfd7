"""What the terminal and the options mean for how a text looks."""

from __future__ import annotations

import argparse
import os
import shutil

from npdoctor.cli.output import Output
from npdoctor.report.style import Style, wants_color
from npdoctor.report.text import Layout

NARROWEST, WIDEST = 40, 120


def layout_for(args: argparse.Namespace, output: Output) -> Layout:
    """Return width, signs and colour as the terminal and the options have them."""
    columns = shutil.get_terminal_size((80, 24)).columns
    return Layout(
        width=max(NARROWEST, min(columns, WIDEST)),
        verbose=bool(args.verbose),
        ascii_only=bool(args.ascii) or not output.speaks_unicode,
        style=Style(wants_color(args.color, output.is_terminal, os.environ)),
    )
