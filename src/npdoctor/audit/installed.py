"""What an environment at hand says of the declared distributions: its versions, binaries and dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from npdoctor.audit.ranges import in_order
from npdoctor.audit.wheel_facts import Looked, abi_of, judged_reading, required
from npdoctor.model.audit import Ask, Known
from npdoctor.model.distribution import Distribution
from npdoctor.model.index import Wheel
from npdoctor.model.requirement import marker_environment, parsed_requirement
from npdoctor.model.rules import RuleBook
from npdoctor.model.target import Target
from npdoctor.probe.binaries import read_binaries
from npdoctor.probe.index.reading import Member, WheelReading, serves_numpy
from npdoctor.probe.inventory import read_inventory
from npdoctor.probe.loader import Loader


class Installed:
    """The distributions of one environment; binaries are read when they are asked for, never imported."""

    def __init__(self, target: Target, numpy: str, book: RuleBook) -> None:
        self._target, self._numpy, self._book = target, numpy, book
        self._found = {d.name: d for d in read_inventory(target).distributions if d.effective}

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def known(self, ask: Ask) -> Known | None:
        """Return what the installed version says, where it is admitted; it speaks for itself only."""
        found = self._found.get(ask.name)
        if found is None or ask.specifier is None:
            return None
        if not ask.direct and not SpecifierSet(ask.specifier).contains(found.version, prereleases=True):
            return None
        fact = self._look(found).fact
        note = f"Only {found.version}, which is installed, was looked at."
        if ask.direct or ask.locked or ask.specifier == f"=={found.version}":
            return Known(fact, fact)
        return Known(lowest=fact, note=note) if fact.serves is False else Known(highest=fact, note=note)

    def comes_along(self, asks: Iterable[Ask]) -> tuple[Ask, ...]:
        """Return what the asked distributions bring with them here, with what requires each."""
        declared = {ask.name: ask.extras for ask in asks}
        via: dict[str, list[str]] = {}
        todo = [name for name in declared if name in self._found]
        seen = set(todo)
        while todo:
            name = todo.pop()
            for other in self._required_by(self._found[name], declared.get(name, ())):
                via.setdefault(other, []).append(name)
                if other not in seen and other in self._found:
                    seen.add(other)
                    todo.append(other)
        names = sorted(n for n in via if n in self._found and n not in declared and n != "numpy")
        return tuple(self._brought(name, tuple(sorted(set(via[name])))) for name in names)

    def _brought(self, name: str, via: tuple[str, ...]) -> Ask:
        limit = SpecifierSet()
        for other in via:
            limit &= required(self._found[other].requires, name, self._target)
        return Ask(name, in_order(limit), via=via)

    def _required_by(self, found: Distribution, extras: Iterable[str]) -> Iterator[str]:
        environments = [{**marker_environment(self._target), "extra": extra} for extra in ("", *extras)]
        for requirement in filter(None, map(parsed_requirement, found.requires)):
            marker = requirement.marker
            if marker is None or any(marker.evaluate(dict(e)) for e in environments):
                yield canonicalize_name(requirement.name)

    def _look(self, found: Distribution) -> Looked:
        binaries, unread = read_binaries([found], self._target, Loader(""))
        members = tuple(Member(b.relative, b.size, b.numpy) for b in binaries)
        wheel = Wheel(found.name, found.version, f"{found.name} {found.version} as installed", "")
        reading = WheelReading(
            wheel, members, (), len(members) + len(unread), found.requires, found.requires_python, ()
        )
        answer = serves_numpy(reading, self._numpy)
        rule = self._book.packages.get(found.name)
        return judged_reading(reading, answer, abi_of(reading), self._numpy, self._target, rule)
