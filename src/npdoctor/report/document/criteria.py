"""Success criteria: what must be so, each checked with its evidence, failed, or not looked at."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from npdoctor.model.audit import Audit
from npdoctor.model.cuda import Accelerator
from npdoctor.model.finding import Severity
from npdoctor.model.gpu import GpuSystem
from npdoctor.model.image import Act, Command, Image
from npdoctor.model.outcome import Imported
from npdoctor.model.plan import Strategy
from npdoctor.model.requirement import parsed_version
from npdoctor.report.document.blocks import Check, Checklist, Section
from npdoctor.report.document.material import GRAVE, Material
from npdoctor.report.document.words import named
from npdoctor.report.facts_json import builds_of
from npdoctor.report.prose import number
from npdoctor.report.verdict import unchecked

_LOADING = ("NPD10", "NPD110", "NPD111", "NPD112")
_GPU = ("NPD301", "NPD302", "NPD303", "NPD304", "NPD305", "NPD308")


def criteria(m: Material) -> Section:
    """Show the criteria as a checklist."""
    return Section("criteria", "Success criteria", (Checklist(criteria_of(m)),))


def criteria_of(m: Material) -> tuple[Check, ...]:
    """Return every criterion with what became of looking."""
    checks = [_imports(m), _nothing_broken(m), _requirements(m), _numpy(m), _functional(m)]
    checks += [_ranges(m.audit), _image(m.audit), _gpu(m), *_plan(m)]
    return tuple(checks)


def _check(state: bool | None, words: str, evidence: str) -> Check:
    return Check({True: "ok", False: "broken", None: "unknown"}[state], (words,), (evidence,))


def _imports(m: Material) -> Check:
    words = "Every extension module imports"
    found = m.diagnosis
    imported = sum(d.imported for d in found.distributions)
    count = f"{imported} of {found.extensions} imported" if found.snapshot.imports else "read, not imported"
    bad = [f.subject for f in found.findings if f.severity is Severity.BROKEN and f.code.startswith(_LOADING)]
    if bad:
        return _check(False, words, f"{count}; broken: {named(list(dict.fromkeys(bad)))}")
    if found.extensions and not found.snapshot.imports:
        return _check(None, words, count)
    open_ = any(f.severity is Severity.UNKNOWN and f.code.startswith(_LOADING) for f in found.findings)
    return _check(None if open_ else True, words, count if found.extensions else "there is none")


def _nothing_broken(m: Material) -> Check:
    broken, missing = m.diagnosis.count(Severity.BROKEN), unchecked(m.diagnosis)
    evidence = f"{broken} broken" + (
        f", {number(missing, 'thing')} could not be looked at" if missing else ""
    )
    return _check(False if broken else None if missing else True, "Nothing is broken", evidence)


def _requirements(m: Material) -> Check:
    unmet = [f.subject for f in m.diagnosis.findings if f.code in ("NPD201", "NPD202")]
    evidence = f"unmet: {named(list(dict.fromkeys(unmet)))}" if unmet else "all of them are met"
    return _check(not unmet, "What installed distributions require is installed", evidence)


def _numpy(m: Material) -> Check:
    back = m.mending is not None and m.mending.plan.strategy is Strategy.BACK
    words = "NumPy below 2 is installed" if back else "NumPy 2 or later is installed"
    said = m.diagnosis.snapshot.version_of("numpy")
    version = parsed_version(said)
    if version is None:
        return _check(None, words, f"NumPy {said}, which is no version" if said else "NumPy is not installed")
    how = "assumed" if "numpy" in m.diagnosis.snapshot.assumed else "installed"
    return _check((version >= Version("2")) is not back, words, f"NumPy {said} {how}")


def _functional(m: Material) -> Check:
    words = "The functional tests pass"
    results = m.diagnosis.snapshot.smoke
    if not results:
        return _check(None, words, "not run: `npdoctor report --smoke`")
    failed = [r.id for r in results if not isinstance(r.outcome, Imported)]
    evidence = f"{len(results) - len(failed)} of {len(results)} passed"
    return _check(not failed, words, f"{evidence}; failed: {named(failed)}" if failed else evidence)


def _ranges(audit: Audit | None) -> Check:
    words = "Declared ranges admit only what serves"
    if audit is None or not audit.sources:
        return _check(None, words, "no file that declares requirements was audited")
    wrong = [j.name for j in audit.judged if j.state in ("broken", "warning")]
    unknown = [j.name for j in audit.judged if j.state == "unknown"]
    if wrong:
        return _check(False, words, f"{len(wrong)} of {len(audit.judged)} do not: {named(wrong)}")
    evidence = f"{len(audit.judged) - len(unknown)} of {len(audit.judged)} do"
    return _check(None if unknown or not audit.judged else True, words, evidence)


def _image(audit: Audit | None) -> Check:
    words = "The image verifies itself when it is built"
    images = [s.image for s in audit.sources if s.image] if audit else []
    if not images:
        return _check(None, words, "no Dockerfile was audited")
    without = [image.path for image in images if _installs(image) and not _verifies(image)]
    evidence = f"no verification after the last install: {named(without)}" if without else "it does"
    return _check(not without, words, evidence)


def _commands(image: Image) -> tuple[Command, ...]:
    return image.stages[-1].commands if image.stages else ()


def _installs(image: Image) -> bool:
    return any(command.act is Act.INSTALL for command in _commands(image))


def _verifies(image: Image) -> bool:
    """Tell whether something is verified once nothing is installed any more."""
    acts = [command.act for command in _commands(image)]
    last = max((n for n, act in enumerate(acts) if act is Act.INSTALL), default=-1)
    return Act.VERIFY in acts[last + 1 :]


def _gpu(m: Material) -> Check:
    words = "Installed builds can use the GPU"
    snapshot = m.diagnosis.snapshot
    builds = [b for b in builds_of(snapshot) if b.accelerator is not Accelerator.CPU]
    bad = [f.subject for f in m.diagnosis.findings if f.code.startswith(_GPU) and f.severity in GRAVE]
    if bad:
        return _check(False, words, f"in the way: {named(list(dict.fromkeys(bad)))}")
    if snapshot.gpus is None:
        return _check(None, words, "GPUs were not looked at")
    nvml = snapshot.gpus.nvml
    if not isinstance(nvml, GpuSystem) or not nvml.gpus:
        return _check(None, words, "no GPU is in reach here")
    if not builds:
        return _check(None, words, "nothing installed is known to use one")
    return _check(True, words, named([f"{b.distribution} {b.version}" for b in builds]))


def _plan(m: Material) -> Iterator[Check]:
    mending = m.mending
    if mending is None or not (mending.plan.changes or mending.plan.impossible):
        return
    words = "The plan mends everything"
    if mending.plan.impossible:
        yield _check(False, words, "there is no plan")
    elif mending.rehearsal is None:
        yield _check(None, words, "not rehearsed")
    else:
        after = mending.rehearsal.after
        yield _check(not after, words, f"stays broken: {named(after)}" if after else "rehearsed in a copy")
