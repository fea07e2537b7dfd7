"""Texts that would act or break a page are shown, and secrets are in no format."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from sample_material import BOOK, bare, whole
from test_report_formats import FORMS, codes

from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.report.document.material import Material, gathered
from npdoctor.report.formats.markdown import MOST_CHARACTERS
from npdoctor.report.prose import printable
from npdoctor.report.redact import Redactor
from npdoctor.report.render import rendered
from npdoctor.report.text import Layout

TOKEN = "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi"
SECRETS = (TOKEN, "hunter2secret", "alice", "gpubox7")
NASTY = (
    "a|b | c",
    "``` `x` ``",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "x" * 5000,
    "line one\n## heading\n- [ ] item\n::error::stolen",
    "[click](javascript:alert(1))",
    "@everyone and #12 and $x$ and ~~gone~~ and *bold* _it_",
    "\u202egnp.exe",
    "%0A::error::y",
    "--> ]]> &lt; </pre></code></article>",
)

TAGS = """
    html head meta title style body a header h1 h2 h3 h4 nav ol li main section p span div table caption
    thead tbody tr th td article strong code ul details summary pre
"""
ATTRIBUTES = """
    lang charset http-equiv content name class href id scope role tabindex aria-label aria-labelledby
"""


def finding(text: str, number: int = 0) -> Finding:
    return Finding(
        "NPD110",
        Severity.BROKEN,
        f"subject-{number}-{text}",
        text,
        text,
        text,
        (Evidence("import", text, text),),
        text,
        fix=Fix((text,)),
    )


def material(*findings: Finding) -> Material:
    m = bare("small")
    return gathered(replace(m.diagnosis, findings=findings), BOOK, "0.1.0", 1, notes=tuple(NASTY))


def show(m: Material, form: str) -> str:
    return rendered(m, form, Redactor("/home/alice", "alice", "gpubox7"), Layout())


class Page(HTMLParser):
    """Keep tags with their attributes, and check that they are closed in order."""

    VOID = ("meta", "br", "img", "link", "input", "hr")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("text", NASTY)
def test_html_shows_it_and_does_not_act(text: str) -> None:
    page = Page(show(material(finding(text)), "html"))
    assert {tag for tag, _ in page.tags} <= set(TAGS.split())
    assert {name for _, attributes in page.tags for name in attributes} <= set(ATTRIBUTES.split())


def tokens(text: str) -> list[Token]:
    """Read Markdown as GitHub does: CommonMark with tables; return all tokens, those inside others too."""
    found = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [each for token in found for each in (token, *(token.children or ()))]


@pytest.mark.parametrize("text", NASTY)
def test_markdown_shows_it_and_does_not_act(text: str) -> None:
    shown = show(material(finding(text)), "markdown")
    found = tokens(shown)
    assert {t.content.strip() for t in found if t.type.startswith("html")} <= {"<details>", "</details>"}
    links = [str(t.attrs["href"]) for t in found if t.type == "link_open"]
    assert all(link.startswith("https://") for link in links)
    assert not {t.type for t in found} & {"image", "s_open", "em_open", "hr"}
    prose = "".join(t.content for t in found if t.type == "text")
    assert not re.search(r"@(?=\w)|#(?=\d)", prose)
    headings = [found[place + 1].content for place, t in enumerate(found) if t.type == "heading_open"]
    assert "heading" not in headings
    assert codes(shown, "markdown") == ["NPD110"]


@pytest.mark.parametrize("text", NASTY)
def test_markdown_shows_the_whole_of_it(text: str) -> None:
    found = tokens(show(material(finding(text)), "markdown"))
    said = " ".join(t.content for t in found if t.type in ("text", "code_inline", "fence"))
    wanted = [word for word in re.findall(r"[a-z]{3,}", printable(text)) if word != "title"]
    assert [word for word in wanted if word not in said] == []


def test_a_table_keeps_its_columns() -> None:
    m = bare("six")
    worse = tuple(replace(d, version="1|2|3 `|`") for d in m.diagnosis.distributions)
    shown = show(replace(m, diagnosis=replace(m.diagnosis, distributions=worse)), "markdown")
    found = tokens(shown)
    cells = [found[place + 1].content for place, t in enumerate(found) if t.type == "td_open"]
    assert sum(cell == "1|2|3 `|`" for cell in cells) >= len(worse)
    assert sum(t.type == "tr_open" for t in found) >= len(worse)


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("form", FORMS)
def test_nothing_steers_a_terminal(form: str, text: str) -> None:
    shown = show(material(finding(text)), form)
    if form == "json":
        return  # there control characters are escaped, and kept: a program reads it
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)


@pytest.mark.parametrize("text", NASTY)
def test_github_takes_one_command_for_each_finding(text: str) -> None:
    shown = show(material(finding(text)), "github")
    assert [line[:8] for line in shown.splitlines()] == ["::error ", "npdoctor"]
    assert re.match(r"::error [^:]*::", shown)


def test_secrets_are_in_no_format() -> None:
    said = f"HF_TOKEN={TOKEN} password=hunter2secret in /home/alice/venv on gpubox7"
    m = whole()
    leaky = replace(finding("plain"), title=said, message=f"`{said}`", remedy=said)
    leaky = replace(leaky, evidence=(Evidence("import", said, said),))
    leaky = replace(leaky, fix=Fix((f"pkg @ https://u:{TOKEN}@host/x.whl",)))
    m = replace(m, diagnosis=replace(m.diagnosis, findings=(leaky, *m.diagnosis.findings)), notes=(said,))
    for form in FORMS:
        shown = show(m, form)
        assert [secret for secret in SECRETS if secret in shown] == [], form
    open_ = rendered(m, "html", Redactor(enabled=False), Layout())
    assert TOKEN in open_
    assert "Not redacted" in open_


def test_markdown_fits_into_an_issue_and_says_what_was_folded() -> None:
    many = tuple(finding(f"word {'y' * 300}", number) for number in range(400))
    codes_of = tuple(replace(f, code=f"NPD1{n % 10:02}") for n, f in enumerate(many) if n % 10 not in (0,))
    shown = show(material(*codes_of), "markdown")
    assert len(shown) <= MOST_CHARACTERS
    assert "in full in the HTML and JSON reports" in shown
    assert {c[:6] for c in re.findall(r"NPD\d{3}", shown)} >= {f.code for f in codes_of}
    assert len(json.loads(show(material(*codes_of), "json"))["findings"]) == len(codes_of)


def test_a_short_report_is_not_folded() -> None:
    assert "in full in the HTML" not in show(whole(), "markdown")
