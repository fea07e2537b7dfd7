"""The JSON is the contract's object and fits the schema that ships."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from sample_diagnosis import broken, diagnosis, finding

from npdoctor.report.as_json import to_json
from npdoctor.report.redact import Json, Redactor

SCHEMA: dict[str, Any] = json.loads((files("npdoctor") / "report/schema/check-1.json").read_text())


def document(**changes: Any) -> dict[str, Json]:
    found = broken()
    found = replace(found, snapshot=replace(found.snapshot, **changes))
    return to_json(found, Redactor("/home/alice", "alice", "gpubox7"), "0.1.0", 1)


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_object_is_what_the_contract_says() -> None:
    shown = document()
    jsonschema.Draft202012Validator(SCHEMA).validate(shown)
    parts = "schema tool target assumed summary exit_code findings ignored distributions gpu host redacted"
    assert list(shown) == parts.split()
    assert shown["tool"] == {"name": "npdoctor", "version": "0.1.0"}
    assert shown["target"] == {
        "executable": "~/venv/bin/python",
        "python": "3.11.7",
        "implementation": "cpython",
        "prefix": "~/venv",
        "platform": "linux-x86_64",
        "why": "--python",
        "numpy": "2.1.3",
    }
    assert shown["summary"] == {
        "broken": 2, "warning": 1, "unknown": 1, "info": 1, "distributions": 5, "extensions": 5,
    }  # fmt: skip
    findings = shown["findings"]
    assert isinstance(findings, list)
    first, second = findings[:2]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["fix"] == {"pins": ["scipy==1.13.1"], "verified": "binary"}
    assert second["cause"] == "scipy"
    assert second["fix"] is None
    assert isinstance(shown["host"], dict)
    known = {"system": "Linux", "machine": "x86_64", "libc": "glibc 2.35", "container": True}
    assert known.items() <= shown["host"].items()
    assert shown["redacted"] == [{"kind": "home", "count": 7}]


def test_an_assumed_version_is_not_given_out_as_installed() -> None:
    shown = document(assumed={"numpy": "1.26.4"})
    jsonschema.Draft202012Validator(SCHEMA).validate(shown)
    assert shown["assumed"] == {"numpy": "1.26.4"}
    assert isinstance(shown["target"], dict)
    assert shown["target"]["numpy"] == "2.1.3"


def test_without_numpy_and_without_findings() -> None:
    found = diagnosis()
    found = replace(found, snapshot=replace(found.snapshot, numpy=None, distributions=()))
    shown = to_json(found, Redactor(), "0.1.0", 0)
    jsonschema.Draft202012Validator(SCHEMA).validate(shown)
    assert isinstance(shown["target"], dict)
    assert shown["target"]["numpy"] is None


@pytest.mark.parametrize(
    "where", [(), ("target",), ("findings", 0), ("findings", 0, "evidence", 0), ("gpu",)]
)
def test_the_schema_admits_no_further_key(where: tuple[str | int, ...]) -> None:
    shown: Any = document()
    place = shown
    for step in where:
        place = place[step]
    place["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(shown)


def test_bytes_that_are_no_text_can_be_written() -> None:
    shown = to_json(diagnosis(replace(finding(), subject="/x/\udcff")), Redactor(), "0.1.0", 1)
    assert "\\udcff" in json.dumps(shown, ensure_ascii=False).encode().decode()
