"""What is read of torch, its companions and its neighbours from folders that look like real installs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from cuda_elf import CUBIN, container, elf, entry

from fake_environment import FakeEnvironment, make_environment
from npdoctor.model.cuda import Accelerator, BitsandbytesChoice, Build, CudaBuilds
from npdoctor.probe.binaries import read_binaries
from npdoctor.probe.cuda.builds import read_cuda_builds
from npdoctor.probe.inventory import read_inventory
from npdoctor.probe.loader import Loader

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
VERSION = "__version__ = '2.8.0+cu128'\ncuda: Optional[str] = '12.8'\nhip = None\ngit_version = 'abc'\n"


@pytest.fixture
def environment(tmp_path: Path) -> FakeEnvironment:
    return make_environment(tmp_path / "env")


def look(environment: FakeEnvironment, environ: Mapping[str, str] | None = None) -> CudaBuilds:
    target = environment.target()
    distributions = read_inventory(target).distributions
    binaries, _ = read_binaries(distributions, target, Loader())
    root = str(environment.prefix / "root")
    return read_cuda_builds(distributions, binaries, target, environ or {}, root)


def install_torch(environment: FakeEnvironment, version: str, text: str | None, *libraries: str) -> None:
    files = {f"torch/lib/{name}": b"" for name in libraries}
    extra = {} if text is None else {"torch/version.py": text}
    environment.install("torch", version, {"torch/__init__.py": "", **files, **extra})


def test_nothing_installed_says_nothing(environment: FakeEnvironment) -> None:
    assert look(environment) == CudaBuilds(None, (), (), (), (), None, (), (), None)


@pytest.mark.parametrize(
    ("version", "text", "libraries", "accelerator", "cuda"),
    [
        ("2.8.0+cu128", VERSION, ["libtorch_cuda.so"], Accelerator.CUDA, "12.8"),
        ("2.8.0", "cuda = None\nhip = None\n", ["libtorch_cpu.so"], Accelerator.CPU, None),
        ("2.8.0", "cuda = None\nhip: str = '6.3.4'\n", ["libtorch_hip.so"], Accelerator.ROCM, None),
        ("2.8.0+xpu", "cuda = None\nhip = None\nxpu = '20250000'\n", [], Accelerator.XPU, None),
        ("2.8.0+cu118", None, [], Accelerator.CUDA, "11.8"),
        ("2.8.0+cpu", "this is ( no Python", [], Accelerator.CPU, None),
        ("2.8.0+rocm6.3", None, [], Accelerator.ROCM, None),
        ("2.8.0", None, ["libtorch_cpu.so", "libtorch_cuda.so"], Accelerator.CUDA, None),
        ("2.8.0", None, ["libtorch_cpu.so"], Accelerator.CPU, None),
        ("2.8.0", "cuda = compute()\n", [], Accelerator.UNKNOWN, None),
    ],
)
def test_what_torch_was_built_for(
    environment: FakeEnvironment,
    version: str,
    text: str | None,
    libraries: list[str],
    accelerator: Accelerator,
    cuda: str | None,
) -> None:
    install_torch(environment, version, text, *libraries)
    torch = look(environment).torch
    assert torch is not None
    assert (torch.build.accelerator, torch.build.cuda) == (accelerator, cuda)
    assert torch.build.version == version


def test_version_file_and_libraries_that_disagree(environment: FakeEnvironment) -> None:
    install_torch(environment, "2.8.0", VERSION, "libtorch_cpu.so")
    torch = look(environment).torch
    assert torch is not None
    assert (torch.file_version, torch.git, torch.hip) == ("2.8.0+cu128", "abc", None)
    assert "is not there" in (torch.contradiction or "")
    install_torch(environment, "2.8.0", VERSION, "libtorch_cuda.so")
    torch = look(environment).torch
    assert torch is not None
    assert torch.contradiction is None


def test_nothing_of_the_target_is_run(environment: FakeEnvironment, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    install_torch(environment, "2.8.0", f"cuda = '12.8'\nopen({str(trace)!r}, 'w')\n")
    torch = look(environment).torch
    assert torch is not None
    assert torch.build.cuda == "12.8"
    assert not trace.exists()


def test_gpu_code_is_read_with_the_binaries(environment: FakeEnvironment) -> None:
    library = elf({".nv_fatbin": container(entry(CUBIN, 80))})
    environment.install("kernels", "1", {"kernels/gpu.so": library, "kernels/cpu.so": elf({".text": b"x"})})
    target = environment.target()
    binaries, _ = read_binaries(read_inventory(target).distributions, target, Loader())
    codes = {binary.relative: binary.gpu_code for binary in binaries}
    assert codes["kernels/cpu.so"] is None
    found = codes["kernels/gpu.so"]
    assert found is not None
    assert [image.name for image in found.in_all] == ["sm_80"]


def test_libraries_that_are_named_one_by_one(environment: FakeEnvironment) -> None:
    requires = (
        "Requires-Dist: nvidia-cuda-runtime-cu12==12.8.90; platform_system == 'Linux'\n"
        "Requires-Dist: nvidia-cudnn-cu12==9.10.2.21; platform_system == 'Linux'\n"
        "Requires-Dist: nvidia-nccl-cu12==2.27.3; platform_system == 'Windows'\n"
        "Requires-Dist: nvidia-cufft-cu12==11.3.3.83\n"
        "Requires-Dist: numpy\n"
    )
    environment.install("torch", "2.8.0", headers=requires)
    environment.install("nvidia-cuda-runtime-cu12", "12.8.90")
    environment.install("nvidia-cudnn-cu12", "8.9.7.29")
    needs = {need.name: need for need in look(environment).needs}
    assert needs.keys() == {"nvidia-cuda-runtime-cu12", "nvidia-cudnn-cu12", "nvidia-cufft-cu12"}
    assert needs["nvidia-cuda-runtime-cu12"].satisfied
    assert not needs["nvidia-cudnn-cu12"].satisfied
    assert needs["nvidia-cudnn-cu12"].installed == "8.9.7.29"
    assert needs["nvidia-cudnn-cu12"].requirement == "nvidia-cudnn-cu12==9.10.2.21"
    assert needs["nvidia-cufft-cu12"].installed is None


def test_libraries_behind_the_extras_of_the_toolkit(environment: FakeEnvironment) -> None:
    environment.install(
        "torch", "2.13.0", headers="Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.2; extra == ''\n"
    )
    toolkit = (
        "Requires-Dist: nvidia-cublas==13.1.*; (sys_platform == 'linux') and extra == 'cublas'\n"
        "Requires-Dist: nvidia-cublas==12.*; (sys_platform == 'win32') and extra == 'cublas'\n"
        "Requires-Dist: nvidia-cuda-runtime==13.0.*; extra == 'cudart'\n"
        "Requires-Dist: nvidia-cufft==12.0.*; extra == 'cufft'\n"
    )
    environment.install("cuda-toolkit", "13.0.2", headers=toolkit)
    environment.install("nvidia-cublas", "13.0.9")
    environment.install("nvidia-cuda-runtime", "13.0.96")
    found = {need.name: (need.satisfied, need.via is not None) for need in look(environment).needs}
    assert found == {
        "cuda-toolkit": (True, False),
        "nvidia-cublas": (False, True),
        "nvidia-cuda-runtime": (True, True),
    }


def test_variants_in_one_folder(environment: FakeEnvironment) -> None:
    core = "onnxruntime/capi/onnxruntime_pybind11_state.so"
    note = "onnxruntime/capi/build_and_package_info.py"
    says = "package_name = 'onnxruntime-gpu'\ncuda_version = '13.0'\n"
    environment.install("onnxruntime", "1.31.1", {core: b"1"})
    environment.install("onnxruntime-gpu", "1.31.1", {core: b"2", note: says})
    environment.install("onnxruntime-extensions", "0.14", {"onnxruntime_extensions/_core.so": b""})
    environment.install("nvidia-nccl-cu12", "2.27.3", {"nvidia/nccl/lib/libnccl.so.2": b""})
    environment.install("nvidia-nccl-cu13", "2.28.9", {"nvidia/nccl/lib/libnccl.so.2": b""})
    environment.install("nvidia-cublas-cu12", "12.8", {"nvidia/cublas/lib/libcublas.so.12": b""})
    environment.install("nvidia-cublas", "13.1", {"nvidia/cu13/lib/libcublas.so.13": b""})
    found = look(environment)
    assert {shared.distributions for shared in found.shared} == {
        ("onnxruntime", "onnxruntime-gpu"),
        ("nvidia-nccl-cu12", "nvidia-nccl-cu13"),
    }
    assert found.shared[0].folder.endswith(("onnxruntime/capi", "nvidia/nccl/lib"))
    assert Build("onnxruntime-gpu", "1.31.1", Accelerator.CUDA, "13.0", note) in found.others


def test_other_frameworks(environment: FakeEnvironment) -> None:
    info = "tensorflow/python/platform/build_info.py"
    table = (
        "import collections\nbuild_info = collections.OrderedDict([('cuda_version', '12.5.1'), "
        "('is_cuda_build', True), ('is_rocm_build', False)])\n"
    )
    environment.install("tensorflow", "2.21.0", {info: table})
    paddle = "cuda_version     = '11.8'\ncudnn_version = '8.6.0'\n"
    environment.install("paddlepaddle-gpu", "2.6.2", {"paddle/version/__init__.py": paddle})
    environment.install("cupy-cuda12x", "14.2.0", {"cupy/.data/_wheel.json": '{"cuda": "12.x"}'})
    environment.install("jax-cuda13-plugin", "0.10.2")
    environment.install("jax", "0.10.2")
    found = {b.distribution: (b.accelerator, b.cuda) for b in look(environment).others}
    assert found == {
        "tensorflow": (Accelerator.CUDA, "12.5.1"),
        "paddlepaddle-gpu": (Accelerator.CUDA, "11.8"),
        "cupy-cuda12x": (Accelerator.CUDA, "12"),
        "jax-cuda13-plugin": (Accelerator.CUDA, "13"),
    }


def test_frameworks_for_the_cpu(environment: FakeEnvironment) -> None:
    table = "import collections\nbuild_info = collections.OrderedDict([('is_cuda_build', False)])\n"
    environment.install("tensorflow-cpu", "2.21.0", {"tensorflow/python/platform/build_info.py": table})
    paddle = {"paddle/version/__init__.py": "cuda_version = 'False'\n"}
    environment.install("paddlepaddle", "2.6.2", paddle)
    note = {"onnxruntime/capi/build_and_package_info.py": "package_name = 'onnxruntime'\n"}
    environment.install("onnxruntime", "1.31.1", note)
    found = {b.distribution: (b.accelerator, b.cuda) for b in look(environment).others}
    assert found == dict.fromkeys(("tensorflow-cpu", "paddlepaddle", "onnxruntime"), (Accelerator.CPU, None))


@pytest.mark.parametrize(
    ("torch_cuda", "falls_back", "override", "library", "exists", "exact"),
    [
        ("12.6", True, "", "libbitsandbytes_cuda126.so", True, True),
        ("12.9", True, "", "libbitsandbytes_cuda126.so", True, False),
        ("12.9", False, "", "libbitsandbytes_cuda129.so", False, True),
        ("12.0", True, "", "libbitsandbytes_cuda124.so", True, False),
        ("13.0", True, "", "libbitsandbytes_cuda130.so", False, True),
        ("12.6", True, "118", "libbitsandbytes_cuda118.so", True, False),
        ("12.6", True, "999", "libbitsandbytes_cuda999.so", False, False),
    ],
)
def test_the_library_that_bitsandbytes_loads(
    environment: FakeEnvironment,
    torch_cuda: str,
    falls_back: bool,
    override: str,
    library: str,
    exists: bool,
    exact: bool,
) -> None:
    install_torch(environment, "2.8.0", f"cuda = {torch_cuda!r}\n")
    names = ("cuda118", "cuda124", "cuda126", "cuda126_nocublaslt", "cpu", "rocm64")
    files: dict[str, str | bytes] = {f"bitsandbytes/libbitsandbytes_{name}.so": b"" for name in names}
    loader = "def _find_cuda_libs(prefix):\n" if falls_back else "pass\n"
    environment.install("bitsandbytes", "0.50.2", {**files, "bitsandbytes/cextension.py": loader})
    choice = look(environment, {"BNB_CUDA_VERSION": override}).bitsandbytes
    assert isinstance(choice, BitsandbytesChoice)
    assert (choice.library, choice.exists, choice.exact) == (library, exists, exact)
    assert choice.available == tuple(f"libbitsandbytes_cuda{n}.so" for n in (118, 124, 126))
    assert ("BNB_CUDA_VERSION" in choice.chosen_by) == bool(override)


def test_bitsandbytes_beside_a_torch_for_the_cpu(environment: FakeEnvironment) -> None:
    install_torch(environment, "2.8.0", "cuda = None\n")
    environment.install("bitsandbytes", "0.50.2", {"bitsandbytes/libbitsandbytes_cuda126.so": b""})
    assert look(environment).bitsandbytes is None


def test_libraries_and_toolkits_in_reach(environment: FakeEnvironment, tmp_path: Path) -> None:
    local = environment.prefix / "root/usr/local"
    real = local / "cuda-12.4"
    for place in (
        "lib64/libcudart.so.12",
        "lib64/stubs/libcuda.so",
        "compat/libcuda.so.550.54.15",
        "bin/nvcc",
    ):
        (real / place).parent.mkdir(parents=True, exist_ok=True)
        (real / place).touch()
    (real / "compat/libcuda.so.1").symlink_to("libcuda.so.550.54.15")
    (real / "bin/nvcc").chmod(0o755)
    (real / "version.json").write_text('{"cuda": {"name": "CUDA SDK", "version": "12.4.1"}}')
    (local / "cuda").symlink_to("cuda-12.4")
    (local / "cuda-10.2").mkdir()
    (local / "cuda-10.2/version.txt").write_text("CUDA Version 10.2.89\n")
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "libother.so").touch()
    folders = [local / "cuda/lib64", plain, local / "cuda/lib64/stubs", real / "compat", tmp_path / "none"]
    path = "::".join(map(str, folders))
    found = look(environment, {"LD_LIBRARY_PATH": path, "PATH": str(real / "bin")})
    assert [(f.kind, f.libraries) for f in found.folders] == [
        ("libraries", ("libcudart.so.12",)),
        ("stubs", ("libcuda.so",)),
        ("compat", ("libcuda.so.1", "libcuda.so.550.54.15")),
    ]
    assert found.folders[0].path == str(local / "cuda/lib64")
    toolkits = {Path(t.path).name: (t.version, t.nvcc is not None, t.compat_driver) for t in found.toolkits}
    assert toolkits == {"cuda-12.4": ("12.4.1", True, "550.54.15"), "cuda-10.2": ("10.2.89", False, None)}
    assert found.nvcc == str(real / "bin/nvcc")


def compiled(folder: Path, name: str, source: str, *options: str) -> bytes:
    """Compile a library; it keeps what it needs by name, found or not."""
    (folder / f"{name}.c").write_text(source)
    command: list[str | Path] = [
        "gcc",
        "-shared",
        "-fPIC",
        "-Wl,--no-as-needed",
        f"-Wl,-soname,{name}",
        "-o",
        folder / name,
    ]
    subprocess.run([*command, folder / f"{name}.c", f"-L{folder}", *options], check=True)
    return (folder / name).read_bytes()


def defining(*symbols: str) -> str:
    return "".join(
        f'int f{i}(void) __asm__("{s}"); int f{i}(void) {{ return {i}; }}\n' for i, s in enumerate(symbols)
    )


def needing(*symbols: str) -> str:
    declared = "".join(f'extern int f{i}(void) __asm__("{s}");\n' for i, s in enumerate(symbols))
    return f"{declared}int use(void) {{ return {' + '.join(f'f{i}()' for i in range(len(symbols)))}; }}\n"


OLD = "_ZN3c105ErrorC2ENS_14SourceLocationESs"
NEW = "_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringE"
ZEROS = "_ZN2at4_ops5zeros4callE"
GPU = "_ZN3c104cuda14ExchangeDeviceEa"
OWN = "_ZN5torch5audio3ownEv"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("torch")
    torch = {
        "libc10.so": compiled(folder, "libc10.so", defining(NEW)),
        "libtorch_cpu.so": compiled(folder, "libtorch_cpu.so", defining(ZEROS), "-lc10"),
        "libtorch_python.so": compiled(folder, "libtorch_python.so", "", "-ltorch_cpu"),
    }
    linked = ("-ltorch_cpu", "-lc10")
    extensions = {
        "good.so": compiled(folder, "good.so", needing(ZEROS, NEW, "other_need"), *linked),
        "old.so": compiled(folder, "old.so", needing(ZEROS, OLD, GPU), *linked),
        "gpu.so": compiled(folder, "gpu.so", needing(ZEROS, GPU), *linked),
        "libown.so": compiled(folder, "libown.so", defining(OWN), *linked),
        "user.so": compiled(folder, "user.so", needing(OWN, ZEROS), *linked),
    }
    return {
        **{f"torch/lib/{n}": b for n, b in torch.items()},
        **{f"ext/{n}": b for n, b in extensions.items()},
    }


def install_companions(environment: FakeEnvironment, libraries: dict[str, bytes], empty: str = "") -> None:
    torch: dict[str, str | bytes] = {p: data for p, data in libraries.items() if p.startswith("torch")}
    if empty:
        torch[empty] = b""
    environment.install("torch", "2.8.0+cu128", {"torch/version.py": VERSION, **torch})
    environment.install("good", "1", {"good/good.so": libraries["ext/good.so"]})
    own = {f"own/{name}": libraries[f"ext/{name}"] for name in ("libown.so", "user.so")}
    environment.install("own", "1", own)
    bad = {f"bad/{name}": libraries[f"ext/{name}"] for name in ("old.so", "gpu.so")}
    environment.install("bad", "1", bad, headers="Requires-Dist: torch==2.2.2\n")
    environment.install("torchvision", "0.23.0", headers="Requires-Dist: torch==2.8.0\n")
    environment.install("stranger", "1", headers="Requires-Dist: torch==2.2.2\n")


@needs_gcc
def test_companions_and_the_symbols_they_miss(
    environment: FakeEnvironment, libraries: dict[str, bytes]
) -> None:
    install_companions(environment, libraries)
    found = {c.distribution: c for c in look(environment).companions}
    assert found.keys() == {"good", "own", "bad", "torchvision"}
    assert (found["good"].examined, found["good"].missing) == (1, ())
    assert (found["own"].examined, found["own"].missing) == (2, ())
    assert (found["torchvision"].accepts, found["torchvision"].accepted) == ("==2.8.0", True)
    assert (found["bad"].accepts, found["bad"].accepted) == ("==2.2.2", False)
    assert (found["good"].accepts, found["good"].accepted) == (None, None)
    missing = {m.relative: (m.examples, m.count, m.only_cuda, m.unread) for m in found["bad"].missing}
    assert missing == {
        "bad/old.so": ((OLD, GPU), 2, False, None),
        "bad/gpu.so": ((GPU,), 1, True, None),
    }


@needs_gcc
@pytest.mark.parametrize("library", ["libtorch_cpu.so", "libtorch_cuda.so"])
def test_a_torch_that_cannot_be_read_proves_nothing(
    environment: FakeEnvironment, libraries: dict[str, bytes], library: str
) -> None:
    install_companions(environment, libraries, empty=f"torch/lib/{library}")
    found = {c.distribution: c for c in look(environment).companions}
    assert [m.count for m in found["bad"].missing] == [0, 0]
    assert all(library in (m.unread or "") for m in found["bad"].missing)
    unknown = [m.unread is not None for m in found["good"].missing]
    assert unknown == ([True] if library == "libtorch_cpu.so" else [])
