"""The rule book loads, and says where it is wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from npdoctor.errors import RuleBookError
from npdoctor.model.finding import Severity
from npdoctor.rulebook.load import load_rule_book
from npdoctor.rulebook.locate import candidates, locate

BOOK = Path(__file__).parent / "book.toml"
TEXT = BOOK.read_text()


def load(folder: Path, text: str) -> None:
    place = folder / "rules.toml"
    place.write_text(text)
    load_rule_book(str(place))


def test_every_section_is_read() -> None:
    book = load_rule_book(str(BOOK))
    assert book.path == str(BOOK)
    assert list(book.codes) == ["NPD101", "NPD106", "NPD208"]
    assert book.codes["NPD208"].severity is Severity.WARNING
    assert book.packages["scipy"].numpy2 == "1.13.0"
    assert book.packages["pillow"].numpy2 is None
    assert book.packages["pillow"].unverified is False
    assert book.signatures[0].id == "pandas-noise"
    assert book.signatures[0].code == ""
    assert book.signatures[2].unlike
    assert book.optional[0].module == "numba.np.ufunc.tbbpool"
    assert book.pairings[0].beside_versions == ">=2"
    assert book.smoke[0].distributions == ("scipy", "numpy")
    assert book.smoke[0].needs == ("numpy",)


WRONG = [
    ("schema = 1", "schema = 2", "schema", "must be 1"),
    ("schema = 1", 'schema = 1\n[[codes]]\na = "b"', "codes", "is no section"),
    ("schema = 1", 'schema = 1\npackage = "x"', "rules.toml", ""),
    ('title = "shared library not found"', "", "[[code]] NPD106: title", "is missing"),
    ('title = "shared library not found"', 'title = ""', "[[code]] NPD106: title", "is empty"),
    ('title = "shared library not found"', "title = 3", "[[code]] NPD106: title", "must be a string"),
    ('title = "shared library not found"', 'title = "a"\nnote = "b"', "[[code]] NPD106: note", "no key"),
    ('code = "NPD208"\ntitle', 'code = "NPD20"\ntitle', "[[code]] NPD20: code", "not of the form"),
    ('code = "NPD208"\ntitle', 'code = "NPD101"\ntitle', "[[code]] NPD101: code", "is there twice"),
    ('code = "NPD208"\ncause', 'code = "NPD999"\ncause', "scipy-old-numpy-new: code", "NPD999 has no"),
    ('severity = "warning"\nmeaning', 'severity = "bad"\nmeaning', "NPD208: severity", "is none of"),
    ('family = "installed distributions"', 'family = "x"', "NPD208: family", "is none of"),
    ('see = ["numpy#26717"]', 'see = "numpy#26717"', "NPD101: see", "must be a list"),
    ('see = ["numpy#26717"]', "see = [1]", "NPD101: see", "strings only"),
    ('name = "scipy"', 'name = "SciPy"', "[[package]] SciPy: name", "write 'scipy'"),
    ('name = "scipy"', 'name = "sci_py"', "[[package]] sci_py: name", "write 'sci-py'"),
    ('name = "pillow"', 'name = "scipy"', "[[package]] scipy: name", "is there twice"),
    ('group = "image"', 'group = "pictures"', "[[package]] pillow: group", "is none of"),
    ('binaries = "none"', 'binaries = "no"', "[[package]] pillow: binaries", "is none of"),
    ('how = "wheel"\nsource = "no', 'how = "guess"\nsource = "no', "[[package]] pillow: how", "is none of"),
    ('numpy2 = "1.13.0"', "numpy2 = 1.13", "[[package]] scipy: numpy2", "must be a string"),
    ("note = ", "unverified = 1\nnote = ", "[[package]] pillow: unverified", "true or false"),
    ('role = "noise"', 'role = "noisy"', "[[signature]] pandas-noise: role", "is none of"),
    ("'''(\\S+\\.so", "'''((\\S+\\.so", "[[signature]] library-not-found: pattern", "does not compile"),
    ('id = "library-not-found"', 'id = "size-changed-dtype"', "size-changed-dtype: id", "is there twice"),
    ('id = "library-not-found"', 'id = "a b"', "[[signature]] a b: id", "is no id"),
    ('code = "NPD106"\nrole', "role", "[[signature]] library-not-found: code", "is missing"),
    ("verified = false", "", "[[signature]] library-not-found: verified", "is missing"),
    ('remedy = "Upgrade the package."', 'remedy = ""', "size-changed-dtype: remedy", "is empty"),
    ('distribution = "numba"', 'distribution = "Numba"', "[[optional]] Numba: distribution", "write 'numba'"),
    ('also = ["numpy"]', 'also = ["NumPy"]', "[[smoke]] scipy-special: also", "write 'numpy'"),
]


@pytest.mark.parametrize(("old", "new", "where", "why"), WRONG, ids=[f"{w[2]}-{w[3]}" for w in WRONG])
def test_errors_name_file_rule_and_key(tmp_path: Path, old: str, new: str, where: str, why: str) -> None:
    assert old in TEXT
    with pytest.raises(RuleBookError) as caught:
        load(tmp_path, TEXT.replace(old, new, 1))
    said = str(caught.value)
    assert said.startswith(str(tmp_path / "rules.toml"))
    assert where in said
    assert why in said


def test_a_rule_without_a_name_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match=r"\[\[package\]\] #3: name: is missing"):
        load(tmp_path, TEXT.replace("[[optional]]", '[[package]]\ngroup = "ml"\n\n[[optional]]'))


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match="cannot be read"):
        load(tmp_path, "schema = = 1")
    (tmp_path / "rules.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RuleBookError, match="cannot be read"):
        load_rule_book(str(tmp_path / "rules.toml"))
    with pytest.raises(RuleBookError, match="not found"):
        load_rule_book(str(tmp_path / "absent.toml"))


def test_the_packaged_copy_comes_before_the_repository_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged, root = candidates()
    assert packaged.endswith("/npdoctor/rules.toml")
    assert Path(root).parent == Path(packaged).parents[2]
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    monkeypatch.setattr("npdoctor.rulebook.locate.candidates", lambda: (str(first), str(second)))
    with pytest.raises(RuleBookError, match=r"looked at .*a\.toml and .*b\.toml"):
        locate()
    second.write_text(TEXT)
    assert locate() == str(second)
    first.write_text(TEXT)
    assert locate() == str(first)


def test_a_large_book_loads_quickly(tmp_path: Path) -> None:
    package, signature = _block("[[package]]"), _block('[[signature]]\nid = "size-changed-dtype"')
    text = TEXT + "".join(package.replace('"scipy"', f'"scipy-{n}"') for n in range(200))
    for n in range(120):
        text += signature.replace("size-changed-dtype", f"s{n}").replace("indicate", f"indicate{n}")
    (tmp_path / "rules.toml").write_text(text)
    spent = []
    for _ in range(5):
        begin = time.process_time()
        book = load_rule_book(str(tmp_path / "rules.toml"))
        spent.append(time.process_time() - begin)
    assert len(book.packages) == 202
    assert len(book.signatures) == 124
    assert min(spent) < 0.08


def _block(start: str) -> str:
    begin = TEXT.index(start)
    return TEXT[begin : TEXT.index("\n[[", begin + 5) + 1]
