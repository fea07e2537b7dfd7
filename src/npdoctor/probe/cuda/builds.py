"""Read all that the files of the target say of CUDA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from npdoctor.model.cuda import CudaBuilds
from npdoctor.probe.cuda.bitsandbytes import read_bitsandbytes
from npdoctor.probe.cuda.companions import read_companions
from npdoctor.probe.cuda.frameworks import read_frameworks
from npdoctor.probe.cuda.reach import first_compiler, read_folders, read_toolkits
from npdoctor.probe.cuda.requirements import find_shared, read_needs
from npdoctor.probe.cuda.torch_build import read_torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from npdoctor.model.binary import Binary
    from npdoctor.model.distribution import Distribution
    from npdoctor.model.target import Target


def read_cuda_builds(
    distributions: Sequence[Distribution],
    binaries: Sequence[Binary],
    target: Target,
    environ: Mapping[str, str],
    root: str = "/",
) -> CudaBuilds:
    """Read the effective distributions and the machine below `root`, importing and running nothing."""
    effective = [d for d in distributions if d.effective]
    by_name = {d.name: d for d in effective}
    torch = read_torch(by_name["torch"]) if "torch" in by_name else None
    bitsandbytes = by_name.get("bitsandbytes")
    return CudaBuilds(
        torch=torch,
        others=read_frameworks(effective),
        needs=read_needs(effective, target),
        shared=find_shared(effective),
        companions=read_companions(effective, binaries, target),
        bitsandbytes=(
            read_bitsandbytes(bitsandbytes, torch.build.cuda, environ) if bitsandbytes and torch else None
        ),
        folders=read_folders(environ),
        toolkits=read_toolkits(environ, root),
        nvcc=first_compiler(environ),
    )
