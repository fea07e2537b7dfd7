"""`npdoctor fix`: plan what mends it, show it as a diff, and write, install or take back on request."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from npdoctor.cli.output import Output
from npdoctor.errors import EXIT_FINDINGS, EXIT_INTERNAL, EXIT_OK, UsageError

if TYPE_CHECKING:
    from npdoctor.fix.goal import Choice
    from npdoctor.mend import Mender
    from npdoctor.model.diagnosis import Diagnosis
    from npdoctor.model.mending import Mending
    from npdoctor.report.ignored import Ignored


def fix(args: argparse.Namespace, output: Output) -> int:
    """Run the fix command and return its exit code."""
    form = args.format or "text"
    if form not in ("text", "json"):
        raise UsageError(f"fix --format {form} is not possible: there are text and json")
    if args.assume:
        raise UsageError("fix mends what is installed: --assume has no place here")
    if args.lock:
        _check_lock(args.lock)
    if args.undo is not None:
        from npdoctor.cli.undo import undo

        return undo(args, output)
    mending, aside = _mended(args, output)
    code = exit_code(mending, aside)
    from npdoctor.report.person import person_redactor

    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    redactor.spare({c.name for c in mending.plan.changes}, {c.new or "" for c in mending.plan.changes})
    if form == "json":
        from npdoctor.report.plan_json import mending_json

        document = mending_json(mending, redactor, code)
        output.result(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        from npdoctor.cli.screen import layout_for
        from npdoctor.report.plan_text import mending_text

        output.result(mending_text(mending, redactor, layout_for(args, output), code))
    return code


def _check_lock(path: str) -> None:
    """Refuse a lock that installers would not read, before anything is examined."""
    name = os.path.basename(path)
    if name.endswith(".toml") and not (name == "pylock.toml" or name.startswith("pylock.")):
        raise UsageError(f"--lock {name}: installers read pylock.toml or pylock.NAME.toml")
    Output(path)


def exit_code(mending: Mending, aside: Collection[str] = ()) -> int:
    """Return 0 where a plan was made or nothing is broken any more, 1 where something stays, 4 if undone.

    Subjects that the person ignores, `aside`, may stay as they are.
    """
    if mending.undone:
        return EXIT_INTERNAL
    if mending.plan.impossible or mending.failure or (mending.refusals and not mending.applied):
        return EXIT_FINDINGS
    left = mending.left
    if left is None and mending.rehearsal:
        left = mending.rehearsal.after
    if left is None:
        left = mending.plan.unmended
    return EXIT_FINDINGS if set(left) - set(aside) else EXIT_OK


def _mended(args: argparse.Namespace, output: Output) -> tuple[Mending, frozenset[str]]:
    """Plan, and carry out what is asked for; return also the subjects of which all is ignored."""
    from npdoctor.cli.check import examine_target, read_config
    from npdoctor.cli.mending_progress import MendingProgress
    from npdoctor.fix.goal import Choice
    from npdoctor.mend import Mender, Wish
    from npdoctor.model.plan import Strategy
    from npdoctor.report.ignored import without_ignored

    config = read_config(output)
    found, book, request = examine_target(args, {}, output)
    only = frozenset(map(_subject, args.only))
    _check_subjects(only, found)
    choice = Choice(Strategy(args.strategy), only, args.include_risks)
    kept, ignored = (found, ()) if only else without_ignored(found, config.ignores)
    choice = _without(choice, kept, ignored)
    _say_ignored(ignored, args, output)
    aside = frozenset(i.finding.subject for i in ignored) - {f.subject for f in kept.findings}
    wish = Wish(choice, args.engine, args.file, not args.no_rehearse)
    progress = MendingProgress(output)
    mender = Mender(found, book, wish, request, progress)
    try:
        mending = mender.plan()
        progress.close()
        return _carried_out(args, output, mender, mending, aside), aside
    finally:
        progress.close()


def _without(choice: Choice, kept: Diagnosis, ignored: Sequence[Ignored]) -> Choice:
    """Return the choice of all that is not ignored, by subject; a subject that nobody has is none at all."""
    from npdoctor.fix.goal import chosen_findings

    if not ignored:
        return choice
    subjects = frozenset(finding.subject for finding in chosen_findings(kept, choice))
    return replace(choice, only=subjects or frozenset({""}))


def _say_ignored(ignored: Sequence[Ignored], args: argparse.Namespace, output: Output) -> None:
    """Name on stderr what is not planned for, and why."""
    from npdoctor.cli.screen import layout_for
    from npdoctor.report.ignored import ignored_lines
    from npdoctor.report.person import person_redactor

    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    for line in ignored_lines(tuple(ignored), redactor, layout_for(args, output).width):
        output.say(f"npdoctor: {line.strip()}")
    if ignored:
        output.hint("npdoctor: --only SUBJECT plans for one of them all the same.")


def _carried_out(
    args: argparse.Namespace, output: Output, mender: Mender, mending: Mending, aside: frozenset[str]
) -> Mending:
    if args.lock:
        _write_lock(args.lock, mender, mending, output)
    nothing = mending.plan.impossible or not (
        mending.plan.changes or mending.plan.remove or mending.plan.edits
    )
    if nothing or not (args.write or args.apply):
        return mending
    if (
        not args.yes
        and sys.stdin.isatty()
        and sys.stderr.isatty()
        and not _agrees(args, output, mending, aside)
    ):
        return mending
    return mender.apply(mending) if args.apply else mender.write(mending)


def _write_lock(path: str, mender: Mender, mending: Mending, output: Output) -> None:
    """Write what is installed with the plan's changes as a lock, and name what it lacks."""
    locked = mender.lock(mending)
    if locked is None:
        output.say("npdoctor: there is no plan, so no lock is written.")
        return
    Output(path).result(locked.pylock if path.endswith(".toml") else locked.requirements)
    if locked.missing:
        output.say(f"npdoctor: the lock lacks what no index has: {', '.join(locked.missing)}")
    if mending.rehearsal and mending.rehearsal.after:
        output.say(f"npdoctor: the lock is of a set in which something stays broken: {path}")


def _agrees(args: argparse.Namespace, output: Output, mending: Mending, aside: frozenset[str]) -> bool:
    """Show the plan and ask; Enter alone means no."""
    from npdoctor.cli.screen import layout_for
    from npdoctor.report.person import person_redactor
    from npdoctor.report.plan_text import mending_text

    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    output.say(mending_text(mending, redactor, layout_for(args, output), exit_code(mending, aside)))
    what = "write these files and install" if args.apply else "write these files"
    sys.stderr.write(f"Type yes to {what}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _check_subjects(only: Collection[str], found: Diagnosis) -> None:
    named = {finding.subject for finding in found.findings}
    for subject in sorted(set(only) - named):
        others = ", ".join(sorted(named)) or "there is none at all"
        raise UsageError(f"no finding is about {subject}: {others}")


def _subject(text: str) -> str:
    from packaging.utils import canonicalize_name

    return text if text in ("interpreter", "driver", "host") or ":" in text else canonicalize_name(text)
