"""Which index has a build of torch for a CUDA or for a GPU."""

from __future__ import annotations

from collections.abc import Sequence

from npdoctor.model.cuda import Capability
from npdoctor.model.rules import TorchIndex


def torch_source(cuda: str, indexes: Sequence[TorchIndex]) -> str:
    """Name the index with builds of torch for this CUDA, and one for newer releases of torch.

    Where the index of that CUDA has no recent torch, by minor-version compatibility a newer one serves.
    """
    major, _, minor = cuda.partition(".")
    wanted = (int(major), int(minor.partition(".")[0] or 0))
    fitting = [index for index in indexes if index.cuda <= wanted]
    if not fitting:
        return "from an index for that CUDA"
    newer = next((i for i in indexes if i.serves_older and i.cuda[0] == wanted[0] and i.cuda > wanted), None)
    also = f" or, where that has no such torch, {newer.url.rpartition('/')[2]}" if newer else ""
    return f"--index-url {fitting[-1].url}{also}"


def index_for(capability: Capability, indexes: Sequence[TorchIndex]) -> TorchIndex | None:
    """Return the index of the oldest CUDA that is known to have builds with code for this GPU."""
    return next((index for index in indexes if _serves(index, capability)), None)


def _serves(index: TorchIndex, capability: Capability) -> bool:
    """Compare as the driver does: machine code runs on its own and on later minors of its major."""
    return any(gpu[0] == capability[0] and gpu[1] <= capability[1] for gpu in index.gpus)
