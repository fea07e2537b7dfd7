"""Twenty secrets where they lie on real machines, and none of them in anything that npdoctor writes."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import npdoctor
from clinic.private_index import make_wheel

SUFFIX = str(sysconfig.get_config_var("EXT_SUFFIX"))
SOURCE = str(Path(npdoctor.__file__).parents[1])
JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6InBvZCJ9.eyJpc3MiOiJrdWJlcm5ldGVzL3NlcnZpY2UifQ.c2lnbmF0dXJlLW9mLXBvZA"

# What a variable of the environment is called, and its value.
VARIABLES = {
    "HF_TOKEN": "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",
    "RUNPOD_API_KEY": "rpa_A1B2C3D4E5F6G7H8I9J0K1L2M3N4",
    "WANDB_API_KEY": "5f2d9c81ab3e47f0965d1c2b8e7a6f4039c8d7e1",
    "AWS_ACCESS_KEY_ID": "AKIAQWERTYUIOPASDFGH",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYplanted",
    "GH_TOKEN": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "PERSONAL": "github_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ0123456789",
    "PIPELINE": "glpat-x1y2z3A4b5C6d7E8f9G0",
    "OPENAI_API_KEY": "sk-proj-a1B2c3D4e5F6g7H8i9J0",
    "CHAT": "xoxb-123456789012-abcdefGHIJplanted",
    "DB_PASSWORD": "correct horse 7 battery",
}
# Those that give themselves away by their shape, without the name beside them.
WITH_SHAPE = ("HF_TOKEN", "RUNPOD_API_KEY", "AWS_ACCESS_KEY_ID", "GH_TOKEN", "PERSONAL", "PIPELINE", "CHAT")
# The part of each secret that must never be seen; the last are in no variable.
SECRETS = {
    **VARIABLES,
    "service account": JWT.rpartition(".")[2],
    "ssh key": "b3BlbnNzaC1rZXktdjEAAAAA7planted",
    "bearer": "q7R4t9Y2u5I8o1P3planted",
    "pip.conf": "pipconf-pa55word",
    "PIP_EXTRA_INDEX_URL": "pipextra-pa55word",
    "uv.toml": "uvtoml-pa55word",
    "direct_url.json": "directurl-pa55word",
    "signed url": "5ignaturePlanted",
    "option": "0pti0n-planted",
}
# What looks like a secret and is none: it must come through.
HARMLESS = (
    "TOKENIZERS_PARALLELISM=false",
    "PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True",
    "CUDA_VISIBLE_DEVICES=0,1",
    "HF_HOME=/workspace/hf",
    "tokenizers==0.21.0",
    "sk-learn-extra-heads 1.2.3",
    "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
)


@dataclass(frozen=True)
class Machine:
    """A home, an environment and a process, all with secrets."""

    home: Path
    python: Path
    needy: Path
    environ: dict[str, str]
    said: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run npdoctor there."""
        return subprocess.run(
            [sys.executable, "-m", "npdoctor", *arguments],
            env=self.environ,
            cwd=self.home / "work",
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    home = tmp_path_factory.mktemp("machine")
    for folder in ("work", "tmp", ".ssh", "secrets/kubernetes.io/serviceaccount"):
        (home / folder).mkdir(parents=True)
    _offer(home / "index/simple/npdoctor-demo")
    with served(home / "index") as host:
        environ = _environ(home, host)
        _plant_files(home, host)
        texts = _texts(home, host)
        python = _tellers(home / "venv", texts)
        needy = _needy(home / "needy", texts["direct_url.json"])
        with _process(home, host):
            yield Machine(home, python, needy, environ, texts)


def _offer(folder: Path) -> None:
    """Make the page of a project, with the hash of its one wheel."""
    wheel = make_wheel(folder, "npdoctor-demo", "2.0")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    page = f'<!DOCTYPE html><a href="{wheel.name}#sha256={digest}">{wheel.name}</a>'
    (folder / "index.html").write_text(page)


def _environ(home: Path, host: str) -> dict[str, str]:
    # Only what a program needs to run: nothing of who runs the tests.
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        **kept,
        **VARIABLES,
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "PYTHONPATH": SOURCE,
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "4000",
        "UV_CACHE_DIR": str(home / "uv-cache"),
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "PIP_EXTRA_INDEX_URL": f"http://extra:{SECRETS['PIP_EXTRA_INDEX_URL']}@{host}/simple",
        **dict(text.split("=", 1) for text in HARMLESS[:4]),
    }


