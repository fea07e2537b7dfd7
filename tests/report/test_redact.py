"""Nothing secret gets out, and nothing useful is garbled."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sample_diagnosis import diagnosis, finding

from npdoctor.model.finding import Evidence
from npdoctor.report.as_json import to_json
from npdoctor.report.redact import Json, Redactor
from npdoctor.report.secrets import is_secret_name, secret_values
from npdoctor.report.text import Layout, to_text
from npdoctor.rulebook.load import load_rule_book

ROOT = Path(__file__).parents[2] / "rules.toml"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA75Xq\nq8Zk3\n-----END RSA PRIVATE KEY-----"

# What is planted, and the part of it that must never be seen.
SECRETS = [
    ("huggingface_hub: token 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 was refused", "hf_QwErTy"),
    ("git clone with ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_16C7"),
    ("github_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ0123456789", "github_pat_11"),
    ("GITLAB uses glpat-x1y2z3A4b5C6d7E8f9G0", "glpat-x1y2"),
    ("openai.error: Incorrect API key provided: sk-proj-a1B2c3D4e5F6g7H8i9J0", "sk-proj-a1B2"),
    ("runpod key rpa_A1B2C3D4E5F6G7H8I9J0K1L2", "rpa_A1B2"),
    ("AKIAIOSFODNN7EXAMPLE is the key id", "AKIAIOSFODNN7EXAMPLE"),
    ("slack says xoxb-123456789012-abcdefGHIJ", "xoxb-1234"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "dozjgNryP4J3"),
    (PEM, "MIIEowIBAAKCAQEA75Xq"),
    ("Authorization: Bearer abc.DEF-123456", "abc.DEF-123456"),
    ("WANDB_API_KEY=0123456789abcdef0123456789abcdef01234567", "0123456789abcdef0123"),
    ("os.environ: {'AWS_SECRET_ACCESS_KEY': 'wJalrXUtnFEMI/K7MDENG', 'A': 'b'}", "wJalrXUtnFEMI"),
    ("python serve.py --api-key topsecret1 --port 80", "topsecret1"),
    ("mysql --password=topsecret2 -u x", "topsecret2"),
    ("['vllm', 'serve', '--hf-token', 'topsecret3']", "topsecret3"),
    ("Looking in indexes: https://alice:topsecret4@pypi.corp.example/simple", "topsecret4"),
    ("git+https://topsecret5@github.com/corp/repo.git@v1.0", "topsecret5"),
    ("https://bucket.s3.amazonaws.com/x.whl?X-Amz-Signature=topsecret6", "topsecret6"),
    ("https://files.example/x.whl#access_token=topsecret7", "topsecret7"),
    ("GPU-8a6f1f2e-3b4c-5d6e-7f80-91a2b3c4d5e6 is lost", "8a6f1f2e"),
    ("connection to 10.42.0.17:6379 refused", "10.42.0.17"),
    ("nameserver 192.168.178.1", "192.168.178.1"),
    ("ask alice.smith@corp.example.", "alice.smith"),
    ("File /home/alice/project/train.py", "alice"),
    ("/home/bobby/miniconda3/lib/libstdc++.so.6: version not found", "bobby"),
    ("started by alice on gpubox7.corp.example", "gpubox7"),
    ("PGPASSWORD=topsecret8", "topsecret8"),
    ("db_password: ok? export DB_PASSWORD='top secret9'", "top secret9"),
    ("RUNPOD_POD_ID=abc123xyz789", "abc123xyz789"),
    ("X-Api-Key: topsecret10", "topsecret10"),
    ("postgresql://svc:pa/ss@topsecret11@db.example/x", "pa/ss"),
    ("wandb:\n  api_key: topsecret12\n  mode: online", "topsecret12"),
    ('password: "topsecret13"', "topsecret13"),
    (r"{\"access_token\": \"topsecret14\", \"x\": \"y\"}", "topsecret14"),
    ("{'password': b'topsecret15'}", "topsecret15"),
    ("Endpoints=https;AccountName=x;AccountKey=topsecret16==;Suffix=core", "topsecret16"),
    ("curl -u person:topsecret17 https://x.example/simple", "topsecret17"),
    ("SSHPASS=topsecret18", "topsecret18"),
    ("AZURE_STORAGE_CONNECTION_STRING='a b=topsecret19'", "topsecret19"),
]

# Real texts in which nothing may change.
HARMLESS = [
    "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.2.6 as it may crash.",
    "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header,"
    " got 88 from PyObject",
    "RuntimeError: module was compiled against NumPy C-API version 0x12 (NumPy 2.0) but the running NumPy has"
    " C-API version 0x11",
    "ImportError: /opt/venv/lib/python3.11/site-packages/flash_attn_2_cuda.cpython-311-x86_64-linux-gnu.so:"
    " undefined symbol: _ZN3c104cuda9SetDeviceEa",
    "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm@GLIBCXX_3.4.21",
    "undefined symbol: __nvJitLinkAddData_12_1, version libnvJitLink.so.12",
    "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.32' not found (required by libfoo.so)",
    "symbol memcpy@GLIBC_2.14, cudnnCreate@libcudnn.so.9, _ZNSs4nposE@@GLIBCXX_3.4",
    "nvidia-curand-cu12==10.3.5.147, nvidia-cusolver-cu12 11.6.1.9, nvidia_curand_cu12-10.3.5.147.dist-info",
    "requires nvidia-curand-cu12>=10.3.2.106 but 10.3.2.106.post1 and cuda 10.2.0.89 are there",
    "opencv-python 4.9.0.80 and opencv-python==4.10.0.84; nvidia-cublas-cu12 (12.4.5.8)",
    "TOKENIZERS_PARALLELISM=false",
    "huggingface/tokenizers: To disable this warning, set TOKENIZERS_PARALLELISM=(true | false)",
    "TypeError: __init__() got an unexpected keyword argument 'token'",
    "AttributeError: 'LlamaTokenizer' object has no attribute 'pad_token'",
    "generate(max_new_tokens=20, pad_token='<pad>', eos_token_id=2, use_auth_token=True, token=None)",
    "{'bos_token': '<s>', 'eos_token': '<|endoftext|>', 'unk_token': '[UNK_TOKEN]'}",
    "ValueError: All ufuncs must have type `numpy.ufunc`. Received (<ufunc 'sph_legendre_p'>,)",
    "For more details see https://numpy.org/devdocs/release/1.20.0-notes.html#deprecations",
    "https://github.com/pytorch/pytorch/issues/12345#issuecomment-987654321 and https://pypi.org/simple/torch/",
    "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU and "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "https://files.pythonhosted.org/packages/ab/cd/x-1.0-py3-none-any.whl#sha256=" + "0a" * 32,
    "hf_transfer, hf_xet and hf_hub_download are names; sk-learn is scikit-learn;"
    " task-specific-heads-2024-model",
    "Failed to initialize NVML: Driver/library version mismatch, NVML library version: 535.104",
    "torch 2.4.0+cu124 with CUDA capability sm_120 is not compatible with the current PyTorch installation.",
    "localhost:8080, 127.0.0.1 and 0.0.0.0 and ::1 and std::vector<int>::push_back",
    "git+ssh://git@github.com/corp/repo.git@feature-x",
    "http://localhost:8000/a@b and pip install 'pkg[extra] @ file:///opt/pkg'",
    "RuntimeError: operator torchvision::nms does not exist",
    "SyntaxError: unexpected token: numpy2x in line 3; pad_token: something1 secret: no",
    "python -u train.py and id -u root:root and sort -u file",
    "PYTORCH_CUDA_ALLOC_CONF=max_split_size_mb:512,expandable_segments:True HF_HOME=/workspace/hf",
    "LS_COLORS=rs=0:di=01;34 a=b;c=d",
    "PWD=/workspace OLDPWD=/ LD_LIBRARY_PATH=/usr/local/cuda-12.4/lib64:/usr/lib CUDA_VISIBLE_DEVICES=0,1",
    "x = y == z; token == other; if password is None: raise KeyError('secret')",
    "use --token to log in, or pass --password or --api-key instead",
    "/root/venv and /home/runner/work and /home/ubuntu/x",
    "numpy-2.1.3.dist-info/RECORD; libtorch_cuda.so (deleted); cp311-cp311-manylinux_2_17_x86_64",
    "[Errno 28] No space left on device: '/tmp/pip-unpack-abc/torch-2.4.0-cp311.whl'",
]


def redactor() -> Redactor:
    return Redactor(home="/home/alice", user="alice", host="gpubox7.corp.example")


@pytest.mark.parametrize(("text", "part"), SECRETS, ids=[part for _, part in SECRETS])
def test_a_secret_is_hidden_and_counted(text: str, part: str) -> None:
    gate = redactor()
    shown = gate.redact(text)
    assert part not in shown
    assert sum(gate.counts.values()) >= 1
    assert gate.redact(shown) == shown


@pytest.mark.parametrize("text", HARMLESS, ids=[text[:40] for text in HARMLESS])
def test_real_texts_are_left_as_they_are(text: str) -> None:
    gate = redactor()
    assert gate.redact(text) == text
    assert gate.counts == {}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/alice/venv/bin/python", "~/venv/bin/python"),
        ("in /home/alice.", "in ~."),
        ("/home/alice2/x", "/home/<user>/x"),
        ("/data/home/alice/x", "/data/home/<user>/x"),
        ("HF_TOKEN=hf_x rest", "HF_TOKEN=<hidden> rest"),
        ("--api-key 'a b' --port 1", "--api-key '<hidden>' --port 1"),
        ("https://u:p@h.example/simple", "https://<hidden>@h.example/simple"),
        ("https://u:p@h.example/x?a=b#c=d", "https://<hidden>@h.example/x?<hidden>"),
        ("GPU-8a6f1f2e-3b4c-5d6e-7f80-91a2b3c4d5e6", "GPU-<hidden>"),
        ("alice@gpubox7", "<user>@<host>"),
        ("malice and alice_x and ALICE", "malice and <user>_x and ALICE"),
    ],
)
def test_what_stands_in_its_place(text: str, shown: str) -> None:
    assert redactor().redact(text) == shown


def test_generic_and_short_names_hide_nothing() -> None:
    gate = Redactor(home="/root", user="root", host="box")
    assert gate.redact("root uses box, /opt/root") == "root uses box, /opt/root"
    assert gate.redact("/root/x and file:///root/x and /mnt/root/x") == "~/x and file://~/x and /mnt/root/x"
    assert Redactor(home="/").redact("/usr/lib") == "/usr/lib"


def test_a_user_called_like_a_package_or_a_word_garbles_neither() -> None:
    gate = Redactor(user="shapely", host="rich")
    gate.spare(["shapely", "shapely-tools"], ["10.1.2.3"])
    for text in ("shapely 2.0.2", "shapely_tools-1.0 needs Shapely", "found 10.1.2.3 there", "a rich text"):
        assert gate.redact(text) == text
    path = "/opt/venv/lib/python3.11/site-packages/shapely/lib.so"
    assert gate.redact(path) == path
    assert gate.redact("/data/rich/x") == "/data/<host>/x"
    assert Redactor(user="mark").redact("the mark in /data/mark/x") == "the mark in /data/<user>/x"


def test_a_disabled_gate_only_makes_text_encodable() -> None:
    gate = Redactor(home="/home/alice", user="alice", enabled=False)
    assert gate.redact("/home/alice HF_TOKEN=hf_x") == "/home/alice HF_TOKEN=hf_x"
    assert gate.redact("bad \udcff byte") == "bad \\udcff byte"
    assert gate.counts == {}


def test_nested_structures_are_walked_and_closed_words_left_alone() -> None:
    gate = Redactor(user="numpy1", host="pytest-host")
    value: Json = {
        "state": "numpy1",
        "a": ["numpy1", {"numpy1": None, "n": 3, "b": True}],
        "version": "10.3.5.147",
    }
    assert gate.redact_diagnosis(value) == {
        "state": "numpy1",
        "a": ["<user>", {"<user>": None, "n": 3, "b": True}],
        "version": "10.3.5.147",
    }


@pytest.mark.parametrize(
    "name", ["HF_TOKEN", "token", "apiKey", "X_SECRET", "--db-password", "DB_PASS", "MYSQL_PWD"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["TOKENIZERS_PARALLELISM", "PWD", "pad_token", "KEY", "monkey", "max-tokens", "COMPASS"]
)
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


def test_what_is_known_to_be_secret_is_hidden_wherever_it_stands() -> None:
    known = secret_values(
        {
            "WANDB_API_KEY": "5f2d9c81ab3e47f0",
            "RUNPOD_API_KEY": "rpa_short1",
            "PIP_INDEX_URL": "https://person:topsecret1@pypi.corp.example/simple",
            "DB_PASSWORD": "letmein",
            "SSH_KEY": "/root/.ssh/id_ed25519",
            "JUPYTER_TOKEN": "notebooks",
            "HF_HOME": "/workspace/hf1",
        }
    )
    assert known == {"5f2d9c81ab3e47f0", "rpa_short1", "topsecret1"}
    gate = Redactor(known=known)
    assert gate.redact("wandb: login with 5f2d9c81ab3e47f0 failed") == "wandb: login with <hidden> failed"
    assert gate.redact("xtopsecret1y, /workspace/hf1") == "x<hidden>y, /workspace/hf1"
    assert gate.counts == {"named secret": 2}
    assert gate.redact(gate.redact("rpa_short1")) == "<hidden>"


PIECES = st.sampled_from(
    [text for text, _ in SECRETS] + HARMLESS + [" ", "\n", "=", '"', "'", "://", "@", "TOKEN=", "alice"]
)


@given(st.lists(PIECES | st.text(max_size=12), max_size=5).map("".join))
@example("A_TOKEN=\"x\"'y'")
@example("--token=--token=x")
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = redactor().redact(text)
    assert redactor().redact(once) == once


@given(st.sampled_from(SECRETS), st.sampled_from(HARMLESS))
def test_a_secret_is_found_beside_anything(secret: tuple[str, str], text: str) -> None:
    assert secret[1] not in redactor().redact(f"{text}\n{secret[0]}\n{text}")


def test_planted_secrets_are_in_no_output() -> None:
    evidence = tuple(Evidence("import", text, text) for text, _ in SECRETS)
    everything = " ".join(text for text, _ in SECRETS)
    planted = replace(
        finding(),
        evidence=evidence,
        message=everything,
        remedy=everything,
        title=everything,
        subject="/home/alice/x",
    )
    found = diagnosis(planted)
    shown = [
        json.dumps(to_json(found, redactor(), "0.1", 1), ensure_ascii=False),
        to_text(found, redactor(), "0.1", 1, Layout(verbose=True)),
        to_text(found, redactor(), "0.1", 1, Layout(width=4000, verbose=True)),
    ]
    for text in shown:
        assert [part for _, part in SECRETS if part in text] == []


def test_the_rule_books_own_texts_are_left_as_they_are() -> None:
    if not ROOT.exists():
        return
    book = load_rule_book(str(ROOT))
    texts = [text for s in book.signatures for text in (s.example, *s.unlike, s.cause, s.remedy)]
    texts += [text for c in book.codes.values() for text in (c.meaning, c.check, c.remedy, c.wrong_when)]
    for text in texts:
        assert redactor().redact(text) == text
