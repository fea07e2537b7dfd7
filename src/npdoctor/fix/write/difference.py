"""What applying changed in the folders of an environment: the one account that undoing follows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from npdoctor.fix.write.durable import write_durably
from npdoctor.fix.write.journal import Record
from npdoctor.fix.write.links import Keep, is_in_place, is_intact
from npdoctor.fix.write.listing import Listing

_FILE = "difference.json"


@dataclass(frozen=True, slots=True)
class Difference:
    """What is new, what is gone or another one, and folders whose time or mode is another."""

    created: tuple[str, ...]
    created_folders: tuple[str, ...]
    altered: tuple[str, ...]
    gone_folders: tuple[str, ...]
    touched_folders: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.created or self.created_folders or self.altered or self.gone_folders)

    def lost(self, keep: Keep, folder: str) -> tuple[str, ...]:
        """Return the altered files that cannot be put back: not kept, or written in place."""
        intact = {kept.path for kept in keep.files if is_intact(kept, folder)}
        return tuple(path for path in self.altered if path not in intact)


def compare(before: Listing, after: Listing, keep: Keep) -> Difference:
    """Return what changed between two listings, and of what was kept elsewhere."""
    created, folders = before.created(after)
    gone = [folder for folder in before.folders if folder not in after.folders]
    touched = [f for f, facts in before.folders.items() if after.folders.get(f, facts) != facts]
    elsewhere = [one.path for one in keep.files if one.path not in before.files and not is_in_place(one)]
    altered = before.altered(after) + elsewhere
    return Difference(*(tuple(sorted(found)) for found in (created, folders, altered, gone, touched)))


def save_difference(record: Record, difference: Difference) -> None:
    """Write it into the entry."""
    write_durably(record.file(_FILE), json.dumps(asdict(difference)).encode())


def load_difference(record: Record) -> Difference | None:
    """Read it from the entry; None where applying did not come so far."""
    try:
        with open(record.file(_FILE), "rb") as stream:
            document = json.load(stream)
    except FileNotFoundError:
        return None
    return Difference(**{name: tuple(paths) for name, paths in document.items()})
