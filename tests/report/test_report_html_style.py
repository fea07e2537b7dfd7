"""The page can be read by everybody, in light and dark, and loads nothing."""

from __future__ import annotations

import itertools
import re

import pytest
from sample_material import whole
from test_report_hostile import Page

from npdoctor.report.formats.html_style import DARK, GROUNDS, LIGHT, TEXTS, style
from npdoctor.report.redact import Redactor
from npdoctor.report.render import rendered
from npdoctor.report.text import Layout

LEAST_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_guidelines_say() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_every_ground(palette: dict[str, str]) -> None:
    pairs = {(t, g): contrast(palette[t], palette[g]) for t in TEXTS for g in GROUNDS}
    assert {pair: value for pair, value in pairs.items() if value < LEAST_CONTRAST} == {}


def test_the_page_runs_nothing_and_loads_nothing() -> None:
    text = rendered(whole(), "html", Redactor(), Layout())
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
    addresses = [a["href"] or "" for tag, a in page.tags if "href" in a]
    assert all(address.startswith(("#", "https://")) for address in addresses)
    assert not re.search(r"url\(|@import|src=", text)
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in (policy or "")


def test_the_page_has_a_structure_that_can_be_heard() -> None:
    page = Page(rendered(whole(), "html", Redactor(), Layout()))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(set(ids)) == len(ids)
    linked = [
        (a["href"] or "")[1:] for tag, a in page.tags if tag == "a" and (a["href"] or "").startswith("#")
    ]
    assert set(linked) <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    tables = sum(tag == "table" for tag, _ in page.tags)
    assert tables == sum(tag == "caption" for tag, _ in page.tags) > 5
    assert all("scope" in a for tag, a in page.tags if tag == "th")
    assert page.tags[0] == ("html", {"lang": "en"})


def test_the_sheet_has_a_dark_scheme_for_screens_and_a_print_one() -> None:
    sheet = style()
    assert "@media screen and (prefers-color-scheme:dark)" in sheet
    assert "@media print" in sheet
    assert sheet.count("{") == sheet.count("}")
