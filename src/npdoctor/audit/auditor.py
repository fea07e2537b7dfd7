"""The workflow of an audit: read the files, settle the basis, look, judge, correct."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from npdoctor.audit.asks import asked
from npdoctor.audit.basis import choose_basis, choose_python
from npdoctor.audit.by_book import known_by_book
from npdoctor.audit.context_files import context_file
from npdoctor.audit.corrections import corrections
from npdoctor.audit.image.judge import judge_image
from npdoctor.audit.image.order import commands_of
from npdoctor.audit.installed import Installed
from npdoctor.audit.judge import judge
from npdoctor.audit.listener import AuditListener
from npdoctor.audit.numpy_lines import judge_numpy
from npdoctor.audit.online import Online
from npdoctor.audit.resolved import NotResolved, Resolved
from npdoctor.audit.sources import read_sources
from npdoctor.audit.target import target_at_hand, target_for
from npdoctor.model.audit import Ask, Audit, Basis, Known, Source
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Finding
from npdoctor.model.image import Image, Stage
from npdoctor.model.rules import RuleBook
from npdoctor.probe.control import Control


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What a face asks for; `folder` is the person's, which paths are relative to."""

    paths: tuple[str, ...]
    folder: str = "."
    python: str | None = None
    assume: Mapping[str, str] = field(default_factory=dict)
    online: bool = False


def audit(
    request: AuditRequest,
    book: RuleBook,
    listener: AuditListener | None = None,
    control: Control | None = None,
    environ: Mapping[str, str] | None = None,
) -> Audit:
    """Audit files and return the verdict; nothing is written.

    Raises UsageError for a file that cannot be audited, TargetError where the named interpreter cannot be
    examined, ConfigUnreadable and Cancelled.
    """
    return _Auditor(
        request,
        book,
        listener or AuditListener(),
        control or Control(),
        os.environ if environ is None else environ,
    ).audit()


