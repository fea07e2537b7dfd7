"""The counter-example loop: resolve, read the wheels that would come, exclude what does not serve, again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from packaging.version import Version

from npdoctor.fix.demand import Demand, Goal
from npdoctor.fix.engines.engine import EngineFailure, Move, Resolution, Resolver, Solved, Unsolvable
from npdoctor.fix.pose import Knowledge, pose
from npdoctor.model.index import Release, Wheel
from npdoctor.model.plan import Strategy, Verified

MOST_ROUNDS = 12
MOST_TRIALS = 16
WALKED = 2  # releases of one distribution that are tried one by one before they are halved


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a wheel serves a NumPy; `serves` None means that it could not be told."""

    serves: bool | None
    evidence: str


class Wheels(Protocol):
    """Looks into wheels on the index."""

    def judge(
        self, wheels: Sequence[Wheel], modules: Mapping[str, Sequence[str]], numpy: str
    ) -> Mapping[str, Judgement]:
        """Return by name whether each wheel serves this NumPy, by its own binaries."""

    def releases(self, name: str) -> Sequence[Release]:
        """Return the releases of a project, oldest first; none where it cannot be told."""


class Fit(Protocol):
    """Knows the installed binaries."""

    def misfits(self, numpy: str, but: Collection[str]) -> Mapping[str, Demand]:
        """Return the installed distributions, but for these, that would fail under this NumPy."""


class Rounds:
    """Hears how the search goes; this one says nothing."""

    def round(self, number: int, words: str) -> None:
        """Hear what is being tried."""


@dataclass(frozen=True, slots=True)
class Found:
    """A set of moves that resolves and whose wheels were read."""

    moves: tuple[Move, ...]
    wheels: Mapping[str, Wheel]
    verified: Mapping[str, Judgement]
    rounds: int
    drivers: Mapping[str, Demand] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotFound:
    """There is no plan, and why; `offline` where the index could not be reached."""

    reason: str
    offline: bool = False


def search(
    goal: Goal, engine: Resolver, wheels: Wheels, fit: Fit, rounds: Rounds, known: Knowledge | None = None
) -> Found | NotFound:
    """Return the moves that meet a goal, as few as could be found."""
    return _Search(goal, engine, wheels, fit, rounds, known or Knowledge()).run()


