"""NPD406: paths that put another libcuda, or other CUDA libraries, before the right ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from npdoctor.diagnose.boards import (
    cuda_builds,
    found,
    is_datacentre,
    kernel_version,
    machine_of,
    uses_cuda,
)
from npdoctor.diagnose.context import Context
from npdoctor.model.cuda import CudaBuilds, ReachFolder
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.gpu import CudaLibrary, CudaOrigin
from npdoctor.model.requirement import parsed_version

_LINKER = re.compile(r"libnvJitLink\.so\.(\d+)(\..*)?")


def hijacked_libcuda(context: Context) -> Iterator[Finding]:
    """Yield NPD406 where programs get a stub, or a compat libcuda that these GPUs may not use."""
    facts = found(context)
    libcuda = facts.files.libcuda if facts else None
    machine = machine_of(context)
    if facts is None or not isinstance(libcuda, CudaLibrary) or not machine.present:
        return
    grave = Severity.BROKEN if uses_cuda(context) else Severity.WARNING
    evidence = [Evidence("file", libcuda.path, f"version {libcuda.version or 'unknown'}")]
    if libcuda.origin is CudaOrigin.STUB:
        yield _of_host(
            grave,
            f"programs get a stub of libcuda, from {libcuda.path}",
            "A stub is there to link against and computes nothing: `CUDA driver version is insufficient for "
            "CUDA runtime version`.",
            evidence,
            f"Take {libcuda.path.rpartition('/')[0]} off LD_LIBRARY_PATH.",
        )
        return
    kernel, compat = parsed_version(kernel_version(facts)), parsed_version(libcuda.version)
    if libcuda.origin is not CudaOrigin.COMPAT or kernel is None or compat is None or compat == kernel:
        return
    evidence.append(Evidence("host", "/proc/driver/nvidia/version", f"kernel module {kernel}"))
    allowed = {is_datacentre(board.name) for board in machine.boards if board.name}
    if compat < kernel:
        yield _of_host(
            Severity.WARNING,
            f"programs get libcuda {compat} of a compat folder, older than driver {kernel}",
            "A compat library is for a driver older than itself; beside a newer one CUDA can fail (803).",
            evidence,
            _without_compat(libcuda),
        )
    elif False in allowed:
        names = " and ".join(dict.fromkeys(board.name for board in machine.boards))
        yield _of_host(
            grave,
            f"programs get libcuda {compat} of a compat folder, which {names} may not use",
            "Forward compatibility is for data-centre GPUs. Here every call of CUDA ends with `Error 804: "
            "forward compatibility was attempted on non supported HW`.",
            evidence,
            _without_compat(libcuda),
        )
    elif True not in allowed:
        yield _of_host(
            Severity.INFO,
            f"programs get libcuda {compat} of a compat folder, beside driver {kernel}",
            "That is allowed on data-centre GPUs and some others. Where it is not, CUDA ends with error 804.",
            evidence,
            _without_compat(libcuda),
        )


def _without_compat(libcuda: CudaLibrary) -> str:
    return (
        f"Take {libcuda.path.rpartition('/')[0]} off LD_LIBRARY_PATH and out of /etc/ld.so.conf.d. What then "
        "needs a newer driver needs another build, or another pod."
    )


def older_linker(context: Context) -> Iterator[Finding]:
    """Yield NPD406 for an older libnvJitLink on LD_LIBRARY_PATH, until imports show that torch does load.

    torch's own path goes before LD_LIBRARY_PATH, but not for libraries that its libraries need.
    """
    cuda = context.snapshot.cuda
    torch = next((build for build in cuda_builds(context) if build.distribution == "torch"), None)
    if cuda is None or torch is None or torch.cuda is None or context.all_imported("torch"):
        return
    wanted = parsed_version(torch.cuda)
    for folder in cuda.folders:
        linker = next((match for name in folder.libraries if (match := _LINKER.fullmatch(name))), None)
        version = parsed_version(_version_of(folder, cuda))
        if not linker or not wanted or not version or int(linker[1]) != wanted.major or version >= wanted:
            continue
        yield _of_host(
            Severity.WARNING,
            f"LD_LIBRARY_PATH puts the libraries of CUDA {version} before those of torch (CUDA {torch.cuda})",
            "torch may fail to import with `undefined symbol: __nvJitLink...`.",
            [
                Evidence("host", "LD_LIBRARY_PATH", f"{folder.path} holds {linker[0]}"),
                Evidence("metadata", torch.source, f"torch is built for CUDA {torch.cuda}"),
            ],
            f"Take {folder.path} off LD_LIBRARY_PATH for this program. Do not reinstall torch.",
        )


def _version_of(folder: ReachFolder, cuda: CudaBuilds) -> str | None:
    """Return the version of the toolkit that a folder belongs to; /usr/local/cuda leads to the only one."""
    for toolkit in cuda.toolkits:
        if f"{folder.path}/".startswith(f"{toolkit.path}/"):
            return toolkit.version
    named = re.search(r"/cuda-(\d+\.\d+)/", f"{folder.path}/")
    if named:
        return named[1]
    linked = f"{folder.path}/".startswith("/usr/local/cuda/")
    return cuda.toolkits[0].version if linked and len(cuda.toolkits) == 1 else None


def _of_host(severity: Severity, title: str, message: str, evidence: list[Evidence], remedy: str) -> Finding:
    return Finding("NPD406", severity, "host", None, title, message, tuple(evidence), remedy)
