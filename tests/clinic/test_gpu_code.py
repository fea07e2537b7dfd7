"""GPU code and CUDA builds in real wheels, held against NVIDIA's own tools and against the loader."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from clinic.patients import Environment, Patient, admit
from clinic.test_torch import healthy_torch
from npdoctor.model.binary import Binary
from npdoctor.model.cuda import Accelerator, CodeKind, Companion, Fit, GpuCode, runs_on
from npdoctor.model.distribution import Distribution
from npdoctor.model.target import Choice, Target
from npdoctor.probe.binaries import read_binaries
from npdoctor.probe.cuda.builds import read_cuda_builds
from npdoctor.probe.cuda.companions import read_companions
from npdoctor.probe.cuda.fatbin import read_gpu_code
from npdoctor.probe.cuda.symbols import needed_symbols, offered_symbols
from npdoctor.probe.describe import describe
from npdoctor.probe.elf import ElfFile
from npdoctor.probe.inventory import read_inventory
from npdoctor.probe.loader import Loader

BUILDS = Patient(
    "gpu-code",
    "bitsandbytes==0.50.2 nvidia-cuda-cuobjdump==13.5.37 nvidia-cuda-nvcc==13.5.37",
)
FOR_TORCH_2_13 = Patient("for-torch-2.13", "torchvision==0.28.0 torchtext==0.18.0")
FOR_TORCH_2_3 = Patient("for-torch-2.3", "torchvision==0.18.0")
PTX = ".version 8.8\n.target {}\n.address_size 64\n.visible .entry k() {{ ret; }}\n"


@dataclass(frozen=True)
class Seen:
    """What is installed in one environment."""

    target: Target
    distributions: tuple[Distribution, ...]
    binaries: tuple[Binary, ...]

    def one(self, suffix: str) -> Binary:
        """Return the only binary whose path ends so."""
        (found,) = (binary for binary in self.binaries if binary.relative.endswith(suffix))
        return found


def read(environment: Environment) -> Seen:
    target = describe(Choice(str(environment.python), "test"))
    distributions = read_inventory(target).distributions
    binaries, _ = read_binaries(distributions, target, Loader())
    return Seen(target, distributions, binaries)


@pytest.fixture(scope="module")
def builds() -> Seen:
    return read(admit(BUILDS))


@pytest.fixture(scope="module")
def torch() -> Seen:
    return read(healthy_torch())


def tool(builds: Seen, name: str, folder: Path) -> str:
    """Return a copy of one of NVIDIA's programs that may be executed."""
    copy = folder / name
    shutil.copy(builds.one(f"bin/{name}").path, copy)
    copy.chmod(0o755)
    return str(copy)


def listed(cuobjdump: str, option: str, path: str) -> Counter[str] | None:
    """Return the images that cuobjdump lists; None where it gives up."""
    done = subprocess.run([cuobjdump, option, path], capture_output=True, text=True, check=False)
    if "fatal" in done.stdout + done.stderr:
        return None
    return Counter(re.findall(r"\.((?:sm|compute)_\w+)\.(?:cubin|ptx)$", done.stdout, re.MULTILINE))


def read_images(code: GpuCode, kind: CodeKind) -> dict[str, int]:
    return {count.image.name: count.images for count in code.counts if count.image.kind is kind}


def test_bitsandbytes_has_the_architectures_that_cuobjdump_lists(builds: Seen, tmp_path: Path) -> None:
    cuobjdump = tool(builds, "cuobjdump", tmp_path)
    agreed, with_inputs = 0, 0
    for binary in builds.binaries:
        if "libbitsandbytes_cuda" not in binary.relative:
            continue
        code = binary.gpu_code
        assert code is not None
        assert code.incomplete is None
        cubins, texts = (listed(cuobjdump, option, binary.path) for option in ("--list-elf", "--list-ptx"))
        if cubins is None or texts is None:
            continue
        assert read_images(code, CodeKind.CUBIN) == cubins, binary.relative
        assert not read_images(code, CodeKind.PTX)
        assert not texts
        agreed += 1
        with ElfFile(binary.path) as file:
            with_inputs += any(section.name == "__nv_relfatbin" for section in file.sections)
    assert agreed >= 2
    assert with_inputs, "none has inputs of device linking, so that passing them over was not tried"


def test_bitsandbytes_and_its_gpus(builds: Seen) -> None:
    old, new = (builds.one(f"libbitsandbytes_cuda{n}.so").gpu_code for n in (118, 128))
    assert old is not None
    assert new is not None
    assert [runs_on(old, gpu) for gpu in ((9, 0), (12, 0), (5, 2))] == [
        Fit.NATIVE,
        Fit.NO_KERNEL,
        Fit.NO_KERNEL,
    ]
    assert runs_on(new, (12, 0)) is Fit.NATIVE
    assert builds.one("libbitsandbytes_cpu.so").gpu_code is None
    assert builds.one("libbitsandbytes_rocm72.so").gpu_code is None