@dataclass
class _Search:
    goal: Goal
    engine: Resolver
    wheels: Wheels
    fit: Fit
    rounds: Rounds
    known: Knowledge
    count: int = 0
    files: dict[tuple[str, str], Wheel | None] = field(default_factory=dict)
    judged: dict[tuple[str, str, str], Judgement] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def run(self) -> Found | NotFound:
        """Loop until every wheel that would come serves, then try to move less."""
        while self.count < MOST_ROUNDS:
            resolution = self._resolve("resolving")
            if isinstance(resolution, Unsolvable) and self._relax():
                continue
            if not isinstance(resolution, Solved):
                return _not_found(resolution)
            numpy = self._numpy(resolution.moves)
            if not (self._reject(resolution.moves, numpy) or self._misfits(resolution.moves, numpy)):
                return self._finish(self._fewer(resolution.moves, numpy))
        return NotFound(f"no set of releases was found in {MOST_ROUNDS} rounds")

    def _relax(self) -> bool:
        """Ask for less where nothing was found; tell whether there was anything left to relax.

        First what excludes today's NumPy and stays may go on doing so. Then what need not move may go to a
        lower version too.
        """
        if self.goal.numpy_unmet and not self.known.tolerant and not self.goal.moves_numpy:
            self.known.tolerant = True
            names = ", ".join(self.goal.numpy_unmet)
            self.notes.append(f"{names}: what they require of NumPy is not met today and was set aside")
            return True
        if self.known.free or self.goal.strategy is Strategy.BACK:
            return False
        self.known.free = True
        self.notes.append("nothing was found with every other distribution at its version or above")
        return True

    def _resolve(self, words: str) -> Resolution:
        self.count += 1
        tried = sum(map(len, self.known.excluded.values()))
        self.rounds.round(self.count, f"{words}; {tried} releases excluded" if tried else words)
        return self.engine.resolve(pose(self.goal, self.known))

    def _numpy(self, moves: Sequence[Move]) -> str | None:
        return next((m.new for m in moves if m.name == "numpy"), self.goal.installed.get("numpy"))

    def _reject(self, moves: Sequence[Move], numpy: str | None) -> bool:
        """Exclude what would come and does not serve; tell whether there was any."""
        if numpy is None:
            return False
        bad = [
            m for m in moves if m.new and m.name != "numpy" and self._judge(m, moves, numpy).serves is False
        ]
        for move in bad:
            assert move.new is not None
            self.known.exclude(move.name, move.new)
            if len(self.known.excluded[move.name]) >= WALKED:
                self._halve(move.name, numpy)
        return bool(bad)

    def _judge(self, move: Move, moves: Sequence[Move], numpy: str) -> Judgement:
        """Return what the wheel says, all those of one resolution being read together."""
        key = (move.name, move.new or "", numpy)
        if key not in self.judged:
            pins = {m.name: m.new for m in moves if m.new}
            files = list(self._wheels(pins).values())
            self.rounds.round(self.count, f"reading {len(files)} wheels on the index")
            said = self.wheels.judge(files, self._modules(), numpy)
            for name, version in pins.items():
                unknown = Judgement(None, "its wheel was not read")
                self.judged[name, version, numpy] = said.get(name, unknown)
        return self.judged[key]

    def _wheels(self, pins: Mapping[str, str]) -> dict[str, Wheel]:
        """Return by name the wheels of exact versions; the engine is asked for each of them once."""
        unknown = {name: version for name, version in pins.items() if (name, version) not in self.files}
        if unknown:
            found = self.engine.wheels(unknown)
            self.files.update({(name, version): found.get(name) for name, version in unknown.items()})
        return {name: wheel for name, version in pins.items() if (wheel := self.files[name, version])}

    def _modules(self) -> dict[str, Sequence[str]]:
        return {d.name: d.modules for d in (*self.goal.demands, *self.known.drivers.values())}

    def _halve(self, name: str, numpy: str) -> None:
        """Find the first release that serves by halving, on the assumption that later ones serve too."""
        demand = next((d for d in self.goal.demands if d.name == name), self.known.drivers.get(name))
        if demand is None or demand.specifier.startswith("<") or name in self.known.floors:
            return
        tried = max(map(Version, self.known.excluded[name]))
        candidates = [
            r.wheel
            for r in self.wheels.releases(name)
            if r.wheel
            and not r.yanked
            and Version(r.version) > tried
            and not Version(r.version).is_prerelease
        ]
        low, high = 0, len(candidates)
        while low < high:
            middle = (low + high) // 2
            wheel = candidates[middle]
            self.rounds.round(self.count, f"reading {name} {wheel.version}")
            said = self.wheels.judge([wheel], self._modules(), numpy).get(name)
            if said is not None and said.serves is False:
                self.known.exclude(name, wheel.version)
                low = middle + 1
            else:
                high = middle
        if low < len(candidates):
            self.known.floors[name] = candidates[low].version

    def _misfits(self, moves: Sequence[Move], numpy: str | None) -> bool:
        """Add to what must move the installed distributions that a moved NumPy would break."""
        if numpy is None or numpy == self.goal.installed.get("numpy"):
            return False
        found = self.fit.misfits(numpy, [m.name for m in moves])
        new = {n: d for n, d in found.items() if n not in self.known.drivers and n not in self.goal.held}
        self.notes += [
            f"{n} stays and would not serve NumPy {numpy}: {self.goal.held[n]}"
            for n in found
            if n in self.goal.held
        ]
        self.known.drivers.update(new)
        return bool(new)

    def _fewer(self, moves: Sequence[Move], numpy: str | None) -> tuple[Move, ...]:
        """Move what merely follows as little as possible, and put back what need not move."""
        best = tuple(moves)
        wanted = {d.name for d in self.goal.demands} | self.known.drivers.keys() | {"numpy"}
        followers = [m for m in moves if m.old and m.new and m.name not in wanted]
        if not followers or self.goal.strategy is Strategy.LATEST:
            return best
        settled = {m.name: m.new for m in moves if m.name in wanted and m.new}
        base = replace(self.known, pinned=settled)
        trial = self._trial(replace(base, direct={m.name for m in followers}), numpy)
        if trial is not None and len(trial) <= len(best):
            best = trial
        for follower in followers[:MOST_TRIALS]:
            if follower.name not in {m.name for m in best}:
                continue
            back = {follower.name: follower.old or ""} | settled
            held = {m.name: m.new for m in best if m.name != follower.name and m.new and m.old}
            trial = self._trial(replace(self.known, pinned=held | back), numpy)
            if trial is not None and len(trial) < len(best):
                best = trial
        return best

    def _trial(self, known: Knowledge, numpy: str | None) -> tuple[Move, ...] | None:
        kept, self.known = self.known, known
        try:
            resolution = self._resolve("trying to move less")
            if not isinstance(resolution, Solved) or self._numpy(resolution.moves) != numpy:
                return None
            bad = numpy is not None and any(
                self._judge(m, resolution.moves, numpy).serves is False
                for m in resolution.moves
                if m.new and m.name != "numpy"
            )
            return None if bad else resolution.moves
        finally:
            self.known = kept

    def _finish(self, moves: Sequence[Move]) -> Found | NotFound:
        pins = {m.name: m.new for m in moves if m.new}
        pins |= {n: v for n, v in self.goal.reinstalls.items() if n not in pins}
        numpy = self._numpy(moves) or ""
        return Found(
            moves=tuple(moves),
            wheels=self._wheels(pins),
            verified={n: self.judged[n, v, numpy] for n, v in pins.items() if (n, v, numpy) in self.judged},
            rounds=self.count,
            drivers=dict(self.known.drivers),
            notes=tuple(dict.fromkeys(self.notes)),
        )


def _not_found(resolution: Unsolvable | EngineFailure) -> NotFound:
    if isinstance(resolution, EngineFailure):
        return NotFound(resolution.reason, resolution.offline)
    return NotFound(resolution.reason)


def verified_as(judgement: Judgement | None) -> Verified:
    """Return how far a change is verified by reading alone."""
    return Verified.BINARY if judgement and judgement.serves else Verified.NONE