def _plant_files(home: Path, host: str) -> None:
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/uv").mkdir()
    (home / ".config/pip/pip.conf").write_text(
        f"[global]\nindex-url = http://person:{SECRETS['pip.conf']}@{host}/simple\n"
    )
    (home / ".config/uv/uv.toml").write_text(
        f'[[index]]\nurl = "http://person:{SECRETS["uv.toml"]}@{host}/simple"\ndefault = true\n'
    )
    (home / "secrets/kubernetes.io/serviceaccount/token").write_text(JWT)
    (home / ".ssh/id_ed25519").write_text(
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRETS['ssh key']}\n-----END OPENSSH PRIVATE KEY-----\n"
    )


def _texts(home: Path, host: str) -> dict[str, str]:
    """Return, by the name of the secret, a text in which a program would tell it."""
    by_name = {name: f"os.environ says {{'{name}': '{value}'}}" for name, value in VARIABLES.items()}
    by_shape = {name: f"401: {VARIABLES[name]} was refused" for name in WITH_SHAPE}
    extra, direct = SECRETS["PIP_EXTRA_INDEX_URL"], SECRETS["direct_url.json"]
    return {
        **by_name,
        **by_shape,
        "service account": f"401: {JWT}",
        "ssh key": (home / ".ssh/id_ed25519").read_text(),
        "bearer": f"headers: {{'Authorization': 'Bearer {SECRETS['bearer']}'}}",
        "pip.conf": (home / ".config/pip/pip.conf").read_text(),
        "uv.toml": (home / ".config/uv/uv.toml").read_text(),
        "PIP_EXTRA_INDEX_URL": f"PIP_EXTRA_INDEX_URL=http://extra:{extra}@{host}/simple",
        "direct_url.json": f'{{"url": "http://person:{direct}@{host}/demo.whl", "archive_info": {{}}}}',
        "signed url": f"GET https://bucket.example/a.whl?X-Amz-Signature={SECRETS['signed url']}&x=1",
        "option": f"usage: serve --hf-token {SECRETS['option']} --port 80",
    }


def _tellers(folder: Path, texts: dict[str, str]) -> Path:
    """Build an environment in which each secret is told by a package that fails; return its Python."""
    site = _empty(folder)
    extension = _extension()
    for number, text in enumerate([*texts.values(), *HARMLESS]):
        package = site / f"teller{number}"
        package.mkdir()
        program = f"text = {text!r}\nprint(text, flush=True)\nraise RuntimeError(text)\n"
        (package / "__init__.py").write_text(program)
        shutil.copy(extension, package / f"_core{SUFFIX}")
        _metadata(site, package.name, files=(f"{package.name}/__init__.py", f"{package.name}/_core{SUFFIX}"))
    return folder / "bin/python"


def _needy(folder: Path, direct_url: str) -> Path:
    """Build an environment with a plan: what came from an address with a login is too old."""
    site = _empty(folder)
    _metadata(site, "needy", "Requires-Dist: npdoctor-demo>=2\n")
    _metadata(site, "npdoctor-demo")
    (site / "npdoctor_demo-1.0.dist-info/direct_url.json").write_text(direct_url)
    return folder / "bin/python"


def _empty(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return next(folder.glob("lib/python*/site-packages"))


def _metadata(site: Path, name: str, more: str = "", files: tuple[str, ...] = ()) -> None:
    folder = site / f"{name.replace('-', '_')}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{more}")
    own = [f"{folder.name}/{entry}" for entry in ("METADATA", "RECORD")]
    (folder / "RECORD").write_text("".join(f"{path},,\n" for path in (*files, *own)))


def _extension() -> Path:
    """Return any extension module for this Python; it is read and never run."""
    for entry in filter(os.path.isdir, sys.path):
        for found in Path(entry).glob(f"**/*{SUFFIX}"):
            return found
    pytest.skip("this Python has no extension module of which to make a package")


