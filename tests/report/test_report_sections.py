"""What a report concludes: causes, order of actions, risks, criteria, the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_material import BOOK, bare, mending, whole

from npdoctor.diagnose.engine import diagnose
from npdoctor.model.finding import Fix, Severity
from npdoctor.model.image import Act, Command
from npdoctor.model.outcome import Imported
from npdoctor.model.snapshot import SmokeResult
from npdoctor.report.document.actions import actions_of
from npdoctor.report.document.causes import causes, symptoms
from npdoctor.report.document.checklist import functional_checks, import_checks
from npdoctor.report.document.compose import composed
from npdoctor.report.document.criteria import criteria_of
from npdoctor.report.document.dependents import all_dependents, excluding
from npdoctor.report.document.material import Material, gathered
from npdoctor.report.document.other_major import other_numpy
from npdoctor.report.document.risks import risks_of
from npdoctor.report.document.rollback import todays_pins
from npdoctor.report.redact import Redactor
from npdoctor.report.render import rendered
from npdoctor.report.text import Layout
from recording import patient

ORDER = """
    summary causes critical stack declared transitive changes tests risks actions criteria rollback machine
    unseen hidden references
"""


def states(m: Material) -> dict[str, str]:
    return {str(check.words[0]): check.state for check in criteria_of(m)}


def shown(m: Material) -> str:
    return " ".join(rendered(m, "text", Redactor(), Layout()).split())


def test_the_cause_stands_before_its_symptom() -> None:
    text = shown(bare("mixed"))
    assert text.index("NPD111 numpy") < text.index("NPD110 scipy")
    assert "because of it fail: scipy" in text
    assert causes(bare("mixed")).blocks
    assert symptoms(bare("six")) is None


def test_sections_come_in_order_and_each_once() -> None:
    ids = [section.id for section in composed(whole(), Redactor()).sections]
    assert ids == ORDER.split()


def test_every_distribution_is_in_the_stack() -> None:
    document = composed(bare("six"), Redactor())
    text = str(next(section for section in document.sections if section.id == "stack"))
    assert [d.name for d in bare("six").diagnosis.distributions if d.name not in text] == []
    assert text.index("Scientific") < text.index("Machine learning") < text.index("Others")


def test_the_criteria_of_a_broken_environment() -> None:
    found = states(bare("six"))
    assert found["Every extension module imports"] == "broken"
    assert found["Nothing is broken"] == "broken"
    assert found["NumPy 2 or later is installed"] == "ok"
    assert found["The functional tests pass"] == "unknown"
    assert found["Declared ranges admit only what serves"] == "unknown"
    assert found["Installed builds can use the GPU"] == "unknown"


def test_the_criteria_of_a_healthy_one() -> None:
    found = states(bare("small"))
    assert found["Every extension module imports"] == "ok"
    assert found["Nothing is broken"] == "ok"
    assert found["What installed distributions require is installed"] == "ok"
    assert found["NumPy 2 or later is installed"] == "broken"


def test_what_was_not_imported_is_not_called_good() -> None:
    snapshot = replace(patient("small"), imports={})
    m = gathered(diagnose(snapshot, BOOK), BOOK, "0.1.0", 0)
    assert states(m)["Every extension module imports"] == "unknown"
    assert {check.state for check in import_checks(m)} == {"unknown"}


def test_the_criteria_of_what_was_audited_and_planned() -> None:
    found = states(whole())
    assert found["Declared ranges admit only what serves"] == "broken"
    assert found["The image verifies itself when it is built"] == "broken"
    assert found["The plan mends everything"] == "ok"
    assert found["The functional tests pass"] == "broken"


@pytest.mark.parametrize(("place", "state"), [(0, "broken"), (2, "ok")])
def test_an_image_verifies_itself_after_its_last_install(place: int, state: str) -> None:
    m = whole()
    assert m.audit
    source = m.audit.sources[1]
    assert source.image
    stage = source.image.stages[0]
    commands = list(stage.commands)
    commands.insert(place, Command(Act.VERIFY, "pip check", 9, "pip check"))
    image = replace(source.image, stages=(replace(stage, commands=tuple(commands)),))
    sources = (m.audit.sources[0], replace(source, image=image))
    m = replace(m, audit=replace(m.audit, sources=sources))
    assert states(m)["The image verifies itself when it is built"] == state


def test_functional_tests_are_listed_with_their_results() -> None:
    found = {str(check.words[0]).partition(":")[0]: check for check in functional_checks(whole())}
    assert found["numpy-core"].state == "ok"
    assert found["scipy-special"].state == "broken"
    assert "All ufuncs must have type" in str(found["scipy-special"].evidence)
    assert found["pandas-frame"].state == "unknown"
    assert not any(name.startswith("torch") for name in found)


def test_a_functional_test_that_passed_alone_meets_the_criterion() -> None:
    snapshot = replace(patient("small"), smoke=(SmokeResult("numpy-core", "numpy", Imported(0.1)),))
    m = gathered(diagnose(snapshot, BOOK), BOOK, "0.1.0", 0)
    assert states(m)["The functional tests pass"] == "ok"


def test_actions_bring_in_together_what_belongs_together() -> None:
    first, second, *later = actions_of(bare("six"))
    assert first.codes == ("NPD101",)
    assert len(first.subjects) == 6
    assert "scipy>=1.13.0" in first.what
    assert second.subjects == ("joblib",)
    assert [action.command for action in later][:2] == ["npdoctor check", "npdoctor report --smoke"]


def test_the_cause_is_mended_first_and_its_symptom_not_at_all() -> None:
    actions = actions_of(bare("mixed"))
    assert actions[0].subjects == ("numpy",)
    assert not any("scipy" in action.subjects for action in actions)
    assert "scipy should be well then" in actions[1].what


def test_a_damaged_install_comes_before_what_is_only_old() -> None:
    m = bare("six")
    damaged = replace(m.roots[0], code="NPD205", subject="pillow", fix=None, remedy="Reinstall pillow.")
    m = replace(m, diagnosis=replace(m.diagnosis, findings=(*m.diagnosis.findings, damaged)))
    assert actions_of(m)[0].codes == ("NPD205",)


def test_a_healthy_environment_asks_for_nothing() -> None:
    m = bare("small")
    assert actions_of(m) == ()
    assert risks_of(m) == ()
    assert "There is nothing to do." in shown(m)


def test_a_plan_takes_the_place_of_its_findings() -> None:
    actions = actions_of(whole())
    assert actions[0].command == "npdoctor fix --apply"
    assert not any(action.codes == ("NPD101",) for action in actions[1:])
    corrected = next(action for action in actions if "requirements.txt" in action.what)
    assert corrected.codes == ("NPD501",)
    assert any(action.codes == ("NPD503",) for action in actions)


def test_risks_name_who_needs_it() -> None:
    found = {risk.subject: risk for risk in risks_of(bare("six"))}
    assert found["scipy 1.11.4"].severity is Severity.BROKEN
    assert "Required by scikit-image, scikit-learn." in found["scipy 1.11.4"].impact
    assert found["scipy 1.11.4"].mitigation.startswith("Install scipy>=1.13.0")
    assert (
        "Because of it fail: scipy." in {r.subject: r for r in risks_of(bare("mixed"))}["numpy 1.26.4"].impact
    )


def test_a_declared_range_risks_the_next_install_and_not_this_one() -> None:
    impacts = {(r.code, r.subject): r.impact for r in risks_of(whole())}
    assert impacts["NPD501", "pandas"].startswith("An install from these files takes")
    assert impacts["NPD501", "scipy"].startswith("An install from these files can take")
    assert impacts["NPD101", "pandas 2.1.4"].startswith("It fails now.")


def test_a_remedy_that_another_distribution_excludes_is_a_risk() -> None:
    m = bare("six")
    dependents = {**m.dependents, "scipy": {"gensim": "<1.13", "scikit-learn": ">=1.5"}}
    against = [r for r in risks_of(replace(m, dependents=dependents)) if not r.code]
    assert [r.subject for r in against] == ["scipy>=1.13.0"]
    assert against[0].impact == "gensim requires scipy<1.13."
    assert not [r for r in risks_of(m) if not r.code]
    assert excluding("no requirement at all!", dependents) == ()
    assert excluding("scipy", dependents) == ()


def test_dependents_are_followed_to_the_end_and_through_circles() -> None:
    required = {"a": {"b": ""}, "b": {"c": "", "a": ""}}
    assert all_dependents("a", required) == ("b", "c")
    assert all_dependents("c", required) == ()


def test_the_way_back_has_the_pins_of_today() -> None:
    pins, others = todays_pins(bare("six"))
    assert len(pins) == 25
    assert "scipy==1.11.4" in pins
    assert others == ()
    text = shown(whole())
    assert "With NumPy 1.26.4 in place of the installed one" in text
    assert "scipy==1.11.4" in text


@pytest.mark.parametrize(
    ("installed", "python", "other"),
    [
        ("2.1.3", (3, 11), "1.26.4"),
        ("2.1.3", (3, 13), None),
        ("1.26.4", (3, 10), "2.2.6"),
        ("1.24.4", (3, 8), None),
        (None, (3, 11), None),
    ],
)
def test_the_other_major_is_one_that_this_python_can_have(
    installed: str | None, python: tuple[int, ...], other: str | None
) -> None:
    assert other_numpy(installed, python) == other


def test_nothing_is_called_looked_at_that_was_not() -> None:
    text = shown(bare("six"))
    assert "GPUs were not looked at." in text
    assert "No functional test was run" in text
    assert "No plan was made" in text
    assert "ARG BASE has no value" in shown(whole())


def test_a_plan_that_nobody_tried_is_a_risk() -> None:
    from npdoctor.model.plan import Verified

    plan = mending().plan
    blind = replace(plan, changes=tuple(replace(c, verified=Verified.NONE) for c in plan.changes))
    m = replace(whole(), mending=replace(mending(), plan=blind, rehearsal=None, unrehearsed="not asked for."))
    assert [r.subject for r in risks_of(m) if not r.code] == ["the plan"]
    assert not [r for r in risks_of(whole()) if not r.code]
    assert "The plan was not rehearsed: not asked for." in shown(m)


def test_pins_that_only_a_declaration_needs_are_not_installed() -> None:
    m = whole()
    declared = replace(m.roots[-1], code="NPD501", subject="only-declared", fix=Fix(("only-declared>=2",)))
    m = replace(m, mending=None, diagnosis=replace(m.diagnosis, findings=(*m.diagnosis.findings, declared)))
    changes = next(s for s in composed(m, Redactor()).sections if s.id == "changes")
    assert "scipy>=1.13.0" in str(changes)
    assert "only-declared>=2" not in str(changes)


def test_a_file_that_the_plan_edits_is_not_corrected_twice() -> None:
    m = whole()
    assert m.audit
    assert m.mending
    plan = replace(m.mending.plan, edits=m.audit.corrections)
    m = replace(m, mending=replace(m.mending, plan=plan))
    assert m.corrections == ()
    text = rendered(m, "markdown", Redactor(), Layout())
    assert text.count("--- requirements.txt") == 1
    assert "The plan edits requirements.txt itself." in text
    again = next(action for action in actions_of(m) if action.command == "npdoctor audit requirements.txt")
    assert again.codes == ("NPD501",)
    assert "The plan edits" not in rendered(whole(), "markdown", Redactor(), Layout())
