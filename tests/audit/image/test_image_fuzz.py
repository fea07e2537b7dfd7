"""Whatever a Dockerfile holds, reading it ends, and ends without an exception."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from test_image_read import CASES

from npdoctor.audit.image.judge import judge_image
from npdoctor.audit.image.read import read_image
from npdoctor.rulebook.load import load_rule_book

BOOK = load_rule_book(str(Path(__file__).resolve().parents[3] / "rules.toml"))
SEEDS = [case.text for case in CASES]
PARTS = [
    "'",
    '"',
    "\\",
    "\n",
    "$",
    "${",
    "}",
    "(",
    ")",
    "<<EOF",
    "EOF",
    "&&",
    "||",
    "`",
    "#",
    "\x00",
    " ",
    "-",
    "=",
    ">",
]
ROUNDS, EACH = 10, 1_000


def mutated(random_one: random.Random) -> str:
    if random_one.random() < 0.1:
        return random_one.randbytes(random_one.randrange(200)).decode("latin-1")
    text = random_one.choice(SEEDS)
    for _ in range(random_one.randrange(1, 5)):
        start = random_one.randrange(len(text) + 1)
        end = min(len(text), start + random_one.choice((0, 0, 1, 5, 20)))
        other = random_one.choice(SEEDS)
        piece = random_one.choice((random_one.choice(PARTS), other[: random_one.randrange(len(other))], ""))
        text = text[:start] + piece + text[end:]
    return text


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_mutations_are_read(seed: int) -> None:
    random_one = random.Random(seed)
    for _ in range(EACH):
        text = mutated(random_one)
        image = read_image("Dockerfile", text)
        judge_image(image, {}, "2.2.6", BOOK)
        assert all(
            1 <= d.line <= text.count("\n") + 1 for s in image.stages for c in s.commands for d in c.declared
        )


HEAD = "FROM a\n"
LONG = {
    "one long word": HEAD + "RUN pip install " + "a" * 1_000_000,
    "one long line": HEAD + "RUN pip install " + "numpy " * 170_000,
    "continuations": HEAD + "RUN pip install \\\n" + " numpy \\\n" * 10_000 + " scipy\n",
    "comments between": HEAD + "RUN pip install \\\n" + "# c\n numpy \\\n" * 6_000 + " scipy\n",
    "brackets": HEAD + "RUN " + "(" * 99_000,
    "references": HEAD + "RUN pip install " + "${a:-" * 19_000,
    "substitutions": HEAD + "RUN pip install " + "$(" * 49_000,
    "shells": HEAD + "RUN " + "sh -c '" * 14_000,
    "alternatives": HEAD + "RUN " + "a || " * 19_000 + "b",
    "conditions": HEAD + "RUN " + "if a; then " * 9_000,
    "array": HEAD + "RUN " + "[" * 99_000,
    "heredocs": HEAD + "RUN cat " + "<<A " * 24_000,
    "doubling": HEAD + "ENV A=aaaaaaaaaa\n" + "ENV A=$A$A\n" * 1_000 + "RUN pip install $A\n",
    "itself": HEAD + "COPY <<A /r.txt\n-r r.txt\n-c r.txt\nA\nRUN pip install -r /r.txt\n",
}


@pytest.mark.parametrize("name", LONG)
def test_what_is_long_or_deep_is_read(name: str) -> None:
    image = read_image("Dockerfile", LONG[name])
    judge_image(image, {}, "2.2.6", BOOK)
    assert len(image.stages) == 1


def test_ten_thousand_continuations_are_all_read() -> None:
    (stage,) = read_image("Dockerfile", LONG["continuations"]).stages
    assert len(stage.commands[0].declared) == 10_001
    assert stage.commands[0].declared[-1].line == 10_003


def test_a_step_that_is_too_long_is_said_to_be_unread() -> None:
    assert any("too long" in note for note in read_image("Dockerfile", LONG["one long line"]).notes)
