"""Look on the package index: what comes along, and what the wheels of each distribution say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

from packaging.specifiers import SpecifierSet

from npdoctor.audit.by_index import IndexKnowledge
from npdoctor.audit.ranges import in_order, merged
from npdoctor.audit.resolution import Resolver
from npdoctor.audit.resolved import Lines, NotResolved, Resolved
from npdoctor.audit.wheel_facts import Looked, WheelFacts, required
from npdoctor.model.audit import Ask, Basis, Known
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.index import Wheel
from npdoctor.model.rules import PackageRule, RuleBook
from npdoctor.model.target import Target
from npdoctor.probe.control import Control
from npdoctor.probe.index.web import WebError

AT_ONCE = 8

Heard = Callable[[int, int, str], None]


class Online:
    """The package index, as the person's installer is configured, for one Python; `own` is one at hand."""

    def __init__(
        self, own: Target, target: Target, folder: str, environ: Mapping[str, str], control: Control
    ) -> None:
        self._target, self._control = target, control
        self._resolver = Resolver(own, target, folder, environ, control)
        self._offers = self._resolver.offers

    def numpys(self, specifier: str) -> Sequence[str]:
        """Return the releases of NumPy that a specifier admits, ascending; none where the index is silent."""
        try:
            return self._offers.admitted("numpy", SpecifierSet(specifier))
        except WebError:
            return ()

    def resolve(self, asks: Sequence[Ask], basis: Basis, images: frozenset[str]) -> Resolved | NotResolved:
        """Resolve what is asked for beside the wanted NumPy; `images` are the paths of Dockerfiles.

        Where that cannot be, it is tried without what the steps of a Dockerfile pin.
        """
        answer = self._resolve(asks, basis)
        plain = tuple(filter(None, (_of_files(ask, images) for ask in asks)))
        if isinstance(answer, Resolved) or plain == tuple(asks):
            return answer
        second = self._resolve(plain, basis)
        if isinstance(second, NotResolved):
            return answer
        how = f"{second.how} without what {', '.join(sorted(images))} pins, as with it there is no solution"
        return replace(second, how=how if second.conflict else f"{how} ({answer.reason})")

    def _resolve(self, asks: Sequence[Ask], basis: Basis) -> Resolved | NotResolved:
        requirements: list[str] = []
        constraints: list[str] = []
        for ask in asks:
            extras = f"[{','.join(ask.extras)}]" if ask.extras else ""
            if ask.specifier is not None and not ask.direct:
                limits = all(line.constraint for line in ask.declared)
                (constraints if limits else requirements).append(
                    f"{ask.name}{extras * (not limits)}{ask.specifier}"
                )
        return self._resolver.resolve(Lines(tuple(requirements), tuple(constraints), basis.numpy))

    def known(
        self, asks: Sequence[Ask], resolved: Resolved, basis: Basis, book: RuleBook, heard: Heard
    ) -> tuple[tuple[Ask, Known], ...]:
        """Return what is known of each, and of what comes along; several are looked at at a time."""
        facts = WheelFacts(self._offers, self._target, basis.numpy, control=self._control)
        knowledge = IndexKnowledge(facts, book, basis.numpy)
        brought = _Brought(asks, resolved, facts, book, self._target)
        names = [ask.name for ask in asks] + list(brought.names)
        declared = {ask.name: ask for ask in asks}

        def look(name: str) -> tuple[Ask, Known]:
            if name in declared:
                ask = declared[name]
                # Of one from a URL the index may have another project, of the same name.
                return ask, Known() if ask.direct else knowledge.known(ask, resolved.versions.get(name))
            ask, known = brought.first_look(name)
            if known is None:
                known = knowledge.known(ask, resolved.versions[name])
            return ask, known

        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = {pool.submit(look, name): name for name in names}
            try:
                for done, future in enumerate(as_completed(futures), start=1):
                    heard(done, len(names), futures[future])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            found = {futures[future]: future.result() for future in futures}
        return tuple(found[name] for name in names)


def _of_files(ask: Ask, images: frozenset[str]) -> Ask | None:
    """Return the ask as it is without the steps of Dockerfiles, None where only they name it."""
    lines = tuple(line for line in ask.declared if line.path not in images)
    if len(lines) == len(ask.declared):
        return ask
    specifier = merged(line.specifier for line in lines if not line.direct)
    return replace(ask, declared=lines, specifier=specifier) if lines else None


class _Brought:
    """What a resolution brings that no line asks for."""

    def __init__(
        self, asks: Iterable[Ask], resolved: Resolved, facts: WheelFacts, book: RuleBook, target: Target
    ) -> None:
        self._resolved, self._facts, self._book, self._target = resolved, facts, book, target
        asked = {ask.name for ask in asks} | {"numpy"}
        self.names = tuple(sorted(resolved.versions.keys() - asked))

    def first_look(self, name: str) -> tuple[Ask, Known | None]:
        """Return what one wheel tells where that suffices: it is not tied to NumPy, whatever its version.

        None for what is known asks for the whole range.
        """
        via = self._resolved.via.get(name, ())
        wheel = self._resolved.wheels.get(name)
        plain = Ask(name, "", via=via)
        if wheel is None:
            return plain, Known(note="The resolver took it, and no wheel of it was found to look into.")
        rule = self._book.packages.get(name)
        try:
            looked = self._facts.look_into(wheel, rule)
            fact = looked.fact
            untied = fact.numpy_abi is NumpyAbi.NONE and fact.serves and not _floored(rule)
            if untied or fact.serves is None:
                return plain, Known(fact, fact)
            return self._limited(name, via), None
        except WebError as error:
            return plain, Known(note=f"The index gave no answer: {error.reason}.")

    def _limited(self, name: str, via: Iterable[str]) -> Ask:
        """Return the ask with what all that require it admit together."""
        limit = SpecifierSet()
        for other in via:
            limit &= required(self._requires(other), name, self._target)
        return Ask(name, in_order(limit), via=tuple(via))

    def _requires(self, name: str) -> tuple[str, ...]:
        wheel: Wheel | None = self._resolved.wheels.get(name)
        if wheel is None:
            return ()
        looked: Looked = self._facts.look_into(wheel, self._book.packages.get(name))
        return looked.requires


def _floored(rule: PackageRule | None) -> bool:
    return rule is not None and rule.numpy2 is not None
