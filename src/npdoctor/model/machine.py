"""What a person asks to assume of the machine, in place of what it is."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.model.cuda import Capability


@dataclass(frozen=True, slots=True)
class AssumedMachine:
    """GPUs by compute capability (empty for none), driver, and the newest CUDA that it serves.

    None is what stays as it was found.
    """

    gpus: tuple[Capability, ...] | None = None
    driver: str | None = None
    cuda: str | None = None

    @property
    def words(self) -> dict[str, str]:
        """Return what is assumed as the person wrote it: `gpu` `sm_120`, `driver` `550.54`, `cuda` `12.4`."""
        gpus = None if self.gpus is None else ",".join(f"sm_{major}{minor}" for major, minor in self.gpus)
        told = {"gpu": "none" if gpus == "" else gpus, "driver": self.driver, "cuda": self.cuda}
        return {name: value for name, value in told.items() if value is not None}
