"""Read again what a file declares, with where in its text each specifier stands."""

from __future__ import annotations

from npdoctor.audit.projects import toml_entries
from npdoctor.audit.setup_cfg import setup_cfg_entries
from npdoctor.audit.source_files import CannotRead
from npdoctor.audit.source_kinds import Reader, reader_of
from npdoctor.audit.source_lines import line_entries
from npdoctor.fix.files.declared_entry import Entry
from npdoctor.fix.files.encoding import FileText


def entries_of(file: FileText, constraint: bool) -> list[Entry]:
    """Return the entries of a requirements or project file; raise CannotRead for any other."""
    reader = reader_of(file.path, file.text)
    if reader is Reader.LINES:
        return line_entries(file, constraint)[0]
    if reader is Reader.TOML:
        return toml_entries(file)
    if reader is Reader.SETUP_CFG:
        return setup_cfg_entries(file)
    raise CannotRead("is of a form that is not edited")
