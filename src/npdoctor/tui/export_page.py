"""The pages on which a report is seen before it is saved; pure."""

from __future__ import annotations

from npdoctor.report.prose import number
from npdoctor.tui.documents import Document, Form
from npdoctor.tui.line import EMPTY, Line, block, fit
from npdoctor.tui.signs import Signs

ABOUT = {Form.TEXT: "80 columns, all evidence", Form.JSON: "for tools (schema 1)"}
KEPT = "Kept: names and versions of packages, and names of files inside the environment."


def export_lines(
    document: Document, names: dict[Form, str], folder: str, early: bool, width: int, signs: Signs
) -> list[Line]:
    """Return the forms to choose from, what was hidden in the chosen one, and where it would be saved."""
    lines: list[Line] = [((" Export report", "strong"),)]
    for form in Form:
        chosen = form is document.form
        marker = signs.cursor if chosen else " "
        said: Line = (
            (f" {marker} {form.value:<5} ", "strong" if chosen else ""),
            (f"{ABOUT[form]:<26}", "faint"),
        )
        lines.append(fit((*said, (names[form], "")), width, signs.more))
    if early:
        lines += block("The examination had not ended: what it finds later is not in this report.", width)
    lines += [EMPTY, *_hidden(document, width, signs), *block(KEPT, width, "faint"), EMPTY]
    where = f"a saves {number(len(document.text.encode()), 'byte')} in {folder}, for you alone (mode 0600)."
    return [*lines, *block(signs.text(where), width)]


def _hidden(document: Document, width: int, signs: Signs) -> list[Line]:
    total = sum(document.hidden.values())
    if not total:
        return list(block("Hidden: nothing was found that had to be.", width))
    counts = ", ".join(f"{count} {kind}" for kind, count in document.hidden.items())
    first: Line = (
        (f" Hidden before saving: {number(total, 'value')}.", "strong"),
        ("  v looks at them", "faint"),
    )
    return [fit(first, width, signs.more), *block(signs.text(counts), width, "", (("   ", ""),))]


def hidden_lines(document: Document, width: int, signs: Signs) -> list[Line]:
    """Return each kind that was hidden with the lines it was in, as they are saved."""
    lines: list[Line] = [((" Hidden, as it is saved", "strong"),)]
    for kind, count in document.hidden.items():
        lines += [EMPTY, ((f" {kind}", "strong"), (f"  {count}", "faint"))]
        for text in document.places.get(kind, ()):
            lines += block(signs.text(text), width, "", (("   ", ""),))
    return lines
