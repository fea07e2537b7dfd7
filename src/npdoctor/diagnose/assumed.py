"""Judge releases that are only assumed: there is no binary to read, so the rule book speaks."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.context import Context
from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.model.requirement import parsed_version


def assumed_releases(context: Context) -> Iterator[Finding]:
    """Yield NPD101 where the book ties an assumed release to NumPy 1; say so where it knows nothing."""
    if context.numpy is None:
        return
    for name in sorted(context.not_there - {"numpy"}):
        version, rule = context.snapshot.assumed[name], context.package(name)
        release, floor = parsed_version(version), parsed_version(rule.numpy2 if rule else None)
        numpy = context.version("numpy")
        if rule and floor and release and release < floor and context.numpy.major >= 2:
            yield Finding(
                "NPD101",
                Severity.BROKEN,
                name,
                version,
                f"built for NumPy 1, with NumPy {numpy}",
                f"The rule book knows {rule.numpy2} as the first release of {name} that serves NumPy 2.",
                (Evidence("rule", f"packages: {name}", rule.source),),
                f"Assume {name}=={rule.numpy2} or later.",
                fix=Fix((f"{name}>={rule.numpy2}",)),
            )
        elif _may_be_tied(context, name) and not (floor and release and release >= floor):
            yield Finding(
                "NPD505",
                Severity.UNKNOWN,
                name,
                version,
                "assumed, and nothing is known of its binaries",
                f"{name} {version} is not installed, so its binaries cannot be read, and the rule book does "
                f"not say how they stand to NumPy {numpy}.",
                (Evidence("rule", f"packages: {name}", rule.source if rule else "no entry"),),
                f"Install {name}=={version} in a scratch environment and check that.",
            )


def _may_be_tied(context: Context, name: str) -> bool:
    """Tell whether a release may have NumPy binaries: by the book, else by the release that is installed."""
    rule = context.package(name)
    if rule is not None:
        return rule.binaries == "numpy"
    return name not in context.installed or any(
        b.numpy for b in context.snapshot.binaries if b.distribution == name
    )
