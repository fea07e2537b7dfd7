"""The table of indexes with builds of torch: it is read, it must be sound, and it is what advice names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from npdoctor.diagnose.torch_index import index_for, torch_source
from npdoctor.errors import RuleBookError
from npdoctor.model.rules import RuleBook, TorchIndex
from npdoctor.rulebook.load import load_rule_book
from npdoctor.rulebook.validate import problems

GOOD = TorchIndex((12, 6), "https://example.org/whl/cu126", ((7, 0), (8, 0)), True, "a source")
NEXT = TorchIndex((12, 8), "https://example.org/whl/cu128", ((8, 0), (12, 0)), False, "a source")
OLD = TorchIndex((12, 1), "https://example.org/whl/cu121", (), False, "a source")
TABLE = (OLD, GOOD, NEXT)


def told(*indexes: TorchIndex) -> list[str]:
    return list(problems(replace(RuleBook("rules.toml", {}, {}, (), (), (), ()), torch_indexes=indexes)))


def test_the_table_that_ships() -> None:
    table = load_rule_book().torch_indexes
    assert told(*table) == []
    assert {index.cuda for index in table} >= {(11, 8), (12, 6), (12, 8), (13, 0)}
    assert index_for((12, 0), table) is not None
    assert index_for((11, 0), table) is None


@pytest.mark.parametrize(
    ("indexes", "words"),
    [
        ([replace(GOOD, url="http://example.org/whl/cu126")], "[[torch_index]] 12.6: url: is no https"),
        (
            [replace(GOOD, url="https://example.org/whl/cu128")],
            "url: is no https address that ends with /cu126",
        ),
        ([NEXT, GOOD], "12.6: cuda: comes after 12.8"),
        ([replace(GOOD, gpus=((8, 0), (7, 0)))], "gpus: do not go from old to new"),
    ],
)
def test_an_unsound_table(indexes: list[TorchIndex], words: str) -> None:
    (problem,) = told(*indexes)
    assert words in problem


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('cuda = "12"', "'12' is not of the form 12.8"),
        ('cuda = "12.6"\ngpus = ["8.0", "sm_90"]', "[[torch_index]] 12.6: gpus: 'sm_90' is not of the form"),
        ('cuda = "12.6"\nserves_older = "yes"', "must be true or false"),
        ('cuda = "12.6"\ngpu = ["8.0"]', "is no key of this section"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, line: str, words: str) -> None:
    place = tmp_path / "rules.toml"
    place.write_text(
        f'schema = 1\n[[torch_index]]\n{line}\nurl = "https://example.org/whl/cu126"\nsource = "x"\n'
    )
    with pytest.raises(RuleBookError) as caught:
        load_rule_book(str(place))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("cuda", "source"),
    [
        ("12.8", "--index-url https://example.org/whl/cu128"),
        ("13.0", "--index-url https://example.org/whl/cu128"),
        ("12.7", "--index-url https://example.org/whl/cu126"),
        ("12.4", "--index-url https://example.org/whl/cu121 or, where that has no such torch, cu126"),
        ("11.8", "from an index for that CUDA"),
    ],
)
def test_the_index_for_a_cuda(cuda: str, source: str) -> None:
    assert torch_source(cuda, TABLE) == source


@pytest.mark.parametrize(
    ("capability", "index"),
    [((8, 9), GOOD), ((7, 5), GOOD), ((12, 1), NEXT), ((6, 0), None), ((11, 0), None)],
)
def test_the_index_for_a_gpu(capability: tuple[int, int], index: TorchIndex | None) -> None:
    assert index_for(capability, TABLE) is index
