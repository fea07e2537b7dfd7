"""A bounded series of samples: after days it still fits, and no peak is lost."""

from __future__ import annotations

from npdoctor.model.run import Sample

MOST = 4000


class Series:
    """Samples in order; when there are too many, the larger of each two neighbours stays."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._samples: list[Sample] = []
        self.peak = 0
        self.processes = 0

    def add(self, sample: Sample) -> None:
        """Take the next sample."""
        self.peak = max(self.peak, sample.ram)
        self.processes = max(self.processes, sample.processes)
        self._samples.append(sample)
        if len(self._samples) >= self._most:
            pairs = zip(self._samples[::2], self._samples[1::2], strict=False)
            self._samples = [max(pair, key=lambda s: s.ram) for pair in pairs]

    def samples(self) -> tuple[Sample, ...]:
        """Return what is kept."""
        return tuple(self._samples)
