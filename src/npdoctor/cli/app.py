"""The command line: one place that owns exit codes and what is said when something goes wrong."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from npdoctor.cli.options import NOT_BUILT, parser
from npdoctor.cli.output import Output
from npdoctor.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, NpdoctorError


class Terminated(BaseException):
    """Unwind the stack on SIGTERM or SIGHUP, so that what was started is cleared away."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    output = Output()
    output.hide_with(_hide)
    return guarded(lambda: _run(arguments, output), output)


def guarded(work: Callable[[], int], output: Output | None = None) -> int:
    """Return the exit code of this work, or that of what went wrong in it, which is said on stderr."""
    if output is None:
        output = Output()
        output.hide_with(_hide)
    try:
        _watch_signals()
        return work()
    except NpdoctorError as error:
        output.say(f"npdoctor: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        output.say("npdoctor: interrupted, nothing was changed.")
        return EXIT_INTERRUPTED
    except Terminated as ending:
        output.say(f"npdoctor: ended by {signal.Signals(ending.number).name}, nothing was changed.")
        return 128 + ending.number
    except Exception as error:
        from npdoctor.cli.crash import crash_words

        output.say(crash_words(error))
        return EXIT_INTERNAL


def _run(arguments: list[str], output: Output) -> int:
    if arguments and arguments[0] in NOT_BUILT:
        output.say(f"npdoctor: {arguments[0]} is not built yet in this version ({NOT_BUILT[arguments[0]]}).")
        return EXIT_USAGE
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        arguments = ["check", *arguments]
    try:
        args = parser().parse_args(arguments)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else EXIT_OK
    chosen = Output(args.output, private=args.no_redact, quiet=args.quiet)
    chosen.hide_with(str if args.no_redact else _hide)
    return _command(args, chosen)


def _command(args: argparse.Namespace, output: Output) -> int:
    """Load the command's module only now: the others cost time."""
    if args.command == "explain":
        from npdoctor.cli.explain import explain

        return explain(args, output)
    if args.command == "rules":
        from npdoctor.cli.rules import rules

        return rules(args, output)
    if args.command == "gpu":
        from npdoctor.cli.gpu import gpu

        return gpu(args, output)
    if args.command == "fix":
        from npdoctor.cli.fix import fix

        return fix(args, output)
    if args.command == "audit":
        from npdoctor.cli.audit import audit

        return audit(args, output)
    if args.command == "report":
        from npdoctor.cli.report import report

        return report(args, output)
    if args.command == "run":
        from npdoctor.cli.run import run

        return run(args, output)
    from npdoctor.cli.check import check

    return check(args, output)


def _watch_signals() -> None:
    def unwind(number: int, _frame: FrameType | None) -> None:
        raise Terminated(number)

    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, unwind)
    except ValueError:
        return  # not in the main thread: signals are somebody else's


def _hide(text: str) -> str:
    import os

    from npdoctor.report.person import person_redactor

    return person_redactor(os.environ).redact(text)
