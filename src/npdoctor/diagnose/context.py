"""What every check looks up: the snapshot, the rule book, and indexes over both."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from functools import cached_property

from packaging.version import Version

from npdoctor.model.binary import Binary
from npdoctor.model.distribution import Distribution
from npdoctor.model.outcome import FAILED, Imported, Outcome, Raised
from npdoctor.model.requirement import parsed_version
from npdoctor.model.rules import PackageRule, RuleBook
from npdoctor.model.snapshot import Snapshot


class Context:
    """One snapshot beside one rule book; all indexes are made once, when first asked for."""

    def __init__(self, snapshot: Snapshot, book: RuleBook) -> None:
        self.snapshot = snapshot
        self.book = book

    @cached_property
    def installed(self) -> dict[str, Distribution]:
        """Map normalised names to the distributions that an import would find."""
        return self.snapshot.effective()

    @cached_property
    def numpy(self) -> Version | None:
        """Return the version of NumPy that is judged against: the assumed one, else that of its files."""
        return parsed_version(self.snapshot.version_of("numpy"))

    @cached_property
    def binaries(self) -> dict[str, Binary]:
        """Map paths to binaries."""
        return {binary.path: binary for binary in self.snapshot.binaries}

    @cached_property
    def by_distribution(self) -> dict[str, list[Binary]]:
        """Map distribution names to their binaries; one assumed in another version has none to read."""
        found: dict[str, list[Binary]] = {}
        for binary in self.snapshot.binaries:
            if binary.distribution not in self.not_there:
                found.setdefault(binary.distribution, []).append(binary)
        return found

    @cached_property
    def not_there(self) -> frozenset[str]:
        """Name the distributions that are assumed in another version than the one installed."""
        installed = self.installed
        return frozenset(
            name
            for name, version in self.snapshot.assumed.items()
            if name not in installed or parsed_version(installed[name].version) != parsed_version(version)
        )

    @cached_property
    def failures(self) -> dict[str, list[tuple[Binary, Outcome]]]:
        """Map distribution names to what did not import, without what the book calls optional."""
        found: dict[str, list[tuple[Binary, Outcome]]] = {}
        for path, outcome in self.snapshot.imports.items():
            binary = self.binaries.get(path)
            if binary is None or not isinstance(outcome, FAILED):
                continue
            if not self.is_optional(binary) or _stops_package(binary, outcome):
                found.setdefault(binary.distribution, []).append((binary, outcome))
        return found

    @cached_property
    def _owners(self) -> dict[str, str]:
        owners: dict[str, str] = {}
        for distribution in self.installed.values():
            root = distribution.location.rstrip("/") + "/"
            for row in distribution.files or ():
                if row.path.endswith(".py"):
                    owners.setdefault(root + row.path, distribution.name)
        return owners

    def owner(self, path: str) -> str | None:
        """Return the distribution that a file belongs to."""
        binary = self.binaries.get(path)
        return binary.distribution if binary else self._owners.get(os.path.normpath(path))

    def is_optional(self, binary: Binary) -> bool:
        """Tell whether the book knows that this module may fail by name though nothing is wrong."""
        name = binary.module or ""
        return any(
            rule.distribution == binary.distribution and fnmatchcase(name, rule.module)
            for rule in self.book.optional
        )

    def outcomes(self, name: str) -> list[Outcome]:
        """Return what became of the imports of one distribution."""
        imports = self.snapshot.imports
        return [imports[b.path] for b in self.by_distribution.get(name, ()) if b.path in imports]

    def all_imported(self, name: str) -> bool:
        """Tell whether every module of a distribution was imported; false while some are still to come."""
        modules = [b for b in self.by_distribution.get(name, ()) if b.module and not self.is_optional(b)]
        imports = self.snapshot.imports
        return bool(modules) and all(isinstance(imports.get(b.path), Imported) for b in modules)

    def version(self, name: str) -> str | None:
        """Return a distribution's version, as assumed or installed."""
        return self.snapshot.version_of(name)

    def title(self, code: str) -> str:
        """Return the book's title of a code."""
        rule = self.book.codes.get(code)
        return rule.title if rule else code

    def package(self, name: str) -> PackageRule | None:
        """Return what the book knows of a package."""
        return self.book.packages.get(name)


def _stops_package(binary: Binary, outcome: Outcome) -> bool:
    """Tell whether it was not the module that failed but the package it lies in, such as cv2."""
    return isinstance(outcome, Raised) and outcome.parent == (binary.module or "").partition(".")[0]
