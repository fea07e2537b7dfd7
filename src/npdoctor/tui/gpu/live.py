"""What the screen knows of GPUs beside the verdict: their load from second to second; redacted."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.model.gpu import Gpu, GpuFacts, GpuSystem, Load, NvmlFailure, Sample
from npdoctor.tui.state import State


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes of memory in use on each GPU, in NVML's order; `at` is in seconds of the monotonic clock.

    None is what could not be read.
    """

    at: float
    used: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """The newest sample, and the readings of the last minutes, oldest first.

    `every` is the pace of the sampling in seconds, None while there is none; `failure` is why it ended.
    """

    latest: Sample | None = None
    past: tuple[Reading, ...] = ()
    every: float | None = None
    failure: NvmlFailure | None = None


NOT_SAMPLED = Trace()


@dataclass(frozen=True, slots=True)
class Live(State):
    """A state with the load of the GPUs; `gpus` are the facts of the verdict, redacted."""

    gpus: GpuFacts | None = None
    trace: Trace = NOT_SAMPLED


def facts_of(state: State) -> GpuFacts | None:
    """Return what was read of GPUs when the environment was; None where they were not looked at."""
    if isinstance(state, Live):
        return state.gpus
    return state.diagnosis.snapshot.gpus if state.diagnosis else None


def gpus_of(state: State) -> tuple[Gpu, ...]:
    """Return the GPUs that NVML told of."""
    facts = facts_of(state)
    return facts.nvml.gpus if facts and isinstance(facts.nvml, GpuSystem) else ()


def trace_of(state: State) -> Trace:
    """Return how the load went on."""
    return state.trace if isinstance(state, Live) else NOT_SAMPLED


def load_of(gpu: Gpu, trace: Trace) -> Load:
    """Return the newest load of a GPU: as it was sampled, else as it was read with the rest."""
    loads = trace.latest.loads if trace.latest else ()
    return loads[gpu.index] if gpu.index < len(loads) else gpu.load


def used_by(gpu: Gpu, trace: Trace) -> tuple[tuple[float, int], ...]:
    """Return when how many bytes of a GPU's memory were in use, oldest first."""
    found = ((reading.at, reading.used[gpu.index : gpu.index + 1]) for reading in trace.past)
    return tuple((at, used[0]) for at, used in found if used and used[0] is not None)
