"""What a plan is asked for: what must change, what must not, and what only a person can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from npdoctor.model.plan import Strategy


@dataclass(frozen=True, slots=True)
class Demand:
    """A distribution that must change; `specifier` admits the versions that may mend it.

    `modules` are its extension modules that are at fault: the same ones are looked at in a wheel.
    """

    name: str
    installed: str
    specifier: str
    why: str
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Goal:
    """One planning task, in terms of distributions.

    `numpy` is the specifier that NumPy must meet, empty where it plays no part. `held` maps what must
    keep its version to the reason. `loose` names what may also go to a lower version. `unmet` are
    requirements between other distributions that are not met today and stay as they are: (name, its
    installed version or None). `numpy_unmet` names what stays and excludes the NumPy of today. `declared`
    are specifiers of the person's own files, by name.
    """

    strategy: Strategy
    installed: Mapping[str, str]
    roots: frozenset[str]
    numpy: str = ""
    demands: tuple[Demand, ...] = ()
    additions: tuple[str, ...] = ()
    reinstalls: Mapping[str, str] = field(default_factory=dict)
    removals: Mapping[str, str] = field(default_factory=dict)
    leftovers: tuple[str, ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    loose: frozenset[str] = frozenset()
    unmet: tuple[tuple[str, str | None], ...] = ()
    numpy_unmet: tuple[str, ...] = ()
    declared: Mapping[str, str] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    unmended: tuple[str, ...] = ()

    @property
    def needs_resolver(self) -> bool:
        """Tell whether versions must be chosen, rather than only files put right."""
        return bool(self.demands or self.additions or self.loose or self.moves_numpy)

    @property
    def moves_numpy(self) -> bool:
        """Tell whether NumPy itself must change."""
        from packaging.specifiers import SpecifierSet

        installed = self.installed.get("numpy")
        return bool(self.numpy and installed) and not SpecifierSet(self.numpy).contains(
            installed or "", prereleases=True
        )
