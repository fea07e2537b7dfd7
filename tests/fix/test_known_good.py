"""The versions that a plan leads to."""

from __future__ import annotations

from dataclasses import replace

from npdoctor.fix.known_good import known_good
from npdoctor.model.distribution import DirectUrl, Distribution
from npdoctor.model.plan import Change, Plan, Strategy
from recording import patient


def as_from_elsewhere(distribution: Distribution) -> Distribution:
    if distribution.name == "safetensors":
        return replace(distribution, direct_url=DirectUrl("file:///source", True))
    if distribution.name in ("lazy-loader", "pandas"):
        return replace(distribution, version="0.1+mine")
    return distribution


def test_what_is_installed_with_the_changes_and_without_what_no_index_has() -> None:
    snapshot = patient("six")
    distributions = tuple(map(as_from_elsewhere, snapshot.distributions))
    changes = (
        Change("new-one", None, "1.0", ""),
        Change("pandas", "0.1+mine", "2.2.2", ""),
        Change("six", "1.16.0", None, ""),
    )
    plan = Plan("p", Strategy.NEAREST, "uv", changes=changes)
    pins, lacking = known_good(replace(snapshot, distributions=distributions), plan)
    assert lacking == ("lazy-loader==0.1+mine", f"safetensors=={snapshot.version_of('safetensors')}")
    assert (pins["pandas"], pins["new-one"], pins["numpy"]) == ("2.2.2", "1.0", "2.1.3")
    assert not {"six", "lazy-loader", "safetensors"} & pins.keys()
    assert len(pins) == len(snapshot.effective()) - 2
