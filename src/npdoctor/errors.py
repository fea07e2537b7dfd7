"""The ways npdoctor itself can fail, each with its exit code."""

EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_COULD_NOT_LOOK = 3
EXIT_INTERNAL = 4
EXIT_INTERRUPTED = 130


class NpdoctorError(Exception):
    """Carry a message meant for the person at the terminal."""

    exit_code = EXIT_INTERNAL


class UsageError(NpdoctorError):
    """Say that the command line asks for something that cannot be done."""

    exit_code = EXIT_USAGE


class TargetError(NpdoctorError):
    """Say that the target interpreter could not be examined."""

    exit_code = EXIT_COULD_NOT_LOOK


class RuleBookError(NpdoctorError):
    """Say which file, rule and key of the rule book is wrong."""


class Cancelled(NpdoctorError):
    """Say that the person stopped the examination."""

    exit_code = EXIT_INTERRUPTED
