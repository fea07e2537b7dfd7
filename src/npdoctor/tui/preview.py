"""The page on which a fix is shown before anything is written; pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from npdoctor.model.mending import Mending
from npdoctor.model.plan import Change, Plan, Rehearsal, Strategy, Verified
from npdoctor.report.plan_text import NOTHING, STRATEGIES, rehearsed_words
from npdoctor.report.prose import number
from npdoctor.tui.line import EMPTY, Line, block, cut, fit, spread
from npdoctor.tui.pages import PROOF
from npdoctor.tui.signs import Signs
from npdoctor.tui.work import Order, Planned, Sheet

NARROW = 60
DIFF_ROLES = {"+": "ok", "-": "broken", "@": "info"}


def head(order: Order, right: str, width: int, signs: Signs) -> list[Line]:
    """Return what the page is about, which way is planned, and what the plan covers."""
    if order.subjects:
        about = f"Fix {', '.join(order.subjects)}"
        covers = "Only what was chosen is planned for; what that pulls along is shown."
    else:
        about = "Fix everything broken"
        covers = "One plan for all: releases chosen one by one may not fit together."
    title: Line = ((f" {signs.text(about)}", "strong"),)
    lines = [spread(title, ((right, "faint"), (" ", "")), width, signs.more)]
    lines += block(signs.text(STRATEGIES[order.strategy]), width)
    lines += block(covers, width, "faint")
    return lines


def preview_lines(work: Planned, subject: str, width: int, signs: Signs) -> list[Line]:
    """Return the whole preview; the change of `subject` bears the cursor."""
    mending = work.sheet.mending
    right = "PREVIEW - nothing is written" if width >= NARROW else "PREVIEW"
    lines = head(work.order, right, width, signs)
    lines.append(ways(work, width, signs))
    if work.early:
        lines += block("The examination had not ended: what it finds later is not in this plan.", width)
    lines.append(EMPTY)
    lines += _verdict(mending, work, width, signs)
    lines += _rehearsed(mending, width, signs)
    lines += _refusals(mending, width, signs)
    lines += _changes(mending.plan, subject, width, signs)
    lines += diff_lines(work.sheet, width, signs)
    lines += _listed("By hand it would be", [shlex.join(c) for c in mending.plan.commands], width, signs)
    lines += _listed("Only you can do this", mending.plan.steps, width, signs)
    lines += _listed("Note", mending.plan.notes, width, signs)
    lines += _reasons(mending.plan, width, signs)
    if mending.plan.changes or mending.plan.remove or work.sheet.diffs:
        undo = signs.key("undo", "u")
        words = f"everything that is replaced is kept first; {undo}, or npdoctor fix --undo, puts it back."
        lines += [EMPTY, *block(words, width, "", ((" Undo  ", "faint"),))]
    return lines


def ways(work: Planned, width: int, signs: Signs) -> Line:
    """Return the three ways, with a sign where one was planned."""
    spans: list[tuple[str, str]] = [(" Way   ", "faint")]
    possible = dict(work.possible)
    for way in Strategy:
        sign = {True: signs.ok, False: signs.no, None: ""}[possible.get(way)]
        words = f"{way.value} {sign}".rstrip()
        chosen = way is work.order.strategy
        spans.append((f"[{words}] " if chosen else f" {words}  ", "strong" if chosen else ""))
    if width >= NARROW:
        spans.append((f"  {signs.key('strategy', 's')} plans the next", "faint"))
    return fit(tuple(spans), width, signs.more)


def _verdict(mending: Mending, work: Planned, width: int, signs: Signs) -> Iterator[Line]:
    plan = mending.plan
    if plan.impossible:
        yield from block("No plan this way. Nothing was changed.", width, "broken")
        for part in plan.impossible.split("\n"):
            yield from block(signs.text(part), width, "", (("   ", ""),))
        untried = [way.value for way in Strategy if way not in dict(work.possible)]
        if untried:
            yield EMPTY
            following = signs.key("strategy", "s")
            yield from block(f"Not tried yet: {', '.join(untried)}. {following} plans the next.", width)
        if work.order.subjects:
            fix = signs.key("fix", "f")
            yield from block(
                f"{fix} without a mark, on a broken finding, plans for all that is broken.", width
            )
    elif not (plan.changes or plan.remove):
        yield from block("Nothing to change." if plan.steps else NOTHING, width, "strong")


def _changes(plan: Plan, subject: str, width: int, signs: Signs) -> Iterator[Line]:
    """Yield what changes as a table; the reasons, which are long, come last on the page."""
    if not (plan.changes or plan.remove):
        return
    yield EMPTY
    if plan.changes:
        size = f", {plan.download / 1e6:.0f} MB" if plan.download else ""
        title = f" {number(len(plan.changes), 'distribution')} would change{size}"
        yield fit(((title, "strong"),), width, signs.more)
    versions = [signs.text(_versions(change)) for change in plan.changes]
    names = max((len(c.name) for c in plan.changes), default=0)
    names = min(names, 14) if width < NARROW else names
    column = max(map(len, versions), default=0)
    for change, version in zip(plan.changes, versions, strict=True):
        marker = signs.cursor if change.name == subject else " "
        name = cut(signs.text(change.name), names, signs.more).ljust(names)
        proof = PROOF[change.verified.value] if change.new and width >= NARROW else ""
        role = "faint" if change.verified is Verified.NONE else "ok"
        line: Line = ((f" {marker}{name}  ", ""), (version.ljust(column), "strong"), (f"  {proof}", role))
        yield fit(line, width, signs.more)
    for path in plan.remove:
        yield from block(signs.text(path), width, "", (("  delete  ", "strong"),))


def _versions(change: Change) -> str:
    again = ", installed again" if change.is_reinstall else ""
    return f"{change.old or 'not installed'} → {change.new or 'removed'}{again}"


def _reasons(plan: Plan, width: int, signs: Signs) -> Iterator[Line]:
    if plan.changes:
        yield EMPTY
        yield ((" Why", "faint"),)
    for change in plan.changes:
        proof = f"  ({PROOF[change.verified.value]})" if change.new and width < NARROW else ""
        said = signs.text(f"{change.why}{proof}")
        yield from block(said, width, "", ((f"   {change.name}  ", "strong"),))


def _refusals(mending: Mending, width: int, signs: Signs) -> Iterator[Line]:
    for refusal in mending.refusals:
        said = f"Cannot be installed here: {refusal.reason} {refusal.advice}".strip()
        yield from block(signs.text(said), width, "warning", ((f" {signs.no} ", "warning"),))


def _rehearsed(mending: Mending, width: int, signs: Signs) -> Iterator[Line]:
    rehearsal = mending.rehearsal
    if rehearsal is None:
        if mending.unrehearsed:
            yield from block(signs.text(f"Not rehearsed: {mending.unrehearsed}"), width)
        return
    yield from block(rehearsed_words(rehearsal), width, "strong")
    for title, role, text in _rehearsal_parts(rehearsal):
        if text:
            yield from block(signs.text(text), width, role, ((f"   {title:<13} ", "faint"),))


def _rehearsal_parts(rehearsal: Rehearsal) -> Iterator[tuple[str, str, str]]:
    mended = [subject for subject in rehearsal.before if subject not in rehearsal.after]
    yield "mended", "ok", ", ".join(mended)
    yield "stays broken", "broken", ", ".join(rehearsal.after)
    yield "gets worse", "broken", ", ".join(rehearsal.worse)
    yield "not the same", "", rehearsal.approximate


def diff_lines(sheet: Sheet, width: int, signs: Signs) -> Iterator[Line]:
    """Yield the changes of the files as diffs."""
    for diff in sheet.diffs:
        yield EMPTY
        yield from marked(diff, width, signs)


def marked(diff: Iterable[str], width: int, signs: Signs) -> Iterator[Line]:
    """Yield the lines of a diff, each in the role of its first sign."""
    for text in diff:
        yield fit(((f"  {signs.text(text)}", DIFF_ROLES.get(text[:1], "")),), width, signs.more)


def _listed(title: str, texts: Iterable[str], width: int, signs: Signs) -> Iterator[Line]:
    for position, text in enumerate(texts):
        if position == 0:
            yield EMPTY
            yield fit(((f" {title}", "faint"),), width, signs.more)
        yield from block(signs.text(text), width, "", (("   ", ""),))
