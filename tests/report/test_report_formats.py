"""Every format of a report carries the same findings, in a shape that its readers take."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from sample_material import BOOK, audit, bare, whole

from npdoctor.report.document.material import Material
from npdoctor.report.redact import Redactor
from npdoctor.report.render import rendered, rendered_audit
from npdoctor.report.text import Layout

SCHEMAS = files("npdoctor") / "report/schema"
# The schema of SARIF 2.1.0 (OASIS) as the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT) ships it.
SARIF = json.loads((Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
FORMS = ("text", "markdown", "html", "json", "sarif", "github")
PATIENTS = ("six", "mixed", "old", "wrongpy", "banner", "small")


def shown(m: Material, form: str) -> str:
    return rendered(m, form, Redactor("/home/alice", "alice", "gpubox7"), Layout())


def report_schema() -> jsonschema.Draft202012Validator:
    named = {
        name: json.loads((SCHEMAS / f"{name}-1.json").read_text()) for name in ("check", "fix", "report")
    }
    resources = [(f"urn:npdoctor:schema:{n}-1", Resource.from_contents(s)) for n, s in named.items()]
    registry: Registry[Any] = Registry().with_resources(resources)
    return jsonschema.Draft202012Validator(named["report"], registry=registry)


class Headings(HTMLParser):
    """Keep the text of the headings inside articles."""

    def __init__(self) -> None:
        super().__init__()
        self.article = self.inside = False
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.article = self.article or tag == "article"
        if self.article and re.fullmatch("h[1-6]", tag):
            self.inside = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.article = self.article and tag != "article"
        self.inside = self.inside and not re.fullmatch("h[1-6]", tag)

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found[-1] += data


def codes(text: str, form: str) -> list[str]:
    """Return the code of each finding, as a reader of this format meets it."""
    if form == "json":
        return sorted(f["code"] for f in json.loads(text)["findings"])
    if form == "sarif":
        return sorted(r["ruleId"] for r in json.loads(text)["runs"][0]["results"] if "suppressions" not in r)
    if form == "html":
        headings = Headings()
        headings.feed(text)
        return sorted(match[0] for h in headings.found if (match := re.search(r"NPD\d{3}", h)))
    pattern = {
        "text": r"(?m)^[✗!?·] (NPD\d{3})  ",
        "markdown": r"(?m)^- \*\*[✗!?·] (NPD\d{3}) ",
        "github": r"(?m)^::(?:error|warning|notice) .*?title=(NPD\d{3}) ",
    }[form]
    return sorted(re.findall(pattern, text))


@pytest.mark.parametrize("name", [*PATIENTS, "whole"])
def test_all_formats_carry_the_same_codes(name: str) -> None:
    m = whole() if name == "whole" else bare(name)
    wanted = sorted(f.code for f in m.diagnosis.findings)
    assert {form: codes(shown(m, form), form) for form in FORMS} == dict.fromkeys(FORMS, wanted)
    assert bool(wanted) == (name != "small")


@pytest.mark.parametrize("name", [*PATIENTS, "whole"])
def test_json_and_sarif_fit_their_schemas(name: str) -> None:
    m = whole() if name == "whole" else bare(name)
    document = json.loads(shown(m, "json"))
    report_schema().validate(document)
    assert document["exit_code"] == m.exit_code
    jsonschema.Draft4Validator(SARIF).validate(json.loads(shown(m, "sarif")))


def test_the_schemas_reject_what_is_wrong() -> None:
    document = json.loads(shown(whole(), "json"))
    document["criteria"][0]["result"] = "perhaps"
    assert not report_schema().is_valid(document)
    log = json.loads(shown(whole(), "sarif"))
    log["runs"][0]["results"][0]["level"] = "broken"
    assert not jsonschema.Draft4Validator(SARIF).is_valid(log)


def test_the_object_of_a_check_is_in_that_of_a_report() -> None:
    from npdoctor.report.as_json import to_json

    m = bare("six")
    check = to_json(m.diagnosis, Redactor(), m.tool_version, m.exit_code)
    report = json.loads(shown(m, "json"))
    assert {key: report[key] for key in check} == check
    assert list(report)[-1] == "redacted"


def test_sarif_names_lines_of_declarations_and_files_of_the_environment() -> None:
    run = json.loads(shown(whole(), "sarif"))["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    found = {(r["ruleId"], r["properties"]["subject"]): r for r in run["results"]}
    assert all(rules[r["ruleIndex"]] == r["ruleId"] for r in run["results"])
    place = found["NPD501", "pandas"]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "requirements.txt", "uriBaseId": "PROJECT"},
        "region": {"startLine": 3},
    }
    place = found["NPD101", "scipy"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uriBaseId"] == "ENVIRONMENT"
    assert place["artifactLocation"]["uri"].startswith("lib/python3.11/site-packages/scipy/")
    assert "region" not in place
    prints = [r["partialFingerprints"]["npdoctor/v1"] for r in run["results"]]
    assert len(set(prints)) == len(prints)
    assert run["invocations"][0]["exitCode"] == 1


def test_github_names_files_only_of_declarations() -> None:
    lines = shown(whole(), "github").splitlines()
    commands, closing = lines[:-1], lines[-1]
    assert closing.startswith("npdoctor: 7 broken, 3 warnings")
    assert all(re.match(r"::(error|warning|notice) [^:]+::", line) for line in commands)
    assert any(
        line.startswith("::error file=requirements.txt,line=3,title=NPD501 pandas") for line in commands
    )
    assert not any("file=" in line for line in commands if "NPD1" in line)


@pytest.mark.parametrize("form", ["markdown", "html", "sarif", "github"])
def test_an_audit_alone_carries_its_codes(form: str) -> None:
    found = audit()
    text = rendered_audit(found, BOOK, form, Redactor(), Layout(), "0.1.0", 1)
    assert codes(text, form) == sorted(f.code for f in found.findings)
    if form == "sarif":
        jsonschema.Draft4Validator(SARIF).validate(json.loads(text))
    if form == "markdown":
        assert "```diff\n--- requirements.txt" in text
        assert "Not ready for NumPy 2.2.6: pandas." in text