@contextmanager
def _process(home: Path, host: str) -> Iterator[None]:
    """Keep a process with secrets on its command line, as one sees them in every pod."""
    secrets = ["--hf-token", SECRETS["option"], f"--password={VARIABLES['DB_PASSWORD']}"]
    login = f"http://person:{SECRETS['pip.conf']}@{host}/simple"
    command = [sys.executable, "-c", "import sys; sys.stdin.read()", *secrets, login]
    with subprocess.Popen(command, cwd=home, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            yield
        finally:
            process.stdin.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve an index to whoever comes with one of the logins."""
    handler = functools.partial(_Guarded, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Guarded(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        login = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if login.partition(":")[2] in (
            SECRETS["pip.conf"],
            SECRETS["PIP_EXTRA_INDEX_URL"],
            SECRETS["uv.toml"],
        ):
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="index"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def seen(text: str) -> list[str]:
    """Name the secrets that a text gives away, also as JSON would write them."""
    return [name for name, part in SECRETS.items() if part in text]


def written(machine: Machine) -> dict[str, list[str]]:
    """Name the files, apart from those planted, that hold a secret."""
    planted = ("/.config/", "/.ssh/", "/secrets/", "/venv/", "/needy/", "/work/teller.py")
    found = {}
    for path in machine.home.rglob("*"):
        if path.is_file() and not any(part in str(path) for part in planted):
            names = seen(path.read_bytes().decode("utf-8", "replace"))
            if names:
                found[str(path)] = names
    return found


def test_twenty_are_planted_and_each_is_told_where_nothing_is_hidden(machine: Machine) -> None:
    assert len(SECRETS) == 20
    shown = machine.run("check", "-v", "--json", "--no-redact", "--python", str(machine.python))
    assert seen(shown.stdout) == list(SECRETS)


@pytest.mark.parametrize("form", [["--json"], ["-v"], ["-v", "--no-import"]])
def test_check_tells_none(machine: Machine, form: list[str]) -> None:
    target = machine.home / "work/check.out"
    done = machine.run("check", *form, "--python", str(machine.python))
    machine.run("check", *form, "--python", str(machine.python), "-o", str(target))
    assert done.returncode in (0, 1)
    for text in (done.stdout, done.stderr, target.read_text()):
        assert seen(text) == []
    assert written(machine) == {}
    if "--no-import" not in form:
        assert "<hidden>" in done.stdout
        assert [text for text in HARMLESS if text not in done.stdout] == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_gpu_tells_none(machine: Machine, form: str) -> None:
    done = machine.run("gpu", "-v", "--format", form, "--python", str(machine.python))
    assert done.returncode == 0, done.stderr
    assert seen(done.stdout + done.stderr) == []
    assert written(machine) == {}


@pytest.mark.parametrize("form", ["text", "json"])
def test_run_tells_none_and_leaves_the_programs_own_words_alone(machine: Machine, form: str) -> None:
    program = machine.home / "work/teller.py"
    everything = "\n".join([*machine.said.values(), *HARMLESS])
    program.write_text(f"import sys\nprint({everything!r})\nraise RuntimeError({everything!r})\n")
    target = machine.home / "work/run.out"
    secrets = [f"--password={VARIABLES['DB_PASSWORD']}", "--hf-token", SECRETS["option"]]
    login = f"http://person:{SECRETS['uv.toml']}@127.0.0.1/simple"
    command = ["-v", "--format", form, "--", sys.executable, str(program), *secrets, login]
    done = machine.run("run", "-o", str(target), *command)
    assert done.returncode == 1
    assert seen(done.stdout) == seen(done.stderr) == list(SECRETS)
    summary = target.read_text()
    assert seen(summary) == []
    assert "--hf-token <hidden>" in summary
    assert written(machine) == {}


def test_run_tells_none_beside_a_program_that_is_silent(machine: Machine) -> None:
    secrets = ["--hf-token", SECRETS["option"], f"http://person:{SECRETS['uv.toml']}@127.0.0.1/simple"]
    for form in ("text", "json"):
        done = machine.run(
            "run", "--format", form, "--", sys.executable, "-c", "raise SystemExit(3)", *secrets
        )
        assert done.returncode == 3
        assert seen(done.stdout + done.stderr) == []


@pytest.mark.parametrize("form", [["--json", "--engine", "uv"], ["-v", "--engine", "pip"]])
def test_a_plan_tells_none(machine: Machine, form: list[str]) -> None:
    lock = machine.home / "work/pylock.toml"
    options = ["--only", "needy", "--python", str(machine.needy), "--no-import", "--no-rehearse"]
    done = machine.run("fix", "--lock", str(lock), *form, *options)
    assert "npdoctor-demo" in done.stdout, done.stderr
    assert seen(done.stdout + done.stderr) == []
    assert "npdoctor-demo" in lock.read_text()
    assert seen(lock.read_text()) == []
    assert written(machine) == {}
