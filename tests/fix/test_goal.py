"""What a diagnosis asks of a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from npdoctor.diagnose.engine import diagnose
from npdoctor.fix.demand import Goal
from npdoctor.fix.goal import Choice, make_goal
from npdoctor.fix.pose import Knowledge, pose
from npdoctor.model.distribution import DirectUrl, Distribution
from npdoctor.model.plan import Strategy
from npdoctor.model.snapshot import Shadow, Snapshot
from npdoctor.rulebook.load import load_rule_book
from recording import patient

SIX = ("matplotlib", "opencv-python-headless", "pandas", "scikit-image", "scikit-learn", "scipy")


def goal(
    snapshot: Snapshot,
    strategy: Strategy = Strategy.NEAREST,
    declared: dict[str, str] | None = None,
    only: str = "",
    risks: bool = False,
) -> Goal:
    book = load_rule_book()
    choice = Choice(strategy, frozenset([only] if only else []), risks)
    return make_goal(diagnose(snapshot, book), book, choice, declared)


def altered(snapshot: Snapshot, name: str, **changes: object) -> Snapshot:
    def alter(distribution: Distribution) -> Distribution:
        if distribution.name != name:
            return distribution
        return replace(distribution, **changes)  # type: ignore[arg-type]

    return replace(snapshot, distributions=tuple(map(alter, snapshot.distributions)))


def test_each_broken_distribution_must_rise_to_where_the_book_knows_that_it_serves() -> None:
    found = goal(patient("six"))
    assert tuple(d.name for d in found.demands) == SIX == found.subjects
    assert {d.specifier for d in found.demands if d.name == "pandas"} == {">=2.2.2"}
    assert found.numpy == "==2.1.3"
    assert not found.moves_numpy
    assert all(d.modules for d in found.demands)


def test_back_moves_numpy_alone() -> None:
    found = goal(patient("six"), Strategy.BACK)
    assert found.demands == ()
    assert found.numpy == "<2"
    assert found.moves_numpy
    assert found.subjects == SIX


def test_only_one_subject() -> None:
    found = goal(patient("six"), only="pandas")
    assert [d.name for d in found.demands] == ["pandas"]
    assert found.subjects == ("pandas",)


def test_a_package_that_the_book_does_not_know_must_leave_its_version() -> None:
    snapshot = patient("six")
    book = load_rule_book()
    book = replace(book, packages={n: p for n, p in book.packages.items() if n != "scipy"})
    found = make_goal(diagnose(snapshot, book), book, Choice())
    installed = snapshot.effective()["scipy"].version
    assert [d.specifier for d in found.demands if d.name == "scipy"] == [f">{installed}"]


def test_mixed_numpy_is_installed_again_and_nothing_is_resolved() -> None:
    found = goal(patient("mixed"))
    assert list(found.reinstalls) == ["numpy"]
    assert not found.needs_resolver


def test_a_build_for_another_python_is_installed_again() -> None:
    assert dict(goal(patient("wrongpy")).reinstalls) == {"shapely": "2.0.6"}


def test_healthy_environment_asks_for_nothing() -> None:
    found = goal(patient("small"), risks=True)
    assert (found.subjects, found.demands, found.steps) == ((), (), ())


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"direct_url": DirectUrl("file:///src/pandas", editable=True)}, "editable"),
        ({"direct_url": DirectUrl("https://host/x.git@abc", editable=False, vcs="git")}, "version control"),
        ({"installer": "conda"}, "conda"),
        ({"files": None}, "recorded no files"),
        ({"version": "2.1.4+mine"}, "local"),
    ],
)
def test_what_no_index_gives_back_is_left_to_the_person(changes: dict[str, object], word: str) -> None:
    found = goal(altered(patient("six"), "pandas", **changes))
    assert "pandas" not in {d.name for d in found.demands}
    assert word in found.held["pandas"]
    (step,) = [s for s in found.steps if s.startswith("pandas")]
    assert word in step
    assert found.unmended == ("pandas",)


def test_a_cuda_build_stays_unless_it_is_what_is_broken() -> None:
    snapshot = patient("six")
    torch = replace(snapshot.effective()["six"], name="torch", raw_name="torch", version="2.2.0", requires=())
    with_torch = replace(snapshot, distributions=(*snapshot.distributions, torch))
    found = goal(with_torch)
    assert found.held["torch"].startswith("CUDA")
    assert "torch==2.2.0" in pose(found, Knowledge()).requirements


def test_the_person_s_own_limits_hold_but_an_exact_pin_of_what_must_move_does_not() -> None:
    declared = {"pandas": "==2.1.4", "scipy": "<1.14", "pillow": "==13.0.0", "imageio": "<2"}
    problem = pose(goal(patient("six"), declared=declared), Knowledge())
    assert "pandas>=2.2.2" in problem.requirements
    assert "pillow>=13.0.0,==13.0.0" in problem.constraints
    assert "imageio>=2.38.1" in problem.constraints, "a limit that is not met today is not added"


def test_what_is_not_met_today_and_not_asked_about_stays_as_it_is() -> None:
    problem = pose(goal(patient("six")), Knowledge())
    assert problem.overrides == ("cloudpickle; python_version<'3'",)


def test_excluded_releases_and_floors_reach_the_problem() -> None:
    known = Knowledge(floors={"scipy": "1.14.0"})
    known.exclude("pandas", "2.2.2")
    known.exclude("newcomer", "1.0")
    problem = pose(goal(patient("six")), known)
    assert "pandas>=2.2.2,!=2.2.2" in problem.requirements
    assert "scipy>=1.13.0,>=1.14.0" in problem.requirements
    assert "newcomer!=1.0" in problem.constraints


def test_going_back_sets_no_floors() -> None:
    problem = pose(goal(patient("six"), Strategy.BACK), Knowledge())
    assert "numpy<2" in problem.requirements
    assert not any(">=" in text for text in (*problem.requirements, *problem.constraints))
    assert not problem.lowest


def test_what_excludes_today_s_numpy_and_stays_may_go_on_doing_so() -> None:
    found = goal(patient("six"), only="pandas")
    assert "scipy" in found.numpy_unmet
    assert "pandas" not in found.numpy_unmet
    installed = found.installed["numpy"]
    assert f"numpy=={installed}" in pose(found, Knowledge(tolerant=True)).overrides
    assert not any(o.startswith("numpy") for o in pose(found, Knowledge()).overrides)
    assert goal(patient("six")).numpy_unmet == ()


def test_a_shadowed_module_is_a_step_for_the_person_and_nothing_else() -> None:
    shadow = Shadow("numpy", "numpy", "/venv/numpy", "/site/numpy", "the user site comes first")
    found = goal(replace(patient("small"), shadows=(shadow,)))
    assert [s for s in found.steps if "/site/numpy" in s]
    assert (found.unmended, found.demands, found.needs_resolver) == ((), (), False)
