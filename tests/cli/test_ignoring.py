"""What the config file ignores is neither planned for nor counted by `fix` and `gpu`, and both name it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from test_gpu import environment, needs_compiler, run

from npdoctor.cli.fix import _without, exit_code
from npdoctor.config import Ignore
from npdoctor.fix.goal import Choice, chosen_findings
from npdoctor.model.mending import Mending
from npdoctor.model.plan import Change, Plan, Rehearsal, Strategy
from npdoctor.report.ignored import without_ignored
from tui import recorded as r

__all__ = ["environment"]

FOUND = r.diagnosis(r.PANDAS, r.SCIPY, r.JOBLIB)
SCIPY = Ignore("NPD101", "scipy", "not used")


def test_a_plan_is_for_what_is_not_ignored() -> None:
    kept, ignored = without_ignored(FOUND, (SCIPY,))
    choice = _without(Choice(Strategy.LATEST), kept, ignored)
    assert choice == Choice(Strategy.LATEST, frozenset({"pandas"}))
    assert [f.subject for f in chosen_findings(FOUND, choice)] == ["pandas"]


def test_where_all_is_ignored_nothing_is_planned() -> None:
    kept, ignored = without_ignored(FOUND, (SCIPY, replace(SCIPY, subject="pandas")))
    assert not chosen_findings(FOUND, _without(Choice(), kept, ignored))


def test_without_an_ignore_everything_is_planned() -> None:
    assert _without(Choice(), *without_ignored(FOUND, ())) == Choice()
    assert len(chosen_findings(FOUND, Choice())) == 2


def test_what_is_ignored_may_stay_broken() -> None:
    plan = Plan("1", Strategy.NEAREST, "uv", changes=(Change("pandas", "2.1.4", "2.2.2", "NPD101"),))
    mending = Mending(plan, Rehearsal(("pandas", "scipy"), ("scipy",)))
    assert exit_code(mending) == 1
    assert exit_code(mending, {"scipy"}) == 0
    assert exit_code(mending, {"pandas"}) == 1


@needs_compiler
def test_gpu_counts_without_what_is_ignored_and_names_it(environment: str, tmp_path: Path) -> None:
    command = ["gpu", "--json", "--python", environment]
    findings = json.loads(run(command, "driver", "lost").stdout)["findings"]
    config = tmp_path / "config.toml"
    tables = (
        f"[[ignore]]\ncode = '{f['code']}'\nsubject = '{f['subject']}'\nreason = 'on loan'\n"
        for f in findings
    )
    config.write_text("".join(tables))
    done = run(command, "driver", "lost", NPDOCTOR_CONFIG=str(config))
    assert done.returncode == 0
    assert json.loads(done.stdout)["findings"] == []
    assert f"{len(findings)} finding" in done.stderr
    assert "on loan" in done.stderr
