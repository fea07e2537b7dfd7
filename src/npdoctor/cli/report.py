"""`npdoctor report`: the whole diagnosis as one document."""

from __future__ import annotations

import argparse
import fnmatch
import os
from typing import TYPE_CHECKING

from npdoctor.cli.output import Output
from npdoctor.errors import Cancelled, NpdoctorError, UsageError

if TYPE_CHECKING:
    from npdoctor.checkup import Request
    from npdoctor.model.audit import Audit
    from npdoctor.model.diagnosis import Diagnosis
    from npdoctor.model.mending import Mending
    from npdoctor.model.rules import RuleBook
    from npdoctor.report.document.material import Material

# What is audited where no file is named, as far as it lies in the working folder.
DECLARING = (
    "requirements*.txt",
    "constraints*.txt",
    "pyproject.toml",
    "uv.lock",
    "poetry.lock",
    "pylock.toml",
    "pylock.*.toml",
    "Dockerfile",
    "Dockerfile.*",
)


def report(args: argparse.Namespace, output: Output) -> int:
    """Examine, audit the files, plan where that is asked for, write the document; return the verdict."""
    _check_options(args)
    from npdoctor.cli.check import assumptions, examine_target, read_config

    assumed, machine = assumptions(args)
    config = read_config(output)
    found, book, request = examine_target(args, assumed, output, machine)
    audit, notes = _audited(args, book, request, output)
    mending, more = _planned(args, found, book, request, output)

    from npdoctor.cli.report_material import Beside, report_material

    beside = Beside(audit, mending, (*notes, *more))
    m = report_material(args, found, book, beside, config, request.working_folder)
    write(args, m, output)
    return m.exit_code


def write(args: argparse.Namespace, m: Material, output: Output) -> None:
    """Write the material in the format that was asked for."""
    from npdoctor.cli.screen import layout_for
    from npdoctor.report.person import person_redactor
    from npdoctor.report.render import rendered

    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    output.result(rendered(m, args.format or "text", redactor, layout_for(args, output)))


def _check_options(args: argparse.Namespace) -> None:
    """Refuse, before anything is examined, a file that is not there and a plan that cannot be made."""
    for path in args.files:
        if not os.path.isfile(path):
            raise UsageError(f"{path} is no file")
    if args.rehearse and args.offline:
        raise UsageError("--rehearse installs into a copy, which takes the network: leave --offline out")
    args.online = args.online or args.rehearse
    if args.assume and args.online:
        raise UsageError("a plan is for what is installed: --assume has no place beside it")


def _found_here(folder: str) -> tuple[str, ...]:
    """Return the files of the working folder that declare requirements."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file())
    except OSError:
        return ()
    return tuple(n for n in names if any(fnmatch.fnmatchcase(n, pattern) for pattern in DECLARING))


def _audited(
    args: argparse.Namespace, book: RuleBook, request: Request, output: Output
) -> tuple[Audit | None, tuple[str, ...]]:
    """Audit the named files, else those that are found, of which none is owed: a note says what failed."""
    paths = tuple(args.files) or _found_here(request.working_folder)
    if not paths:
        return None, ()
    from npdoctor.audit.auditor import AuditRequest, audit
    from npdoctor.cli.audit import AuditProgress

    folder, assumed = request.working_folder, dict(request.assume)
    wanted = AuditRequest(paths, folder, args.python, assumed, online=args.online)
    output.hint(f"npdoctor: auditing {', '.join(paths)}…")
    progress = AuditProgress(output)
    try:
        return audit(wanted, book, progress), ()
    except Cancelled:
        raise
    except NpdoctorError as error:
        if args.files:
            raise
        return None, (f"{', '.join(paths)} could not be audited: {error}",)
    finally:
        progress.close()


def _planned(
    args: argparse.Namespace, found: Diagnosis, book: RuleBook, request: Request, output: Output
) -> tuple[Mending | None, tuple[str, ...]]:
    """Plan what mends it where the network may be used, and rehearse it where that is asked for."""
    if not args.online:
        return None, ()
    from npdoctor.cli.mending_progress import MendingProgress
    from npdoctor.mend import Mender, Wish

    progress = MendingProgress(output)
    try:
        return Mender(found, book, Wish(rehearse=args.rehearse), request, progress).plan(), ()
    except Cancelled:
        raise
    except NpdoctorError as error:
        return None, (f"No plan could be made: {error}",)
    finally:
        progress.close()
