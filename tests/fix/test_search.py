"""The counter-example loop, over an index small enough to see through."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.version import Version

from npdoctor.fix.demand import Demand, Goal
from npdoctor.fix.engines.engine import (
    EngineFailure,
    Move,
    Problem,
    Resolution,
    Solved,
    Unsolvable,
)
from npdoctor.fix.pose import Knowledge
from npdoctor.fix.search import Found, Judgement, NotFound, Rounds, search
from npdoctor.model.index import Release, Wheel
from npdoctor.model.plan import Strategy


@dataclass
class Shelf:
    """An index of releases that require nothing but what `needs` says, and its resolver."""

    installed: Mapping[str, str]
    stock: Mapping[str, Sequence[str]]
    numpy1: Mapping[str, Collection[str]] = field(default_factory=dict)
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    wheelless: Collection[str] = ()

    def resolve(self, problem: Problem) -> Resolution:
        self.problems.append(problem)
        chosen: dict[str, str] = {}
        wanted = [Requirement(text) for text in problem.requirements]
        limits = [Requirement(text) for text in problem.constraints]
        for _ in range(10):
            texts = [t for n, v in chosen.items() for t in self.needs.get(f"{n}=={v}", ())]
            more = list(map(Requirement, texts))
            new: dict[str, str] = {}
            for name in {r.name for r in (*wanted, *more)} | set(self.installed):
                rules = [r.specifier for r in (*wanted, *more, *limits) if r.name == name]
                fits = [v for v in self.stock.get(name, ()) if all(s.contains(v) for s in rules)]
                if self.installed.get(name) in fits:
                    new[name] = self.installed[name]
                elif fits:
                    lowest = problem.lowest and any(r.name == name for r in wanted)
                    new[name] = (min if lowest else max)(fits, key=Version)
                else:
                    return Unsolvable(f"no release of {name} fits")
            if new == chosen:
                break
            chosen = new
        moves = [Move(n, self.installed.get(n), v) for n, v in sorted(chosen.items())]
        return Solved(tuple(m for m in moves if m.old != m.new))

    def wheels(self, pins: Mapping[str, str]) -> Mapping[str, Wheel]:
        self.asked += pins.items()
        return self.shelved(pins)

    def shelved(self, pins: Mapping[str, str]) -> Mapping[str, Wheel]:
        return {
            n: Wheel(n, v, f"{n}-{v}-cp311-cp311-linux_x86_64.whl", f"https://i/{n}-{v}")
            for n, v in pins.items()
            if n not in self.wheelless
        }

    def judge(
        self, wheels: Sequence[Wheel], modules: Mapping[str, Sequence[str]], numpy: str
    ) -> Mapping[str, Judgement]:
        self.read += [f"{w.name}=={w.version}" for w in wheels]
        bad = Version(numpy).major >= 2
        return {
            w.name: Judgement(not (bad and w.version in self.numpy1.get(w.name, ())), "read") for w in wheels
        }

    def releases(self, name: str) -> Sequence[Release]:
        return [Release(v, self.shelved({name: v})[name]) for v in self.stock.get(name, ())]


class Fits:
    """Installed binaries of which `old` fail under NumPy 2 and `new` under NumPy 1."""

    def __init__(self, old: Mapping[str, str] | None = None, new: Mapping[str, str] | None = None) -> None:
        self.old, self.new = old or {}, new or {}

    def misfits(self, numpy: str, but: Collection[str]) -> Mapping[str, Demand]:
        failing, sign = (self.old, ">") if Version(numpy).major >= 2 else (self.new, "<")
        return {n: Demand(n, v, f"{sign}{v}", "misfit") for n, v in failing.items() if n not in but}


def goal(
    installed: Mapping[str, str], *demanded: str, strategy: Strategy = Strategy.NEAREST, numpy: str = "==2.1"
) -> Goal:
    demands = tuple(Demand(n, installed[n], f">{installed[n]}", "NPD101") for n in demanded)
    return Goal(strategy, installed, frozenset(installed), numpy, demands)


def run(wanted: Goal, shelf: Shelf, fit: Fits | None = None) -> Found | NotFound:
    return search(wanted, shelf, shelf, fit or Fits(), Rounds())


def moved(found: Found | NotFound) -> dict[str, str | None]:
    assert isinstance(found, Found), found
    return {m.name: m.new for m in found.moves}


def test_a_release_whose_wheel_does_not_serve_is_passed_over() -> None:
    shelf = Shelf(
        {"a": "1", "numpy": "2.1"}, {"a": ["1", "2", "3", "4"], "numpy": ["2.1"]}, {"a": ["1", "2"]}
    )
    found = run(goal(shelf.installed, "a"), shelf)
    assert moved(found) == {"a": "3"}
    assert isinstance(found, Found)
    assert found.verified["a"].serves
    assert found.wheels["a"].version == "3"
    assert "a==2" in shelf.read


def test_many_bad_releases_are_halved_and_not_walked() -> None:
    stock = [str(n) for n in range(1, 60)]
    shelf = Shelf({"a": "1", "numpy": "2.1"}, {"a": stock, "numpy": ["2.1"]}, {"a": stock[:40]})
    assert moved(run(goal(shelf.installed, "a"), shelf)) == {"a": "41"}
    assert len(shelf.read) < 15


def test_no_release_serves() -> None:
    shelf = Shelf({"a": "1", "numpy": "2.1"}, {"a": ["1", "2"], "numpy": ["2.1"]}, {"a": ["1", "2"]})
    found = run(goal(shelf.installed, "a"), shelf)
    assert found == NotFound("no release of a fits")


def test_latest_takes_the_newest() -> None:
    shelf = Shelf({"a": "1", "numpy": "2.1"}, {"a": ["1", "2", "3"], "numpy": ["2.1", "2.2"]}, {"a": ["1"]})
    assert moved(run(goal(shelf.installed, "a", strategy=Strategy.LATEST), shelf)) == {"a": "3"}


def test_back_moves_numpy_and_what_needs_numpy_2() -> None:
    shelf = Shelf(
        {"a": "1", "b": "5", "numpy": "2.1"}, {"a": ["1"], "b": ["3", "4", "5"], "numpy": ["1.26", "2.1"]}
    )
    wanted = goal(shelf.installed, strategy=Strategy.BACK, numpy="<2")
    assert moved(run(wanted, shelf)) == {"numpy": "1.26"}
    assert moved(run(wanted, shelf, Fits(new={"b": "5"}))) == {"b": "4", "numpy": "1.26"}


def test_a_newcomer_that_does_not_serve_is_excluded_too() -> None:
    shelf = Shelf(
        {"a": "1", "numpy": "2.1"},
        {"a": ["1", "2"], "numpy": ["2.1"], "dep": ["1", "2"]},
        {"a": ["1"], "dep": ["2"]},
        {"a==2": ["dep"]},
    )
    assert moved(run(goal(shelf.installed, "a"), shelf)) == {"a": "2", "dep": "1"}


def test_what_follows_moves_as_little_as_it_can() -> None:
    shelf = Shelf(
        {"a": "1", "dep": "1", "numpy": "2.1"},
        {"a": ["1", "2"], "numpy": ["2.1"], "dep": ["1", "2", "3", "4"]},
        {"a": ["1"]},
        {"a==2": ["dep>=2"]},
    )
    wanted = Goal(
        Strategy.NEAREST, shelf.installed, frozenset({"a"}), "==2.1", (Demand("a", "1", ">1", "NPD101"),)
    )
    assert moved(run(wanted, shelf)) == {"a": "2", "dep": "2"}


def test_each_wheel_is_asked_for_once_even_where_there_is_none() -> None:
    shelf = Shelf(
        {"a": "1", "dep": "1", "numpy": "2.1"},
        {"a": ["1", "2", "3"], "numpy": ["2.1"], "dep": ["1", "2", "3", "4"]},
        {"a": ["1", "2"]},
        {"a==2": ["dep>=2"], "a==3": ["dep>=2"]},
        wheelless=("dep",),
    )
    wanted = Goal(
        Strategy.NEAREST, shelf.installed, frozenset({"a"}), "==2.1", (Demand("a", "1", ">1", "NPD101"),)
    )
    found = run(wanted, shelf)
    assert moved(found) == {"a": "3", "dep": "2"}
    assert isinstance(found, Found)
    assert set(found.wheels) == {"a"}
    assert len(shelf.asked) == len(set(shelf.asked))


def test_versions_known_to_be_broken_are_not_chosen() -> None:
    shelf = Shelf({"a": "1", "numpy": "2.1"}, {"a": ["1", "2", "3"], "numpy": ["2.1"]}, {"a": ["1"]})
    known = Knowledge({"a": {"2"}})
    found = search(goal(shelf.installed, "a"), shelf, shelf, Fits(), Rounds(), known)
    assert moved(found) == {"a": "3"}


def test_nothing_beside_the_plan_moves() -> None:
    stock = {n: ["1", "2"] for n in "abcdef"} | {"numpy": ["2.1", "2.2"]}
    shelf = Shelf(dict.fromkeys("abcdef", "1") | {"numpy": "2.1"}, stock, {"a": ["1"]})
    assert moved(run(goal(shelf.installed, "a"), shelf)) == {"a": "2"}


def test_an_engine_that_cannot_answer_is_no_verdict_on_the_environment() -> None:
    class Silent(Shelf):
        def resolve(self, problem: Problem) -> Resolution:
            return EngineFailure("no network", offline=True)

    shelf = Silent({"a": "1", "numpy": "2.1"}, {})
    assert run(goal(shelf.installed, "a"), shelf) == NotFound("no network", offline=True)


def test_what_must_not_move_is_named_where_a_moved_numpy_breaks_it() -> None:
    shelf = Shelf({"b": "5", "numpy": "2.1"}, {"b": ["4", "5"], "numpy": ["1.26", "2.1"]})
    wanted = Goal(
        Strategy.BACK,
        shelf.installed,
        frozenset(shelf.installed),
        "<2",
        held={"b": "it is an editable install"},
    )
    found = run(wanted, shelf, Fits(new={"b": "5"}))
    assert moved(found) == {"numpy": "1.26"}
    assert isinstance(found, Found)
    assert "editable" in found.notes[0]