@pytest.mark.skipif(shutil.which("objcopy") is None, reason="objcopy is not installed")
@pytest.mark.parametrize("option", ["--compress=false", "--compress-all"])
def test_variants_as_the_compiler_writes_them(builds: Seen, tmp_path: Path, option: str) -> None:
    ptxas, fatbinary, cuobjdump = (
        tool(builds, name, tmp_path) for name in ("ptxas", "fatbinary", "cuobjdump")
    )
    images = []
    for name in ("75", "90", "90a", "100", "100a", "100f", "103f", "120f", "121a"):
        source, made = tmp_path / f"{name}.ptx", tmp_path / f"{name}.cubin"
        source.write_text(PTX.format(f"sm_{name}"))
        subprocess.run([ptxas, f"-arch=sm_{name}", source, "-o", made], check=True)
        images += [f"--image3=kind=elf,sm={name},file={made}"]
    for name in ("90", "90a", "100f"):
        images += [f"--image3=kind=ptx,sm={name},file={tmp_path / name}.ptx"]
    container, library = tmp_path / "all.fatbin", tmp_path / "all.so"
    subprocess.run([fatbinary, "-64", option, f"--create={container}", *images], check=True)
    base = builds.one("libbitsandbytes_cpu.so").path
    subprocess.run(["objcopy", f"--add-section=.nv_fatbin={container}", base, library], check=True)
    with ElfFile(str(library)) as file:
        code = read_gpu_code(file)
    assert code is not None
    assert code.incomplete is None
    wanted = "75 90 90a 100 100a 100f 103f 120f 121a"
    assert read_images(code, CodeKind.CUBIN) == {f"sm_{name}": 1 for name in wanted.split()}
    texts = listed(cuobjdump, "--list-ptx", str(container))
    assert texts is not None
    assert {name.replace("sm_", "compute_") for name in texts} == set(read_images(code, CodeKind.PTX))


def test_a_torch_for_the_cpu_has_no_gpu_code(torch: Seen) -> None:
    assert not [binary.relative for binary in torch.binaries if binary.gpu_code]
    found = read_cuda_builds(torch.distributions, torch.binaries, torch.target, {})
    assert found.torch is not None
    assert found.torch.build.accelerator is Accelerator.CPU
    assert found.torch.build.cuda is None
    assert found.torch.contradiction is None
    assert (found.needs, found.shared, found.companions) == ((), (), ())


def beside(torch: Seen, others: Seen) -> dict[str, Companion]:
    """Judge distributions of another environment as if they were installed beside this torch."""
    found = read_companions(
        (*torch.distributions, *others.distributions), (*torch.binaries, *others.binaries), torch.target
    )
    return {companion.distribution: companion for companion in found}


def test_torchvision_for_this_torch_lacks_only_the_half_for_gpus(torch: Seen) -> None:
    vision = beside(torch, read(admit(FOR_TORCH_2_13)))["torchvision"]
    assert (vision.accepts, vision.accepted, vision.examined) == ("==2.13.0", True, 2)
    assert [missing.only_cuda for missing in vision.missing] == [True, True]
    assert not any(missing.unread for missing in vision.missing)


def test_torchvision_for_another_torch_lacks_more(torch: Seen) -> None:
    vision = beside(torch, read(admit(FOR_TORCH_2_3)))["torchvision"]
    assert (vision.accepts, vision.accepted) == ("==2.3.0", False)
    assert vision.missing
    for missing in vision.missing:
        assert not missing.only_cuda
        assert missing.count >= len(missing.examples) > 0
        assert missing.examples[0].startswith("_Z")


def load(torch: Seen, path: str) -> str:
    """Load a library in torch's own interpreter; return what the loader says, empty where it loads."""
    program = "import ctypes, sys, torch\ntry: ctypes.CDLL(sys.argv[1])\nexcept OSError as e: print(e)"
    done = subprocess.run(
        [torch.target.executable, "-B", "-c", program, path],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.strip()


def test_the_loader_misses_what_is_said_to_be_missing(torch: Seen) -> None:
    others = read(admit(FOR_TORCH_2_13))
    text = others.one("libtorchtext.so")
    said = load(torch, text.path)
    symbol = re.search(r"undefined symbol: (\w+)", said)
    assert symbol, said
    with ElfFile(text.path) as file:
        lacking = needed_symbols(file)
    for binary in torch.binaries:
        if binary.relative.startswith("torch/lib/"):
            with ElfFile(binary.path) as file:
                lacking -= offered_symbols(file, lacking)
    assert symbol[1].encode() in lacking
    judged = {m.relative: m for m in beside(torch, others)["torchtext"].missing}
    assert judged["torchtext/lib/libtorchtext.so"].count >= 5


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_what_misses_nothing_loads(torch: Seen, tmp_path: Path) -> None:
    """A small companion is compiled against this torch; the loader and the reading must agree on it."""
    site = tmp_path / "small"
    metadata = site / "small-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: small\nVersion: 1\n")
    libraries = str(Path(torch.one("torch/lib/libc10.so").path).parent)
    verdicts = {}
    for name, symbol in (
        ("good", "_ZN3c1021throwNullDataPtrErrorEv"),
        ("bad", "_ZN3c105ErrorC1ENS_14SourceLocationESs"),
    ):
        source, made = site / f"{name}.c", site / f"{name}.so"
        source.write_text(f'extern int f(void) __asm__("{symbol}");\nint use(void) {{ return f(); }}\n')
        linked = ["-Wl,--no-as-needed", f"-L{libraries}", "-lc10", f"-Wl,-rpath,{libraries}", "-Wl,-z,now"]
        subprocess.run(["gcc", "-shared", "-fPIC", source, *linked, "-o", made], check=True)
        verdicts[f"{name}.so"] = bool(load(torch, str(made)))
    (metadata / "RECORD").write_text("good.so,,\nbad.so,,\n")
    target = torch.target
    small = Seen(target, *_installed(site, target))
    missing = {m.relative for m in beside(torch, small)["small"].missing}
    assert verdicts == {"good.so": False, "bad.so": True}
    assert missing == {"bad.so"}


def _installed(site: Path, target: Target) -> tuple[tuple[Distribution, ...], tuple[Binary, ...]]:
    distributions = read_inventory(replace(target, sys_path=(str(site),))).distributions
    return distributions, read_binaries(distributions, target, Loader())[0]
