"""The marked block of a constraints file: what npdoctor pinned there, merged anew by every fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from npdoctor.fix.files.encoding import FileText
from npdoctor.fix.files.place import CannotEdit, Pin
from npdoctor.fix.files.requirement_lines import AnyLine, Listed, applies, read_lines
from npdoctor.fix.files.specifier import is_exact
from npdoctor.model.target import Target

BEGIN = "# >>> npdoctor"
END = "# <<< npdoctor"
_TITLE = f"{BEGIN}: written by npdoctor fix; pins in this block may be replaced by the next fix"


def find_block(path: str, lines: Sequence[AnyLine]) -> range:
    """Return which lines are the block with its marks, an empty range at the end where there is none."""
    begins = [i for i, line in enumerate(lines) if line.text.startswith(BEGIN)]
    ends = [i for i, line in enumerate(lines) if line.text.startswith(END)]
    if not begins and not ends:
        return range(len(lines), len(lines))
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        number = lines[(begins + ends)[-1]].number
        raise CannotEdit(path, f"the marks of npdoctor's block do not match, see line {number}")
    return range(begins[0], ends[0] + 1)


def names_in_block(lines: Sequence[AnyLine], block: range, target: Target) -> frozenset[str]:
    """Return the names that the block has pins for in this target."""
    inside = [lines[i] for i in block]
    return frozenset(
        line.name for line in inside if isinstance(line, Listed) and applies(line.written, target)
    )


def with_block(
    file: FileText, text: str, pins: Mapping[str, Pin], removed: frozenset[str], target: Target
) -> str:
    """Return a file's text with these pins in its block, and the block's others but the removed kept."""
    end = file.line_end
    lines = read_lines(text)
    block = find_block(file.path, lines)
    entries = [(pin.name, pin.clause, _entry(pin)) for pin in pins.values()]
    others: list[str] = []
    for index in block[1:-1]:
        line = lines[index]
        bare = line.text.rstrip("\r\n")
        if isinstance(line, Listed) and applies(line.written, target):
            if line.name not in pins and line.name not in removed:
                entries.append((line.name, str(line.written.requirement.specifier), bare))
        elif bare.strip():
            others.append(bare)
    before, after = text, ""
    if block:
        before, after = text[: lines[block[0]].start], text[lines[block[-1]].end :]
    if not entries and not others:
        return before + after
    # NumPy's range comes first: it is what the others were chosen for.
    entries.sort(key=lambda entry: (entry[0] != "numpy", is_exact(entry[1]), entry[0]))
    written = [_TITLE, *(entry[2] for entry in entries), *others, END]
    if before and not before.endswith(("\n", "\r")):
        before += end
    gap = end if before and not block and lines and lines[-1].text.strip() else ""
    return before + gap + "".join(line + end for line in written) + after


def _entry(pin: Pin) -> str:
    return f"{pin.name}{pin.clause}" + (f"  # {pin.reason}" if pin.reason else "")
