"""A leak must show, and nothing else must look like one."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from npdoctor.watch.growth import growth

MIB = float(1 << 20)


def series(
    level: Callable[[float], float], seconds: float = 60, step: float = 0.25
) -> list[tuple[float, float]]:
    return [(n * step, level(n * step) * MIB) for n in range(int(seconds / step))]


def test_a_leak_is_told_with_its_rate() -> None:
    noise = random.Random(1)
    found = growth(series(lambda t: 500 + 2 * t + noise.gauss(0, 5)))
    assert found is not None
    assert found.per_minute / MIB == pytest.approx(120, rel=0.1)
    assert found.seconds == pytest.approx(30, abs=1)


def test_outliers_do_not_hide_a_leak() -> None:
    noise = random.Random(2)
    found = growth(series(lambda t: 500 + t + (400 if noise.random() < 0.1 else 0)))
    assert found is not None
    assert found.per_minute / MIB == pytest.approx(60, rel=0.2)


def test_a_leak_in_steps_is_told() -> None:
    found = growth(series(lambda t: 500 + 10 * math.floor(t / 2)))
    assert found is not None
    assert found.per_minute / MIB == pytest.approx(300, rel=0.15)


NO_LEAK: dict[str, Callable[[float], float]] = {
    "steady": lambda t: 500,
    "warming up, then a plateau": lambda t: min(500, 50 * t),
    "coming close to its level": lambda t: 500 * (1 - math.exp(-t / 5)),
    "one step late": lambda t: 500 if t < 45 else 900,
    "falling": lambda t: 900 - 5 * t,
    "up and down": lambda t: 500 + 100 * math.sin(t),
    "rising by what does not matter": lambda t: 4000 + 0.1 * t,
}


@pytest.mark.parametrize("level", NO_LEAK.values(), ids=NO_LEAK.keys())
def test_what_is_no_leak_is_not_told(level: Callable[[float], float]) -> None:
    noise = random.Random(3)
    assert growth(series(level)) is None
    assert growth(series(lambda t: level(t) + noise.gauss(0, 3))) is None


def test_noise_alone_is_never_a_leak() -> None:
    noise = random.Random(4)
    assert not any(growth(series(lambda t: 500 + noise.gauss(0, 50))) for _ in range(20))


def test_too_little_to_say() -> None:
    assert growth([]) is None
    assert growth(series(lambda t: 100 * t, seconds=2)) is None
    assert growth(series(lambda t: 100 * t, seconds=60, step=5)) is None
