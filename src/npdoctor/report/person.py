"""Who runs npdoctor here: what the report must hide."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from typing import TypeVar, overload

from npdoctor.report.redact import Redactor
from npdoctor.report.secrets import secret_values

R = TypeVar("R", bound=Redactor)


@overload
def person_redactor(environ: Mapping[str, str], enabled: bool = True) -> Redactor: ...
@overload
def person_redactor(environ: Mapping[str, str], enabled: bool = True, *, made: type[R]) -> R: ...
def person_redactor(
    environ: Mapping[str, str], enabled: bool = True, *, made: type[Redactor] = Redactor
) -> Redactor:
    """Return a redactor, of the class `made`, for whoever runs npdoctor here."""
    account = _account()
    return made(
        home=environ.get("HOME") or (account.pw_dir if account else None),
        user=environ.get("USER") or environ.get("LOGNAME") or (account.pw_name if account else None),
        host=environ.get("HOSTNAME") or os.uname().nodename,
        enabled=enabled,
        known=secret_values(environ),
    )


def _account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(os.getuid())
    except KeyError:
        return None
