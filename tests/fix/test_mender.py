"""The workflow, as far as it needs no index."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from npdoctor.checkup import Request
from npdoctor.diagnose.engine import diagnose
from npdoctor.errors import EXIT_COULD_NOT_LOOK, NpdoctorError
from npdoctor.mend import Mender, Wish
from npdoctor.model.mending import Mending
from npdoctor.model.plan import Plan, Strategy
from npdoctor.rulebook.load import load_rule_book
from recording import patient


def test_a_configuration_that_cannot_be_parsed_is_named_and_not_quoted(tmp_path: Path) -> None:
    book = load_rule_book()
    settings = tmp_path / "pip.conf"
    settings.write_text("index-url = https://me:pa55word@private.example/simple\n")
    request = Request(working_folder=str(tmp_path))
    environ = {**os.environ, "PIP_CONFIG_FILE": str(settings)}
    mender = Mender(diagnose(patient("six"), book), book, Wish(), request, environ=environ)
    with pytest.raises(NpdoctorError) as caught:
        mender.plan()
    assert caught.value.exit_code == EXIT_COULD_NOT_LOOK
    assert str(settings) in str(caught.value)
    assert "pa55word" not in str(caught.value)
    nothing = Mending(Plan("p", Strategy.NEAREST, "uv", impossible="no plan"))
    assert mender.lock(nothing) is None
