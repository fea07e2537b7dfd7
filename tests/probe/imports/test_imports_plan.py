"""Which distribution is forked from which, and in what order."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from npdoctor.model.distribution import Distribution
from npdoctor.model.outcome import ImportJob
from npdoctor.probe.imports.tree import Branch, closures, plan_tree, requirement_names
from sample_target import linux_target

TARGET = linux_target()


def dist(name: str, *requires: str) -> Distribution:
    return Distribution(name, name, "1", "/s", f"/s/{name}", "pip", requires, None, (), None, effective=True)


def job(name: str, number: int = 0) -> ImportJob:
    return ImportJob(f"/s/{name}/{number}.so", f"{name}.m{number}", name)


def plan(
    *distributions: Distribution, suspects: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> dict[str, Branch]:
    jobs = [job(d.name) for d in distributions if d.name not in without]
    return {b.distribution: b for b in plan_tree(jobs, {d.name: d for d in distributions}, TARGET, suspects)}


def test_a_branch_grows_on_the_dependency_that_itself_needs_most() -> None:
    tree = plan(
        dist("numpy"), dist("scipy", "numpy"), dist("pandas", "numpy>=1"), dist("sk", "numpy", "scipy")
    )
    assert {name: b.parent for name, b in tree.items()} == {
        "numpy": None,
        "scipy": "numpy",
        "pandas": "numpy",
        "sk": "scipy",
    }


def test_a_dependency_without_extensions_is_passed_through() -> None:
    tree = plan(dist("numpy"), dist("pure", "numpy"), dist("top", "pure"), without=("pure",))
    assert set(tree) == {"numpy", "top"}
    assert tree["top"].parent == "numpy"


def test_extras_and_foreign_markers_do_not_count() -> None:
    requires = ("a; extra == 'x'", "b; python_version < '3'", "C_c.d[x]>=1; python_version >= '3.11'", "?!")
    assert requirement_names(dist("z", *requires), TARGET) == ("c-c-d",)


def test_cycles_are_cut_and_every_branch_can_be_reached_from_the_root() -> None:
    tree = plan(dist("a", "b"), dist("b", "c"), dist("c", "a"), dist("d", "a"), dist("e", "e"))
    assert_rooted(tree)
    assert tree["e"].parent is None


def test_suspects_come_first_with_all_they_grow_on() -> None:
    tree = plan(dist("numpy"), dist("a", "numpy"), dist("z", "numpy"), dist("lone"), suspects=("z", "absent"))
    assert list(tree)[:2] == ["numpy", "z"]
    assert {name: b.rank for name, b in tree.items()} == {"numpy": 0, "z": 0, "a": 1, "lone": 1}


def test_a_job_of_an_unknown_distribution_is_not_lost() -> None:
    (branch,) = plan_tree([job("ghost"), job("ghost", 1)], {}, TARGET)
    assert (branch.distribution, branch.parent, len(branch.jobs)) == ("ghost", None, 2)


def test_nothing_to_import_is_no_branch() -> None:
    assert plan_tree([], {"a": dist("a")}, TARGET) == ()


def test_closures_hold_what_is_needed_indirectly() -> None:
    found = closures({"a": ["b", "gone"], "b": ["c"], "c": []})
    assert found == {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset()}


NAMES = "abcdefgh"
NEEDS = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=4), min_size=1)


@given(NEEDS, st.randoms(use_true_random=False), st.sets(st.sampled_from(NAMES)))
def test_any_graph_gives_the_same_rooted_tree_in_any_order(
    needs: dict[str, list[str]], chance: random.Random, suspects: set[str]
) -> None:
    members = [dist(name, *needs[name]) for name in needs]
    first = plan(*members, suspects=tuple(suspects))
    assert list(first.values()) == list(plan(*members, suspects=tuple(suspects)).values())
    chance.shuffle(members)
    again = plan(*members, suspects=tuple(suspects))
    assert {n: (b.parent, b.rank) for n, b in first.items()} == {
        n: (b.parent, b.rank) for n, b in again.items()
    }
    assert_rooted(first)
    for branch in first.values():
        if branch.parent:
            assert first[branch.parent].rank <= branch.rank


def assert_rooted(tree: dict[str, Branch]) -> None:
    for name in tree:
        seen: list[str] = []
        current: str | None = name
        while current is not None:
            assert current not in seen, seen
            seen.append(current)
            current = tree[current].parent