class _Auditor:
    def __init__(
        self,
        request: AuditRequest,
        book: RuleBook,
        listener: AuditListener,
        control: Control,
        environ: Mapping[str, str],
    ) -> None:
        self.request, self.book, self.listener = request, book, listener
        self.control, self.environ = control, environ

    def audit(self) -> Audit:
        """Do it all, in order."""
        read = read_sources(self.request.paths, self.request.folder)
        sources = tuple(shown_source(source, self.request.folder) for source in read)
        own, at_hand = target_at_hand(self.request.python, self.environ, self.request.folder)
        python = choose_python(sources, own, named=self.request.python is not None)
        target = target_for(own, python[0])
        found = asked(sources, target)
        online = None
        if self.request.online:
            online = Online(own, target, self.request.folder, self.environ, self.control)
        assumed = self.request.assume.get("numpy")
        basis = choose_basis(found.numpy, python, assumed, online.numpys if online else None)
        same = at_hand and own.version[:2] == target.version[:2]
        installed = Installed(own, basis.numpy, self.book) if same else None
        known, transitive = self._look(found.asks, basis, online, installed, sources)
        verdicts = [judge(ask, k, basis, self._group(ask.name)) for ask, k in known]
        numpy = judge_numpy(found.numpy, basis, assumed is not None)
        verdicts = [*([numpy] if numpy else []), *verdicts]
        findings = [v.finding for v in verdicts if v.finding] + self._of_images(read, sources, basis)
        wanted = {v.judged.name: v.judged.recommended for v in verdicts if v.judged.recommended}
        edits, notes = corrections(read, wanted, self.request.folder, python[0]) if wanted else ((), ())
        said = (note for source in sources for note in source.notes)
        return Audit(
            sources=sources,
            basis=basis,
            judged=tuple(v.judged for v in verdicts),
            findings=tuple(sorted(findings, key=lambda f: f.severity.rank)),
            transitive=transitive,
            corrections=edits,
            notes=tuple(dict.fromkeys((*said, *notes))),
            assumed=dict(self.request.assume),
            online=self.request.online,
            unapplied=found.unapplied,
        )

    def _look(
        self,
        asks: Sequence[Ask],
        basis: Basis,
        online: Online | None,
        installed: Installed | None,
        sources: Sequence[Source],
    ) -> tuple[tuple[tuple[Ask, Known], ...], str]:
        """Return what is known of each distribution, and how what comes along was found."""
        if online is not None:
            return self._look_online(asks, basis, online, sources)
        locks = _locks(sources)
        brought: tuple[Ask, ...] = ()
        said = _locked_words(locks)
        if not locks:
            brought = self._tied(installed.comes_along(asks)) if installed else ()
            here = [ask.name for ask in asks if installed and ask.name in installed]
            said = _offline_words(len(here), len(asks))
        return tuple((ask, self._known_offline(ask, basis, installed)) for ask in (*asks, *brought)), said

    def _look_online(
        self, asks: Sequence[Ask], basis: Basis, online: Online, sources: Sequence[Source]
    ) -> tuple[tuple[tuple[Ask, Known], ...], str]:
        locks = _locks(sources)
        resolved: Resolved | NotResolved = Resolved()
        if not locks:
            self.listener.stage("Resolving what comes along")
            resolved = online.resolve(asks, basis, frozenset(s.path for s in sources if s.image))
        self.listener.stage("Reading wheels on the index")
        if isinstance(resolved, NotResolved):
            known = online.known(asks, Resolved(), basis, self.book, self.listener.looked)
            return known, f"What comes along is not known: {resolved.reason}"
        known = online.known(asks, resolved, basis, self.book, self.listener.looked)
        said = f"What comes along was {resolved.how}: {len(resolved.versions)} distributions in all."
        if locks:
            said = _locked_words(locks)
        if resolved.conflict:
            said += (
                f" Beside NumPy {basis.numpy} there is no solution, so what they say of NumPy was set aside."
                f" The resolver: {resolved.conflict}"
            )
        return known, said

    def _known_offline(self, ask: Ask, basis: Basis, installed: Installed | None) -> Known:
        """Return what the book knows, else what the installed version says."""
        rule = self.book.packages.get(ask.name)
        known = Known() if ask.direct else known_by_book(ask, rule, basis.numpy)
        if known.highest is None and known.lowest is None and installed is not None:
            return installed.known(ask) or known
        return known

    def _tied(self, brought: Sequence[Ask]) -> tuple[Ask, ...]:
        """Return those of which the book knows that they are tied to NumPy."""
        packages = self.book.packages
        return tuple(ask for ask in brought if ask.name in packages and packages[ask.name].numpy2)

    def _of_images(self, read: Sequence[Source], sources: Sequence[Source], basis: Basis) -> list[Finding]:
        """Judge the Dockerfiles beside what the files declare; `read` has them by their absolute paths."""
        declared = {os.path.realpath(r.path): s.declared for r, s in zip(read, sources, strict=True)}
        findings: list[Finding] = []
        for place, source in zip(read, sources, strict=True):
            if source.image is None:
                continue
            beside, folder = os.path.dirname(place.path), os.path.abspath(self.request.folder)
            commands = commands_of(source.image)
            names = {name for command in commands for name in (*command.files, *command.constraints)}
            found = {name: context_file(source.image, name, beside, folder) for name in names}
            named = {
                name: declared[os.path.realpath(path)]
                for name, path in found.items()
                if os.path.realpath(path) in declared
            }
            findings += judge_image(source.image, named, basis.numpy, self.book)
        return findings

    def _group(self, name: str) -> str:
        rule = self.book.packages.get(name)
        return rule.group if rule else ""


def shown_source(source: Source, folder: str) -> Source:
    """Return the source with its path as a person would write it in this folder."""
    path = os.path.relpath(source.path, os.path.abspath(folder))
    path = source.path if path.startswith("..") else path
    return replace(
        source,
        path=path,
        image=source.image and _shown_image(source.image, path),
        declared=_at(source.declared, path),
    )


def _shown_image(image: Image, path: str) -> Image:
    def shown(stage: Stage) -> Stage:
        commands = tuple(replace(c, declared=_at(c.declared, path)) for c in stage.commands)
        return replace(stage, commands=commands)

    return replace(image, path=path, stages=tuple(map(shown, image.stages)))


def _at(lines: Iterable[Declared], path: str) -> tuple[Declared, ...]:
    return tuple(replace(line, path=path) for line in lines)


def _locks(sources: Sequence[Source]) -> tuple[str, ...]:
    return tuple(source.path for source in sources if source.kind == "lock")


def _locked_words(locks: tuple[str, ...]) -> str:
    return f"What comes along is what {', '.join(locks)} says."


def _offline_words(installed: int, asked: int) -> str:
    if not installed:
        return "What comes along was not looked at: that takes --online, a lock file or an environment."
    return (
        f"What comes along was looked at for the {installed} of {asked} that are installed here;"
        " --online resolves all."
    )
