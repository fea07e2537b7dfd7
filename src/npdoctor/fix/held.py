"""What a plan leaves at its version: what no index can give back, and CUDA builds."""

from __future__ import annotations

import re
from collections.abc import Mapping

from npdoctor.model.distribution import Distribution
from npdoctor.model.requirement import parsed_version
from npdoctor.model.snapshot import Snapshot

_CUDA = re.compile(
    r"torch(vision|audio|ao|text|data)?|nvidia-.+|triton|pytorch-triton.*|cuda-.+|xformers|flash-attn|vllm"
    r"|bitsandbytes|deepspeed|jaxlib|jax-cuda.+|cupy-cuda.+|tensorflow(-cpu|-gpu)?|tensorrt.*|onnxruntime-gpu"
)


def held_back(snapshot: Snapshot) -> Mapping[str, str]:
    """Map distributions that keep their version to the reason; those for CUDA begin with that word."""
    reasons = {name: why for name, d in snapshot.effective().items() if (why := _why(d))}
    for name in snapshot.effective():
        if name not in reasons and _CUDA.fullmatch(name):
            reasons[name] = "CUDA builds do not move for another package's sake"
    return reasons


def why_on_no_index(distribution: Distribution) -> str | None:
    """Say why no index has what is installed; None where one may."""
    origin = distribution.direct_url
    version = parsed_version(distribution.version)
    if origin and origin.editable:
        return "it is an editable install; build it again from its source"
    if origin:
        return f"it was installed from {'version control' if origin.vcs else 'a file or address'}"
    if version is None:
        return f"its version {distribution.version} is not a standard one"
    if version.local:
        return f"its version {distribution.version} is a local one, which no index has"
    return None


def _why(distribution: Distribution) -> str | None:
    why = why_on_no_index(distribution)
    if why:
        return why
    if (distribution.installer or "").lower() == "conda":
        return "conda installed it; change it with conda"
    if distribution.files is None:
        return "the install recorded no files"
    return None
