"""Read what `--assume` says of the machine, and sort it from what it says of distributions."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from npdoctor.errors import UsageError

if TYPE_CHECKING:
    from npdoctor.model.machine import AssumedMachine

# `gpu=` is no distribution's name: the sign stays with the name to tell the two apart.
_FACT = re.compile(r"\s*(gpu|driver|cuda)\s*=(?!=)(.*)", re.DOTALL)
_GPU = re.compile(r"(?:sm_?)?(?P<major>[1-9]\d?)\.?(?P<minor>\d)")
_DRIVER = re.compile(r"\d{3,4}(\.\d{1,4}){0,3}")
_CUDA = re.compile(r"\d{1,2}\.\d{1,2}")


def machine_fact(text: str) -> tuple[str, str] | None:
    """Read gpu=sm_120, gpu=none, driver=550.54 or cuda=12.4; None where it is about no such thing."""
    found = _FACT.fullmatch(text)
    if found is None:
        return None
    name, value = found[1], found[2].strip().lower()
    if name == "gpu":
        if value != "none" and not all(map(_GPU.fullmatch, value.split(","))):
            raise argparse.ArgumentTypeError(
                f"{value!r} is no GPU: write its architecture, such as gpu=sm_120, or gpu=none"
            )
    elif name == "driver" and not _DRIVER.fullmatch(value):
        raise argparse.ArgumentTypeError(f"{value!r} is no driver, write one such as driver=550.54")
    elif name == "cuda" and not _CUDA.fullmatch(value):
        raise argparse.ArgumentTypeError(f"{value!r} is no CUDA version, write one such as cuda=12.4")
    return f"{name}=", value


def sorted_out(given: Iterable[tuple[str, str]]) -> tuple[dict[str, str], AssumedMachine | None]:
    """Return the distributions by name, and the machine where anything of it is assumed."""
    assumed: dict[str, str] = {}
    for name, value in given:
        if assumed.setdefault(name, value) != value:
            said = name.rstrip("=")
            raise UsageError(f"--assume names {said} twice, as {assumed[name]} and as {value}")
    facts = {name: assumed.pop(f"{name}=", None) for name in ("gpu", "driver", "cuda")}
    if not any(facts.values()):
        return assumed, None
    from npdoctor.model.machine import AssumedMachine

    return assumed, AssumedMachine(_capabilities(facts["gpu"]), facts["driver"], facts["cuda"])


def _capabilities(value: str | None) -> tuple[tuple[int, int], ...] | None:
    if value is None or value == "none":
        return None if value is None else ()
    found = filter(None, map(_GPU.fullmatch, value.split(",")))
    return tuple((int(match["major"]), int(match["minor"])) for match in found)
