"""What uv and pip print, in the forms of several of their versions."""

from __future__ import annotations

import pytest

from npdoctor.fix.engines import pip_words, uv_words
from npdoctor.fix.engines.engine import EngineFailure, Move, Unsolvable

TEXT = """Using Python 3.11.7 environment at v1
Resolved 9 packages in 244ms
Would download 1 package
Would uninstall 1 package
Would install 2 packages
 - Matplotlib==3.8.3
 + matplotlib==3.8.4
 + torch==2.13.0+cpu (from file:///wheels/torch.whl)
 - gone-thing==1.0
 ~ again==2.0
"""
MOVES = (
    Move("again", "2.0", "2.0"),
    Move("gone-thing", "1.0", None),
    Move("matplotlib", "3.8.3", "3.8.4"),
    Move("torch", None, "2.13.0+cpu"),
)
JSON = """{"schema": {"version": "preview"}, "dry_run": true, "changes": [
{"name": "Matplotlib", "version": "3.8.3", "action": "uninstalled"},
{"name": "matplotlib", "version": "3.8.4", "action": "installed"},
{"name": "torch", "version": "2.13.0+cpu", "action": "installed"},
{"name": "gone_thing", "version": "1.0", "action": "uninstalled"},
{"name": "again", "version": "2.0", "action": "reinstalled"}]}"""
UNREACHED = """Using Python 3.13.0 environment at: v1
error: Request failed after 3 retries in 11.0s
  cause: Failed to fetch: https://me:secret@index.example:8080/simple/numpy/
  cause: error sending request for url (https://index.example:8080/simple/numpy/)
  cause: client error (Connect)
  cause: tcp connect error
"""
UNREACHED_BY_OLD = """error: Failed to fetch: `http://127.0.0.1:9/simple/numpy/`
  Caused by: Request failed after 3 retries
  Caused by: error sending request for url (http://127.0.0.1:9/simple/numpy/)
  Caused by: client error (Connect)
"""
REFUSED = """error: No solution found when resolving dependencies
  cause: Because toolz was not found in the package registry and you require toolz, we can conclude that
         your requirements are unsatisfiable.

hint: An index URL (http://127.0.0.1:8765/simple) could not be queried due to a lack of valid authentication
credentials (401 Unauthorized)
"""
UNSOLVABLE = """error: No solution found when resolving dependencies
  cause: Because only toolz==0.0.7 is available and you require toolz>1, we can conclude that your
         requirements are unsatisfiable.

hint: `toolz` was found on http://me:secret@127.0.0.1:8765/simple, but not at the requested version (toolz>1).
A compatible version may be available on a subsequent index. Use `--index-strategy unsafe-best-match`.
"""
CONFLICT = """INFO: pip is looking at multiple versions of matplotlib.

The conflict is caused by:
    The user requested numpy==2.1.3
    scipy 1.13.0 depends on numpy<2.3 and >=1.22.4
    Matplotlib 3.8.3 depends on numpy<2 and >=1.21

Additionally, some packages in these conflicts have no matching distributions available:
    numpy
ERROR: Cannot install matplotlib==3.8.3, numpy==2.1.3 and scipy==1.13.0 because these package versions have
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/
"""


def test_both_forms_of_uv_say_the_same() -> None:
    assert uv_words.moves_from_text(TEXT) == MOVES
    assert uv_words.moves_from_json(JSON) == MOVES
    assert uv_words.moves_from_text("Audited 1 package in 1ms\n") == ()


@pytest.mark.parametrize("text", ["", "[]", '{"changes": [{"name": "x"}]}', '{"changes": null}'])
def test_another_report_of_uv_is_no_answer(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        uv_words.moves_from_json(text)


@pytest.mark.parametrize(
    ("said", "host"), [(UNREACHED, "index.example:8080"), (UNREACHED_BY_OLD, "127.0.0.1:9")]
)
def test_uv_without_network(said: str, host: str) -> None:
    assert uv_words.no_answer(said) == EngineFailure(f"{host} cannot be reached", offline=True)


def test_a_refusal_is_no_missing_package() -> None:
    answer = uv_words.no_answer(REFUSED)
    assert isinstance(answer, EngineFailure)
    assert not answer.offline
    assert "401" in answer.reason


def test_a_reason_keeps_the_hint_but_no_address_and_no_bad_advice() -> None:
    answer = uv_words.no_answer(UNSOLVABLE)
    assert answer == Unsolvable(
        "Because only toolz==0.0.7 is available and you require toolz>1, we can conclude that your "
        "requirements are unsatisfiable. Hint: `toolz` was found on 127.0.0.1:8765 but not at the "
        "requested version (toolz>1)."
    )


def test_a_long_derivation_is_cut() -> None:
    body = " ".join(f"And because a{n} depends on b, we can conclude that c{n}." for n in range(60))
    answer = uv_words.no_answer(
        f"error: No solution found when resolving dependencies\n  cause: Because x. {body}"
    )
    assert isinstance(answer, Unsolvable)
    assert answer.reason == "... a59 depends on b, we can conclude that c59."


def test_anything_else_that_uv_says_is_a_failure() -> None:
    assert uv_words.no_answer("error: Failed to parse: `pyproject.toml`\n") == EngineFailure(
        "Failed to parse: `pyproject.toml`"
    )
    assert isinstance(uv_words.no_answer(""), EngineFailure)


def test_a_conflict_of_pip() -> None:
    answer = pip_words.no_answer(CONFLICT, "", "3.11")
    assert answer == Unsolvable(
        "The user requested numpy==2.1.3; scipy 1.13.0 depends on numpy<2.3 and >=1.22.4; "
        "Matplotlib 3.8.3 depends on numpy<2 and >=1.21"
    )
    assert pip_words.names_in_conflict(answer.reason) == ["scipy", "matplotlib"]


def test_pip_without_network_refused_or_too_old() -> None:
    none = "ERROR: Could not find a version that satisfies the requirement x (from versions: none)\n"
    none += "ERROR: No matching distribution found for x\n"
    retry = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError': /x/\n"
    denied = "WARNING: 401 Error, Credentials not correct for http://me:secret@i.example/simple/x/\n"
    assert pip_words.no_answer("", retry + none, "3.11") == EngineFailure("no index can be reached", True)
    assert pip_words.no_answer("", denied + none, "3.11") == EngineFailure(
        "an index refuses to answer: 401 Error, Credentials not correct for i.example"
    )
    assert isinstance(pip_words.no_answer("", none, "3.11"), Unsolvable)
    assert isinstance(pip_words.no_answer("", retry + none.replace(": none", ": 1.0"), "3.11"), Unsolvable)
    assert "22.3" in pip_words.no_answer("", "no such option: --python", "3.11").reason


def test_the_report_of_pip() -> None:
    item = (
        '{"metadata": {"name": "Scipy", "version": "1.0"}, "download_info": {"url": "https://h/a%2Bb.whl"}}'
    )
    chosen = pip_words.read_report(f'{{"version": "1", "install": [{item}]}}')
    assert [(one.name, one.version, pip_words.filename(one.url)) for one in chosen] == [
        ("scipy", "1.0", "a+b.whl")
    ]
    for text in ('{"version": "2", "install": []}', '{"version": "1", "install": [{}]}', "x"):
        with pytest.raises(ValueError, match=r".+"):
            pip_words.read_report(text)
